package roles

import (
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
)

// create is CREATE ROLE.
func (x *exec) create(stmt *ast.CreateRole) error {
	o, err := x.options(stmt.Options)
	if err != nil {
		return err
	}
	if err := x.mayCreate(o); err != nil {
		return err
	}
	name := stmt.Name
	if err := CheckName(name); err != nil {
		return err
	}
	if x.s.Find(name) != nil {
		return types.Errorf(codeDuplicate, "role \"%s\" already exists", name)
	}
	r := &Role{OID: x.s.next, Name: name, Inherit: true, ConnLimit: -1, Login: stmt.Kind == "USER"}
	if err := x.apply(o, r); err != nil {
		return err
	}
	x.s.roles = append(x.s.roles, r)
	x.s.next++
	return x.firstMembers(r, o)
}

// mayCreate holds who is no superuser to what they have themselves.
func (x *exec) mayCreate(o *options) error {
	const what = " to create role"
	c := x.current
	if c.Superuser {
		return nil
	}
	if !c.CreateRole {
		return denied(what, "Only roles with the CREATEROLE attribute may create roles.")
	}
	for _, need := range [...]struct {
		option, attribute string
		has               bool
	}{
		{"superuser", "SUPERUSER", false}, {"createdb", "CREATEDB", c.CreateDB},
		{"isreplication", "REPLICATION", c.Replication}, {"bypassrls", "BYPASSRLS", c.BypassRLS},
	} {
		if o.on(need.option) && !need.has {
			return denied(what, "Only roles with the %[1]s attribute may create roles with the %[1]s attribute.", need.attribute)
		}
	}
	return nil
}

// firstMembers grants what CREATE ROLE says, and ADMIN OPTION to a creator who is no superuser.
func (x *exec) firstMembers(r *Role, o *options) error {
	if !x.current.Superuser && !x.current.Upstream {
		x.s.members = append(x.s.members, Membership{Role: r.OID, Member: x.current.OID, Grantor: BootstrapOID, Admin: true})
	}
	for _, ref := range o.roles("addroleto") {
		to, err := x.find(ref)
		if err != nil {
			return err
		}
		if err := x.addMembers(to, []*Role{r}, nil, nil); err != nil {
			return err
		}
	}
	admin := []ast.GrantOption{{Name: "admin", On: true}}
	for _, list := range [...]struct {
		option  string
		options []ast.GrantOption
	}{{"adminmembers", admin}, {"rolemembers", nil}} {
		members, err := x.findAll(o.roles(list.option))
		if err != nil {
			return err
		}
		if err := x.addMembers(r, members, list.options, nil); err != nil {
			return err
		}
	}
	return nil
}

func (x *exec) findAll(refs []ast.RoleRef) ([]*Role, error) {
	all := make([]*Role, 0, len(refs))
	for _, ref := range refs {
		r, err := x.find(ref)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
