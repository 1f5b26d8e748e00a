package engine

import (
	"strconv"
	"strings"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// subselect is a query in an expression.
type subselect struct {
	kind  ast.SubLinkKind
	query *query
	test  expr   // what ANY and ALL compare; nil for a row of several
	op    *apply // how they do
	conv  expr   // the query's column as op takes it, of tested
	rows  *rowTest
	t     types.OID
}

// rowTest is (a, b) IN (SELECT …): test is worked out with the row in sub.
type rowTest struct {
	left  []expr
	tests []*apply
}

func (e *subselect) typ() types.OID { return e.t }

func (e *subselect) typmod() int32 {
	if e.kind == ast.ScalarSubLink {
		return e.query.cols[0].typmod
	}
	return -1
}

func (e *subselect) parts(fn func(*expr)) {
	if e.test != nil {
		fn(&e.test)
	}
	if e.rows != nil {
		each(e.rows.left, fn)
	}
}

func (e *subselect) key(b *strings.Builder) {
	keyOID(b, "sub"+strconv.Itoa(int(e.kind)), e.t)
	if e.test != nil {
		e.test.key(b)
	}
	// Two sub-selects are the same where all in them is.
	e.query.each(func(x *expr, level int) {
		b.WriteString(strconv.Itoa(level))
		(*x).key(b)
	})
	b.WriteString(e.query.shape())
}

// shape tells queries with the same expressions apart.
func (q *query) shape() string {
	var b strings.Builder
	b.WriteString("{" + strconv.Itoa(len(q.where)) + "," + strconv.Itoa(len(q.keys)) + "," + strconv.Itoa(len(q.having)) + "," + strconv.Itoa(len(q.cols)))
	b.WriteString(strconv.FormatBool(q.distinct) + strconv.Itoa(int(q.op)) + strconv.FormatBool(q.all))
	for _, k := range q.sort {
		b.WriteString(strconv.Itoa(k.target) + strconv.FormatBool(k.desc) + strconv.FormatBool(k.nullsFirst))
	}
	if q.limit != nil {
		q.limit.key(&b)
	}
	if q.offset != nil {
		b.WriteByte('o')
		q.offset.key(&b)
	}
	sourceShape(&b, q.from)
	if q.left != nil {
		b.WriteString(q.left.shape() + q.right.shape())
	}
	return b.String() + "}"
}

func sourceShape(b *strings.Builder, s source) {
	switch x := s.(type) {
	case *scanRelation:
		b.WriteString("rel " + x.rel.Schema + "." + x.rel.Name)
	case *scanQuery:
		b.WriteString(x.query.shape())
	case *scanFunction:
		if x.set != nil {
			b.WriteString("fn " + x.set.info.Name)
		}
	case *filtered:
		b.WriteString("filter" + strconv.Itoa(len(x.conds)))
		sourceShape(b, x.source)
	case *loop:
		b.WriteString("loop" + strconv.Itoa(int(x.kind)))
		sourceShape(b, x.left)
		sourceShape(b, x.right)
	}
}

// fetch gives the query's rows; those of a query that depends on nothing are
// found once.
func (e *subselect) fetch(f *frame) (catalog.Cursor, error) {
	begin := func() (catalog.Cursor, error) { return e.query.open(f.run, f) }
	if e.query.correlated {
		return begin()
	}
	return f.keeping(e, begin)
}

func (e *subselect) eval(f *frame) (value, error) {
	var left value
	defer f.call.Drop(f.call.Held())
	if e.test != nil {
		var err error
		if left, err = f.hold(e.test); err != nil {
			return nil, err
		}
	}
	// What the query needs on its way is free again when its value is there.
	defer f.call.Release(f.call.Mark())
	rows, err := e.fetch(f)
	if err != nil {
		return nil, err
	}
	switch e.kind {
	case ast.ExistsSubLink:
		r, err := rows()
		return r != nil, err
	case ast.ScalarSubLink:
		return scalar(rows)
	case ast.ArraySubLink:
		out := &types.Array{Elem: e.query.cols[0].t, Vals: []value{}}
		for {
			r, err := rows()
			if r == nil || err != nil {
				return out, err
			}
			if err := f.call.Grow(builtin.ElementSize + types.Size(r[0])); err != nil {
				return nil, err
			}
			out.Vals = append(out.Vals, r[0])
		}
	}
	return e.compare(f, left, rows)
}

func scalar(rows catalog.Cursor) (value, error) {
	first, err := rows()
	if first == nil || err != nil {
		return nil, err
	}
	v := first[0]
	more, err := rows()
	if more != nil {
		return nil, types.Errorf(types.CodeCardinalityViolation, "more than one row returned by a subquery used as an expression")
	}
	return v, err
}

// compare is ANY and ALL.
func (e *subselect) compare(f *frame, left value, rows catalog.Cursor) (value, error) {
	all := e.kind == ast.AllSubLink
	var result value = all
	for {
		r, err := rows()
		if err != nil {
			return nil, err
		}
		if r == nil {
			return result, nil
		}
		var v value
		if e.rows != nil {
			v, err = e.rows.equal(f, r)
		} else {
			v, err = e.one(f, left, r[0])
		}
		switch {
		case err != nil:
			return nil, err
		case v == nil:
			result = nil
		case v.(bool) != all:
			return !all, nil
		}
	}
}

func (e *subselect) one(f *frame, left, right value) (value, error) {
	outer := f.tested
	f.tested = right
	right, err := e.conv.eval(f)
	f.tested = outer
	if err != nil || e.op.strict && (left == nil || right == nil) {
		return nil, err
	}
	return e.op.body(f.call, &e.op.info, []value{left, right})
}

func (t *rowTest) equal(f *frame, r row) (value, error) {
	var result value = true
	for i, l := range t.left {
		v, err := l.eval(f)
		if err != nil {
			return nil, err
		}
		if v == nil || r[i] == nil {
			result = nil
			continue
		}
		same, err := t.tests[i].body(f.call, &t.tests[i].info, []value{v, r[i]})
		if err != nil {
			return nil, err
		}
		if same == false {
			return false, nil
		}
	}
	return result, nil
}

func (a *analyzer) subLink(sc *scope, l *ast.SubLink) (expr, error) {
	inner := &scope{up: sc}
	q, err := a.selectIn(inner, l.Query, false)
	if err != nil {
		return nil, err
	}
	e := &subselect{kind: l.Kind, query: q, t: types.Bool}
	if l.Kind == ast.ExistsSubLink {
		return e, nil
	}
	if r, ok := l.Test.(*ast.RowExpr); ok {
		return a.rowSubLink(sc, e, r, l)
	}
	if len(q.cols) != 1 {
		switch {
		case l.Test == nil:
			return nil, a.errorf(l.At, types.CodeSyntax, "subquery must return only one column")
		case len(q.cols) > 1:
			return nil, a.errorf(l.At, types.CodeSyntax, "subquery has too many columns")
		}
		return nil, a.errorf(l.At, types.CodeSyntax, "subquery has too few columns")
	}
	switch l.Kind {
	case ast.ScalarSubLink:
		e.t = q.cols[0].t
		return e, nil
	case ast.ArraySubLink:
		if e.t = types.ArrayOf(q.cols[0].t); e.t == 0 {
			return nil, a.errorf(l.At, types.CodeUndefinedObject, "could not find array type for data type %s", typeName(q.cols[0].t))
		}
		return e, nil
	}
	return a.anySubLink(sc, e, l)
}

func (a *analyzer) anySubLink(sc *scope, e *subselect, l *ast.SubLink) (expr, error) {
	test, err := a.expr(sc, l.Test)
	if err != nil {
		return nil, err
	}
	op := l.Op
	if op == "" {
		op = "="
	}
	compared, err := a.operator("", op, test, &tested{t: e.query.cols[0].t}, l.At)
	if err != nil {
		return nil, err
	}
	call, ok := compared.(*apply)
	if !ok || call.info.Result != types.Bool {
		return nil, a.errorf(l.At, types.CodeDatatypeMismatch,
			"row comparison operator must yield type boolean, not type %s", typeName(compared.typ()))
	}
	e.test, e.op, e.conv = call.args[0], call, call.args[1]
	return e, nil
}

func (a *analyzer) rowSubLink(sc *scope, e *subselect, r *ast.RowExpr, l *ast.SubLink) (expr, error) {
	if l.Kind != ast.AnySubLink || l.Op != "" && l.Op != "=" {
		return nil, a.unsupported(l.At, "this comparison of a row with a sub-select")
	}
	switch {
	case len(e.query.cols) > len(r.Args):
		return nil, a.errorf(l.At, types.CodeSyntax, "subquery has too many columns")
	case len(e.query.cols) < len(r.Args):
		return nil, a.errorf(l.At, types.CodeSyntax, "subquery has too few columns")
	}
	e.rows = &rowTest{}
	for i, n := range r.Args {
		left, err := a.expr(sc, n)
		if err != nil {
			return nil, err
		}
		right := &tested{t: e.query.cols[i].t}
		compared, err := a.operator("", "=", left, right, l.At)
		if err != nil {
			return nil, err
		}
		call, ok := compared.(*apply)
		if !ok || call.args[1] != expr(right) {
			return nil, a.unsupported(l.At, "this comparison of a row with a sub-select")
		}
		e.rows.left, e.rows.tests = append(e.rows.left, call.args[0]), append(e.rows.tests, call)
	}
	return e, nil
}
