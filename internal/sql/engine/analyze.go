package engine

import (
	"strconv"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/types"
)

func (a *analyzer) exprs(sc *scope, list []ast.Expr) ([]expr, []ast.Pos, error) {
	out, where := make([]expr, len(list)), make([]ast.Pos, len(list))
	for i, n := range list {
		e, err := a.expr(sc, n)
		if err != nil {
			return nil, nil, err
		}
		out[i], where[i] = e, n.Where()
	}
	return out, where, nil
}

// expr works out an expression's type.
func (a *analyzer) expr(sc *scope, n ast.Expr) (expr, error) {
	if err := a.enter(); err != nil {
		return nil, err
	}
	defer a.leave()
	switch x := n.(type) {
	case *ast.Const:
		return a.constant(x)
	case *ast.ColumnRef:
		if x.Star {
			return nil, a.errorf(x.At, types.CodeSyntax, "row expansion via \"*\" is not supported here")
		}
		return a.column(sc, x)
	case *ast.Param:
		return a.param(x)
	case *ast.TypeCast:
		return a.typeCast(sc, x)
	case *ast.Collate:
		return a.collate(sc, x)
	case *ast.BoolOp:
		return a.boolOp(sc, x)
	case *ast.Op:
		return a.op(sc, x)
	case *ast.In:
		return a.in(sc, x)
	case *ast.Between:
		return a.between(sc, x)
	case *ast.Call:
		return a.call_(sc, x)
	case *ast.Case:
		return a.caseExpr(sc, x)
	case *ast.Coalesce:
		args, where, err := a.exprs(sc, x.Args)
		if err != nil {
			return nil, err
		}
		t, err := a.common("COALESCE", args, where)
		if err != nil {
			return nil, err
		}
		return &coalesce{args: args, t: t, typmod: commonTypmod(args, t)}, nil
	case *ast.MinMax:
		return a.minMax(sc, x)
	case *ast.SQLValue:
		return a.sqlValue(x)
	case *ast.SubLink:
		return a.subLink(sc, x)
	case *ast.NullTest:
		e, err := a.expr(sc, x.Arg)
		return &nullTest{arg: e, not: x.Not}, err
	case *ast.BooleanTest:
		return a.truthTest(sc, x)
	case *ast.ArrayExpr:
		return a.array(sc, x)
	case *ast.Subscript:
		return a.subscript(sc, x)
	case *ast.Field:
		return a.field(sc, x)
	case *ast.RowExpr:
		return a.rowExpr(sc, x)
	}
	return nil, a.unsupported(-1, "this expression")
}

func (a *analyzer) constant(c *ast.Const) (expr, error) {
	out := &constant{typmod: -1, at: c.At}
	switch c.Kind {
	case ast.NullConst:
		out.t = types.Unknown
	case ast.BoolConst:
		out.t, out.val = types.Bool, c.Bool
	case ast.IntConst:
		out.t, out.val = types.Int4, int64(c.Int)
	case ast.StringConst:
		out.t, out.val = types.Unknown, c.Text
	case ast.FloatConst:
		n, err := types.ParseNum(c.Text)
		if err != nil {
			return nil, a.at(c.At, err)
		}
		out.t, out.val = types.Numeric, n
		if i, err := strconv.ParseInt(c.Text, 0, 64); err == nil {
			out.t, out.val = types.Int8, i
			if int64(int32(i)) == i {
				out.t = types.Int4
			}
		}
	default:
		return nil, a.unsupported(c.At, "a bit string")
	}
	return out, nil
}

// maxParams is how many parameters a statement may have; the protocol counts
// them in 16 bits.
const maxParams = 65535

func (a *analyzer) param(p *ast.Param) (expr, error) {
	if p.Number < 1 || p.Number > maxParams || a.fixed && p.Number > a.told {
		return nil, a.errorf(p.At, types.CodeUndefinedParameter, "there is no parameter $%d", p.Number)
	}
	for len(a.params) < p.Number {
		a.params = append(a.params, 0)
	}
	t := a.params[p.Number-1]
	if t == 0 {
		t = types.Unknown
	}
	return &param{n: p.Number, t: t, at: p.At}, nil
}

func (a *analyzer) typeCast(sc *scope, c *ast.TypeCast) (expr, error) {
	t, typmod, err := a.typeOf(c.Type)
	if err != nil {
		return nil, err
	}
	var e expr
	if list, ok := c.Arg.(*ast.ArrayExpr); ok && types.ElemOf(t) != 0 && len(list.Elems) == 0 {
		return &constant{t: t, typmod: -1, val: &types.Array{Elem: types.ElemOf(t)}, at: c.At}, nil
	} else if ok && types.ElemOf(t) != 0 {
		return a.arrayOfType(sc, list, t, c.At)
	}
	if e, err = a.expr(sc, c.Arg); err != nil {
		return nil, err
	}
	at := c.At
	if at < 0 {
		at = c.Type.At
	}
	return a.cast(e, t, typmod, explicitly, at)
}

// arrayOfType is ARRAY[…]::type[], whose elements are cast one by one.
func (a *analyzer) arrayOfType(sc *scope, n *ast.ArrayExpr, t types.OID, at ast.Pos) (expr, error) {
	out := &list{t: t, elem: types.ElemOf(t)}
	for _, el := range n.Elems {
		e, err := a.expr(sc, el)
		if err != nil {
			return nil, err
		}
		if e, err = a.cast(e, out.elem, -1, explicitly, at); err != nil {
			return nil, err
		}
		out.elems = append(out.elems, e)
	}
	return out, nil
}

func (a *analyzer) collate(sc *scope, c *ast.Collate) (expr, error) {
	e, err := a.expr(sc, c.Arg)
	if err != nil {
		return nil, err
	}
	switch c.Name[len(c.Name)-1] {
	case "C", "POSIX", "default", "ucs_basic", "C.UTF-8":
	default:
		return nil, a.errorf(c.At, types.CodeUndefinedObject,
			"collation \"%s\" for encoding \"UTF8\" does not exist", c.Name[len(c.Name)-1])
	}
	if t := e.typ(); category(t) != 'S' && t != types.Unknown {
		return nil, a.errorf(c.At, types.CodeDatatypeMismatch, "collations are not supported by type %s", typeName(t))
	}
	if e.typ() == types.Unknown {
		return a.coerce(e, types.Text, implicitly, c.At)
	}
	return e, nil
}

func (a *analyzer) boolOp(sc *scope, b *ast.BoolOp) (expr, error) {
	out := &boolOp{kind: b.Kind}
	for _, n := range b.Args {
		e, err := a.expr(sc, n)
		if err != nil {
			return nil, err
		}
		if e, err = a.boolean(e, b.Kind.String(), n.Where()); err != nil {
			return nil, err
		}
		out.args = append(out.args, e)
	}
	return out, nil
}

func (a *analyzer) truthTest(sc *scope, b *ast.BooleanTest) (expr, error) {
	e, err := a.expr(sc, b.Arg)
	if err != nil {
		return nil, err
	}
	what := [...]string{"IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN"}[b.Test]
	if e, err = a.boolean(e, what, b.Arg.Where()); err != nil {
		return nil, err
	}
	return &truthTest{arg: e, test: b.Test}, nil
}

// between is written out as two comparisons; BETWEEN SYMMETRIC as those with
// the bounds in one order and those with them in the other.
func (a *analyzer) between(sc *scope, b *ast.Between) (expr, error) {
	inOrder, err := a.within(sc, b, b.Low, b.High)
	if err != nil || !b.Symmetric {
		return inOrder, err
	}
	swapped, err := a.within(sc, b, b.High, b.Low)
	if err != nil {
		return nil, err
	}
	kind := ast.Or
	if b.Not {
		kind = ast.And
	}
	return &boolOp{kind: kind, args: []expr{inOrder, swapped}}, nil
}

func (a *analyzer) within(sc *scope, b *ast.Between, low, high ast.Expr) (expr, error) {
	ops, kind := [2]string{">=", "<="}, ast.And
	if b.Not {
		ops, kind = [2]string{"<", ">"}, ast.Or
	}
	both := make([]expr, 2)
	for i, bound := range [...]ast.Expr{low, high} {
		arg, err := a.expr(sc, b.Arg)
		if err != nil {
			return nil, err
		}
		e, err := a.expr(sc, bound)
		if err != nil {
			return nil, err
		}
		if both[i], err = a.operator("", ops[i], arg, e, b.At); err != nil {
			return nil, err
		}
	}
	return &boolOp{kind: kind, args: both}, nil
}

// in is IN with a list. Elements that refer to nothing and have a common type
// are compared as an array, as PostgreSQL does; others by OR.
func (a *analyzer) in(sc *scope, n *ast.In) (expr, error) {
	if r, ok := n.Left.(*ast.RowExpr); ok {
		return a.inRows(sc, n, r)
	}
	left, err := a.expr(sc, n.Left)
	if err != nil {
		return nil, err
	}
	elems, where, err := a.exprs(sc, n.List)
	if err != nil {
		return nil, err
	}
	if e, err := a.inArray(n, left, elems, where); e != nil || err != nil {
		return e, err
	}
	op, kind := "=", ast.Or
	if n.Not {
		op, kind = "<>", ast.And
	}
	out := &boolOp{kind: kind}
	for i := range elems {
		if i > 0 { // no part of a plan is shared
			if left, err = a.expr(sc, n.Left); err != nil {
				return nil, err
			}
		}
		e, err := a.operator("", op, left, elems[i], n.At)
		if err != nil {
			return nil, err
		}
		out.args = append(out.args, e)
	}
	if len(out.args) == 1 {
		return out.args[0], nil
	}
	return out, nil
}

func (a *analyzer) inArray(n *ast.In, left expr, elems []expr, where []ast.Pos) (expr, error) {
	if len(elems) < 2 {
		return nil, nil
	}
	for _, e := range elems {
		if refersTo(e, 0) {
			return nil, nil
		}
	}
	all := append([]types.OID{left.typ()}, typesOf(elems)...)
	t, ok := commonOf(all)
	if !ok || t == types.Unknown || arrayOf(t) == 0 {
		if t == types.Unknown {
			t, ok = types.Text, true
		}
		if !ok || arrayOf(t) == 0 {
			return nil, nil
		}
	}
	for _, from := range all {
		if !canCoerce(from, t, implicitly) {
			return nil, nil
		}
	}
	for i, e := range elems {
		var err error
		if elems[i], err = a.coerce(e, t, implicitly, where[i]); err != nil {
			return nil, err
		}
	}
	op := "="
	if n.Not {
		op = "<>"
	}
	return a.anyAll(op, left, &list{elems: elems, t: arrayOf(t), elem: t}, n.Not, n.At)
}

// inRows is (a, b) IN ((…), (…)).
func (a *analyzer) inRows(sc *scope, n *ast.In, left *ast.RowExpr) (expr, error) {
	out := &boolOp{kind: ast.Or}
	for _, el := range n.List {
		r, ok := el.(*ast.RowExpr)
		if !ok || len(r.Args) != len(left.Args) {
			return nil, a.errorf(n.At, types.CodeSyntax, "unequal number of entries in row expressions")
		}
		e, err := a.rowCompare(sc, "=", left, r, n.At)
		if err != nil {
			return nil, err
		}
		out.args = append(out.args, e)
	}
	if n.Not {
		return &boolOp{kind: ast.Not, args: []expr{out}}, nil
	}
	return out, nil
}

func (a *analyzer) caseExpr(sc *scope, c *ast.Case) (expr, error) {
	out := &choose{}
	outer := sc.noSets
	sc.noSets = "CASE"
	defer func() { sc.noSets = outer }()
	if c.Arg != nil {
		arg, err := a.expr(sc, c.Arg)
		if err != nil {
			return nil, err
		}
		if arg.typ() == types.Unknown {
			if arg, err = a.coerce(arg, types.Text, implicitly, c.Arg.Where()); err != nil {
				return nil, err
			}
		}
		out.arg = arg
	}
	var where []ast.Pos
	for _, w := range c.Whens {
		cond, err := a.expr(sc, w.Cond)
		if err == nil && out.arg != nil {
			cond, err = a.operator("", "=", &tested{t: out.arg.typ()}, cond, w.At)
		}
		if err == nil {
			cond, err = a.boolean(cond, "CASE/WHEN", w.Cond.Where())
		}
		if err != nil {
			return nil, err
		}
		result, err := a.expr(sc, w.Result)
		if err != nil {
			return nil, err
		}
		out.conds, out.results, where = append(out.conds, cond), append(out.results, result), append(where, w.Result.Where())
	}
	last := expr(&constant{t: types.Unknown, typmod: -1, at: -1})
	at := -1
	if c.Else != nil {
		var err error
		if last, err = a.expr(sc, c.Else); err != nil {
			return nil, err
		}
		at = c.Else.Where()
	}
	// ELSE's type goes first.
	results, where := append([]expr{last}, out.results...), append([]ast.Pos{at}, where...)
	t, err := a.common("CASE", results, where)
	if err != nil {
		return nil, err
	}
	out.results, out.t, out.typmod = append(results[1:], results[0]), t, commonTypmod(results, t)
	return out, nil
}

func (a *analyzer) minMax(sc *scope, m *ast.MinMax) (expr, error) {
	args, where, err := a.exprs(sc, m.Args)
	if err != nil {
		return nil, err
	}
	what := "GREATEST"
	if m.Least {
		what = "LEAST"
	}
	t, err := a.common(what, args, where)
	if err != nil {
		return nil, err
	}
	if !canOrder(t) {
		return nil, a.errorf(m.At, types.CodeUndefinedFunction,
			"could not identify a comparison function for type %s", typeName(t))
	}
	return &minMax{args: args, least: m.Least, t: t, typmod: commonTypmod(args, t)}, nil
}

func (a *analyzer) array(sc *scope, n *ast.ArrayExpr) (expr, error) {
	if len(n.Elems) == 0 {
		return nil, a.errorf(n.At, types.CodeIndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	elems, where, err := a.exprs(sc, n.Elems)
	if err != nil {
		return nil, err
	}
	t, err := a.common("ARRAY", elems, where)
	if err != nil {
		return nil, err
	}
	if types.ElemOf(t) != 0 {
		return nil, a.unsupported(n.At, "an array of several dimensions")
	}
	arr := arrayOf(t)
	if arr == 0 || !types.HasValues(arr) {
		return nil, a.errorf(n.At, types.CodeUndefinedObject, "could not find array type for data type %s", typeName(t))
	}
	return &list{elems: elems, t: arr, elem: t}, nil
}

func (a *analyzer) subscript(sc *scope, s *ast.Subscript) (expr, error) {
	arg, err := a.expr(sc, s.Arg)
	if err != nil {
		return nil, err
	}
	elem := types.ElemOf(arg.typ())
	if elem == 0 {
		return nil, a.errorf(s.At, types.CodeDatatypeMismatch,
			"cannot subscript type %s because it does not support subscripting", typeName(arg.typ()))
	}
	out := &subscript{arg: arg, slice: s.Slice, lower: 1, t: elem}
	if t := arg.typ(); t == types.Int2Vector || t == types.OidVector {
		out.lower = 0
	}
	if s.Slice {
		if out.lower == 0 {
			return nil, a.unsupported(s.At, "a slice of "+typeName(arg.typ()))
		}
		out.t = arg.typ()
	}
	for _, bound := range []struct {
		n  ast.Expr
		to *expr
	}{{s.Index, &out.index}, {s.Upper, &out.upper}} {
		if bound.n == nil {
			continue
		}
		e, err := a.expr(sc, bound.n)
		if err != nil {
			return nil, err
		}
		if !canCoerce(e.typ(), types.Int4, byAssignment) {
			return nil, a.errorf(bound.n.Where(), types.CodeDatatypeMismatch, "array subscript must have type integer")
		}
		if *bound.to, err = a.coerce(e, types.Int4, byAssignment, bound.n.Where()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// field is (function()).column.
func (a *analyzer) field(sc *scope, f *ast.Field) (expr, error) {
	call, ok := f.Arg.(*ast.Call)
	if !ok || f.Name == "" {
		return nil, a.unsupported(f.At, "this use of a record")
	}
	r, _, err := a.resolveCall(sc, call)
	if err != nil {
		return nil, err
	}
	if r == nil || r.columns() == nil {
		return nil, a.errorf(call.At, types.CodeWrongObjectType,
			"column notation .%s applied to type %s, which is not a composite type", f.Name, typeName(r.resultType()))
	}
	e, err := a.expr(sc, f.Arg)
	if err != nil {
		return nil, err
	}
	for i, c := range r.columns() {
		if c.Name == f.Name {
			return &field{arg: e, index: i, t: c.Type}, nil
		}
	}
	return nil, a.errorf(f.At, types.CodeUndefinedColumn, "could not identify column \"%s\" in record data type", f.Name)
}

func (a *analyzer) rowExpr(sc *scope, r *ast.RowExpr) (expr, error) {
	elems, _, err := a.exprs(sc, r.Args)
	return &list{elems: elems, t: types.Record}, err
}

func (a *analyzer) sqlValue(v *ast.SQLValue) (expr, error) {
	fn := func(name string, t types.OID) (expr, error) {
		body := builtin.Lookup(name)
		if body == nil {
			return nil, a.unsupported(v.At, name)
		}
		out := &apply{info: builtin.Info{Name: name, Result: t}, body: body, stable: true, cost: 1}
		if v.Precision >= 0 {
			return &fit{arg: out, typmod: min(v.Precision, 6)}, nil
		}
		return out, nil
	}
	switch v.Kind {
	case ast.CurrentDate:
		return fn("current_date", types.Date)
	case ast.CurrentTimestamp:
		return fn("now", types.TimestampTz)
	case ast.LocalTimestamp:
		return fn("localtimestamp", types.Timestamp)
	case ast.LocalTime:
		return fn("localtime", types.Time)
	case ast.CurrentRole, ast.CurrentUser, ast.UserKeyword:
		return fn("current_user", types.Name)
	case ast.SessionUser:
		return fn("session_user", types.Name)
	case ast.CurrentCatalog:
		return fn("current_database", types.Name)
	case ast.CurrentSchema:
		return fn("current_schema", types.Name)
	}
	return nil, a.unsupported(v.At, "CURRENT_TIME")
}
