package builtin

import (
	"strings"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// Aggregate is the state of an aggregate over one group.
type Aggregate interface {
	Add(c *catalog.Call, in *Info, args []types.Value) error
	Result(c *catalog.Call, in *Info) (types.Value, error)
}

// LookupAggregate finds what makes an aggregate's state, or nil.
func LookupAggregate(name string, args []types.OID) func() Aggregate {
	t := types.Unknown
	if len(args) > 0 {
		t = args[0]
	}
	switch name {
	case "count":
		return func() Aggregate { return &count{} }
	case "min", "max":
		want := map[string]int{"min": -1, "max": 1}[name]
		return func() Aggregate { return &extreme{want: want} }
	case "bool_and", "every":
		return func() Aggregate { return &boolAgg{deciding: false} }
	case "bool_or":
		return func() Aggregate { return &boolAgg{deciding: true} }
	case "array_agg":
		return func() Aggregate { return &arrayAgg{} }
	case "string_agg":
		if t == types.Text {
			return func() Aggregate { return &stringAgg{} }
		}
	case "sum", "avg":
		avg := name == "avg"
		switch t {
		case types.Int2, types.Int4, types.Int8, types.Numeric:
			return func() Aggregate { return &numSum{avg: avg} }
		case types.Float4, types.Float8:
			return func() Aggregate { return &floatSum{avg: avg} }
		case types.Interval:
			return func() Aggregate { return &spanSum{avg: avg} }
		}
	}
	return nil
}

type count struct{ n int64 }

func (a *count) Add(_ *catalog.Call, _ *Info, args []types.Value) error {
	if len(args) == 0 || args[0] != nil {
		a.n++
	}
	return nil
}

func (a *count) Result(*catalog.Call, *Info) (types.Value, error) { return a.n, nil }

// extreme is min and max.
type extreme struct {
	want int
	best types.Value
	kept keptSize
}

func (a *extreme) Add(c *catalog.Call, _ *Info, args []types.Value) error {
	if v := args[0]; v != nil && (a.best == nil || types.Compare(v, a.best)*a.want > 0) {
		a.best = v
		return a.kept.is(c, v)
	}
	return nil
}

// keptSize accounts for a value that is replaced by others.
type keptSize int

func (k *keptSize) is(c *catalog.Call, v types.Value) error {
	n := types.Size(v)
	more := n - int(*k)
	if more <= 0 {
		return nil
	}
	*k = keptSize(n)
	return c.Grow(more)
}

func (a *extreme) Result(*catalog.Call, *Info) (types.Value, error) { return a.best, nil }

type boolAgg struct {
	deciding bool
	result   types.Value
}

func (a *boolAgg) Add(_ *catalog.Call, _ *Info, args []types.Value) error {
	if args[0] != nil && a.result != a.deciding {
		a.result = args[0]
	}
	return nil
}

func (a *boolAgg) Result(*catalog.Call, *Info) (types.Value, error) { return a.result, nil }

// ElementSize is what a value takes besides itself in a list that grows by copying.
const ElementSize = 32

type arrayAgg struct {
	vals []types.Value
	any  bool
}

func (a *arrayAgg) Add(c *catalog.Call, _ *Info, args []types.Value) error {
	a.any = true
	a.vals = append(a.vals, args[0])
	return c.Grow(ElementSize + types.Size(args[0]))
}

func (a *arrayAgg) Result(_ *catalog.Call, in *Info) (types.Value, error) {
	if !a.any {
		return nil, nil
	}
	return &types.Array{Elem: in.Args[0], Vals: a.vals}, nil
}

type stringAgg struct {
	b   strings.Builder
	any bool
}

func (a *stringAgg) Add(c *catalog.Call, _ *Info, args []types.Value) error {
	if args[0] == nil {
		return nil
	}
	sep := ""
	if a.any && args[1] != nil {
		sep = args[1].(string)
	}
	a.any = true
	if err := c.Grow(2 * (len(sep) + len(args[0].(string)))); err != nil { // it grows by copying
		return err
	}
	a.b.WriteString(sep)
	a.b.WriteString(args[0].(string))
	return nil
}

func (a *stringAgg) Result(*catalog.Call, *Info) (types.Value, error) {
	if !a.any {
		return nil, nil
	}
	return a.b.String(), nil
}

// numSum is sum and avg of integers and numerics: added up as a numeric.
type numSum struct {
	avg bool
	n   int64
	sum types.Num

	kept keptSize
}

func (a *numSum) Add(c *catalog.Call, _ *Info, args []types.Value) (err error) {
	switch v := args[0].(type) {
	case int64:
		a.sum, err = a.sum.Add(types.NumInt(v))
	case types.Num:
		a.sum, err = a.sum.Add(v)
	default:
		return nil
	}
	a.n++
	if err != nil {
		return err
	}
	return a.kept.is(c, a.sum)
}

func (a *numSum) Result(_ *catalog.Call, in *Info) (types.Value, error) {
	switch {
	case a.n == 0:
		return nil, nil
	case a.avg:
		return orError(a.sum.Div(types.NumInt(a.n)))
	case in.Result == types.Int8:
		n, ok := a.sum.Int64()
		if !ok {
			return nil, outOfRange(types.Int8)
		}
		return n, nil
	}
	return a.sum, nil
}

type floatSum struct {
	avg bool
	n   float64
	sum float64
}

func (a *floatSum) Add(_ *catalog.Call, in *Info, args []types.Value) error {
	v, ok := args[0].(float64)
	if !ok {
		return nil
	}
	was := a.sum
	a.n++
	a.sum += v
	if in.Result == types.Float4 {
		a.sum = float64(float32(a.sum))
	}
	if isInf(a.sum, 0) && !isInf(was, v) {
		return floatOverflow()
	}
	return nil
}

func (a *floatSum) Result(*catalog.Call, *Info) (types.Value, error) {
	switch {
	case a.n == 0:
		return nil, nil
	case a.avg:
		return a.sum / a.n, nil
	}
	return a.sum, nil
}

type spanSum struct {
	avg bool
	n   int64
	sum types.Span
}

func (a *spanSum) Add(_ *catalog.Call, _ *Info, args []types.Value) (err error) {
	v, ok := args[0].(types.Span)
	if !ok {
		return nil
	}
	a.n++
	a.sum, err = addSpans(a.sum, v)
	return err
}

func (a *spanSum) Result(*catalog.Call, *Info) (types.Value, error) {
	switch {
	case a.n == 0:
		return nil, nil
	case a.avg:
		return orError(scaleSpan(a.sum, 1/float64(a.n), float64(a.n), true))
	}
	return a.sum, nil
}
