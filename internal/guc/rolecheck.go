package guc

// RoleCheck finds the role that a value of role or session_authorization names, and says whether the session may have it
// (PostgreSQL: check_role, check_session_authorization). The OID stays with the value: who the session is does not change
// when another role takes the name.
type RoleCheck func(id ID, name string, source Source) (oid uint32, err *Error)

// CheckRoles has every value of role and session_authorization, wherever it comes from, go through check. Without one none
// but the defaults is taken: only a session has roles.
func (s *Settings) CheckRoles(check RoleCheck) { s.roleCheck = check }

// RoleOID gives the OID of the role that role or session_authorization was set to; 0 for none.
func (s *Settings) RoleOID(id ID) uint32 { return uint32(s.typed(id, String).num) }

// noRole is the value of role for no role but session_authorization's.
const noRole = "none"

// identify gives a value of role or session_authorization its role's OID.
func (s *Settings) identify(id ID, v *value, source Source) *Error {
	if id != Role && id != SessionAuthorization || id == Role && v.str == noRole {
		return nil
	}
	if s.roleCheck == nil {
		return params[id].refuse(v.str, "")
	}
	oid, err := s.roleCheck(id, v.str, source)
	v.num = uint64(oid)
	return err
}

// setAuthorization is the end of SET SESSION AUTHORIZATION, which also does SET ROLE NONE, or RESET ROLE with a nil text,
// for as long as it holds itself.
func (s *Settings) setAuthorization(text *string, a attempt) *Error {
	if text != nil {
		none := noRole
		text = &none
	}
	_, err := s.assign(Role, text, a)
	return err
}
