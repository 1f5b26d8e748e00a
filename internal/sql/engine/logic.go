package engine

import (
	"strconv"
	"strings"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
)

// boolOp is AND, OR or NOT.
type boolOp struct {
	kind ast.BoolOpKind
	args []expr
}

func (e *boolOp) typ() types.OID       { return types.Bool }
func (e *boolOp) parts(fn func(*expr)) { each(e.args, fn) }
func (e *boolOp) key(b *strings.Builder) {
	b.WriteString(e.kind.String())
	keyAll(b, e.args)
}

func (e *boolOp) eval(f *frame) (value, error) {
	if e.kind == ast.Not {
		v, err := e.args[0].eval(f)
		if v == nil || err != nil {
			return nil, err
		}
		return !v.(bool), nil
	}
	deciding := e.kind == ast.Or
	var result value = !deciding
	for _, a := range e.args {
		v, err := a.eval(f)
		switch {
		case err != nil:
			return nil, err
		case v == nil:
			result = nil
		case v.(bool) == deciding:
			return deciding, nil
		}
	}
	return result, nil
}

// nullTest is IS [NOT] NULL.
type nullTest struct {
	arg expr
	not bool
}

func (e *nullTest) typ() types.OID       { return types.Bool }
func (e *nullTest) parts(fn func(*expr)) { fn(&e.arg) }
func (e *nullTest) key(b *strings.Builder) {
	b.WriteString("isnull" + strconv.FormatBool(e.not))
	e.arg.key(b)
}

func (e *nullTest) eval(f *frame) (value, error) {
	v, err := e.arg.eval(f)
	if err != nil {
		return nil, err
	}
	if r, ok := v.(*types.Row); ok { // every column must be (not) NULL
		for _, c := range r.Vals {
			if (c == nil) == e.not {
				return false, nil
			}
		}
		return true, nil
	}
	return (v == nil) != e.not, nil
}

// truthTest is IS [NOT] TRUE, FALSE or UNKNOWN.
type truthTest struct {
	arg  expr
	test ast.TruthTest
}

func (e *truthTest) typ() types.OID       { return types.Bool }
func (e *truthTest) parts(fn func(*expr)) { fn(&e.arg) }
func (e *truthTest) key(b *strings.Builder) {
	b.WriteString("is" + strconv.Itoa(int(e.test)))
	e.arg.key(b)
}

func (e *truthTest) eval(f *frame) (value, error) {
	v, err := e.arg.eval(f)
	if err != nil {
		return nil, err
	}
	switch e.test {
	case ast.IsTrue:
		return v == true, nil
	case ast.IsNotTrue:
		return v != true, nil
	case ast.IsFalse:
		return v == false, nil
	case ast.IsNotFalse:
		return v != false, nil
	case ast.IsUnknown:
		return v == nil, nil
	}
	return v != nil, nil
}

// distinct is IS [NOT] DISTINCT FROM, and NULLIF.
type distinct struct {
	left, right expr
	equal       *apply // of two values; its own arguments are not looked at
	not         bool
	nullIf      bool
}

func (e *distinct) typ() types.OID {
	if e.nullIf {
		return e.left.typ()
	}
	return types.Bool
}

func (e *distinct) parts(fn func(*expr)) {
	fn(&e.left)
	fn(&e.right)
}

func (e *distinct) key(b *strings.Builder) {
	b.WriteString("distinct" + strconv.FormatBool(e.not) + strconv.FormatBool(e.nullIf) + e.equal.info.Name)
	keyAll(b, []expr{e.left, e.right})
}

func (e *distinct) eval(f *frame) (value, error) {
	defer f.call.Drop(f.call.Held())
	l, err := f.hold(e.left)
	if err != nil {
		return nil, err
	}
	r, err := e.right.eval(f)
	if err != nil {
		return nil, err
	}
	same := l == nil && r == nil
	if l != nil && r != nil {
		v, err := e.equal.body(f.call, &e.equal.info, []value{l, r})
		if err != nil {
			return nil, err
		}
		same = v == true
	}
	switch {
	case !e.nullIf:
		return same == e.not, nil
	case same:
		return nil, nil
	}
	return l, nil
}

// choose is CASE: the first result whose condition is true. With an arg, the
// conditions compare tested with something.
type choose struct {
	arg            expr
	conds, results []expr // one result more than conditions
	t              types.OID
	typmod         int32 // that of the results, where they agree
}

func (e *choose) typ() types.OID { return e.t }

// commonTypmod is the type modifier that all have, -1 if they differ. It
// looks at each expression once: expressions may be nested deeply.
func commonTypmod(list []expr, t types.OID) int32 {
	typmod := typmodOf(list[0])
	if list[0].typ() != t {
		return -1
	}
	for _, r := range list[1:] {
		if r.typ() != t || typmodOf(r) != typmod {
			return -1
		}
	}
	return typmod
}

func (e *choose) parts(fn func(*expr)) {
	if e.arg != nil {
		fn(&e.arg)
	}
	each(e.conds, fn)
	each(e.results, fn)
}

func (e *choose) key(b *strings.Builder) {
	keyOID(b, "case", e.t)
	if e.arg != nil {
		e.arg.key(b)
	}
	keyAll(b, e.conds)
	keyAll(b, e.results)
}

func (e *choose) eval(f *frame) (value, error) {
	var arg value
	defer f.call.Drop(f.call.Held())
	if e.arg != nil {
		var err error
		if arg, err = f.hold(e.arg); err != nil {
			return nil, err
		}
	}
	for i, c := range e.conds {
		outer := f.tested
		if e.arg != nil {
			f.tested = arg
		}
		v, err := c.eval(f)
		f.tested = outer
		if err != nil {
			return nil, err
		}
		if v == true {
			return e.results[i].eval(f)
		}
	}
	return e.results[len(e.results)-1].eval(f)
}

// coalesce is COALESCE.
type coalesce struct {
	args   []expr
	t      types.OID
	typmod int32
}

func (e *coalesce) typ() types.OID       { return e.t }
func (e *coalesce) parts(fn func(*expr)) { each(e.args, fn) }
func (e *coalesce) key(b *strings.Builder) {
	keyOID(b, "coalesce", e.t)
	keyAll(b, e.args)
}

func (e *coalesce) eval(f *frame) (value, error) {
	for _, a := range e.args {
		v, err := a.eval(f)
		if v != nil || err != nil {
			return v, err
		}
	}
	return nil, nil
}

// minMax is GREATEST or LEAST.
type minMax struct {
	args   []expr
	least  bool
	t      types.OID
	typmod int32
}

func (e *minMax) typ() types.OID       { return e.t }
func (e *minMax) parts(fn func(*expr)) { each(e.args, fn) }
func (e *minMax) key(b *strings.Builder) {
	keyOID(b, "minmax"+strconv.FormatBool(e.least), e.t)
	keyAll(b, e.args)
}

func (e *minMax) eval(f *frame) (value, error) {
	var best value
	defer f.call.Drop(f.call.Held())
	for _, a := range e.args {
		v, err := f.hold(a)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		if best == nil || (types.Compare(v, best) < 0) == e.least && types.Compare(v, best) != 0 {
			best = v
		}
	}
	return best, nil
}

// anyAll is an operator with ANY or ALL of an array; test compares left, put
// into the frame's row of tested values, with each element.
type anyAll struct {
	left, array expr
	test        *apply // its args are replaced by the two values
	all         bool
}

func (e *anyAll) typ() types.OID { return types.Bool }
func (e *anyAll) parts(fn func(*expr)) {
	fn(&e.left)
	fn(&e.array)
}
func (e *anyAll) key(b *strings.Builder) {
	keyOID(b, "any"+strconv.FormatBool(e.all)+e.test.info.Name, e.array.typ())
	e.left.key(b)
	e.array.key(b)
}

func (e *anyAll) eval(f *frame) (value, error) {
	defer f.call.Drop(f.call.Held())
	left, err := f.hold(e.left)
	if err != nil {
		return nil, err
	}
	v, err := e.array.eval(f)
	if v == nil || err != nil {
		return nil, err
	}
	return quantified(f, e.test, e.all, left, v.(*types.Array).Vals)
}

// quantified tests a value against others, as ANY or ALL wants it.
func quantified(f *frame, test *apply, all bool, left value, vals []value) (value, error) {
	var result value = all
	for _, r := range vals {
		var v value
		var err error
		if err = f.call.Step(); err != nil {
			return nil, err
		}
		if !test.strict || left != nil && r != nil {
			v, err = test.body(f.call, &test.info, []value{left, r})
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
	return result, nil
}

// list makes an array or a record.
type list struct {
	elems []expr
	t     types.OID
	elem  types.OID // 0 for a record
}

func (e *list) typ() types.OID       { return e.t }
func (e *list) parts(fn func(*expr)) { each(e.elems, fn) }
func (e *list) key(b *strings.Builder) {
	keyOID(b, "list", e.t)
	keyAll(b, e.elems)
}

func (e *list) eval(f *frame) (value, error) {
	vals, err := f.evalAll(e.elems)
	if err != nil {
		return nil, err
	}
	if e.elem != 0 {
		a := &types.Array{Elem: e.elem, Vals: vals}
		return a, types.CheckSize(a)
	}
	r := &types.Row{Vals: vals}
	for _, el := range e.elems {
		r.Types = append(r.Types, el.typ())
	}
	return r, types.CheckSize(r)
}

// subscript is an element or a slice of an array.
type subscript struct {
	arg          expr
	index, upper expr // either may be nil in a slice
	slice        bool
	lower        int64 // the array type's lower bound
	t            types.OID
}

func (e *subscript) typ() types.OID { return e.t }
func (e *subscript) parts(fn func(*expr)) {
	fn(&e.arg)
	if e.index != nil {
		fn(&e.index)
	}
	if e.upper != nil {
		fn(&e.upper)
	}
}
func (e *subscript) key(b *strings.Builder) {
	keyOID(b, "sub"+strconv.FormatBool(e.slice), e.t)
	keyAll(b, []expr{e.arg, e.index, e.upper})
}

func (e *subscript) eval(f *frame) (value, error) {
	v, err := e.arg.eval(f)
	if v == nil || err != nil {
		return nil, err
	}
	a := v.(*types.Array)
	from, to := e.lower, e.lower+int64(len(a.Vals))-1
	for _, bound := range []struct {
		e  expr
		to *int64
	}{{e.index, &from}, {e.upper, &to}} {
		if bound.e == nil {
			continue
		}
		n, err := bound.e.eval(f)
		if n == nil || err != nil {
			return nil, err
		}
		*bound.to = n.(int64)
	}
	if !e.slice {
		if i := from - e.lower; i >= 0 && i < int64(len(a.Vals)) {
			return a.Vals[i], nil
		}
		return nil, nil
	}
	low := max(from-e.lower, 0)
	high := min(to-e.lower+1, int64(len(a.Vals)))
	if low >= high {
		return &types.Array{Elem: a.Elem}, nil
	}
	return &types.Array{Elem: a.Elem, Vals: a.Vals[low:high]}, nil
}

// field is a column of a record.
type field struct {
	arg   expr
	index int
	t     types.OID
}

func (e *field) typ() types.OID       { return e.t }
func (e *field) parts(fn func(*expr)) { fn(&e.arg) }
func (e *field) key(b *strings.Builder) {
	keyOID(b, "field"+strconv.Itoa(e.index), e.t)
	e.arg.key(b)
}

func (e *field) eval(f *frame) (value, error) {
	v, err := e.arg.eval(f)
	r, ok := v.(*types.Row)
	if !ok || err != nil || e.index >= len(r.Vals) {
		return nil, err
	}
	return r.Vals[e.index], nil
}
