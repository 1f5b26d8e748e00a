package builtin

import (
	"math"
	"math/big"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

func ofNums(f func(a, b types.Num) (types.Num, error)) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		return orError(f(v[0].(types.Num), v[1].(types.Num)))
	}
}

func ofNum(f func(a types.Num) types.Num) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) { return f(v[0].(types.Num)), nil }
}

// orError keeps a failed result from being a value.
func orError[T any](v T, err error) (types.Value, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// digits makes a body of round() and trunc() to a number of digits.
func digits(f func(n types.Num, scale int) types.Num) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		scale := min(max(v[1].(int64), -131072), 16383)
		return f(v[0].(types.Num), int(scale)), nil
	}
}

// powNum is numeric's power() where the exponent is an integer; other
// exponents need logarithms that are not here.
func powNum(a, b types.Num) (types.Num, error) {
	if a.Sign() < 0 && a.Special == types.NumFinite && b.Special == types.NumFinite && b.Trunc(0).Cmp(b) != 0 {
		return types.Num{}, types.Errorf(types.CodeInvalidArgumentPower,
			"a negative number raised to a non-integer power yields a complex result")
	}
	n, ok := b.Int64()
	if a.Special != types.NumFinite || b.Special != types.NumFinite || !ok || b.Cmp(types.NumInt(n)) != 0 {
		return types.Num{}, types.Errorf(types.CodeFeatureNotSupported, "numeric power() of this exponent is not supported")
	}
	switch {
	case a.Sign() == 0 && n < 0:
		return types.Num{}, types.Errorf(types.CodeInvalidArgumentPower, "zero raised to a negative power is undefined")
	case a.Sign() == 0 && n > 0:
		return types.Num{}.Rescale(16), nil
	}
	size := math.Abs(a.Float())
	log := 0.0
	if size > 0 {
		log = math.Log10(size) * float64(n)
	}
	if math.Abs(log) > 10000 || math.Abs(float64(n))*float64(a.Scale) > 100000 || n > 1<<20 || n < -1<<20 {
		return types.Num{}, types.Errorf(types.CodeFeatureNotSupported, "numeric power() of this size is not supported")
	}
	scale := min(max(16-int(log), a.Scale, b.Scale, 0), 1000)
	k := n
	if k < 0 {
		k = -k
	}
	p := types.Num{Int: new(big.Int).Exp(unscaled(a), big.NewInt(k), nil), Scale: a.Scale * int(k)}
	if n >= 0 {
		return p.Rescale(scale), nil
	}
	q, err := types.NumInt(1).Rescale(scale + 8).Div(p.Rescale(max(p.Scale, scale+8)))
	return q.Rescale(scale), err
}

func unscaled(n types.Num) *big.Int {
	if n.Int == nil {
		return new(big.Int)
	}
	return n.Int
}

func numerics(source string) Body {
	switch source {
	case "numeric_add":
		return ofNums(types.Num.Add)
	case "numeric_sub":
		return ofNums(types.Num.Sub)
	case "numeric_mul":
		return ofNums(types.Num.Mul)
	case "numeric_div":
		return ofNums(types.Num.Div)
	case "numeric_mod":
		return ofNums(types.Num.Mod)
	case "numeric_div_trunc":
		return ofNums(types.Num.DivTrunc)
	case "numeric_power":
		return ofNums(powNum)
	case "numeric_uminus":
		return ofNum(types.Num.Neg)
	case "numeric_uplus":
		return ofNum(func(n types.Num) types.Num { return n })
	case "numeric_abs":
		return ofNum(func(n types.Num) types.Num {
			if n.Sign() < 0 {
				return n.Neg()
			}
			return n
		})
	case "numeric_sign":
		return ofNum(func(n types.Num) types.Num {
			if n.Special == types.NumNaN {
				return n
			}
			return types.NumInt(int64(n.Sign()))
		})
	case "numeric_floor":
		return ofNum(types.Num.Floor)
	case "numeric_ceil":
		return ofNum(types.Num.Ceil)
	case "numeric_sqrt":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return orError(v[0].(types.Num).Sqrt())
		}
	case "round", "trunc": // of one argument
		f := types.Num.Rescale
		if source == "trunc" {
			f = types.Num.Trunc
		}
		return ofNum(func(n types.Num) types.Num { return f(n, 0) })
	case "numeric_round":
		return digits(types.Num.Rescale)
	case "numeric_trunc":
		return digits(types.Num.Trunc)
	case "numeric_scale":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if n := v[0].(types.Num); n.Special == types.NumFinite {
				return int64(n.Scale), nil
			}
			return nil, nil
		}
	}
	return nil
}
