package roles

import (
	"waypost/internal/scram"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

const toAlter = " to alter role"

// alter is ALTER ROLE, and ALTER GROUP's ADD and DROP USER.
func (x *exec) alter(stmt *ast.AlterRole) error {
	if err := x.notReservedRef(stmt.Role); err != nil {
		return err
	}
	o, err := x.options(stmt.Options)
	if err != nil {
		return err
	}
	r, err := x.find(stmt.Role)
	if err != nil {
		return err
	}
	if err := inFile(r); err != nil {
		return err
	}
	if err := x.mayAlter(o, r); err != nil {
		return err
	}
	if o.has("superuser") && !o.on("superuser") && r.OID == BootstrapOID {
		e := types.Errorf(types.CodeFeatureNotSupported, "permission denied to alter role")
		return e.WithDetail("The bootstrap superuser must have the SUPERUSER attribute.")
	}
	if err := x.apply(o, r); err != nil {
		return err
	}
	members, err := x.findAll(o.roles("rolemembers"))
	if err != nil || len(members) == 0 {
		return err
	}
	if stmt.Drop {
		return x.removeMembers(r, members, nil, nil, false)
	}
	return x.addMembers(r, members, nil, nil)
}

func (x *exec) notReservedRef(ref ast.RoleRef) error {
	if ref.Special {
		return nil
	}
	if err := notReserved(ref.Name, "Cannot alter reserved roles."); err != nil {
		return err
	}
	return nil
}

func (x *exec) mayAlter(o *options, r *Role) error {
	c := x.current
	switch {
	case c.Superuser:
		return nil
	case r.Superuser:
		return denied(toAlter, "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.")
	case o.has("superuser"):
		return denied(toAlter, "Only roles with the SUPERUSER attribute may change the SUPERUSER attribute.")
	}
	if x.mayManage(r) {
		for _, need := range [...]struct {
			option, attribute string
			has               bool
		}{{"createdb", "CREATEDB", c.CreateDB}, {"isreplication", "REPLICATION", c.Replication},
			{"bypassrls", "BYPASSRLS", c.BypassRLS}} {
			if o.has(need.option) && !need.has {
				return denied(toAlter, "Only roles with the %[1]s attribute may change the %[1]s attribute.", need.attribute)
			}
		}
	} else {
		for _, option := range [...]string{"inherit", "createrole", "createdb", "canlogin", "connectionlimit", "validUntil",
			"isreplication", "bypassrls"} {
			if o.has(option) {
				return denied(toAlter, onlyManagers, r.Name, "alter")
			}
		}
		if o.has("password") && r != c {
			return denied(toAlter, "To change another role's password, the current user must have the CREATEROLE attribute and the "+
				"ADMIN option on the role.")
		}
	}
	if o.has("rolemembers") && !x.s.IsAdmin(c, r) {
		return denied(toAlter, "Only roles with the ADMIN option on role \"%s\" may add or drop members.", r.Name)
	}
	return nil
}

// rename is ALTER ROLE … RENAME TO.
func (x *exec) rename(stmt *ast.RenameRole) error {
	const what = " to rename role"
	r, err := x.find(ast.RoleRef{Name: stmt.Name})
	if err != nil {
		return err
	}
	switch r.OID {
	case x.env.Session.OID:
		return types.Errorf(types.CodeFeatureNotSupported, "session user cannot be renamed")
	case x.current.OID:
		return types.Errorf(types.CodeFeatureNotSupported, "current user cannot be renamed")
	}
	if err := notReserved(r.Name, "Role names starting with \"pg_\" are reserved."); err != nil {
		return err
	}
	name := stmt.NewName
	if err := CheckName(name); err != nil {
		return err
	}
	if x.s.Find(name) != nil {
		return types.Errorf(codeDuplicate, "role \"%s\" already exists", name)
	}
	switch {
	case r.Superuser && !x.current.Superuser:
		return denied(what, "Only roles with the SUPERUSER attribute may rename roles with the SUPERUSER attribute.")
	case !x.mayManage(r):
		return denied(what, onlyManagers, r.Name, "rename")
	}
	r.Name = name
	if scram.KindOf(r.Password) == scram.MD5 {
		// The name is part of what was hashed.
		x.notice(protocol.SeverityNotice, "MD5 password cleared because of role rename")
		r.Password = ""
	}
	return nil
}

// comment is COMMENT ON ROLE.
func (x *exec) comment(stmt *ast.CommentRole) error {
	r, err := x.find(ast.RoleRef{Name: stmt.Name})
	if err != nil {
		return err
	}
	switch {
	case r.Superuser && !x.current.Superuser:
		return denied("", "The current user must have the SUPERUSER attribute.")
	case !x.mayCreateRoles():
		return denied("", "The current user must have the CREATEROLE attribute.")
	case !x.mayManage(r):
		return denied("", "The current user must have the ADMIN option on role \"%s\".", r.Name)
	case isPredefined(r.OID):
		return types.Errorf(types.CodeFeatureNotSupported, "comments on predefined roles are not supported")
	}
	if len(stmt.Text) > maxText {
		return tooLong("comment on role \"" + r.Name + "\"")
	}
	r.Comment = stmt.Text
	return nil
}
