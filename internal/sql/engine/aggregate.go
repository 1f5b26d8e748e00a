package engine

import (
	"strings"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/types"
)

// aggregate is a call of an aggregate. After analysis of its query, its place
// in expressions is taken by a grouped.
type aggregate struct {
	info     builtin.Info
	start    func() builtin.Aggregate
	args     []expr
	filter   expr
	distinct bool
	order    []sortKey // of args and then extra
	extra    []expr    // what is only sorted by
	star     bool
	at       ast.Pos
}

func (e *aggregate) typ() types.OID { return e.info.Result }
func (e *aggregate) eval(*frame) (value, error) {
	return nil, types.Errorf(types.CodeInternal, "aggregate %s is not grouped", e.info.Name)
}

func (e *aggregate) parts(fn func(*expr)) {
	each(e.args, fn)
	each(e.extra, fn)
	if e.filter != nil {
		fn(&e.filter)
	}
}

func (e *aggregate) key(b *strings.Builder) {
	keyOID(b, "agg "+e.info.Name, e.info.Result)
	if e.distinct {
		b.WriteString("distinct")
	}
	keyAll(b, e.args)
	for _, k := range e.order {
		b.WriteString(itoa(k.target))
		if k.desc {
			b.WriteByte('d')
		}
		if k.nullsFirst {
			b.WriteByte('n')
		}
	}
	keyAll(b, e.extra)
	if e.filter != nil {
		e.filter.key(b)
	}
}

func hasAggregate(e expr) bool {
	found := false
	var look func(e *expr)
	look = func(e *expr) {
		if _, ok := (*e).(*aggregate); ok {
			found = true
		}
		(*e).parts(look)
	}
	look(&e)
	return found
}

// aggregate analyses a call of an aggregate; its arguments are analysed already.
func (a *analyzer) aggregate(sc *scope, r *routine, args []expr, call *ast.Call) (expr, error) {
	switch {
	case sc.inAgg:
		return nil, a.errorf(call.At, types.CodeGrouping, "aggregate function calls cannot be nested")
	case sc.aggs == nil || !aggregatesIn(sc.clause):
		return nil, a.errorf(call.At, types.CodeGrouping, "aggregate functions are not allowed in %s", sc.clause)
	}
	for _, e := range args {
		if hasAggregate(e) {
			return nil, a.errorf(call.At, types.CodeGrouping, "aggregate function calls cannot be nested")
		}
		if outerOnly(e) {
			return nil, a.unsupported(call.At, "an aggregate of an outer query's columns")
		}
	}
	g := &aggregate{
		info: builtin.Info{Name: r.name, Args: typesOf(args), Result: r.result}, args: args,
		distinct: call.Distinct, star: call.Star, at: call.At,
	}
	if g.start = builtin.LookupAggregate(r.name, g.info.Args); g.start == nil {
		return nil, a.unsupported(call.At, "aggregate "+signature(r.name, r.args))
	}
	if err := a.aggregateOrder(sc, g, call); err != nil {
		return nil, err
	}
	if call.Filter != nil {
		sc.inAgg = true
		f, err := a.condition(sc, "FILTER", call.Filter)
		sc.inAgg = false
		if err != nil {
			return nil, err
		}
		g.filter = f
	}
	*sc.aggs = append(*sc.aggs, g)
	return g, nil
}

// aggregatesIn tells in which clauses aggregates may be.
func aggregatesIn(clause string) bool {
	switch clause {
	case "SELECT", "HAVING", "ORDER BY", "DISTINCT ON":
		return true
	}
	return false
}

// outerOnly reports whether an expression has columns, but none of its own query.
func outerOnly(e expr) bool {
	own, outer := false, false
	var look func(e *expr)
	look = func(e *expr) {
		if c, ok := (*e).(*column); ok {
			own, outer = own || c.level == 0, outer || c.level > 0
		}
		(*e).parts(look)
	}
	look(&e)
	return outer && !own
}

func (a *analyzer) aggregateOrder(sc *scope, g *aggregate, call *ast.Call) error {
	sc.inAgg = true
	defer func() { sc.inAgg = false }()
	if g.distinct {
		for i, e := range g.args {
			if !canOrder(e.typ()) {
				return a.errorf(call.At, types.CodeUndefinedFunction,
					"could not identify an equality operator for type %s", typeName(e.typ()))
			}
			if len(call.OrderBy) == 0 {
				g.order = append(g.order, sortKey{target: i})
			}
		}
	}
	all := &query{targets: append([]expr{}, g.args...)}
	for _, k := range call.OrderBy {
		e, err := a.expr(sc, k.Expr)
		if err != nil {
			return err
		}
		if e.typ() == types.Unknown {
			if e, err = a.coerce(e, types.Text, implicitly, k.Expr.Where()); err != nil {
				return err
			}
		}
		at := -1
		for i, t := range all.targets {
			if keyOf(t) == keyOf(e) {
				at = i
			}
		}
		if at < 0 {
			if g.distinct {
				return a.errorf(k.Expr.Where(), types.CodeInvalidColumnReference,
					"in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
			}
			all.targets = append(all.targets, e)
			at = len(all.targets) - 1
		}
		if err := a.sortBy(all, at, k); err != nil {
			return err
		}
	}
	if call.OrderBy != nil {
		g.order = all.sort
	}
	g.extra = all.targets[len(g.args):]
	return nil
}

// regroupAll puts keys and aggregates in the place of what they were made
// of, in everything that is worked out after grouping.
func (a *analyzer) regroupAll(sc *scope, q *query) error {
	g := &regrouper{a: a, q: q}
	for i, k := range q.keys {
		g.keys = append(g.keys, keyOf(k))
		_ = i
	}
	for _, list := range [][]expr{q.targets, q.having} {
		for i := range list {
			if err := g.replace(&list[i], 0); err != nil {
				return err
			}
		}
	}
	for _, s := range q.sets {
		for i := range s.args {
			if err := g.replace(&s.args[i], 0); err != nil {
				return err
			}
		}
	}
	return nil
}

type regrouper struct {
	a    *analyzer
	q    *query
	keys []string
	err  error
}

// replace works on an expression of a query depth levels within the grouped one.
func (g *regrouper) replace(e *expr, depth int) error {
	if g.err != nil {
		return g.err
	}
	if depth == 0 {
		key := keyOf(*e)
		for i, k := range g.keys {
			if k == key {
				*e = &grouped{index: i, t: (*e).typ(), typmod: typmodOf(*e)}
				return nil
			}
		}
	}
	switch x := (*e).(type) {
	case *aggregate:
		if depth > 0 {
			break
		}
		for i, agg := range g.q.aggs {
			if agg == x {
				*e = &grouped{index: len(g.keys) + i, t: x.info.Result, typmod: -1}
				return nil
			}
		}
	case *column:
		if x.level == depth {
			return g.ungrouped(e, x, depth)
		}
	case *subselect:
		x.query.each(func(inner *expr, levels int) {
			if err := g.replace(inner, depth+levels+1); err != nil {
				g.err = err
			}
		})
	}
	(*e).parts(func(p *expr) {
		if err := g.replace(p, depth); err != nil {
			g.err = err
		}
	})
	return g.err
}

// ungrouped handles a column of the grouped query that is not part of a key
// as it stands there: from within a sub-select it may still be a key.
func (g *regrouper) ungrouped(e *expr, c *column, depth int) error {
	for i, k := range g.q.keys {
		if kc, ok := k.(*column); ok && kc.level == 0 && kc.index == c.index {
			*e = &grouped{level: depth, index: i, t: c.t, typmod: c.typmod}
			return nil
		}
	}
	if g.determined(c) {
		g.err = g.a.unsupported(c.at, "a column that the grouped oid determines")
		return g.err
	}
	name := c.name
	if c.table != "" {
		name = c.table + "." + c.name
	}
	if depth > 0 {
		g.err = g.a.errorf(c.at, types.CodeGrouping, "subquery uses ungrouped column \"%s\" from outer query", name)
		return g.err
	}
	g.err = g.a.errorf(c.at, types.CodeGrouping,
		"column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", name)
	return g.err
}

// determined reports whether a column's table is grouped by its oid, the
// primary key of the catalogs that have one.
func (g *regrouper) determined(c *column) bool {
	scan := scanOf(g.q.from, c.index)
	if scan == nil || !scan.rel.Table {
		return false
	}
	for _, k := range g.q.keys {
		kc, ok := k.(*column)
		if !ok || kc.level > 0 {
			continue
		}
		i := kc.index - scan.at
		if i >= 0 && i < len(scan.rel.Columns) && scan.rel.Columns[i].Name == "oid" {
			return true
		}
	}
	return false
}

// scanOf finds the relation that gives a place of the frame's row, if one does.
func scanOf(s source, index int) *scanRelation {
	places := spanOf(s)
	if index < places.lo || index >= places.hi {
		return nil
	}
	switch x := s.(type) {
	case *scanRelation:
		return x
	case *filtered:
		return scanOf(x.source, index)
	case *loop:
		if found := scanOf(x.left, index); found != nil {
			return found
		}
		return scanOf(x.right, index)
	}
	return nil
}

// each calls fn with each expression of a query and of the queries in its
// FROM, telling how many levels below the query it is.
func (q *query) each(fn func(e *expr, levels int)) {
	q.walk(fn, 0)
}

func (q *query) walk(fn func(e *expr, levels int), level int) {
	at := func(e *expr) {
		if *e != nil {
			fn(e, level)
		}
	}
	for _, list := range [][]expr{q.where, q.keys, q.having, q.targets} {
		each(list, at)
	}
	for _, list := range q.values {
		each(list, at)
	}
	for _, g := range q.aggs {
		g.parts(at)
	}
	for _, s := range q.sets {
		each(s.args, at)
	}
	if q.from != nil {
		q.from.parts(at)
		q.from.queries(func(inner *query) { inner.walk(fn, level+1) })
	}
	for _, c := range q.ctes {
		c.query.walk(fn, level+1)
	}
	if q.left != nil {
		q.left.walk(fn, level+1)
		q.right.walk(fn, level+1)
	}
}
