package parser

import (
	"strings"

	pg "github.com/sqlc-dev/oliphant/ast"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
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
		return &ast.AlterRole{Role: roleRef(s.GetRole()), Drop: s.GetAction() < 0, Options: c.roleOptions(s.GetOptions())}
	case *pg.Node_AlterRoleSetStmt:
		s := x.AlterRoleSetStmt
		return &ast.AlterRoleSet{All: s.GetRole() == nil, Role: roleRef(s.GetRole()), Database: s.GetDatabase(),
			Setting: c.setting(s.GetSetstmt())}
	case *pg.Node_DropRoleStmt:
		return &ast.DropRole{Roles: roleRefs(x.DropRoleStmt.GetRoles()), IfExists: x.DropRoleStmt.GetMissingOk()}
	case *pg.Node_RenameStmt:
		if s := x.RenameStmt; s.GetRenameType() == pg.ObjectType_OBJECT_ROLE {
			return &ast.RenameRole{Name: s.GetSubname(), NewName: s.GetNewname()}
		}
	case *pg.Node_GrantRoleStmt:
		return c.grantRole(x.GrantRoleStmt)
	case *pg.Node_CommentStmt:
		if s := x.CommentStmt; s.GetObjtype() == pg.ObjectType_OBJECT_ROLE {
			return &ast.CommentRole{Name: s.GetObject().GetString_().GetSval(), Text: s.GetComment()}
		}
	}
	return nil
}

func (c *converter) grantRole(s *pg.GrantRoleStmt) ast.Stmt {
	out := &ast.GrantRole{Revoke: !s.GetIsGrant(), Grantees: roleRefs(s.GetGranteeRoles()),
		Cascade: s.GetBehavior() == pg.DropBehavior_DROP_CASCADE}
	for _, g := range s.GetGrantedRoles() {
		if len(g.GetAccessPriv().GetCols()) > 0 {
			c.err = types.Errorf("0LP01", "column names cannot be included in GRANT/REVOKE ROLE")
		}
		out.Roles = append(out.Roles, g.GetAccessPriv().GetPrivName())
	}
	for _, n := range s.GetOpt() {
		d := n.GetDefElem()
		o := ast.GrantOption{Name: d.GetDefname(), At: int(d.GetLocation())}
		on, ok := d.GetArg().GetNode().(*pg.Node_Boolean)
		if !ok {
			c.unsupported("this option", d.GetLocation())
		} else {
			o.On = on.Boolean.GetBoolval()
		}
		out.Options = append(out.Options, o)
	}
	if s.GetGrantor() != nil {
		grantor := roleRef(s.GetGrantor())
		out.Grantor = &grantor
	}
	return out
}

func roleRef(r *pg.RoleSpec) ast.RoleRef {
	switch r.GetRoletype() {
	case pg.RoleSpecType_ROLESPEC_CURRENT_ROLE:
		return ast.RoleRef{Name: "current_role", Special: true}
	case pg.RoleSpecType_ROLESPEC_CURRENT_USER:
		return ast.RoleRef{Name: "current_user", Special: true}
	case pg.RoleSpecType_ROLESPEC_SESSION_USER:
		return ast.RoleRef{Name: "session_user", Special: true}
	case pg.RoleSpecType_ROLESPEC_PUBLIC:
		return ast.RoleRef{Name: "public", Special: true}
	}
	return ast.RoleRef{Name: r.GetRolename()}
}

func roleRefs(nodes []*pg.Node) (refs []ast.RoleRef) {
	for _, n := range nodes {
		refs = append(refs, roleRef(n.GetRoleSpec()))
	}
	return refs
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
			o.Roles = roleRefs(v.List.GetItems())
		default:
			c.unsupported("this option", d.GetLocation())
		}
		options = append(options, o)
	}
	return options
}
