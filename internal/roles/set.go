package roles

import (
	"cmp"
	"slices"
)

// Set is all roles at one moment. It is not changed once it is given out, and may be shared.
type Set struct {
	mock     [mockLen]byte // random, secret, the same as long as there is the file
	next     uint32        // OID of the next role
	roles    []*Role
	members  []Membership
	settings []Setting
}

// newSet has the predefined roles and nobody else.
func newSet() *Set {
	s := &Set{next: FirstNormalOID}
	for _, p := range predefinedRoles {
		s.roles = append(s.roles, &Role{OID: p.oid, Name: p.name, Inherit: true, ConnLimit: -1})
	}
	s.members = append(s.members, predefinedMembers[:]...)
	return s
}

// Nobody is the set that holds when there is no knowing who may do what: the predefined roles, without members.
func Nobody() *Set { return newSet() }

// MockSecret is what salts for roles that are not there are made from, so that nobody can tell these from others.
func (s *Set) MockSecret() []byte { return s.mock[:] }

// mockLen is the length of MockSecret, bytes (MOCK_AUTH_NONCE_LEN).
const mockLen = 32

// Find gives the role of a name, or nil.
func (s *Set) Find(name string) *Role {
	for _, r := range s.roles {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// ByOID gives the role of an OID, or nil.
func (s *Set) ByOID(oid uint32) *Role {
	for _, r := range s.roles {
		if r.OID == oid {
			return r
		}
	}
	return nil
}

// All gives every role, by OID.
func (s *Set) All() []*Role {
	all := slices.Clone(s.roles)
	slices.SortFunc(all, func(a, b *Role) int { return cmp.Compare(a.OID, b.OID) })
	return all
}

// Memberships gives every membership, in the order in which they were granted.
func (s *Set) Memberships() []Membership { return slices.Clone(s.members) }

// Settings gives every setting of ALTER ROLE … SET.
func (s *Set) Settings() []Setting { return slices.Clone(s.settings) }

// SettingsFor gives what a session of the role on the database begins with: the later one of a name counts (PostgreSQL:
// process_settings).
func (s *Set) SettingsFor(r *Role, database string) []Setting {
	var out []Setting
	for _, scope := range [...]struct {
		role     uint32
		database string
	}{{0, ""}, {0, database}, {r.OID, ""}, {r.OID, database}} {
		for _, c := range s.settings {
			if c.Role == scope.role && c.Database == scope.database {
				out = append(out, c)
			}
		}
	}
	return out
}

// Has says whether the role has the privileges of the one of the name: a superuser has, and a member that inherits,
// directly or not (PostgreSQL: has_privs_of_role).
func (s *Set) Has(r *Role, role string) bool {
	of := s.Find(role)
	return r != nil && of != nil && (r.Superuser || s.reaches(r.OID, of.OID, func(m Membership) bool { return m.Inherit }))
}

// IsMember says whether the role is a member of the other, directly or not, whether it inherits or not; every role is one
// of itself (PostgreSQL: is_member_of_role_nosuper).
func (s *Set) IsMember(r, of *Role) bool {
	return s.reaches(r.OID, of.OID, func(Membership) bool { return true })
}

// MaySet says whether the role may SET ROLE to the other (PostgreSQL: member_can_set_role).
func (s *Set) MaySet(r, to *Role) bool {
	return r.Superuser || s.reaches(r.OID, to.OID, func(m Membership) bool { return m.Set })
}

// IsAdmin says whether the role may grant membership in the other: a superuser may, and whoever has, directly or by way
// of roles that it inherits from, ADMIN OPTION on it (PostgreSQL: is_admin_of_role).
func (s *Set) IsAdmin(r, of *Role) bool {
	if r.Superuser {
		return true
	}
	for _, m := range s.members {
		if m.Role == of.OID && m.Admin && s.reaches(r.OID, m.Member, func(m Membership) bool { return m.Inherit }) {
			return true
		}
	}
	return false
}

// reaches says whether memberships that count lead from one role to another.
func (s *Set) reaches(from, to uint32, counts func(Membership) bool) bool {
	seen := []uint32{from}
	for i := 0; i < len(seen); i++ {
		if seen[i] == to {
			return true
		}
		for _, m := range s.members {
			if m.Member == seen[i] && counts(m) && !slices.Contains(seen, m.Role) {
				seen = append(seen, m.Role)
			}
		}
	}
	return false
}
