package builtin

import (
	"math"
	"math/bits"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// ofInts makes a body of a function of two integers.
func ofInts(f func(a, b int64) (int64, error)) Body {
	return func(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
		n, err := f(v[0].(int64), v[1].(int64))
		if err != nil {
			return nil, err
		}
		return ranged(n, in.Result)
	}
}

func ofInt(f func(a int64) (int64, error)) Body {
	return func(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
		n, err := f(v[0].(int64))
		if err != nil {
			return nil, err
		}
		return ranged(n, in.Result)
	}
}

// outOfRange is the error of a result that its type cannot hold.
func outOfRange(t types.OID) error {
	return types.Errorf(types.CodeOutOfRange, "%s out of range", pgcat.TypeName(t))
}

func ranged(n int64, t types.OID) (types.Value, error) {
	if !types.InRange(n, t) {
		return nil, outOfRange(t)
	}
	return n, nil
}

func addInts(a, b int64) (int64, error) {
	c := a + b
	if (c > a) != (b > 0) && b != 0 {
		return 0, outOfRange(types.Int8)
	}
	return c, nil
}

func subInts(a, b int64) (int64, error) {
	c := a - b
	if (c < a) != (b > 0) && b != 0 {
		return 0, outOfRange(types.Int8)
	}
	return c, nil
}

func mulInts(a, b int64) (int64, error) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// Signed high word from the unsigned one.
	h := int64(hi) - a>>63&b - b>>63&a
	if h != int64(lo)>>63 {
		return 0, outOfRange(types.Int8)
	}
	return int64(lo), nil
}

func divInts(a, b int64) (int64, error) {
	switch {
	case b == 0:
		return 0, types.DivisionByZero()
	case a == math.MinInt64 && b == -1:
		return 0, outOfRange(types.Int8)
	}
	return a / b, nil
}

func modInts(a, b int64) (int64, error) {
	switch b {
	case 0:
		return 0, types.DivisionByZero()
	case -1:
		return 0, nil
	}
	return a % b, nil
}

func negInt(a int64) (int64, error) { return subInts(0, a) }

func absInt(a int64) (int64, error) {
	if a < 0 {
		return negInt(a)
	}
	return a, nil
}

func gcdInts(a, b int64) (int64, error) {
	for b != 0 {
		r, _ := modInts(a, b)
		a, b = b, r
	}
	return absInt(a)
}

func lcmInts(a, b int64) (int64, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := gcdInts(a, b)
	if err != nil {
		return 0, err
	}
	n, err := mulInts(a/g, b)
	if err != nil {
		return 0, err
	}
	return absInt(n)
}

// shift is << and >> of a type of so many bits; C's shift takes the count modulo them.
func shift(size uint, right bool) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		a, n := v[0].(int64), uint(v[1].(int64))&(max(size, 32)-1)
		if right {
			return a >> n, nil
		}
		switch a <<= n; size {
		case 16:
			a = int64(int16(a))
		case 32:
			a = int64(int32(a))
		}
		return a, nil
	}
}

func integers(source string) Body {
	switch source {
	case "int2pl", "int4pl", "int8pl", "int24pl", "int42pl", "int28pl", "int82pl", "int48pl", "int84pl":
		return ofInts(addInts)
	case "int2mi", "int4mi", "int8mi", "int24mi", "int42mi", "int28mi", "int82mi", "int48mi", "int84mi":
		return ofInts(subInts)
	case "int2mul", "int4mul", "int8mul", "int24mul", "int42mul", "int28mul", "int82mul", "int48mul", "int84mul":
		return ofInts(mulInts)
	case "int2div", "int4div", "int8div", "int24div", "int42div", "int28div", "int82div", "int48div", "int84div":
		return ofInts(divInts)
	case "int2mod", "int4mod", "int8mod":
		return ofInts(modInts)
	case "int2um", "int4um", "int8um":
		return ofInt(negInt)
	case "int2up", "int4up", "int8up":
		return ofInt(func(a int64) (int64, error) { return a, nil })
	case "int2abs", "int4abs", "int8abs":
		return ofInt(absInt)
	case "int4gcd", "int8gcd":
		return ofInts(gcdInts)
	case "int4lcm", "int8lcm":
		return ofInts(lcmInts)
	case "int2and", "int4and", "int8and":
		return ofInts(func(a, b int64) (int64, error) { return a & b, nil })
	case "int2or", "int4or", "int8or":
		return ofInts(func(a, b int64) (int64, error) { return a | b, nil })
	case "int2xor", "int4xor", "int8xor":
		return ofInts(func(a, b int64) (int64, error) { return a ^ b, nil })
	case "int2not", "int4not", "int8not":
		return ofInt(func(a int64) (int64, error) { return ^a, nil })
	case "int2shl":
		return shift(16, false)
	case "int4shl":
		return shift(32, false)
	case "int8shl":
		return shift(64, false)
	case "int2shr":
		return shift(16, true)
	case "int4shr":
		return shift(32, true)
	case "int8shr":
		return shift(64, true)
	}
	return nil
}
