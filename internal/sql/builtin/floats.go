package builtin

import (
	"math"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

func floatOverflow() error {
	return types.Errorf(types.CodeOutOfRange, "value out of range: overflow")
}

func floatUnderflow() error {
	return types.Errorf(types.CodeOutOfRange, "value out of range: underflow")
}

// fitFloat rounds to the type and refuses an infinity or a zero that the
// arguments do not explain.
func fitFloat(f float64, t types.OID, infOK, zeroOK bool) (types.Value, error) {
	if t == types.Float4 {
		f = float64(float32(f))
	}
	switch {
	case math.IsInf(f, 0) && !infOK:
		return nil, floatOverflow()
	case f == 0 && !zeroOK:
		return nil, floatUnderflow()
	}
	return f, nil
}

func isInf(a, b float64) bool { return math.IsInf(a, 0) || math.IsInf(b, 0) }

func ofFloats(f func(a, b float64, t types.OID) (types.Value, error)) Body {
	return func(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
		return f(v[0].(float64), v[1].(float64), in.Result)
	}
}

// ofFloat makes a body of a function that gives a finite value for a finite one.
func ofFloat(f func(float64) float64) Body {
	return func(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
		return fitFloat(f(v[0].(float64)), in.Result, true, true)
	}
}

// ofFloatIn is ofFloat for a function with a domain.
func ofFloatIn(f func(float64) float64, ok func(float64) bool, code, message string) Body {
	return func(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
		x := v[0].(float64)
		if !math.IsNaN(x) && !ok(x) {
			return nil, types.Errorf(code, "%s", message)
		}
		return fitFloat(f(x), in.Result, math.IsInf(x, 0), true)
	}
}

func addFloats(a, b float64, t types.OID) (types.Value, error) {
	return fitFloat(a+b, t, isInf(a, b), true)
}

func subFloats(a, b float64, t types.OID) (types.Value, error) {
	return fitFloat(a-b, t, isInf(a, b), true)
}

func mulFloats(a, b float64, t types.OID) (types.Value, error) {
	return fitFloat(a*b, t, isInf(a, b), a == 0 || b == 0)
}

func divFloats(a, b float64, t types.OID) (types.Value, error) {
	if b == 0 && !math.IsNaN(a) {
		return nil, types.DivisionByZero()
	}
	return fitFloat(a/b, t, math.IsInf(a, 0), a == 0 || math.IsInf(b, 0))
}

func powFloats(a, b float64, t types.OID) (types.Value, error) {
	switch {
	case a == 0 && b < 0:
		return nil, types.Errorf(types.CodeInvalidArgumentPower, "zero raised to a negative power is undefined")
	case a < 0 && !math.IsInf(a, 0) && b != math.Trunc(b) && !math.IsNaN(b):
		return nil, types.Errorf(types.CodeInvalidArgumentPower,
			"a negative number raised to a non-integer power yields a complex result")
	}
	return fitFloat(math.Pow(a, b), t, isInf(a, b), a == 0 || isInf(a, b))
}

func positive(x float64) bool { return x > 0 }

func floats(source string) Body {
	switch source {
	case "float4pl", "float8pl", "float48pl", "float84pl":
		return ofFloats(addFloats)
	case "float4mi", "float8mi", "float48mi", "float84mi":
		return ofFloats(subFloats)
	case "float4mul", "float8mul", "float48mul", "float84mul":
		return ofFloats(mulFloats)
	case "float4div", "float8div", "float48div", "float84div":
		return ofFloats(divFloats)
	case "dpow":
		return ofFloats(powFloats)
	case "float4um", "float8um":
		return ofFloat(func(x float64) float64 { return -x })
	case "float4up", "float8up":
		return ofFloat(func(x float64) float64 { return x })
	case "float4abs", "float8abs":
		return ofFloat(math.Abs)
	case "dround":
		return ofFloat(math.RoundToEven)
	case "dceil":
		return ofFloat(math.Ceil)
	case "dfloor":
		return ofFloat(math.Floor)
	case "dtrunc":
		return ofFloat(math.Trunc)
	case "dsign":
		return ofFloat(func(x float64) float64 {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -1
			}
			return x * 0
		})
	case "dsqrt":
		return ofFloatIn(math.Sqrt, func(x float64) bool { return x >= 0 }, types.CodeInvalidArgumentPower, "cannot take square root of a negative number")
	case "dcbrt":
		return ofFloat(math.Cbrt)
	case "dlog1", "dlog10":
		f := math.Log
		if source == "dlog10" {
			f = math.Log10
		}
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			if v[0].(float64) == 0 {
				return nil, types.Errorf(types.CodeInvalidArgumentLog, "cannot take logarithm of zero")
			}
			return ofFloatIn(f, positive, types.CodeInvalidArgumentLog, "cannot take logarithm of a negative number")(c, in, v)
		}
	case "dexp":
		return func(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			x := v[0].(float64)
			return fitFloat(math.Exp(x), in.Result, math.IsInf(x, 0), math.IsInf(x, 0))
		}
	case "dpi":
		return func(*catalog.Call, *Info, []types.Value) (types.Value, error) { return math.Pi, nil }
	case "degrees":
		return ofFloat(func(x float64) float64 { return x / (math.Pi / 180) })
	case "radians":
		return ofFloat(func(x float64) float64 { return x * (math.Pi / 180) })
	}
	return nil
}
