package roles

import (
	"slices"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// drop is DROP ROLE.
func (x *exec) drop(stmt *ast.DropRole) error {
	if !x.mayCreateRoles() {
		return denied(toDrop, "Only roles with the CREATEROLE attribute and the ADMIN option on the target roles may drop roles.")
	}
	var gone []uint32
	for _, ref := range stmt.Roles {
		if ref.Special {
			return types.Errorf(types.CodeInvalidParameter, "cannot use special role specifier in DROP ROLE")
		}
		r := x.s.Find(ref.Name)
		switch {
		case r == nil && stmt.IfExists:
			x.notice(protocol.SeverityNotice, "role \"%s\" does not exist, skipping", ref.Name)
			continue
		case r == nil:
			return unknown(ref.Name)
		}
		if err := x.mayDrop(r); err != nil {
			return err
		}
		gone = append(gone, r.OID)
	}
	return x.remove(gone)
}

const toDrop = " to drop role"

func (x *exec) mayDrop(r *Role) error {
	switch {
	case r.OID == x.current.OID:
		return types.Errorf(codeObjectInUse, "current user cannot be dropped")
	case r.OID == x.env.Session.OID:
		return types.Errorf(codeObjectInUse, "session user cannot be dropped")
	case r.Superuser && !x.current.Superuser:
		return denied(toDrop, "Only roles with the SUPERUSER attribute may drop roles with the SUPERUSER attribute.")
	case !x.mayManage(r):
		return denied(toDrop, onlyManagers, r.Name, "drop")
	case isPredefined(r.OID) || r.OID == BootstrapOID:
		return types.Errorf(codeDependent, "cannot drop role %s because it is required by the database system", r.Name)
	}
	return nil
}

// remove takes roles away with all that is theirs, but for what they have granted to others.
func (x *exec) remove(gone []uint32) error {
	in := func(oid uint32) bool { return slices.Contains(gone, oid) }
	for _, m := range x.s.members {
		if in(m.Grantor) && !in(m.Role) && !in(m.Member) {
			grantor, role, member := x.s.ByOID(m.Grantor), x.s.ByOID(m.Role), x.s.ByOID(m.Member)
			return types.Errorf(codeDependent, "role \"%s\" cannot be dropped because some objects depend on it", grantor.Name).
				WithDetail("privileges for membership of role %s in role %s", member.Name, role.Name)
		}
	}
	x.s.roles = slices.DeleteFunc(x.s.roles, func(r *Role) bool { return in(r.OID) })
	x.s.members = slices.DeleteFunc(x.s.members, func(m Membership) bool { return in(m.Role) || in(m.Member) })
	x.s.settings = slices.DeleteFunc(x.s.settings, func(c Setting) bool { return in(c.Role) })
	return nil
}
