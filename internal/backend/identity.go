package backend

import (
	"os"
	"path/filepath"

	"waypost/internal/guc"
	"waypost/internal/roles"
	"waypost/protocol"
)

// Who the session is (PostgreSQL: miscinit.c). Three roles, each with the rights that it has now:
//
//	ownRole      who the client has proved to be; it never changes
//	sessionRole  session_user: the own one, but for SET SESSION AUTHORIZATION
//	currentRole  current_user, whose rights count: session_user, but for SET ROLE
//
// The settings keep the OIDs that the names had when they were set. A role that is dropped afterwards may do nothing, whoever
// has its name then.

// checkRole gives role and session_authorization their roles (guc.RoleCheck).
func (s *Session) checkRole(id guc.ID, name string, source guc.Source) (uint32, *guc.Error) {
	if id == guc.SessionAuthorization && source == guc.SourceOverride {
		return s.Role.OID, nil
	}
	oid, missing, denied := s.roleFor(id, name)
	switch {
	case missing:
		return 0, &guc.Error{SQLSTATE: string(protocol.CodeInvalidParameterValue), Message: noSuchRole(name)}
	case denied:
		return 0, &guc.Error{SQLSTATE: string(protocol.CodeInsufficientPrivilege),
			Message: "permission denied to " + roleChange(id, name)}
	}
	return oid, nil
}

// checkRoleToCome is checkRole for a value of ALTER ROLE … SET, which says what would be wrong with it now, and takes it.
func (t *tcop) checkRoleToCome(notice func(*protocol.Error)) guc.RoleCheck {
	tell := func(code protocol.SQLSTATE, message string) {
		notice(&protocol.Error{Severity: protocol.SeverityNotice, Code: code, Message: message})
	}
	return func(id guc.ID, name string, _ guc.Source) (uint32, *guc.Error) {
		oid, missing, denied := t.roleFor(id, name)
		switch {
		case missing:
			tell(protocol.CodeUndefinedObject, noSuchRole(name))
		case denied:
			tell(protocol.CodeInsufficientPrivilege, "permission will be denied to "+roleChange(id, name))
		}
		return oid, nil
	}
}

func noSuchRole(name string) string { return "role \"" + name + "\" does not exist" }

func roleChange(id guc.ID, name string) string {
	if id == guc.Role {
		return "set role \"" + name + "\""
	}
	return "set session authorization \"" + name + "\""
}

// roleFor finds the role that one of the two settings would stand for, and says whether the session may have it.
func (s *Session) roleFor(id guc.ID, name string) (oid uint32, missing, denied bool) {
	set := s.roleSetNow()
	role := set.Find(name)
	switch {
	case role == nil:
		return 0, true, false
	case id == guc.Role:
		denied = !set.MaySet(s.sessionRole(), role)
	default:
		denied = role.OID != s.Role.OID && !s.ownRole().Superuser
	}
	return role.OID, false, denied
}

// ownRole is who the client is.
func (s *Session) ownRole() *roles.Role {
	if s.Role.Upstream {
		return s.Role
	}
	return s.roleNow(s.Role.OID, s.Role.Name)
}

// sessionRole is session_user.
func (s *Session) sessionRole() *roles.Role {
	if oid := s.P.Settings.RoleOID(guc.SessionAuthorization); oid != s.Role.OID {
		return s.roleNow(oid, s.P.Settings.String(guc.SessionAuthorization))
	}
	return s.ownRole()
}

// currentRole is current_user.
func (s *Session) currentRole() *roles.Role {
	switch oid := s.P.Settings.RoleOID(guc.Role); oid {
	case 0:
		return s.sessionRole()
	case s.Role.OID:
		return s.ownRole()
	default:
		return s.roleNow(oid, s.P.Settings.String(guc.Role))
	}
}

// roleNow gives a role with the rights that it has now: none if it is gone.
func (s *Session) roleNow(oid uint32, name string) *roles.Role {
	if r := s.roleSetNow().ByOID(oid); r != nil {
		return r
	}
	return &roles.Role{OID: oid, Name: name}
}

// followSuperuser has is_superuser follow the current role, and says whether that changes it.
func (s *Session) followSuperuser() bool {
	super := s.currentRole().Superuser
	if super == s.P.Settings.Bool(guc.IsSuperuser) {
		return false
	}
	_ = s.P.Settings.SetID(guc.IsSuperuser, onOff(super), guc.SourceOverride)
	return true
}

// roleSetNow is the node's roles as they are now; before the session is asked for SQL, as they were when it began.
func (s *Session) roleSetNow() *roles.Set {
	if s.tcop == nil {
		return s.Roles
	}
	return s.tcop.readRoles()
}

// readRoles gives the roles of one moment for each of the client's messages. The file is read only when it is another one
// than before.
func (t *tcop) readRoles() *roles.Set {
	if t.rolesSeen {
		return t.roleSet
	}
	t.rolesSeen = true
	info, err := os.Stat(filepath.Join(t.P.DataDir, roles.File))
	if err == nil && t.rolesFile != nil && os.SameFile(info, t.rolesFile) && info.ModTime().Equal(t.rolesFile.ModTime()) {
		return t.roleSet
	}
	set, err := roles.Load(t.P.DataDir)
	if err != nil {
		// Nobody may do anything until it is known what they may.
		t.P.Log.Error().Msg(err.Error())
		set, info = roles.Nobody(), nil
	} else if t.Role.Upstream {
		set = t.Roles.Keep(set, t.Role)
	}
	t.roleSet, t.rolesFile = set, info
	return t.roleSet
}
