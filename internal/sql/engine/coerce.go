package engine

import (
	"waypost/internal/sql/ast"
	"waypost/internal/sql/builtin"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// castContext is how much a cast may do.
type castContext byte

const (
	implicitly   castContext = 'i'
	byAssignment castContext = 'a'
	explicitly   castContext = 'e'
)

func (c castContext) allows(declared byte) bool {
	switch declared {
	case 'i':
		return true
	case 'a':
		return c != implicitly
	}
	return c == explicitly
}

// pathway is how a cast is done.
type pathway int

const (
	noWay pathway = iota
	relabels
	byFunction
	throughText
	byElements
)

// way is find_coercion_pathway().
func way(from, to types.OID, ctx castContext) (pathway, *pgcat.Cast) {
	if from == to {
		return relabels, nil
	}
	if c := pgcat.CastBetween(from, to); c != nil {
		if !ctx.allows(c.Context) {
			return noWay, nil
		}
		switch c.Method {
		case 'b':
			return relabels, c
		case 'f':
			return byFunction, c
		}
		return throughText, c
	}
	ft, tt := pgcat.TypeByOID(from), pgcat.TypeByOID(to)
	if ft == nil || tt == nil {
		return noWay, nil
	}
	if isArray(ft) && isArray(tt) && to != types.Int2Vector && to != types.OidVector {
		if p, _ := way(ft.Elem, tt.Elem, ctx); p != noWay {
			return byElements, nil
		}
		return noWay, nil
	}
	if ft.Kind == 'p' && from != types.Record || tt.Kind == 'p' {
		return noWay, nil
	}
	if ctx != implicitly && tt.Category == 'S' || ctx == explicitly && ft.Category == 'S' {
		return throughText, nil
	}
	return noWay, nil
}

func isArray(t *pgcat.Type) bool {
	elem := pgcat.TypeByOID(t.Elem)
	return elem != nil && elem.Array == t.OID || t.OID == types.Int2Vector || t.OID == types.OidVector
}

// canCoerce is can_coerce_type() for one type that is not polymorphic.
func canCoerce(from, to types.OID, ctx castContext) bool {
	if from == to || to == types.Any || from == types.Unknown {
		return true
	}
	p, _ := way(from, to, ctx)
	return p != noWay
}

// coerce makes e of type t, without a type modifier; the caller has made sure
// that it can be.
func (a *analyzer) coerce(e expr, t types.OID, ctx castContext, at ast.Pos) (expr, error) {
	return a.coerceMod(e, t, -1, ctx, at)
}

func (a *analyzer) coerceMod(e expr, t types.OID, typmod int32, ctx castContext, at ast.Pos) (expr, error) {
	from := e.typ()
	if from == t || t == types.Any {
		return e, nil
	}
	if from == types.Unknown {
		switch x := e.(type) {
		case *constant:
			return a.readLiteral(x, t, typmod)
		case *param:
			return e, a.typeParam(x, t)
		}
		return a.throughText(e, t, typmod, at)
	}
	p, cast := way(from, t, ctx)
	switch p {
	case relabels:
		if body := builtin.Reinterpret(from, t); body != nil {
			return &apply{
				info: builtin.Info{Name: typeName(t), Args: []types.OID{from}, Result: t}, body: body, args: []expr{e}, strict: true,
			}, nil
		}
		return &relabel{arg: e, t: t, typmod: -1}, nil
	case byFunction:
		return a.castByFunction(e, t, cast, at)
	case throughText:
		return a.throughText(e, t, typmod, at)
	case byElements:
		elem, err := a.coerceMod(&tested{t: pgcat.TypeByOID(from).Elem}, pgcat.TypeByOID(t).Elem, typmod, ctx, at)
		if err != nil {
			return nil, err
		}
		if !types.HasValues(t) {
			return nil, a.unsupported(at, "type "+pgcat.TypeName(t))
		}
		return &castElements{arg: e, elem: elem, t: t}, nil
	}
	return nil, a.errorf(at, types.CodeCannotCoerce, "cannot cast type %s to %s", pgcat.TypeName(from), pgcat.TypeName(t))
}

func (a *analyzer) throughText(e expr, t types.OID, typmod int32, at ast.Pos) (expr, error) {
	if !types.HasValues(t) || !types.HasValues(e.typ()) {
		return nil, a.unsupported(at, "type "+pgcat.TypeName(t))
	}
	return &viaText{arg: e, t: t, typmod: typmod}, nil
}

// readLiteral gives a literal its type; what is wrong with it is told now.
func (a *analyzer) readLiteral(c *constant, t types.OID, typmod int32) (expr, error) {
	if !types.HasValues(t) {
		return nil, a.unsupported(c.at, "type "+pgcat.TypeName(t))
	}
	out := &constant{t: t, typmod: -1, at: c.at}
	if c.val == nil {
		return out, nil
	}
	// Only interval's input function is given the modifier; lengths are
	// applied by a cast of their own.
	if t != types.Interval {
		typmod = -1
	}
	v, err := a.call.Env().ParseText(c.val.(string), t, typmod)
	if err != nil {
		return nil, a.at(c.at, err)
	}
	out.val = v
	return out, nil
}

// typeParam gives a parameter the type that its place asks for.
func (a *analyzer) typeParam(p *param, t types.OID) error {
	if !types.HasValues(t) {
		return a.unsupported(p.at, "a parameter of type "+pgcat.TypeName(t))
	}
	switch known := a.params[p.n-1]; known {
	case 0, types.Unknown:
		a.params[p.n-1] = t
	case t:
	default:
		return a.errorf(p.at, types.CodeAmbiguousParameter, "inconsistent types deduced for parameter $%d", p.n).
			WithDetail("%s versus %s", pgcat.TypeName(known), pgcat.TypeName(t))
	}
	p.t = t
	return nil
}

// castByFunction casts by the body that stands for the cast's function; type
// modifiers are applied afterwards.
func (a *analyzer) castByFunction(e expr, t types.OID, cast *pgcat.Cast, at ast.Pos) (expr, error) {
	proc := cast.Proc()
	body := builtin.Cast(e.typ(), t)
	if body == nil {
		return nil, a.unsupported(at, "a cast from "+pgcat.TypeName(e.typ())+" to "+pgcat.TypeName(t))
	}
	return &apply{
		info: builtin.Info{Name: proc.Name(), Args: []types.OID{e.typ()}, Result: t}, body: body, args: []expr{e},
		strict: true, stable: proc.Volatility != 'i', cost: int(proc.Cost),
	}, nil
}

// cast is an explicit cast, or one by assignment, with a type modifier.
func (a *analyzer) cast(e expr, t types.OID, typmod int32, ctx castContext, at ast.Pos) (expr, error) {
	if from := e.typ(); from != types.Unknown && !canCoerce(from, t, ctx) {
		return nil, a.errorf(at, types.CodeCannotCoerce, "cannot cast type %s to %s", pgcat.TypeName(from), pgcat.TypeName(t))
	}
	same := e.typ() == t && typmodOf(e) == typmod
	out, err := a.coerceMod(e, t, typmod, ctx, at)
	if err != nil || typmod < 0 || same {
		return out, err
	}
	if c, ok := out.(*constant); ok { // a literal is cut to length at once
		v, err := fitValue(c.val, t, typmod, ctx == explicitly)
		if err != nil {
			return nil, err
		}
		return &constant{t: t, typmod: typmod, val: v, at: c.at}, nil
	}
	return &fit{arg: out, typmod: typmod, explicit: ctx == explicitly}, nil
}

// common gives all expressions the type that they have in common, as CASE,
// UNION and their like want it.
func (a *analyzer) common(what string, list []expr, where []ast.Pos) (types.OID, error) {
	t := types.Unknown
	for i, e := range list {
		n := e.typ()
		switch {
		case n == t || n == types.Unknown:
		case t == types.Unknown:
			t = n
		case category(n) != category(t):
			return 0, a.errorf(where[i], types.CodeDatatypeMismatch,
				"%s types %s and %s cannot be matched", what, pgcat.TypeName(t), pgcat.TypeName(n))
		case !isPreferred(category(t), t) && canCoerce(t, n, implicitly) && !canCoerce(n, t, implicitly):
			t = n
		}
	}
	if t == types.Unknown {
		t = types.Text
	}
	for i, e := range list {
		if !canCoerce(e.typ(), t, implicitly) {
			return 0, a.errorf(where[i], types.CodeCannotCoerce,
				"%s could not convert type %s to %s", what, pgcat.TypeName(e.typ()), pgcat.TypeName(t))
		}
		var err error
		if list[i], err = a.coerce(e, t, implicitly, where[i]); err != nil {
			return 0, err
		}
	}
	return t, nil
}

// boolean makes e a condition.
func (a *analyzer) boolean(e expr, what string, at ast.Pos) (expr, error) {
	if t := e.typ(); t != types.Bool && t != types.Unknown {
		return nil, a.errorf(at, types.CodeDatatypeMismatch,
			"argument of %s must be type boolean, not type %s", what, pgcat.TypeName(t))
	}
	return a.coerce(e, types.Bool, implicitly, at)
}
