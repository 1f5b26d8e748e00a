package parser

import (
	"fmt"
	"strings"

	pg "github.com/sqlc-dev/oliphant/ast"

	"waypost/internal/sql/ast"
)

func (c *converter) exprs(nodes []*pg.Node) []ast.Expr {
	list := make([]ast.Expr, 0, len(nodes))
	for _, n := range nodes {
		list = append(list, c.expr(n))
	}
	return list
}

// maybe converts an expression that may be missing.
func (c *converter) maybe(n *pg.Node) ast.Expr {
	if n == nil {
		return nil
	}
	return c.expr(n)
}

func (c *converter) expr(n *pg.Node) ast.Expr {
	if !c.enter() {
		return nil
	}
	defer c.leave()
	switch x := n.GetNode().(type) {
	case *pg.Node_AConst:
		return constant(x.AConst)
	case *pg.Node_ColumnRef:
		return c.columnRef(x.ColumnRef)
	case *pg.Node_ParamRef:
		return &ast.Param{Number: int(x.ParamRef.GetNumber()), At: int(x.ParamRef.GetLocation())}
	case *pg.Node_TypeCast:
		return &ast.TypeCast{Arg: c.expr(x.TypeCast.GetArg()), Type: c.typeName(x.TypeCast.GetTypeName()), At: int(x.TypeCast.GetLocation())}
	case *pg.Node_CollateClause:
		return &ast.Collate{Arg: c.expr(x.CollateClause.GetArg()), Name: c.names(x.CollateClause.GetCollname()), At: int(x.CollateClause.GetLocation())}
	case *pg.Node_BoolExpr:
		return &ast.BoolOp{Kind: boolOp(x.BoolExpr.GetBoolop()), Args: c.exprs(x.BoolExpr.GetArgs()), At: int(x.BoolExpr.GetLocation())}
	case *pg.Node_AExpr:
		return c.operator(x.AExpr)
	case *pg.Node_CaseExpr:
		return c.caseExpr(x.CaseExpr)
	case *pg.Node_CoalesceExpr:
		return &ast.Coalesce{Args: c.exprs(x.CoalesceExpr.GetArgs()), At: int(x.CoalesceExpr.GetLocation())}
	case *pg.Node_MinMaxExpr:
		return &ast.MinMax{Least: x.MinMaxExpr.GetOp() == pg.MinMaxOp_IS_LEAST, Args: c.exprs(x.MinMaxExpr.GetArgs()), At: int(x.MinMaxExpr.GetLocation())}
	case *pg.Node_FuncCall:
		return c.call(x.FuncCall)
	case *pg.Node_SubLink:
		return c.subLink(x.SubLink)
	case *pg.Node_NullTest:
		return &ast.NullTest{Not: x.NullTest.GetNulltesttype() == pg.NullTestType_IS_NOT_NULL, Arg: c.expr(x.NullTest.GetArg()), At: int(x.NullTest.GetLocation())}
	case *pg.Node_BooleanTest:
		return c.booleanTest(x.BooleanTest)
	case *pg.Node_SqlvalueFunction:
		return c.sqlValue(x.SqlvalueFunction)
	case *pg.Node_AArrayExpr:
		return &ast.ArrayExpr{Elems: c.exprs(x.AArrayExpr.GetElements()), At: int(x.AArrayExpr.GetLocation())}
	case *pg.Node_AIndirection:
		return c.indirection(x.AIndirection)
	case *pg.Node_RowExpr:
		return &ast.RowExpr{Args: c.exprs(x.RowExpr.GetArgs()), At: int(x.RowExpr.GetLocation())}
	case *pg.Node_SetToDefault:
		c.unsupported("DEFAULT", x.SetToDefault.GetLocation())
		return nil
	case *pg.Node_NamedArgExpr:
		c.unsupported("a named argument here", x.NamedArgExpr.GetLocation())
		return nil
	}
	c.unsupported(strings.TrimPrefix(fmt.Sprintf("%T", n.GetNode()), "*ast.Node_"), -1)
	return nil
}

func boolOp(op pg.BoolExprType) ast.BoolOpKind {
	switch op {
	case pg.BoolExprType_OR_EXPR:
		return ast.Or
	case pg.BoolExprType_NOT_EXPR:
		return ast.Not
	}
	return ast.And
}

func constant(k *pg.A_Const) ast.Expr {
	e := &ast.Const{At: int(k.GetLocation())}
	switch v := k.GetVal().(type) {
	case *pg.A_Const_Ival:
		e.Kind, e.Int = ast.IntConst, v.Ival.GetIval()
	case *pg.A_Const_Fval:
		e.Kind, e.Text = ast.FloatConst, v.Fval.GetFval()
	case *pg.A_Const_Boolval:
		e.Kind, e.Bool = ast.BoolConst, v.Boolval.GetBoolval()
	case *pg.A_Const_Sval:
		e.Kind, e.Text = ast.StringConst, v.Sval.GetSval()
	case *pg.A_Const_Bsval:
		e.Kind, e.Text = ast.BitConst, v.Bsval.GetBsval()
	}
	return e
}

func (c *converter) columnRef(r *pg.ColumnRef) ast.Expr {
	e := &ast.ColumnRef{At: int(r.GetLocation())}
	for _, f := range r.GetFields() {
		if f.GetAStar() != nil {
			e.Star = true
			continue
		}
		e.Names = append(e.Names, f.GetString_().GetSval())
	}
	return e
}

func (c *converter) typeName(t *pg.TypeName) ast.TypeName {
	schema, name := c.qualified(t.GetNames())
	out := ast.TypeName{Schema: schema, Name: name, Array: len(t.GetArrayBounds()) > 0, At: int(t.GetLocation())}
	if t.GetSetof() || t.GetPctType() {
		c.unsupported("this form of a type's name", t.GetLocation())
	}
	for _, m := range t.GetTypmods() {
		k := m.GetAConst()
		if k == nil || k.GetIval() == nil && k.GetVal() != nil {
			c.unsupported("this type modifier", t.GetLocation())
			continue
		}
		out.Mods = append(out.Mods, k.GetIval().GetIval())
	}
	return out
}

func (c *converter) operator(a *pg.A_Expr) ast.Expr {
	at := int(a.GetLocation())
	schema, name := c.qualified(a.GetName())
	plain := func(kind ast.OpKind) ast.Expr {
		return &ast.Op{Kind: kind, Schema: schema, Name: name, Left: c.maybe(a.GetLexpr()), Right: c.expr(a.GetRexpr()), At: at}
	}
	between := func(not, symmetric bool) ast.Expr {
		bounds := a.GetRexpr().GetList().GetItems()
		return &ast.Between{Not: not, Symmetric: symmetric, Arg: c.expr(a.GetLexpr()), Low: c.expr(bounds[0]), High: c.expr(bounds[1]), At: at}
	}
	switch a.GetKind() {
	case pg.A_Expr_Kind_AEXPR_OP:
		return plain(ast.PlainOp)
	case pg.A_Expr_Kind_AEXPR_OP_ANY:
		return plain(ast.AnyOp)
	case pg.A_Expr_Kind_AEXPR_OP_ALL:
		return plain(ast.AllOp)
	case pg.A_Expr_Kind_AEXPR_LIKE:
		return plain(ast.LikeOp)
	case pg.A_Expr_Kind_AEXPR_ILIKE:
		return plain(ast.ILikeOp)
	case pg.A_Expr_Kind_AEXPR_SIMILAR:
		return plain(ast.SimilarOp)
	case pg.A_Expr_Kind_AEXPR_DISTINCT:
		return plain(ast.DistinctOp)
	case pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return plain(ast.NotDistinctOp)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return plain(ast.NullIfOp)
	case pg.A_Expr_Kind_AEXPR_IN:
		return &ast.In{Not: name == "<>", Left: c.expr(a.GetLexpr()), List: c.exprs(a.GetRexpr().GetList().GetItems()), At: at}
	case pg.A_Expr_Kind_AEXPR_BETWEEN:
		return between(false, false)
	case pg.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		return between(true, false)
	case pg.A_Expr_Kind_AEXPR_BETWEEN_SYM:
		return between(false, true)
	case pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return between(true, true)
	}
	c.unsupported(a.GetKind().String(), a.GetLocation())
	return nil
}

func (c *converter) caseExpr(k *pg.CaseExpr) ast.Expr {
	e := &ast.Case{Arg: c.maybe(k.GetArg()), Else: c.maybe(k.GetDefresult()), At: int(k.GetLocation())}
	for _, n := range k.GetArgs() {
		w := n.GetCaseWhen()
		e.Whens = append(e.Whens, ast.When{Cond: c.expr(w.GetExpr()), Result: c.expr(w.GetResult()), At: int(w.GetLocation())})
	}
	return e
}

func (c *converter) call(f *pg.FuncCall) ast.Expr {
	schema, name := c.qualified(f.GetFuncname())
	e := &ast.Call{
		Schema: schema, Name: name, Star: f.GetAggStar(), Distinct: f.GetAggDistinct(), Variadic: f.GetFuncVariadic(),
		OrderBy: c.sortKeys(f.GetAggOrder()), Filter: c.maybe(f.GetAggFilter()),
		SQLSyntax: f.GetFuncformat() == pg.CoercionForm_COERCE_SQL_SYNTAX, At: int(f.GetLocation()),
	}
	if f.GetOver() != nil {
		c.unsupported("a window function", f.GetLocation())
	}
	if f.GetAggWithinGroup() {
		c.unsupported("WITHIN GROUP", f.GetLocation())
	}
	for _, a := range f.GetArgs() {
		if named := a.GetNamedArgExpr(); named != nil {
			e.Args = append(e.Args, ast.Arg{Name: named.GetName(), Expr: c.expr(named.GetArg())})
			continue
		}
		e.Args = append(e.Args, ast.Arg{Expr: c.expr(a)})
	}
	return e
}

func (c *converter) subLink(l *pg.SubLink) ast.Expr {
	e := &ast.SubLink{Test: c.maybe(l.GetTestexpr()), At: int(l.GetLocation())}
	switch l.GetSubLinkType() {
	case pg.SubLinkType_EXISTS_SUBLINK:
		e.Kind = ast.ExistsSubLink
	case pg.SubLinkType_ANY_SUBLINK:
		e.Kind = ast.AnySubLink
	case pg.SubLinkType_ALL_SUBLINK:
		e.Kind = ast.AllSubLink
	case pg.SubLinkType_EXPR_SUBLINK:
		e.Kind = ast.ScalarSubLink
	case pg.SubLinkType_ARRAY_SUBLINK:
		e.Kind = ast.ArraySubLink
	default:
		c.unsupported("this form of sub-select", l.GetLocation())
	}
	_, e.Op = c.qualified(l.GetOperName())
	e.Query = c.subSelect(l.GetSubselect())
	return e
}

func (c *converter) booleanTest(b *pg.BooleanTest) ast.Expr {
	e := &ast.BooleanTest{Arg: c.expr(b.GetArg()), At: int(b.GetLocation())}
	switch b.GetBooltesttype() {
	case pg.BoolTestType_IS_TRUE:
		e.Test = ast.IsTrue
	case pg.BoolTestType_IS_NOT_TRUE:
		e.Test = ast.IsNotTrue
	case pg.BoolTestType_IS_FALSE:
		e.Test = ast.IsFalse
	case pg.BoolTestType_IS_NOT_FALSE:
		e.Test = ast.IsNotFalse
	case pg.BoolTestType_IS_UNKNOWN:
		e.Test = ast.IsUnknown
	case pg.BoolTestType_IS_NOT_UNKNOWN:
		e.Test = ast.IsNotUnknown
	default:
		c.unsupported("this test", b.GetLocation())
	}
	return e
}

func (c *converter) sqlValue(f *pg.SQLValueFunction) ast.Expr {
	e := &ast.SQLValue{Precision: -1, At: int(f.GetLocation())}
	switch f.GetOp() {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		e.Kind = ast.CurrentDate
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME:
		e.Kind = ast.CurrentTime
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP:
		e.Kind = ast.CurrentTimestamp
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
		e.Kind, e.Precision = ast.CurrentTimestamp, f.GetTypmod()
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME:
		e.Kind = ast.LocalTime
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
		e.Kind, e.Precision = ast.LocalTime, f.GetTypmod()
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP:
		e.Kind = ast.LocalTimestamp
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		e.Kind, e.Precision = ast.LocalTimestamp, f.GetTypmod()
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:
		e.Kind = ast.CurrentRole
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:
		e.Kind = ast.CurrentUser
	case pg.SQLValueFunctionOp_SVFOP_USER:
		e.Kind = ast.UserKeyword
	case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		e.Kind = ast.SessionUser
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		e.Kind = ast.CurrentCatalog
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		e.Kind = ast.CurrentSchema
	default:
		c.unsupported("this value", f.GetLocation())
	}
	return e
}

func (c *converter) indirection(a *pg.A_Indirection) ast.Expr {
	e := c.expr(a.GetArg())
	if e == nil {
		return nil
	}
	for _, n := range a.GetIndirection() {
		at := e.Where()
		switch {
		case n.GetAIndices() != nil:
			i := n.GetAIndices()
			s := &ast.Subscript{Arg: e, Slice: i.GetIsSlice(), At: at}
			if s.Slice {
				s.Index, s.Upper = c.maybe(i.GetLidx()), c.maybe(i.GetUidx())
			} else {
				s.Index = c.expr(i.GetUidx())
			}
			e = s
		case n.GetAStar() != nil:
			e = &ast.Field{Arg: e, At: at}
		default:
			e = &ast.Field{Arg: e, Name: n.GetString_().GetSval(), At: at}
		}
	}
	return e
}
