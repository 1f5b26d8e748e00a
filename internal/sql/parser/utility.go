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
			return &ast.Other{Tag: "SELECT INTO", Class: ast.Writes}
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
	case *pg.Node_DeclareCursorStmt:
		return c.declareCursor(x.DeclareCursorStmt)
	case *pg.Node_FetchStmt:
		return c.fetch(x.FetchStmt)
	case *pg.Node_ClosePortalStmt:
		return &ast.CloseCursor{Name: x.ClosePortalStmt.GetPortalname()}
	case *pg.Node_ConstraintsSetStmt:
		return &ast.SetConstraints{All: len(x.ConstraintsSetStmt.GetConstraints()) == 0}
	case *pg.Node_CopyStmt:
		if s := c.copyTo(x.CopyStmt); s != nil {
			return s
		}
	}
	if s := c.roleStatement(n); s != nil {
		return s
	}
	return other(n)
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
		v.Text = "INTERVAL '" + v.Text + "'" // the grammar allows no fields but hours and minutes
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
