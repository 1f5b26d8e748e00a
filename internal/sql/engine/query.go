package engine

import (
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
)

// query is the plan of a SELECT, a VALUES list or a set operation.
type query struct {
	cols []outCol // of the result

	width int
	from  source // nil for one empty row
	where []expr

	grouping bool
	keys     []expr
	aggs     []*aggregate
	having   []expr

	sets    []*setCall
	targets []expr // the result's columns, then what is only sorted by

	distinct   bool
	distinctOn []int // targets; nil for all

	values [][]expr

	op          ast.SetOp
	all         bool
	left, right *query
	leftConv    []expr // make the result's columns of a row in a frame
	rightConv   []expr

	sort          []sortKey
	limit, offset expr

	ctes []*cte
	// correlated says that it refers to something in a query around it.
	correlated bool
}

// outCol is a column of a query's result.
type outCol struct {
	name   string
	t      types.OID
	typmod int32
}

// sortKey is one item of ORDER BY.
type sortKey struct {
	target     int
	desc       bool
	nullsFirst bool
}

// selectIn analyses a query in a scope made for it. keepUnknown leaves
// literals whose type is not known as they are, for a set operation.
func (a *analyzer) selectIn(sc *scope, s *ast.Select, keepUnknown bool) (*query, error) {
	if err := a.enter(); err != nil {
		return nil, err
	}
	defer a.leave()
	if err := a.with(sc, s.With); err != nil {
		return nil, err
	}
	if s.Locking {
		return nil, a.unsupported(s.At, "FOR UPDATE and its like")
	}
	var q *query
	var err error
	switch {
	case s.Op != ast.NoSetOp:
		q, err = a.setOperation(sc, s)
	case s.Values != nil:
		q, err = a.valuesList(sc, s)
	default:
		q, err = a.plainSelect(sc, s, keepUnknown)
	}
	if err != nil {
		return nil, err
	}
	if err := a.limits(sc, q, s); err != nil {
		return nil, err
	}
	q.width = sc.width
	q.ctes = sc.ctes
	q.correlated = sc.correlated
	return q, nil
}

func (a *analyzer) with(sc *scope, list []ast.CTE) error {
	for _, w := range list {
		for _, c := range sc.ctes {
			if c.name == w.Name {
				return a.errorf(w.At, types.CodeDuplicateAlias, "WITH query name \"%s\" specified more than once", w.Name)
			}
		}
		inner := &scope{up: sc}
		q, err := a.selectIn(inner, w.Query, false)
		if err != nil {
			return err
		}
		if len(w.Columns) > len(q.cols) {
			return a.errorf(w.At, types.CodeInvalidColumnReference,
				"WITH query \"%s\" has %d columns available but %d columns specified", w.Name, len(q.cols), len(w.Columns))
		}
		sc.ctes = append(sc.ctes, &cte{name: w.Name, query: q, names: w.Columns, sc: sc})
	}
	return nil
}

func (a *analyzer) limits(sc *scope, q *query, s *ast.Select) (err error) {
	bare := &scope{up: sc, clause: "LIMIT"}
	convert := func(n ast.Expr, what string) (expr, error) {
		if n == nil {
			return nil, nil
		}
		bare.clause = what
		e, err := a.expr(bare, n)
		if err != nil {
			return nil, err
		}
		if refersTo(e, 1) {
			return nil, a.errorf(n.Where(), types.CodeInvalidColumnReference, "argument of %s must not contain variables", what)
		}
		return a.toInt8(e, what, n.Where())
	}
	if q.limit, err = convert(s.Limit, "LIMIT"); err != nil {
		return err
	}
	q.offset, err = convert(s.Offset, "OFFSET")
	return err
}

func (a *analyzer) toInt8(e expr, what string, at ast.Pos) (expr, error) {
	if !canCoerce(e.typ(), types.Int8, byAssignment) {
		return nil, a.errorf(at, types.CodeDatatypeMismatch,
			"argument of %s must be type bigint, not type %s", what, typeName(e.typ()))
	}
	return a.coerce(e, types.Int8, byAssignment, at)
}

// refersTo reports whether an expression refers to a column so many levels up.
func refersTo(e expr, level int) bool {
	found := false
	var look func(e *expr)
	look = func(e *expr) {
		if c, ok := (*e).(*column); ok && c.level == level {
			found = true
		}
		(*e).parts(look)
	}
	look(&e)
	return found
}

// clause analyses an expression as part of a clause.
func (a *analyzer) clause(sc *scope, name string, n ast.Expr) (expr, error) {
	outer := sc.clause
	sc.clause = name
	e, err := a.expr(sc, n)
	sc.clause = outer
	return e, err
}

func (a *analyzer) condition(sc *scope, name string, n ast.Expr) (expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := a.clause(sc, name, n)
	if err != nil {
		return nil, err
	}
	return a.boolean(e, name, n.Where())
}

func (a *analyzer) plainSelect(sc *scope, s *ast.Select, keepUnknown bool) (*query, error) {
	q := &query{}
	var err error
	if q.from, err = a.from(sc, s.From); err != nil {
		return nil, err
	}
	sc.aggs, sc.sets = &q.aggs, &q.sets
	if err = a.targetList(sc, q, s.Targets); err != nil {
		return nil, err
	}
	where, err := a.condition(sc, "WHERE", s.Where)
	if err != nil {
		return nil, err
	}
	if where != nil {
		q.where = conjuncts(where)
	}
	having, err := a.condition(sc, "HAVING", s.Having)
	if err != nil {
		return nil, err
	}
	if having != nil {
		q.having = conjuncts(having)
		byCost(q.having)
	}
	if err = a.orderBy(sc, q, s); err != nil {
		return nil, err
	}
	if err = a.groupBy(sc, q, s.GroupBy); err != nil {
		return nil, err
	}
	if err = a.distinctClause(sc, q, s); err != nil {
		return nil, err
	}
	if !keepUnknown {
		if err = a.resolveUnknowns(q); err != nil {
			return nil, err
		}
	}
	a.describe(q)
	if q.from != nil {
		if q.from, q.where, err = a.pushDown(q.from, q.where); err != nil {
			return nil, err
		}
	}
	byCost(q.where)
	q.grouping = len(q.keys) > 0 || len(q.aggs) > 0 || q.having != nil || len(s.GroupBy) > 0
	if q.grouping {
		return q, a.regroupAll(sc, q)
	}
	return q, nil
}

// resolveUnknowns makes text of what is still of no known type.
func (a *analyzer) resolveUnknowns(q *query) (err error) {
	for i, e := range q.targets {
		if e.typ() == types.Unknown {
			if q.targets[i], err = a.coerce(e, types.Text, implicitly, -1); err != nil {
				return err
			}
		}
	}
	return nil
}

// describe sets the result's types.
func (a *analyzer) describe(q *query) {
	for i := range q.cols {
		q.cols[i].t, q.cols[i].typmod = q.targets[i].typ(), typmodOf(q.targets[i])
	}
}

// maxTargets is MaxTupleAttributeNumber.
const maxTargets = 1664

func (a *analyzer) targetList(sc *scope, q *query, list []ast.Target) error {
	for _, t := range list {
		if len(q.targets) >= maxTargets {
			return types.Errorf("54011", "target lists can have at most %d entries", maxTargets)
		}
		if r, ok := t.Expr.(*ast.ColumnRef); ok && r.Star {
			cols, names, err := a.star(sc, r)
			if err != nil {
				return err
			}
			for i, c := range cols {
				q.targets = append(q.targets, c)
				q.cols = append(q.cols, outCol{name: names[i]})
			}
			continue
		}
		if fd, ok := t.Expr.(*ast.Field); ok && fd.Name == "" {
			if err := a.expandRecord(sc, q, fd); err != nil {
				return err
			}
			continue
		}
		e, err := a.clause(sc, "SELECT", t.Expr)
		if err != nil {
			return err
		}
		name := t.Name
		if name == "" {
			name = nameOf(t.Expr)
		}
		q.targets = append(q.targets, e)
		q.cols = append(q.cols, outCol{name: name})
	}
	return nil
}

// expandRecord expands (function()).* .
func (a *analyzer) expandRecord(sc *scope, q *query, fd *ast.Field) error {
	call, ok := fd.Arg.(*ast.Call)
	if !ok {
		return a.unsupported(fd.At, "expansion of this record")
	}
	r, _, err := a.resolveCall(sc, call)
	if err != nil {
		return err
	}
	if r == nil || r.columns() == nil {
		return a.errorf(call.At, types.CodeWrongObjectType, "type %s is not composite", typeName(r.resultType()))
	}
	e, err := a.clause(sc, "SELECT", fd.Arg)
	if err != nil {
		return err
	}
	for i, c := range r.columns() {
		q.targets = append(q.targets, &field{arg: e, index: i, t: c.Type})
		q.cols = append(q.cols, outCol{name: c.Name})
	}
	return nil
}

func (r *routine) resultType() types.OID {
	if r == nil {
		return types.Unknown
	}
	return r.result
}

func (a *analyzer) valuesList(sc *scope, s *ast.Select) (*query, error) {
	q := &query{}
	n := len(s.Values[0])
	columns := make([][]expr, n)
	places := make([][]ast.Pos, n)
	for _, r := range s.Values {
		if len(r) != n {
			return nil, a.errorf(firstPos(r), types.CodeSyntax, "VALUES lists must all be the same length")
		}
		for i, x := range r {
			e, err := a.clause(sc, "VALUES", x)
			if err != nil {
				return nil, err
			}
			columns[i], places[i] = append(columns[i], e), append(places[i], x.Where())
		}
	}
	for i := range columns {
		t, err := a.common("VALUES", columns[i], places[i])
		if err != nil {
			return nil, err
		}
		q.cols = append(q.cols, outCol{name: "column" + itoa(i+1), t: t, typmod: commonTypmod(columns[i], t)})
	}
	for k := range s.Values {
		r := make([]expr, n)
		for i := range r {
			r[i] = columns[i][k]
		}
		q.values = append(q.values, r)
	}
	return q, a.orderByOutput(q, s)
}

func firstPos(list []ast.Expr) ast.Pos {
	if len(list) == 0 {
		return -1
	}
	return list[0].Where()
}

func (a *analyzer) setOperation(sc *scope, s *ast.Select) (*query, error) {
	q := &query{op: s.Op, all: s.All}
	branch := func(b *ast.Select) (*query, error) {
		inner := &scope{up: sc}
		return a.selectIn(inner, b, true)
	}
	var err error
	if q.left, err = branch(s.Left); err != nil {
		return nil, err
	}
	if q.right, err = branch(s.Right); err != nil {
		return nil, err
	}
	what := s.Op.String()
	if len(q.left.cols) != len(q.right.cols) {
		return nil, a.errorf(targetPos(s.Right), types.CodeSyntax, "each %s query must have the same number of columns", what)
	}
	for i := range q.left.cols {
		l, r := branchColumn(q.left, i), branchColumn(q.right, i)
		pair := []expr{l, r}
		t, err := a.common(what, pair, []ast.Pos{columnPos(s.Left, i), columnPos(s.Right, i)})
		if err != nil {
			return nil, err
		}
		q.leftConv = append(q.leftConv, pair[0])
		q.rightConv = append(q.rightConv, pair[1])
		q.cols = append(q.cols, outCol{name: q.left.cols[i].name, t: t, typmod: commonTypmod(pair, t)})
	}
	sc.width = len(q.cols)
	if !q.all {
		for _, c := range q.cols {
			if !canEqual(c.t) {
				return nil, a.errorf(-1, types.CodeUndefinedFunction,
					"could not identify an equality operator for type %s", typeName(c.t))
			}
		}
	}
	return q, a.orderByOutput(q, s)
}

// branchColumn is a column of a branch's row in a frame; a literal of no
// known type stands for itself.
func branchColumn(q *query, i int) expr {
	if i < len(q.targets) {
		switch e := q.targets[i].(type) {
		case *constant:
			if e.t == types.Unknown {
				return e
			}
		case *param:
			if e.t == types.Unknown {
				return e
			}
		}
	}
	return &column{index: i, t: q.cols[i].t, typmod: q.cols[i].typmod, name: q.cols[i].name, at: -1}
}

func targetPos(s *ast.Select) ast.Pos { return columnPos(s, 0) }

func columnPos(s *ast.Select, i int) ast.Pos {
	switch {
	case s.Op != ast.NoSetOp:
		return columnPos(s.Left, i)
	case i < len(s.Targets):
		return s.Targets[i].Expr.Where()
	case len(s.Values) > 0 && i < len(s.Values[0]):
		return s.Values[0][i].Where()
	}
	return -1
}
