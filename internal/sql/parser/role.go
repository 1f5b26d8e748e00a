package parser

import (
	"strings"

	pg "github.com/sqlc-dev/oliphant/ast"

	"waypost/internal/sql/ast"
)

// roleStatement converts a statement about roles, or returns nil.
func (c *converter) roleStatement(n *pg.Node) ast.Stmt {
	switch x := n.GetNode().(type) {
	case *pg.Node_CreateRoleStmt:
		s := x.CreateRoleStmt
		return &ast.CreateRole{
			Kind: strings.TrimPrefix(s.GetStmtType().String(), "ROLESTMT_"), Name: s.GetRole(), Options: c.roleOptions(s.GetOptions()),
		}
	case *pg.Node_AlterRoleStmt:
		s := x.AlterRoleStmt
		name, special := roleName(s.GetRole())
		if s.GetAction() < 0 {
			c.unsupported("ALTER GROUP … DROP USER", -1)
		}
		return &ast.AlterRole{Name: name, Special: special, Options: c.roleOptions(s.GetOptions())}
	case *pg.Node_AlterRoleSetStmt:
		s := x.AlterRoleSetStmt
		name, _ := roleName(s.GetRole())
		return &ast.AlterRoleSet{Name: name, Database: s.GetDatabase(), Setting: c.setting(s.GetSetstmt())}
	case *pg.Node_DropRoleStmt:
		return &ast.DropRole{Names: roleNames(x.DropRoleStmt.GetRoles()), IfExists: x.DropRoleStmt.GetMissingOk()}
	case *pg.Node_RenameStmt:
		if s := x.RenameStmt; s.GetRenameType() == pg.ObjectType_OBJECT_ROLE {
			return &ast.RenameRole{Name: s.GetSubname(), NewName: s.GetNewname()}
		}
	case *pg.Node_GrantRoleStmt:
		s := x.GrantRoleStmt
		if len(s.GetOpt()) > 0 {
			c.unsupported("GRANT … WITH", -1)
		}
		out := &ast.GrantRole{Revoke: !s.GetIsGrant(), Grantees: roleNames(s.GetGranteeRoles())}
		for _, g := range s.GetGrantedRoles() {
			out.Roles = append(out.Roles, g.GetAccessPriv().GetPrivName())
		}
		return out
	}
	return nil
}

// roleName gives a role's name, and whether it is one of the special ones.
func roleName(r *pg.RoleSpec) (string, bool) {
	switch r.GetRoletype() {
	case pg.RoleSpecType_ROLESPEC_CURRENT_ROLE:
		return "current_role", true
	case pg.RoleSpecType_ROLESPEC_CURRENT_USER:
		return "current_user", true
	case pg.RoleSpecType_ROLESPEC_SESSION_USER:
		return "session_user", true
	case pg.RoleSpecType_ROLESPEC_PUBLIC:
		return "public", true
	}
	return r.GetRolename(), false
}

func roleNames(nodes []*pg.Node) (names []string) {
	for _, n := range nodes {
		name, _ := roleName(n.GetRoleSpec())
		names = append(names, name)
	}
	return names
}

func (c *converter) roleOptions(nodes []*pg.Node) (options []ast.RoleOption) {
	for _, n := range nodes {
		d := n.GetDefElem()
		o := ast.RoleOption{Name: d.GetDefname(), At: int(d.GetLocation())}
		switch v := d.GetArg().GetNode().(type) {
		case nil:
			o.Null = true
		case *pg.Node_Boolean:
			o.Bool = v.Boolean.GetBoolval()
		case *pg.Node_Integer:
			o.Int = v.Integer.GetIval()
		case *pg.Node_String_:
			o.Text = v.String_.GetSval()
		case *pg.Node_List:
			o.Roles = roleNames(v.List.GetItems())
		default:
			c.unsupported("this option", d.GetLocation())
		}
		options = append(options, o)
	}
	return options
}
