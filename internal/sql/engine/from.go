package engine

import (
	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// maxFromItems bounds a FROM list: each item is held against all before it.
const maxFromItems = 1000

// from analyses a FROM list: a cross join of its items, each of which may
// refer to the ones before it if it is LATERAL.
func (a *analyzer) from(sc *scope, list []ast.FromItem) (source, error) {
	if len(list) > maxFromItems {
		return nil, types.Errorf(types.CodeStatementTooComplex, "statement is too complex").
			WithDetail("It has more than %d items in one FROM list.", maxFromItems)
	}
	var all source
	begin := sc.width
	for _, n := range list {
		src, items, err := a.fromItem(sc, n)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if err := a.unique(sc.items, item); err != nil {
				return nil, err
			}
		}
		sc.items = append(sc.items, items...)
		if all == nil {
			all = src
			continue
		}
		all = &loop{left: all, right: src, places: span{begin, sc.width}}
	}
	return all, nil
}

func (a *analyzer) unique(items []*nsItem, item *nsItem) error {
	for _, o := range items {
		if o.byName && item.byName && o.name == item.name && (o.schema == item.schema || o.schema == "" || item.schema == "") {
			return a.errorf(-1, types.CodeDuplicateAlias, "table name \"%s\" specified more than once", item.name)
		}
	}
	return nil
}

// fromItem analyses one item; sc.items are those that it may refer to.
func (a *analyzer) fromItem(sc *scope, n ast.FromItem) (source, []*nsItem, error) {
	if err := a.enter(); err != nil {
		return nil, nil, err
	}
	defer a.leave()
	before := sc.width
	src, items, err := a.analyseItem(sc, n)
	if err != nil {
		return nil, nil, err
	}
	return src, items, a.call.Grow((sc.width - before) * columnSize)
}

// columnSize is about what a column of an item takes while a statement is
// analysed, in bytes.
const columnSize = 128

func (a *analyzer) analyseItem(sc *scope, n ast.FromItem) (source, []*nsItem, error) {
	switch x := n.(type) {
	case *ast.RelationRef:
		return a.relation(sc, x)
	case *ast.SubQuery:
		return a.fromQuery(sc, x)
	case *ast.FunctionRef:
		return a.fromFunction(sc, x)
	case *ast.Join:
		return a.join(sc, x)
	}
	return nil, nil, a.unsupported(-1, "this item of FROM")
}

// place gives an item of these columns its part of the frame's row.
func (sc *scope) place(name string, cols []nsCol) *nsItem {
	for i := range cols {
		cols[i].index = sc.width + i
	}
	sc.width += len(cols)
	return &nsItem{name: name, cols: cols, byName: name != "", loose: true}
}

// rename applies an alias.
func (a *analyzer) rename(item *nsItem, alias *ast.Alias, at ast.Pos) error {
	if alias == nil {
		return nil
	}
	item.schema, item.name, item.byName = "", alias.Name, alias.Name != ""
	if len(alias.Columns) > len(item.cols) {
		return a.errorf(at, types.CodeInvalidColumnReference,
			"table \"%s\" has %d columns available but %d columns specified", item.name, len(item.cols), len(alias.Columns))
	}
	for i, name := range alias.Columns {
		item.cols[i].name = name
	}
	return nil
}

func (a *analyzer) relation(sc *scope, r *ast.RelationRef) (source, []*nsItem, error) {
	if r.Schema == "" {
		if c, level := sc.findCTE(r.Name); c != nil {
			return a.fromCTE(sc, r, c, level)
		}
	}
	name := r.Name
	if r.Schema != "" {
		name = r.Schema + "." + name
	}
	if r.Database != "" && r.Database != a.call.Session.Database() {
		return nil, nil, a.errorf(r.At, types.CodeFeatureNotSupported,
			"cross-database references are not implemented: \"%s.%s\"", r.Database, name)
	}
	rel := a.call.Catalog.Relation(r.Schema, r.Name)
	if rel == nil {
		return nil, nil, a.errorf(r.At, types.CodeUndefinedTable, "relation \"%s\" does not exist", name)
	}
	a.allow(rel.Allow)
	scan := &scanRelation{rel: rel, at: sc.width, need: make([]bool, len(rel.Columns)+1)}
	cols := make([]nsCol, len(rel.Columns))
	for i, c := range rel.Columns {
		cols[i] = nsCol{name: c.Name, t: c.Type, typmod: -1, need: &scan.need[i]}
	}
	item := sc.place(rel.Name, cols)
	item.rel = rel
	if last := len(rel.Columns); rel.Table {
		item.hidden = &nsCol{name: "tableoid", index: sc.width, t: types.Oid, typmod: -1, need: &scan.need[last]}
	}
	sc.width++ // whether there is a hidden column or not, as pushDown counts
	if item.schema = rel.Schema; item.schema == "" {
		item.schema = catalog.PGCatalog
	}
	return scan, []*nsItem{item}, a.rename(item, r.Alias, r.At)
}

func (a *analyzer) fromCTE(sc *scope, r *ast.RelationRef, c *cte, level int) (source, []*nsItem, error) {
	scan := &scanQuery{query: c.query, at: sc.width, level: level, shared: c}
	for s, l := sc, level; l > 0 && c.query.correlated; s, l = s.up, l-1 {
		s.correlated = true
	}
	item := sc.place(c.name, queryCols(c.query, c.names))
	return scan, []*nsItem{item}, a.rename(item, r.Alias, r.At)
}

func queryCols(q *query, names []string) []nsCol {
	cols := make([]nsCol, len(q.cols))
	for i, c := range q.cols {
		cols[i] = nsCol{name: c.name, t: c.t, typmod: c.typmod}
		if i < len(names) {
			cols[i].name = names[i]
		}
	}
	return cols
}

func (a *analyzer) fromQuery(sc *scope, s *ast.SubQuery) (source, []*nsItem, error) {
	inner := &scope{up: sc, blind: !s.Lateral}
	q, err := a.selectIn(inner, s.Query, false)
	if err != nil {
		return nil, nil, err
	}
	scan := &scanQuery{query: q, at: sc.width, dependent: s.Lateral && inner.correlated}
	item := sc.place("", queryCols(q, nil))
	return scan, []*nsItem{item}, a.rename(item, s.Alias, s.At)
}

func (a *analyzer) fromFunction(sc *scope, f *ast.FunctionRef) (source, []*nsItem, error) {
	call, ok := f.Call.(*ast.Call)
	outer := sc.clause
	sc.clause = "functions in FROM"
	defer func() { sc.clause = outer }()
	if !ok { // CURRENT_USER and its like
		e, err := a.expr(sc, f.Call)
		if err != nil {
			return nil, nil, err
		}
		return a.placeFunction(sc, f, &scanFunction{value: e}, nameOf(f.Call), []catalog.Column{{Name: nameOf(f.Call), Type: e.typ()}}, true)
	}
	scan, cols, scalar, err := a.tableFunction(sc, call)
	if err != nil {
		return nil, nil, err
	}
	return a.placeFunction(sc, f, scan, call.Name, cols, scalar)
}

// tableFunction analyses a function in FROM, which may or may not return rows.
func (a *analyzer) tableFunction(sc *scope, call *ast.Call) (scan *scanFunction, cols []catalog.Column, scalar bool, err error) {
	if call.Name == "unnest" && len(call.Args) > 1 {
		return nil, nil, false, a.unsupported(call.At, "unnest() of several arrays")
	}
	r, args, err := a.resolveCall(sc, call)
	if err != nil {
		return nil, nil, false, err
	}
	if r == nil || r.kind != 'f' || !r.set {
		e, err := a.expr(sc, call)
		if err != nil {
			return nil, nil, false, err
		}
		if e.typ() == types.Record && r != nil && r.columns() != nil {
			return &scanFunction{value: e, record: true}, r.columns(), false, nil
		}
		return &scanFunction{value: e}, []catalog.Column{{Name: call.Name, Type: e.typ()}}, true, nil
	}
	set, err := a.setCall(r, args, call)
	if err != nil {
		return nil, nil, false, err
	}
	if set.cols == nil {
		return &scanFunction{set: set}, []catalog.Column{{Name: call.Name, Type: set.info.Result}}, true, nil
	}
	return &scanFunction{set: set}, set.cols, false, nil
}

// setCall is a call of a function that returns rows.
type setCall struct {
	info   builtin.Info
	body   builtin.SetBody
	args   []expr
	strict bool
	cols   []catalog.Column // of a row; nil for plain values
}

func (s *setCall) open(f *frame) (catalog.Cursor, error) {
	vals := make([]value, len(s.args))
	for i, a := range s.args {
		v, err := a.eval(f)
		if err != nil {
			return nil, err
		}
		if v == nil && s.strict {
			return catalog.Slice(nil), nil
		}
		vals[i] = v
	}
	return s.body(f.call, &s.info, vals)
}

func (a *analyzer) setCall(r *routine, args []expr, call *ast.Call) (*setCall, error) {
	if call.Filter != nil || call.Distinct || len(call.OrderBy) > 0 {
		return nil, a.errorf(call.At, types.CodeWrongObjectType,
			"%s specified, but %s is not an aggregate function", aggregateClause(call), call.Name)
	}
	body := a.setBody(r)
	if body == nil {
		return nil, a.unsupported(call.At, "function "+signature(r.name, r.args))
	}
	return &setCall{
		info: builtin.Info{Name: r.name, Args: typesOf(args), Result: r.result}, body: body, args: args, strict: r.strict, cols: r.columns(),
	}, nil
}

func aggregateClause(call *ast.Call) string {
	switch {
	case call.Distinct:
		return "DISTINCT"
	case len(call.OrderBy) > 0:
		return "ORDER BY"
	}
	return "FILTER"
}

func (a *analyzer) placeFunction(sc *scope, f *ast.FunctionRef, scan *scanFunction, name string, cols []catalog.Column, scalar bool) (source, []*nsItem, error) {
	if len(f.Columns) > 0 {
		return nil, nil, a.errorf(f.At, types.CodeSyntax,
			"a column definition list is redundant for a function with OUT parameters")
	}
	ns := make([]nsCol, len(cols), len(cols)+1)
	for i, c := range cols {
		ns[i] = nsCol{name: c.Name, t: c.Type, typmod: -1}
	}
	if scalar && f.Alias != nil && f.Alias.Name != "" {
		ns[0].name = f.Alias.Name // one column is named by the alias, too
	}
	if scan.ordinality = f.Ordinality; scan.ordinality {
		ns = append(ns, nsCol{name: "ordinality", t: types.Int8, typmod: -1})
	}
	scan.at, scan.width, scan.fixed = sc.width, len(cols), fixed(scan)
	item := sc.place(name, ns)
	return scan, []*nsItem{item}, a.rename(item, f.Alias, f.At)
}

func (a *analyzer) join(sc *scope, j *ast.Join) (source, []*nsItem, error) {
	before := sc.items
	from := sc.width
	left, leftItems, err := a.fromItem(sc, j.Left)
	if err != nil {
		return nil, nil, err
	}
	middle := sc.width
	sc.items = append(append([]*nsItem{}, before...), leftItems...)
	right, rightItems, err := a.fromItem(sc, j.Right)
	sc.items = before
	if err != nil {
		return nil, nil, err
	}
	for _, item := range rightItems {
		if err := a.unique(leftItems, item); err != nil {
			return nil, nil, err
		}
	}
	out := &loop{kind: j.Kind, left: left, right: right, from: from, middle: middle, to: sc.width}
	if right.lateral() && dependsOn(right, from, middle) && (j.Kind == ast.RightJoin || j.Kind == ast.FullJoin) {
		return nil, nil, a.errorf(j.At, types.CodeInvalidColumnReference, "invalid reference to FROM-clause entry").
			WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
	}
	items := append(append([]*nsItem{}, leftItems...), rightItems...)
	merged, rest, err := a.using(sc, j, out, leftItems, rightItems)
	if err != nil {
		return nil, nil, err
	}
	out.places = span{from, sc.width}
	if j.On != nil {
		sc.items = items
		outer := sc.clause
		sc.clause = "JOIN conditions"
		e, err := a.expr(sc, j.On)
		if err == nil {
			e, err = a.boolean(e, "JOIN/ON", j.On.Where())
		}
		sc.items, sc.clause = before, outer
		if err != nil {
			return nil, nil, err
		}
		out.on = append(out.on, conjuncts(e)...)
	}
	byCost(out.on)
	return out, a.joined(j, items, append(merged, rest...)), nil
}

// joined makes the items that a join shows: its own columns to unqualified
// names, and the joined items to qualified ones unless it has an alias.
func (a *analyzer) joined(j *ast.Join, items []*nsItem, cols []nsCol) []*nsItem {
	if j.Alias != nil {
		own := &nsItem{name: j.Alias.Name, cols: cols, byName: true, loose: true}
		for i, name := range j.Alias.Columns {
			if i < len(cols) {
				own.cols[i].name = name
			}
		}
		return []*nsItem{own}
	}
	for _, item := range items {
		item.loose = false
	}
	return append(items, &nsItem{cols: cols, loose: true})
}

func looseCols(items []*nsItem) (cols []nsCol) {
	for _, item := range items {
		if item.loose {
			cols = append(cols, item.cols...)
		}
	}
	return cols
}

// using works out USING and NATURAL: the columns that both sides share, each
// put into a place of its own, and the rest of the columns.
func (a *analyzer) using(sc *scope, j *ast.Join, out *loop, leftItems, rightItems []*nsItem) (merged, rest []nsCol, err error) {
	left, right := looseCols(leftItems), looseCols(rightItems)
	names := j.Using
	if j.Natural {
		names = nil
		for _, l := range left {
			if err := a.call.Step(); err != nil {
				return nil, nil, err
			}
			for _, r := range right {
				if l.name == r.name {
					names = append(names, l.name)
					break
				}
			}
		}
	}
	if j.UsingAlias != "" {
		return nil, nil, a.unsupported(-1, "an alias of JOIN USING")
	}
	used := map[string]bool{}
	for _, name := range names {
		if used[name] {
			return nil, nil, a.errorf(-1, types.CodeDuplicateColumn,
				"column name \"%s\" appears more than once in USING clause", name)
		}
		used[name] = true
		l, err := a.usingColumn(left, name, "left")
		if err != nil {
			return nil, nil, err
		}
		r, err := a.usingColumn(right, name, "right")
		if err != nil {
			return nil, nil, err
		}
		col, err := a.merge(sc, j.Kind, out, l, r)
		if err != nil {
			return nil, nil, err
		}
		merged = append(merged, col)
	}
	for _, c := range append(left, right...) {
		if !used[c.name] {
			rest = append(rest, c)
		}
	}
	return merged, rest, nil
}

func (a *analyzer) usingColumn(cols []nsCol, name, side string) (*nsCol, error) {
	var found *nsCol
	for i := range cols {
		if cols[i].name != name {
			continue
		}
		if found != nil {
			return nil, a.errorf(-1, types.CodeAmbiguousColumn,
				"common column name \"%s\" appears more than once in %s table", name, side)
		}
		found = &cols[i]
	}
	if found == nil {
		return nil, a.errorf(-1, types.CodeUndefinedColumn,
			"column \"%s\" specified in USING clause does not exist in %s table", name, side)
	}
	found.read()
	return found, nil
}

// merge adds the condition that two columns are equal, and a column that
// holds the one of them that is there.
func (a *analyzer) merge(sc *scope, kind ast.JoinKind, out *loop, l, r *nsCol) (nsCol, error) {
	le := &column{index: l.index, t: l.t, typmod: l.typmod, name: l.name}
	re := &column{index: r.index, t: r.t, typmod: r.typmod, name: r.name}
	equal, err := a.operator("", "=", le, re, -1)
	if err != nil {
		return nsCol{}, err
	}
	out.on = append(out.on, equal)
	both := []expr{le, re}
	t, err := a.common("JOIN/USING", both, []ast.Pos{-1, -1})
	if err != nil {
		return nsCol{}, err
	}
	e := expr(&coalesce{args: both, t: t, typmod: commonTypmod(both, t)})
	switch kind {
	case ast.InnerJoin, ast.LeftJoin:
		e = both[0]
	case ast.RightJoin:
		e = both[1]
	}
	col := nsCol{name: l.name, index: sc.width, t: t, typmod: commonTypmod(both, t)}
	sc.width++
	out.merged = append(out.merged, mergedColumn{at: col.index, e: e})
	return col, nil
}

// fixed reports whether a function's arguments refer to no other row.
func fixed(scan *scanFunction) bool {
	free := true
	var look func(e *expr)
	look = func(e *expr) {
		switch (*e).(type) {
		case *column, *grouped, *subselect:
			free = false
		}
		(*e).parts(look)
	}
	scan.parts(look)
	return free
}

// typesOf gives the types of expressions.
func typesOf(list []expr) []types.OID {
	t := make([]types.OID, len(list))
	for i, e := range list {
		t[i] = e.typ()
	}
	return t
}

// signature writes a function with its argument types, for messages.
func signature(name string, args []types.OID) string {
	s := name + "("
	for i, t := range args {
		if i > 0 {
			s += ", "
		}
		s += pgcat.TypeName(t)
	}
	return s + ")"
}
