package backend

import (
	"slices"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/internal/launch"
	"waypost/internal/procsignal"
	"waypost/internal/roles"
	"waypost/protocol"
)

// databases are those that a client may connect to.
func databases() []string { return []string{databaseName, "template1"} }

// admit finds out whether somebody who is who they say may come in, in PostgreSQL's order (InitPostgres).
func (a *authentication) admit() error {
	user := a.Startup.User
	r := a.role
	switch {
	case r == nil:
		return protocol.Fatalf(protocol.CodeInvalidAuthorization, "role \"%s\" does not exist", user)
	case !r.Login:
		return protocol.Fatalf(protocol.CodeInvalidAuthorization, "role \"%s\" is not permitted to log in", user)
	}
	a.Role, a.Roles = r, a.set
	a.show()
	if a.Startup.Replication == protocol.ReplicationNone && a.backends() > a.P.Settings.Int(guc.MaxConnections) {
		return refusal(launch.CACTooMany, true)
	}
	if r.ConnLimit >= 0 && !r.Superuser && a.sessionsOf(r) > r.ConnLimit {
		return protocol.Fatalf(protocol.CodeTooManyConnections, "too many connections for role \"%s\"", user)
	}
	if err := a.reserved(); err != nil {
		return err
	}
	if a.Startup.Replication != protocol.ReplicationNone && !r.Superuser && !r.Replication {
		return protocol.Fatalf(protocol.CodeInsufficientPrivilege, "permission denied to start WAL sender").
			WithDetail("Only roles with the %s attribute may start a WAL sender process.", "REPLICATION")
	}
	if a.Startup.Replication == protocol.ReplicationPhysical {
		return nil
	}
	if !slices.Contains(databases(), a.Startup.Database) {
		return protocol.Fatalf(protocol.CodeInvalidCatalogName, "database \"%s\" does not exist", a.Startup.Database)
	}
	return nil
}

// show tells other processes whose session this is: they count it, too.
func (a *authentication) show() {
	user := nameOf(a.role.Name)
	a.update(func(f *activity.Fields) { f.UserOID, f.User = a.role.OID, user })
}

// sessionsOf counts the role's sessions, this one included.
func (a *authentication) sessionsOf(r *roles.Role) int {
	n := 0
	for i := range a.P.Procs {
		if a.P.Procs[i].PID() != 0 && a.P.Status[i].Snapshot().UserOID == r.OID {
			n++
		}
	}
	return n
}

// reserved keeps the last of max_connections for those whom they are reserved for.
func (a *authentication) reserved() error {
	set := a.P.Settings
	forSuperusers, forOthers := set.Int(guc.SuperuserReservedConnections), set.Int(guc.ReservedConnections)
	if a.Startup.Replication != protocol.ReplicationNone || a.Role.Superuser {
		return nil
	}
	free := set.Int(guc.MaxConnections) - a.backends()
	switch {
	case free >= forSuperusers+forOthers:
		return nil
	case free < forSuperusers:
		return protocol.Fatalf(protocol.CodeTooManyConnections,
			"remaining connection slots are reserved for roles with the %s attribute", "SUPERUSER")
	case !a.set.Has(a.Role, roles.UseReservedConnections):
		return protocol.Fatalf(protocol.CodeTooManyConnections,
			"remaining connection slots are reserved for roles with privileges of the \"%s\" role", roles.UseReservedConnections)
	}
	return nil
}

// backends counts the regular backends whose clients have proved who they are, this one included: whoever has not cannot
// take their places.
func (s *Session) backends() int {
	n := 0
	for i := range s.P.Procs {
		p := &s.P.Procs[i]
		if p.PID() != 0 && p.Kind() == procsignal.Backend && s.P.Status[i].Snapshot().UserOID != 0 {
			n++
		}
	}
	return n
}
