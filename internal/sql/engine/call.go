package engine

import (
	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/parser"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// maxArgs is FUNC_MAX_ARGS.
const maxArgs = 100

// call_ analyses a call of a function, an aggregate, or a cast in the form of
// a function.
func (a *analyzer) call_(sc *scope, call *ast.Call) (expr, error) {
	r, args, err := a.resolveCall(sc, call)
	if err != nil {
		return nil, err
	}
	if r == nil {
		t := pgcat.TypeByName(call.Name)
		return a.cast(args[0], t.OID, -1, explicitly, call.At)
	}
	if r.kind == 'a' {
		return a.aggregate(sc, r, args, call)
	}
	if call.Star {
		return nil, a.errorf(call.At, types.CodeWrongObjectType,
			"%s(*) specified, but %s is not an aggregate function", call.Name, call.Name)
	}
	if call.Distinct || call.Filter != nil || len(call.OrderBy) > 0 {
		return nil, a.errorf(call.At, types.CodeWrongObjectType,
			"%s specified, but %s is not an aggregate function", aggregateClause(call), call.Name)
	}
	if r.set {
		return a.setInList(sc, r, args, call)
	}
	return a.bindCall(r, args, call)
}

func (a *analyzer) bindCall(r *routine, args []expr, call *ast.Call) (expr, error) {
	body := a.body(r)
	if body == nil {
		return nil, a.unsupported(call.At, "function "+signature(r.name, r.args))
	}
	return &apply{
		info: builtin.Info{Name: r.name, Args: typesOf(args), Result: r.result}, body: body, args: args,
		strict: r.strict, stable: r.stable, cost: r.cost,
	}, nil
}

// setInList is a function that returns rows, in the select list.
func (a *analyzer) setInList(sc *scope, r *routine, args []expr, call *ast.Call) (expr, error) {
	switch {
	case sc.sets == nil || sc.clause != "SELECT" && sc.clause != "ORDER BY" && sc.clause != "GROUP BY":
		return nil, a.errorf(call.At, types.CodeFeatureNotSupported, "set-returning functions are not allowed in %s", sc.clause)
	case sc.noSets != "":
		return nil, a.errorf(call.At, types.CodeFeatureNotSupported, "set-returning functions are not allowed in %s", sc.noSets)
	case sc.inAgg:
		return nil, a.errorf(call.At, types.CodeFeatureNotSupported,
			"aggregate function calls cannot contain set-returning function calls")
	}
	for _, e := range args {
		if hasSet(e) {
			return nil, a.unsupported(call.At, "a set-returning function within another")
		}
	}
	set, err := a.setCall(r, args, call)
	if err != nil {
		return nil, err
	}
	*sc.sets = append(*sc.sets, set)
	return &setValue{call: set, index: len(*sc.sets) - 1}, nil
}

func hasSet(e expr) bool {
	found := false
	var look func(e *expr)
	look = func(e *expr) {
		if _, ok := (*e).(*setValue); ok {
			found = true
		}
		(*e).parts(look)
	}
	look(&e)
	return found
}

// resolveCall finds what a call means, and makes its arguments fit. A nil
// routine means a cast of the one argument to the type of that name.
func (a *analyzer) resolveCall(sc *scope, call *ast.Call) (*routine, []expr, error) {
	if len(call.Args) > maxArgs {
		return nil, nil, a.errorf(call.At, "54023", "cannot pass more than %d arguments to a function", maxArgs)
	}
	if err := a.knownSchema(call.Schema, call.At); err != nil {
		return nil, nil, err
	}
	args, where, names, err := a.arguments(sc, call)
	if err != nil {
		return nil, nil, err
	}
	candidates := a.procs(call.Schema, call.Name, len(args), names, !call.Variadic)
	given := typesOf(args)
	for _, c := range candidates {
		if exactly(given, c.args) {
			return a.fitCall(sc, c, args, where, call)
		}
	}
	if t := a.castTo(call, args); t != nil {
		return nil, args, nil
	}
	r, how := pick(candidates, given)
	if how != chosen {
		return nil, nil, a.noFunction(call, given, how)
	}
	return a.fitCall(sc, r, args, where, call)
}

// arguments analyses a call's arguments.
func (a *analyzer) arguments(sc *scope, call *ast.Call) (args []expr, where []ast.Pos, names []string, err error) {
	isAggregate := false
	for _, p := range pgcat.Procs(call.Name) {
		isAggregate = isAggregate || p.Kind == 'a'
	}
	outer, outerSets := sc.inAgg, sc.noSets
	if isAggregate && sc.inAgg && sc.clause == "FILTER" {
		return nil, nil, nil, a.errorf(call.At, types.CodeGrouping, "aggregate functions are not allowed in FILTER")
	}
	if isAggregate && sc.inAgg {
		return nil, nil, nil, a.errorf(call.At, types.CodeGrouping, "aggregate function calls cannot be nested")
	}
	sc.inAgg = sc.inAgg || isAggregate
	defer func() { sc.inAgg, sc.noSets = outer, outerSets }()
	for _, n := range call.Args {
		if r, ok := n.Expr.(*ast.ColumnRef); ok && r.Star {
			return nil, nil, nil, a.unsupported(r.At, "a row as an argument")
		}
		e, err := a.expr(sc, n.Expr)
		if err != nil {
			return nil, nil, nil, err
		}
		switch {
		case n.Name != "":
			names = append(names, n.Name)
		case names != nil:
			return nil, nil, nil, a.errorf(n.Expr.Where(), types.CodeSyntax, "positional argument cannot follow named argument")
		}
		args, where = append(args, e), append(where, n.Expr.Where())
	}
	return args, where, names, nil
}

// castTo finds the type that a call of one argument may mean a cast to.
func (a *analyzer) castTo(call *ast.Call, args []expr) *pgcat.Type {
	if len(args) != 1 || call.Star || call.Distinct || call.Filter != nil || call.OrderBy != nil || call.Variadic || call.Args[0].Name != "" {
		return nil
	}
	t := pgcat.TypeByName(call.Name)
	if t == nil {
		return nil
	}
	from := args[0].typ()
	if from == types.Unknown {
		return t
	}
	switch p, _ := way(from, t.OID, explicitly); p {
	case relabels, throughText:
		return t
	}
	return nil
}

func (a *analyzer) noFunction(call *ast.Call, given []types.OID, how choice) error {
	name := call.Name
	if call.Schema != "" {
		name = call.Schema + "." + name
	}
	text := signature(name, given)
	if how == ambiguous {
		return a.errorf(call.At, types.CodeAmbiguousFunction, "function %s is not unique", text).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	return a.errorf(call.At, types.CodeUndefinedFunction, "function %s does not exist", text).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// fitCall makes the arguments of a call fit the routine that was chosen:
// types, default values, order. Its args and result are then real types.
func (a *analyzer) fitCall(sc *scope, r *routine, args []expr, where []ast.Pos, call *ast.Call) (*routine, []expr, error) {
	if r.kind == 'a' && len(args) == 0 && !call.Star {
		return nil, nil, a.errorf(call.At, types.CodeWrongObjectType,
			"%s(*) must be used to call a parameterless aggregate function", call.Name)
	}
	result, err := a.fitTypes(r, args, where, call.At)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range append(typesOf(args), result) {
		if !types.HasValues(t) {
			return nil, nil, a.unsupported(call.At, "function "+signature(r.name, r.args))
		}
	}
	fitted := *r
	fitted.result = result
	if r.defaults > 0 || r.order != nil {
		if args, err = a.defaults(sc, r, args); err != nil {
			return nil, nil, err
		}
	}
	fitted.args = typesOf(args)
	return &fitted, args, nil
}

// defaults adds the default values of missing arguments, and puts named ones
// into their places.
func (a *analyzer) defaults(sc *scope, r *routine, args []expr) ([]expr, error) {
	want := r.proc.Args()
	parsed, err := parser.Parse("SELECT " + r.signature.Defaults)
	if err != nil {
		return nil, err
	}
	values := parsed[0].Stmt.(*ast.Select).Targets
	out := make([]expr, len(want))
	for place := range want {
		at := place
		if r.order != nil {
			at = r.order[place]
		}
		if at >= 0 && at < len(args) {
			out[place] = args[at]
			continue
		}
		e, err := a.expr(&scope{}, values[len(values)-len(want)+place].Expr)
		if err != nil {
			return nil, err
		}
		if out[place], err = a.coerce(e, want[place], byAssignment, -1); err != nil {
			return nil, err
		}
	}
	return out, nil
}
