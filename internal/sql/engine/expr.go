package engine

import (
	"strconv"
	"strings"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// expr is an expression with its types worked out.
type expr interface {
	typ() types.OID
	eval(f *frame) (value, error)
	// parts calls fn with the place of each part, so that it may be replaced.
	parts(fn func(*expr))
	// key writes what makes two expressions the same: all but positions.
	key(b *strings.Builder)
}

func keyOf(e expr) string {
	var b strings.Builder
	e.key(&b)
	return b.String()
}

func keyOID(b *strings.Builder, kind string, t types.OID) {
	b.WriteString(kind)
	b.WriteByte(':')
	b.WriteString(strconv.Itoa(int(t)))
}

func keyAll(b *strings.Builder, list []expr) {
	b.WriteByte('(')
	for i, e := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if e != nil {
			e.key(b)
		}
	}
	b.WriteByte(')')
}

func each(list []expr, fn func(*expr)) {
	for i := range list {
		if list[i] != nil {
			fn(&list[i])
		}
	}
}

// constant is a value. lit tells that it is a literal whose type is not
// known yet; val is then its text.
type constant struct {
	t      types.OID
	typmod int32
	val    value
	at     ast.Pos
}

func (e *constant) typ() types.OID             { return e.t }
func (e *constant) eval(*frame) (value, error) { return e.val, nil }
func (e *constant) parts(func(*expr))          {}
func (e *constant) key(b *strings.Builder) {
	keyOID(b, "const", e.t)
	b.WriteByte('=')
	b.Write(strconv.AppendQuote(nil, string(types.AppendKey(nil, e.val))))
	if n, ok := e.val.(types.Num); ok {
		b.WriteString(n.String())
	}
}

// param is $n.
type param struct {
	n  int
	t  types.OID
	at ast.Pos
}

func (e *param) typ() types.OID               { return e.t }
func (e *param) eval(f *frame) (value, error) { return f.params[e.n-1], nil }
func (e *param) parts(func(*expr))            {}
func (e *param) key(b *strings.Builder)       { keyOID(b, "$"+strconv.Itoa(e.n), e.t) }

// column is a column of a FROM item, level queries up.
type column struct {
	level, index int
	t            types.OID
	typmod       int32
	table, name  string
	at           ast.Pos
}

func (e *column) typ() types.OID { return e.t }
func (e *column) eval(f *frame) (value, error) {
	for range e.level {
		f = f.up
	}
	return f.row[e.index], nil
}
func (e *column) parts(func(*expr)) {}
func (e *column) key(b *strings.Builder) {
	keyOID(b, "col"+strconv.Itoa(e.level)+"."+strconv.Itoa(e.index), e.t)
}

// grouped is a grouping key or an aggregate's result, level queries up.
type grouped struct {
	level, index int
	t            types.OID
	typmod       int32
}

func (e *grouped) typ() types.OID { return e.t }
func (e *grouped) eval(f *frame) (value, error) {
	for range e.level {
		f = f.up
	}
	return f.group[e.index], nil
}
func (e *grouped) parts(func(*expr)) {}
func (e *grouped) key(b *strings.Builder) {
	keyOID(b, "grp"+strconv.Itoa(e.level)+"."+strconv.Itoa(e.index), e.t)
}

// tested is the value of CASE's argument or the element of ANY's array.
type tested struct{ t types.OID }

func (e *tested) typ() types.OID               { return e.t }
func (e *tested) eval(f *frame) (value, error) { return f.tested, nil }
func (e *tested) parts(func(*expr))            {}
func (e *tested) key(b *strings.Builder)       { keyOID(b, "tested", e.t) }

// apply is a call of a function or operator.
type apply struct {
	info   builtin.Info
	body   builtin.Body
	args   []expr
	strict bool
	stable bool // not immutable
	cost   int
	// safe says that it cannot fail on any values: a comparison or a match.
	safe bool
}

func (e *apply) typ() types.OID       { return e.info.Result }
func (e *apply) parts(fn func(*expr)) { each(e.args, fn) }
func (e *apply) key(b *strings.Builder) {
	keyOID(b, "fn "+e.info.Name, e.info.Result)
	keyAll(b, e.args)
}

func (e *apply) eval(f *frame) (value, error) {
	var few [4]value
	args := few[:0]
	defer f.call.Drop(f.call.Held())
	for _, a := range e.args {
		v, err := f.hold(a)
		if err != nil {
			return nil, err
		}
		if v == nil && e.strict {
			return nil, nil
		}
		args = append(args, v)
	}
	if err := f.call.Step(); err != nil {
		return nil, err
	}
	return e.body(f.call, &e.info, args)
}

// relabel gives a value another type that has the same values.
type relabel struct {
	arg    expr
	t      types.OID
	typmod int32
}

func (e *relabel) typ() types.OID               { return e.t }
func (e *relabel) eval(f *frame) (value, error) { return e.arg.eval(f) }
func (e *relabel) parts(fn func(*expr))         { fn(&e.arg) }
func (e *relabel) key(b *strings.Builder) {
	keyOID(b, "relabel", e.t)
	e.arg.key(b)
}

// viaText casts by the output function of one type and the input function of
// the other.
type viaText struct {
	arg    expr
	t      types.OID
	typmod int32
}

func (e *viaText) typ() types.OID { return e.t }
func (e *viaText) eval(f *frame) (value, error) {
	v, err := e.arg.eval(f)
	if v == nil || err != nil {
		return nil, err
	}
	env := f.call.Env()
	text, err := env.Text(v, e.arg.typ())
	if err != nil {
		return nil, err
	}
	return env.ParseText(text, e.t, e.typmod)
}
func (e *viaText) parts(fn func(*expr)) { fn(&e.arg) }
func (e *viaText) key(b *strings.Builder) {
	keyOID(b, "text", e.t)
	e.arg.key(b)
}

// castElements casts an array by casting its elements.
type castElements struct {
	arg  expr
	elem expr // of a tested
	t    types.OID
}

func (e *castElements) typ() types.OID { return e.t }
func (e *castElements) eval(f *frame) (value, error) {
	v, err := e.arg.eval(f)
	if v == nil || err != nil {
		return nil, err
	}
	in := v.(*types.Array)
	out := &types.Array{Elem: e.elem.typ(), Vals: make([]value, len(in.Vals))}
	outer := f.tested
	defer func() { f.tested = outer }()
	defer f.call.Drop(f.call.Held())
	for i, el := range in.Vals {
		if el == nil {
			continue
		}
		f.tested = el
		if out.Vals[i], err = f.hold(e.elem); err != nil {
			return nil, err
		}
	}
	return out, nil
}
func (e *castElements) parts(fn func(*expr)) { fn(&e.arg); fn(&e.elem) }
func (e *castElements) key(b *strings.Builder) {
	keyOID(b, "elements", e.t)
	e.arg.key(b)
	e.elem.key(b)
}

// fit applies a type modifier.
type fit struct {
	arg      expr
	typmod   int32
	explicit bool
}

func (e *fit) typ() types.OID { return e.arg.typ() }
func (e *fit) eval(f *frame) (value, error) {
	v, err := e.arg.eval(f)
	if err != nil {
		return nil, err
	}
	return fitValue(v, e.arg.typ(), e.typmod, e.explicit)
}
func (e *fit) parts(fn func(*expr)) { fn(&e.arg) }
func (e *fit) key(b *strings.Builder) {
	keyOID(b, "fit"+strconv.Itoa(int(e.typmod)), e.typ())
	e.arg.key(b)
}

func fitValue(v value, t types.OID, typmod int32, explicit bool) (value, error) {
	switch x := v.(type) {
	case string:
		return types.FitString(x, t, typmod, explicit)
	case types.Num:
		n, err := x.Fit(typmod)
		if err != nil {
			return nil, err
		}
		return n, nil
	case types.Instant:
		return x.Round(typmod), nil
	case types.Clock:
		return types.Clock(types.Instant(x).Round(typmod)), nil
	case types.Span:
		return x.Fit(typmod), nil
	case *types.Array:
		out := &types.Array{Elem: x.Elem, Vals: make([]value, len(x.Vals))}
		for i, el := range x.Vals {
			if el == nil {
				continue
			}
			var err error
			if out.Vals[i], err = fitValue(el, x.Elem, typmod, explicit); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// typmodOf is an expression's type modifier, -1 where it has none.
func typmodOf(e expr) int32 {
	switch x := e.(type) {
	case *constant:
		return x.typmod
	case *column:
		return x.typmod
	case *grouped:
		return x.typmod
	case *relabel:
		return x.typmod
	case *viaText:
		return x.typmod
	case *fit:
		return x.typmod
	case *subselect:
		return x.typmod()
	case *choose:
		return x.typmod
	case *coalesce:
		return x.typmod
	case *minMax:
		return x.typmod
	}
	return -1
}

func typeLen(t types.OID) int16 {
	if row := pgcat.TypeByOID(t); row != nil {
		return row.Len
	}
	return -1
}
