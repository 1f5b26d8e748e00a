package parser

import (
	"fmt"
	"strings"

	pg "github.com/sqlc-dev/oliphant/ast"

	"waypost/internal/sql/ast"
)

func (c *converter) statement(n *pg.Node) ast.Stmt {
	switch x := n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		if x.SelectStmt.GetIntoClause() != nil {
			return &ast.Other{Tag: "SELECT INTO"}
		}
		return c.selectStmt(x.SelectStmt)
	case *pg.Node_VariableShowStmt:
		return &ast.Show{Name: x.VariableShowStmt.GetName()}
	case *pg.Node_VariableSetStmt:
		return c.set(x.VariableSetStmt)
	case *pg.Node_AlterSystemStmt:
		return &ast.AlterSystem{Setting: c.setting(x.AlterSystemStmt.GetSetstmt())}
	case *pg.Node_TransactionStmt:
		return c.transaction(x.TransactionStmt)
	case *pg.Node_DiscardStmt:
		return &ast.Discard{Target: strings.TrimPrefix(x.DiscardStmt.GetTarget().String(), "DISCARD_")}
	case *pg.Node_PrepareStmt:
		p := &ast.Prepare{Name: x.PrepareStmt.GetName(), Query: c.statement(x.PrepareStmt.GetQuery())}
		for _, t := range x.PrepareStmt.GetArgtypes() {
			p.Types = append(p.Types, c.typeName(t.GetTypeName()))
		}
		return p
	case *pg.Node_ExecuteStmt:
		return &ast.Execute{Name: x.ExecuteStmt.GetName(), Params: c.exprs(x.ExecuteStmt.GetParams())}
	case *pg.Node_DeallocateStmt:
		return &ast.Deallocate{Name: x.DeallocateStmt.GetName()}
	case *pg.Node_CheckPointStmt:
		return &ast.Checkpoint{}
	case *pg.Node_ListenStmt:
		return &ast.Listen{Channel: x.ListenStmt.GetConditionname()}
	case *pg.Node_UnlistenStmt:
		return &ast.Unlisten{Channel: x.UnlistenStmt.GetConditionname()}
	case *pg.Node_NotifyStmt:
		return &ast.Notify{Channel: x.NotifyStmt.GetConditionname(), Payload: x.NotifyStmt.GetPayload()}
	}
	if s := c.roleStatement(n); s != nil {
		return s
	}
	return &ast.Other{Tag: tagOf(n)}
}

// tagOf makes the command tag of a statement from its node's name:
// CreateTableSpaceStmt is CREATE TABLESPACE and so on.
func tagOf(n *pg.Node) string {
	name := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", n.GetNode()), "*ast.Node_"), "Stmt")
	switch name {
	case "Create":
		return "CREATE TABLE"
	case "Index":
		return "CREATE INDEX"
	case "View":
		return "CREATE VIEW"
	case "Createdb":
		return "CREATE DATABASE"
	case "Dropdb":
		return "DROP DATABASE"
	case "CreateSeq":
		return "CREATE SEQUENCE"
	case "CreateTrig":
		return "CREATE TRIGGER"
	case "CreateTableSpace":
		return "CREATE TABLESPACE"
	case "DropTableSpace":
		return "DROP TABLESPACE"
	case "CreateTableAs":
		return "CREATE TABLE AS"
	case "RefreshMatView":
		return "REFRESH MATERIALIZED VIEW"
	case "Truncate":
		return "TRUNCATE TABLE"
	case "Lock":
		return "LOCK TABLE"
	case "Vacuum":
		if !n.GetVacuumStmt().GetIsVacuumcmd() {
			return "ANALYZE"
		}
		return "VACUUM"
	case "Drop":
		return "DROP " + objectName(n.GetDropStmt().GetRemoveType())
	case "Rename":
		return "ALTER " + objectName(n.GetRenameStmt().GetRenameType())
	case "AlterTable":
		return "ALTER " + objectName(n.GetAlterTableStmt().GetObjtype())
	case "Grant":
		if !n.GetGrantStmt().GetIsGrant() {
			return "REVOKE"
		}
		return "GRANT"
	case "Copy", "Call", "Do", "Insert", "Update", "Delete", "Merge", "Explain", "Load", "Cluster", "Reindex", "Fetch", "Comment":
		return strings.ToUpper(name)
	case "DeclareCursor":
		return "DECLARE CURSOR"
	case "ClosePortal":
		return "CLOSE CURSOR"
	}
	var tag strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			tag.WriteByte(' ')
		}
		tag.WriteRune(r)
	}
	return strings.ToUpper(tag.String())
}

func objectName(t pg.ObjectType) string {
	return strings.ReplaceAll(strings.TrimPrefix(t.String(), "OBJECT_"), "_", " ")
}

func (c *converter) setting(s *pg.VariableSetStmt) ast.Setting {
	out := ast.Setting{Name: s.GetName(), At: int(s.GetLocation())}
	switch s.GetKind() {
	case pg.VariableSetKind_VAR_SET_VALUE:
		out.Action = ast.SetValueTo
	case pg.VariableSetKind_VAR_SET_DEFAULT:
		out.Action = ast.SetToDefault
	case pg.VariableSetKind_VAR_SET_CURRENT:
		out.Action = ast.SetFromCurrent
	case pg.VariableSetKind_VAR_RESET:
		out.Action = ast.ResetOne
	case pg.VariableSetKind_VAR_RESET_ALL:
		out.Action = ast.ResetAll
	default:
		return out
	}
	for _, n := range s.GetArgs() {
		out.Values = append(out.Values, c.setValue(n))
	}
	return out
}

func (c *converter) setValue(n *pg.Node) ast.SetValue {
	if cast := n.GetTypeCast(); cast != nil { // SET TIME ZONE INTERVAL '…'
		v := c.setValue(cast.GetArg())
		if cast.GetTypeName() != nil && len(cast.GetTypeName().GetTypmods()) > 0 {
			c.unsupported("an interval with fields", cast.GetLocation())
		}
		return v
	}
	k, ok := constant(n.GetAConst()).(*ast.Const)
	if !ok || n.GetAConst() == nil {
		c.unsupported("this value", -1)
		return ast.SetValue{}
	}
	switch k.Kind {
	case ast.IntConst:
		return ast.SetValue{Text: fmt.Sprint(k.Int), Kind: k.Kind}
	case ast.BoolConst:
		return ast.SetValue{Text: fmt.Sprint(k.Bool), Kind: ast.StringConst}
	}
	return ast.SetValue{Text: k.Text, Kind: k.Kind}
}

func (c *converter) set(s *pg.VariableSetStmt) ast.Stmt {
	out := &ast.Set{Setting: c.setting(s), Local: s.GetIsLocal()}
	if s.GetKind() == pg.VariableSetKind_VAR_SET_MULTI {
		if s.GetName() == "TRANSACTION SNAPSHOT" {
			c.unsupported("SET TRANSACTION SNAPSHOT", -1)
		}
		out.Values = nil
		out.Modes = c.modes(s.GetArgs())
	}
	return out
}

func (c *converter) modes(nodes []*pg.Node) (modes []ast.TransactionMode) {
	for _, n := range nodes {
		d := n.GetDefElem()
		modes = append(modes, ast.TransactionMode{Name: d.GetDefname(), Value: c.setValue(d.GetArg())})
	}
	return modes
}

func (c *converter) transaction(t *pg.TransactionStmt) ast.Stmt {
	out := &ast.Transaction{Name: t.GetSavepointName() + t.GetGid(), Chain: t.GetChain(), Modes: c.modes(t.GetOptions()), At: int(t.GetLocation())}
	switch t.GetKind() {
	case pg.TransactionStmtKind_TRANS_STMT_BEGIN:
		out.Kind = ast.Begin
	case pg.TransactionStmtKind_TRANS_STMT_START:
		out.Kind = ast.StartTransaction
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT:
		out.Kind = ast.Commit
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		out.Kind = ast.Rollback
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		out.Kind = ast.Savepoint
	case pg.TransactionStmtKind_TRANS_STMT_RELEASE:
		out.Kind = ast.ReleaseSavepoint
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		out.Kind = ast.RollbackToSavepoint
	case pg.TransactionStmtKind_TRANS_STMT_PREPARE:
		out.Kind = ast.PrepareTransaction
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:
		out.Kind = ast.CommitPrepared
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_PREPARED:
		out.Kind = ast.RollbackPrepared
	default:
		c.unsupported("this transaction statement", t.GetLocation())
	}
	return out
}
