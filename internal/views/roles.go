package views

import (
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

var roleViews = [...]view{
	{
		"pg_authid",
		"oid rolname rolsuper rolinherit rolcreaterole rolcreatedb rolcanlogin rolreplication rolbypassrls rolconnlimit " +
			"rolpassword rolvaliduntil",
		func(s *scan) error {
			for _, r := range s.RoleSet().All() {
				s.add(int64(r.OID), r.Name, r.Superuser, r.Inherit, r.CreateRole, r.CreateDB, r.Login, r.Replication,
					r.BypassRLS, int64(r.ConnLimit), orNull(r.Password), validUntil(r))
			}
			return nil
		},
	},
	{
		"pg_roles",
		"rolname rolsuper rolinherit rolcreaterole rolcreatedb rolcanlogin rolreplication rolconnlimit rolpassword " +
			"rolvaliduntil rolbypassrls rolconfig oid",
		func(s *scan) error {
			for _, r := range s.RoleSet().All() {
				s.add(r.Name, r.Superuser, r.Inherit, r.CreateRole, r.CreateDB, r.Login, r.Replication, int64(r.ConnLimit),
					hidden, validUntil(r), r.BypassRLS, s.settingsOf(r.OID), int64(r.OID))
			}
			return nil
		},
	},
	{"pg_user", userColumns, func(s *scan) error { return s.users(func(*roles.Role) sql.Value { return hidden }) }},
	{
		"pg_shadow", userColumns,
		func(s *scan) error { return s.users(func(r *roles.Role) sql.Value { return orNull(r.Password) }) },
	},
	{
		"pg_group", "groname grosysid grolist",
		func(s *scan) error {
			for _, r := range s.RoleSet().All() {
				if !r.Login {
					s.add(r.Name, int64(r.OID), s.membersOf(r.OID))
				}
			}
			return nil
		},
	},
	{
		"pg_auth_members", "oid roleid member grantor admin_option inherit_option set_option",
		func(s *scan) error {
			for i, m := range s.RoleSet().Memberships() {
				s.add(int64(firstMembershipOID+i), int64(m.Role), int64(m.Member), int64(m.Grantor), m.Admin, m.Inherit,
					m.Set)
			}
			return nil
		},
	},
	{
		"pg_db_role_setting", "setdatabase setrole setconfig",
		func(s *scan) error {
			all := s.RoleSet().Settings()
			for i, first := range all {
				if !startsGroup(all[:i], first) {
					continue
				}
				database := int64(0)
				if first.Database != "" {
					database = databaseOID
				}
				s.add(database, int64(first.Role), configOf(all, first.Role, first.Database))
			}
			return nil
		},
	},
}

const userColumns = "usename usesysid usecreatedb usesuper userepl usebypassrls passwd valuntil useconfig"

// hidden stands for a password in the views that everybody may read.
const hidden = "********"

// firstMembershipOID is where pg_auth_members counts from: memberships have no lasting OIDs here.
const firstMembershipOID = 10226

func (s *scan) users(password func(r *roles.Role) sql.Value) error {
	for _, r := range s.RoleSet().All() {
		if r.Login {
			s.add(r.Name, int64(r.OID), r.CreateDB, r.Superuser, r.Replication, r.BypassRLS, password(r), validUntil(r),
				s.settingsOf(r.OID))
		}
	}
	return nil
}

func validUntil(r *roles.Role) sql.Value {
	switch r.Validity {
	case roles.ValidInfinity:
		return types.InstantInfinity
	case roles.ValidNegInfinity:
		return types.InstantMinusInfinity
	}
	return timeOf(r.ValidUntil)
}

// settingsOf are a role's settings for all databases, NULL for none.
func (s *scan) settingsOf(role uint32) sql.Value { return configOf(s.RoleSet().Settings(), role, "") }

func configOf(all []roles.Setting, role uint32, database string) sql.Value {
	var config []string
	for _, c := range all {
		if c.Role == role && c.Database == database {
			config = append(config, c.Name+"="+c.Value)
		}
	}
	if config == nil {
		return nil
	}
	return types.FromStrings(types.Text, config)
}

func startsGroup(before []roles.Setting, c roles.Setting) bool {
	for _, b := range before {
		if b.Role == c.Role && b.Database == c.Database {
			return false
		}
	}
	return true
}

func (s *scan) membersOf(role uint32) sql.Value {
	list := &types.Array{Elem: types.Oid}
	for _, m := range s.RoleSet().Memberships() {
		if m.Role == role {
			list.Vals = append(list.Vals, int64(m.Member))
		}
	}
	return list
}
