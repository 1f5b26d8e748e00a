package engine

import (
	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

func (a *analyzer) op(sc *scope, o *ast.Op) (expr, error) {
	if o.Schema != "" && o.Schema != catalog.PGCatalog {
		return nil, a.errorf(o.At, types.CodeUndefinedFunction, "operator does not exist: %s.%s", o.Schema, o.Name)
	}
	if l, ok := o.Left.(*ast.RowExpr); ok && o.Kind == ast.PlainOp {
		if r, ok := o.Right.(*ast.RowExpr); ok {
			return a.rowCompare(sc, o.Name, l, r, o.At)
		}
	}
	var left expr
	var err error
	if o.Left != nil {
		if left, err = a.expr(sc, o.Left); err != nil {
			return nil, err
		}
	}
	right, err := a.expr(sc, o.Right)
	if err != nil {
		return nil, err
	}
	switch o.Kind {
	case ast.AnyOp, ast.AllOp:
		return a.anyAll(o.Name, left, right, o.Kind == ast.AllOp, o.At)
	case ast.DistinctOp, ast.NotDistinctOp, ast.NullIfOp:
		return a.distinct(o, left, right)
	case ast.SimilarOp:
		return nil, a.unsupported(o.At, "SIMILAR TO")
	}
	if left == nil {
		return a.prefix(o.Name, right, o.At)
	}
	return a.operator(o.Schema, o.Name, left, right, o.At)
}

// rowCompare compares rows column by column.
func (a *analyzer) rowCompare(sc *scope, op string, l, r *ast.RowExpr, at ast.Pos) (expr, error) {
	if len(l.Args) != len(r.Args) {
		return nil, a.errorf(at, types.CodeSyntax, "unequal number of entries in row expressions")
	}
	if len(l.Args) == 0 {
		return nil, a.errorf(at, types.CodeFeatureNotSupported, "cannot compare rows of zero length")
	}
	kind := ast.And
	switch op {
	case "=":
	case "<>":
		kind = ast.Or
	case "<", "<=", ">", ">=":
		return a.rowOrder(sc, op, l, r, at)
	default:
		return nil, a.unsupported(at, "this comparison of rows")
	}
	out := &boolOp{kind: kind}
	for i := range l.Args {
		e, err := a.compareTwo(sc, op, l.Args[i], r.Args[i], at)
		if err != nil {
			return nil, err
		}
		out.args = append(out.args, e)
	}
	return out, nil
}

func (a *analyzer) compareTwo(sc *scope, op string, l, r ast.Expr, at ast.Pos) (expr, error) {
	le, err := a.expr(sc, l)
	if err != nil {
		return nil, err
	}
	re, err := a.expr(sc, r)
	if err != nil {
		return nil, err
	}
	return a.operator("", op, le, re, at)
}

// rowOrder is a comparison of rows by order: the first columns that differ
// decide. (a, b) < (c, d) is CASE a = c WHEN true THEN b < d WHEN false THEN
// a < c END, which is NULL where a = c is.
func (a *analyzer) rowOrder(sc *scope, op string, l, r *ast.RowExpr, at ast.Pos) (expr, error) {
	last := len(l.Args) - 1
	out, err := a.compareTwo(sc, op, l.Args[last], r.Args[last], at)
	for i := last - 1; i >= 0 && err == nil; i-- {
		// The comparison stands twice, and is analysed twice: no part of a
		// plan is shared, so that walking it takes no longer than making it.
		var same, differ, order expr
		if same, err = a.compareTwo(sc, "=", l.Args[i], r.Args[i], at); err != nil {
			break
		}
		if differ, err = a.compareTwo(sc, "=", l.Args[i], r.Args[i], at); err != nil {
			break
		}
		if order, err = a.compareTwo(sc, op[:1], l.Args[i], r.Args[i], at); err != nil {
			break
		}
		out = &choose{
			typmod: -1, conds: []expr{same, &boolOp{kind: ast.Not, args: []expr{differ}}}, t: types.Bool,
			results: []expr{out, order, &constant{t: types.Bool, typmod: -1, at: -1}},
		}
	}
	return out, err
}

// ofOperator makes a routine of a row of pg_operator.
func ofOperator(o *pgcat.Operator, name string) *routine {
	p := o.Proc()
	r := &routine{
		name: p.Name(), args: []types.OID{o.Left, o.Right}, result: o.Result, kind: 'f', strict: p.Strict,
		stable: p.Volatility != 'i', cost: int(p.Cost), proc: p, operator: name,
	}
	if o.Left == 0 {
		r.args = r.args[1:]
	}
	return r
}

// pickOperator is oper(): of two arguments, an unknown literal is first taken
// for what the other is.
func pickOperator(name string, args []types.OID) (*routine, choice) {
	ops := pgcat.Operators(name)
	left, right := types.OID(0), args[len(args)-1]
	if len(args) == 2 {
		switch left = args[0]; types.Unknown {
		case left:
			left = right
		case right:
			right = left
		}
	}
	for i := range ops {
		if ops[i].Left == left && ops[i].Right == right {
			return ofOperator(&ops[i], name), chosen
		}
	}
	var fitting []*routine
	want := make([]types.OID, 0, 2)
	for i := range ops {
		o := &ops[i]
		if (o.Left == 0) != (len(args) == 1) {
			continue
		}
		if want = append(want[:0], o.Left, o.Right); o.Left == 0 {
			want = want[1:]
		}
		if accepts(args, want) {
			fitting = append(fitting, ofOperator(o, name))
		}
	}
	return best(fitting, args)
}

// operator applies a binary operator.
func (a *analyzer) operator(schema, name string, left, right expr, at ast.Pos) (expr, error) {
	return a.applyOperator(name, []expr{left, right}, at)
}

func (a *analyzer) prefix(name string, arg expr, at ast.Pos) (expr, error) {
	return a.applyOperator(name, []expr{arg}, at)
}

func (a *analyzer) applyOperator(name string, args []expr, at ast.Pos) (expr, error) {
	if name == "!=" {
		name = "<>"
	}
	r, how := pickOperator(name, typesOf(args))
	if how != chosen {
		return nil, a.noOperator(name, typesOf(args), how, at)
	}
	return a.bind(r, args, nil, at)
}

func (a *analyzer) noOperator(name string, args []types.OID, how choice, at ast.Pos) error {
	text := name + " " + typeName(args[0])
	if len(args) == 2 {
		text = typeName(args[0]) + " " + name + " " + typeName(args[1])
	}
	if how == ambiguous {
		return a.errorf(at, types.CodeAmbiguousFunction, "operator is not unique: %s", text).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	return a.errorf(at, types.CodeUndefinedFunction, "operator does not exist: %s", text).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}

// bind makes the call of a routine that was chosen: arguments get their types.
func (a *analyzer) bind(r *routine, args []expr, where []ast.Pos, at ast.Pos) (expr, error) {
	result, err := a.fitTypes(r, args, where, at)
	if err != nil {
		return nil, err
	}
	body := a.body(r)
	if body == nil || !hasValues(typesOf(args)) || !types.HasValues(result) && result != types.Record {
		what := "function " + signature(r.name, r.args)
		if r.operator != "" {
			what = "operator " + r.operator + " of these types"
		}
		return nil, a.unsupported(at, what)
	}
	return &apply{
		info: builtin.Info{Name: r.name, Args: typesOf(args), Result: result}, body: body, args: args,
		strict: r.strict, stable: r.stable, cost: r.cost, safe: safeOperator(r.operator),
	}, nil
}

// safeOperator tells the operators that do not fail on any values.
func safeOperator(name string) bool {
	switch name {
	case "=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*":
		return true
	}
	return false
}

// fitTypes coerces arguments to what a routine takes, and works out its
// result's type.
func (a *analyzer) fitTypes(r *routine, args []expr, where []ast.Pos, at ast.Pos) (types.OID, error) {
	s, _ := solve(typesOf(args), r.args)
	generic := polymorphic(r.result)
	for _, t := range r.args {
		generic = generic || polymorphic(t)
	}
	if generic && s.elem == 0 && s.compatible == 0 {
		for _, t := range append([]types.OID{r.result}, r.args...) {
			if t == types.AnyElement || t == types.AnyArray || t == types.AnyNonArray {
				return 0, a.errorf(-1, types.CodeDatatypeMismatch,
					"could not determine polymorphic type because input has type %s", typeName(types.Unknown))
			}
		}
		s.compatible = types.Text
	}
	for i := range args {
		t := s.real(r.args[i])
		if t == types.Any {
			continue
		}
		if t == 0 {
			return 0, a.unsupported(at, "this polymorphic call")
		}
		pos := at
		if where != nil {
			pos = where[i]
		}
		var err error
		if args[i], err = a.coerce(args[i], t, implicitly, pos); err != nil {
			return 0, err
		}
	}
	return s.real(r.result), nil
}

func (a *analyzer) distinct(o *ast.Op, left, right expr) (expr, error) {
	e, err := a.operator("", "=", left, right, o.At)
	if err != nil {
		return nil, err
	}
	equal, ok := e.(*apply)
	if !ok || equal.info.Result != types.Bool {
		return nil, a.unsupported(o.At, "this comparison")
	}
	return &distinct{
		left: equal.args[0], right: equal.args[1], equal: equal, not: o.Kind == ast.NotDistinctOp, nullIf: o.Kind == ast.NullIfOp,
	}, nil
}

// anyAll is left op ANY or ALL (array).
func (a *analyzer) anyAll(op string, left, array expr, all bool, at ast.Pos) (expr, error) {
	elem := types.Unknown
	if t := array.typ(); t != types.Unknown {
		if elem = types.ElemOf(t); elem == 0 {
			return nil, a.errorf(at, types.CodeWrongObjectType, "op ANY/ALL (array) requires array on right side")
		}
	}
	if op == "!=" {
		op = "<>"
	}
	args := []types.OID{left.typ(), elem}
	r, how := pickOperator(op, args)
	if how != chosen {
		return nil, a.noOperator(op, args, how, at)
	}
	if r.result != types.Bool {
		return nil, a.errorf(at, types.CodeWrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	s, _ := solve(args, r.args)
	want := []types.OID{s.real(r.args[0]), s.real(r.args[1])}
	if want[0] == 0 || want[1] == 0 || arrayOf(want[1]) == 0 {
		return nil, a.errorf(at, types.CodeUndefinedObject, "could not find array type for data type %s", typeName(want[1]))
	}
	left, err := a.coerce(left, want[0], implicitly, at)
	if err != nil {
		return nil, err
	}
	if array, err = a.coerce(array, arrayOf(want[1]), implicitly, at); err != nil {
		return nil, err
	}
	r.args = want
	test, err := a.bind(r, []expr{&tested{t: want[0]}, &tested{t: want[1]}}, nil, at)
	if err != nil {
		return nil, err
	}
	return &anyAll{left: left, array: array, test: test.(*apply), all: all}, nil
}
