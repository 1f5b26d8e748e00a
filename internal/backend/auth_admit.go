package backend

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

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
	if err := a.show(); err != nil {
		return err
	}
	if err := a.place(); err != nil {
		a.hide()
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

// place says whether there is a place left for the client.
func (a *authentication) place() error {
	r := a.role
	if a.Startup.Replication == protocol.ReplicationNone && a.backends() > a.P.Settings.Int(guc.MaxConnections) {
		return refusal(launch.CACTooMany, true)
	}
	if r.ConnLimit >= 0 && !r.Superuser && a.sessionsOf(r) > r.ConnLimit {
		return protocol.Fatalf(protocol.CodeTooManyConnections, "too many connections for role \"%s\"", a.Startup.User)
	}
	return a.reserved()
}

// show tells other processes whose session this is: they count it, too. Of those who come in at the same time each counts
// itself and those ahead of it, by AdmittedAt, so that the last place has somebody. Whoever is not to be seen yet when
// another counts reads the clock after that one did, and comes behind it.
func (a *authentication) show() error {
	user, oid := nameOf(a.role.Name), a.role.OID
	replication := uint8(0)
	if a.Startup.Replication != protocol.ReplicationNone {
		replication = 1
	}
	a.update(func(f *activity.Fields) { f.UserOID, f.User, f.Replication, f.AdmittedAt = oid, user, replication, 0 })
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return err
	}
	a.admittedAt = now.Nano()
	a.update(func(f *activity.Fields) { f.AdmittedAt = a.admittedAt })
	return nil
}

// hide takes back what show has told: whoever was refused takes no place while it goes.
func (a *authentication) hide() {
	a.update(func(f *activity.Fields) { f.UserOID, f.AdmittedAt = 0, 0 })
}

// count counts those of a kind that have proved who they are and came in ahead of the client, and the client.
func (a *authentication) count(counts func(p *procsignal.Slot, f *activity.Fields) bool) int {
	n, own := 0, 0
	for i := range a.P.Status {
		if &a.P.Status[i] == a.P.Activity {
			own = i
		}
	}
	for i := range a.P.Procs {
		p := &a.P.Procs[i]
		if p.PID() == 0 {
			continue
		}
		f := a.shown(i)
		ahead := f.AdmittedAt < a.admittedAt || f.AdmittedAt == a.admittedAt && i <= own
		if f.UserOID != 0 && ahead && counts(p, &f) {
			n++
		}
	}
	return n
}

// shown is an element of BackendStatus whose process is not about to read the clock. One that has been stopped there counts
// as ahead.
func (a *authentication) shown(i int) activity.Fields {
	f := a.P.Status[i].Snapshot()
	for range 400 {
		if f.UserOID == 0 || f.AdmittedAt != 0 || a.P.Procs[i].PID() == 0 {
			break
		}
		time.Sleep(100 * time.Microsecond)
		f = a.P.Status[i].Snapshot()
	}
	return f
}

// sessionsOf counts the role's sessions, this one included.
func (a *authentication) sessionsOf(r *roles.Role) int {
	return a.count(func(_ *procsignal.Slot, f *activity.Fields) bool { return f.UserOID == r.OID })
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
func (a *authentication) backends() int {
	return a.count(func(p *procsignal.Slot, f *activity.Fields) bool {
		return p.Kind() == procsignal.Backend && f.Replication == 0
	})
}
