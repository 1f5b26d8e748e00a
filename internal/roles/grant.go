package roles

import (
	"slices"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// databaseOwner may have no explicit members, nor be one.
const databaseOwner = "pg_database_owner"

// grant is GRANT of roles.
func (x *exec) grant(stmt *ast.GrantRole) error {
	return x.eachGranted(stmt, func(of *Role, members []*Role, grantor *Role) error {
		return x.addMembers(of, members, stmt.Options, grantor)
	})
}

// revoke is REVOKE of roles, or of options of memberships.
func (x *exec) revoke(stmt *ast.GrantRole) error {
	return x.eachGranted(stmt, func(of *Role, members []*Role, grantor *Role) error {
		return x.removeMembers(of, members, stmt.Options, grantor, stmt.Cascade)
	})
}

// eachGranted does what a statement says for each role that it grants or revokes.
func (x *exec) eachGranted(stmt *ast.GrantRole, do func(of *Role, members []*Role, grantor *Role) error) error {
	for _, o := range stmt.Options {
		if o.Name != "admin" && o.Name != "inherit" && o.Name != "set" {
			e := types.Errorf(types.CodeSyntax, "unrecognized role option \"%s\"", o.Name)
			e.Position = x.position(o.At)
			return e
		}
	}
	var grantor *Role
	var err error
	if stmt.Grantor != nil {
		if grantor, err = x.find(*stmt.Grantor); err != nil {
			return err
		}
	}
	members, err := x.findAll(stmt.Grantees)
	if err != nil {
		return err
	}
	for _, name := range stmt.Roles {
		of, err := x.find(ast.RoleRef{Name: name})
		if err != nil {
			return err
		}
		if err := do(of, members, grantor); err != nil {
			return err
		}
	}
	return nil
}

// mayGrant says whether the current role may grant or revoke membership in a role; verb says which.
func (x *exec) mayGrant(of *Role, verb string) error {
	what := " to " + verb + " role \"" + of.Name + "\""
	switch {
	case of.Name == databaseOwner:
		return types.Errorf(types.CodeInternal, "role \"%s\" cannot have explicit members", of.Name)
	case of.Superuser && !x.current.Superuser:
		return denied(what, "Only roles with the SUPERUSER attribute may %s roles with the SUPERUSER attribute.", verb)
	case !x.s.IsAdmin(x.current, of):
		return denied(what, "Only roles with the ADMIN option on role \"%s\" may %s this role.", of.Name, verb)
	}
	return nil
}

// grantor gives who a membership is granted by: whom the statement names, else the bootstrap superuser for superusers, and
// for others the role with ADMIN OPTION by which they may.
func (x *exec) grantor(of, named *Role, verb string) (uint32, error) {
	if named == nil {
		if x.current.Superuser {
			return BootstrapOID, nil
		}
		return x.s.adminFor(x.current, of), nil
	}
	if !x.s.Has(x.current, named.Name) {
		if verb == "grant" {
			return 0, denied(" to grant privileges as role \""+named.Name+"\"",
				"Only roles with privileges of role \"%s\" may grant privileges as this role.", named.Name)
		}
		return 0, denied(" to revoke privileges granted by role \""+named.Name+"\"",
			"Only roles with privileges of role \"%s\" may revoke privileges granted by this role.", named.Name)
	}
	if verb == "grant" && named.OID != BootstrapOID && x.s.adminFor(named, of) != named.OID {
		return 0, denied(" to grant privileges as role \""+named.Name+"\"",
			"The grantor must have the ADMIN option on role \"%s\".", of.Name)
	}
	return named.OID, nil
}

// adminFor gives the role with ADMIN OPTION on another by which r may grant it: itself if it can be, 0 for none.
func (s *Set) adminFor(r, of *Role) uint32 {
	best := uint32(0)
	for _, m := range s.members {
		if m.Role != of.OID || !m.Admin {
			continue
		}
		if m.Member == r.OID {
			return r.OID
		}
		if best == 0 && s.reaches(r.OID, m.Member, func(m Membership) bool { return m.Inherit }) {
			best = m.Member
		}
	}
	return best
}

// addMembers makes roles members of another, or changes the options of their membership.
func (x *exec) addMembers(of *Role, members []*Role, options []ast.GrantOption, named *Role) error {
	if len(members) == 0 {
		return nil
	}
	if err := x.mayGrant(of, "grant"); err != nil {
		return err
	}
	grantor, err := x.grantor(of, named, "grant")
	if err != nil {
		return err
	}
	for _, member := range members {
		if err := x.mayBeMember(of, member, grantor, options); err != nil {
			return err
		}
		x.addMember(of, member, grantor, options)
	}
	return nil
}

func (x *exec) mayBeMember(of, member *Role, grantor uint32, options []ast.GrantOption) error {
	switch {
	case member.Upstream:
		return inFile(member)
	case member.Name == databaseOwner:
		return types.Errorf(types.CodeInternal, "role \"%s\" cannot be a member of any role", member.Name)
	case x.s.IsMember(of, member): // of itself, too
		return types.Errorf(codeInvalidGrant, "role \"%s\" is a member of role \"%s\"", of.Name, member.Name)
	case adminOn(options) && grantor != BootstrapOID && x.s.adminComesFrom(of.OID, grantor, member.OID):
		return types.Errorf(codeInvalidGrant, "ADMIN option cannot be granted back to your own grantor")
	case isPredefined(member.OID):
		return types.Errorf(types.CodeFeatureNotSupported, "memberships of predefined roles are not supported")
	}
	return nil
}

// adminOn says whether ADMIN OPTION is given; of options that are given twice the later one counts.
func adminOn(options []ast.GrantOption) (on bool) {
	for _, o := range options {
		if o.Name == "admin" {
			on = o.On
		}
	}
	return on
}

// adminComesFrom says whether a role's ADMIN OPTION on another goes back to what from has granted.
func (s *Set) adminComesFrom(of, member, from uint32) bool {
	if member == from {
		return true
	}
	for _, m := range s.members {
		if m.Role == of && m.Member == member && m.Admin && m.Grantor != member && s.adminComesFrom(of, m.Grantor, from) {
			return true
		}
	}
	return false
}

func (x *exec) addMember(of, member *Role, grantor uint32, options []ast.GrantOption) {
	for i := range x.s.members {
		m := &x.s.members[i]
		if m.Role != of.OID || m.Member != member.OID || m.Grantor != grantor {
			continue
		}
		before := *m
		m.apply(options, true)
		if *m == before {
			x.notice(protocol.SeverityNotice, "role \"%s\" has already been granted membership in role \"%s\" by role \"%s\"",
				member.Name, of.Name, x.s.ByOID(grantor).Name)
		}
		return
	}
	m := Membership{Role: of.OID, Member: member.OID, Grantor: grantor, Inherit: member.Inherit, Set: true}
	m.apply(options, true)
	x.s.members = append(x.s.members, m)
}

// apply sets options; those of a REVOKE are taken away, whatever they say.
func (m *Membership) apply(options []ast.GrantOption, grant bool) {
	for _, o := range options {
		switch o.Name {
		case "admin":
			m.Admin = grant && o.On
		case "inherit":
			m.Inherit = grant && o.On
		case "set":
			m.Set = grant && o.On
		}
	}
}

// removeMembers ends memberships, or takes options of them away.
func (x *exec) removeMembers(of *Role, members []*Role, options []ast.GrantOption, named *Role, cascade bool) error {
	if err := x.mayGrant(of, "revoke"); err != nil {
		return err
	}
	grantor, err := x.grantor(of, named, "revoke")
	if err != nil {
		return err
	}
	for _, member := range members {
		i := slices.IndexFunc(x.s.members, func(m Membership) bool {
			return m.Role == of.OID && m.Member == member.OID && m.Grantor == grantor
		})
		if i < 0 {
			x.notice(protocol.SeverityWarning, "role \"%s\" has not been granted membership in role \"%s\" by role \"%s\"",
				member.Name, of.Name, x.s.ByOID(grantor).Name)
			continue
		}
		if len(options) == 0 {
			x.s.members = slices.Delete(x.s.members, i, i+1)
		} else {
			x.s.members[i].apply(options, false)
		}
		if err := x.cascade(of.OID, cascade); err != nil {
			return err
		}
	}
	return nil
}

// cascade takes away what was granted by roles that have ADMIN OPTION no more.
func (x *exec) cascade(of uint32, allowed bool) error {
	for {
		i := slices.IndexFunc(x.s.members, func(m Membership) bool {
			return m.Role == of && m.Grantor != BootstrapOID && !slices.ContainsFunc(x.s.members, func(a Membership) bool {
				return a.Role == of && a.Member == m.Grantor && a.Admin
			})
		})
		if i < 0 {
			return nil
		}
		if !allowed {
			return types.Errorf(codeDependent, "dependent privileges exist").WithHint("Use CASCADE to revoke them too.")
		}
		x.s.members = slices.Delete(x.s.members, i, i+1)
	}
}
