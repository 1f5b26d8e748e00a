package builtin

import (
	"strings"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// comparableTo changes the values of operators between two types, or of types
// that compare otherwise than their values, to ones that Compare can take.
func comparableTo(v types.Value, t, other types.OID) types.Value {
	switch x := v.(type) {
	case string:
		if t == types.BPChar {
			return strings.TrimRight(x, " ")
		}
	case types.Day:
		if other != types.Date {
			return dayInstant(x)
		}
	}
	return v
}

func dayInstant(d types.Day) types.Instant {
	switch d {
	case types.DayInfinity:
		return types.InstantInfinity
	case types.DayMinusInfinity:
		return types.InstantMinusInfinity
	}
	return types.Instant(d) * types.MicrosPerDay
}

// compare makes a body of a comparison.
func compare(test func(order int) bool) Body {
	return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
		a, b := comparableTo(v[0], in.Args[0], in.Args[1]), comparableTo(v[1], in.Args[1], in.Args[0])
		// Between timestamps with and without time zone, clocks of the session count.
		if in.Args[0] != in.Args[1] {
			a, b = zoned(c, a, in.Args[0], in.Args[1]), zoned(c, b, in.Args[1], in.Args[0])
		}
		return test(types.Compare(a, b)), nil
	}
}

func zoned(c *catalog.Call, v types.Value, t, other types.OID) types.Value {
	if at, ok := v.(types.Instant); ok && other == types.TimestampTz && t != types.TimestampTz {
		return at.Zoned(c.Location())
	}
	return v
}

// Comparison is the body of one of the operators = <> < <= > >=, of any two
// types that the engine has values of, or nil for another operator.
func Comparison(operator string) Body {
	switch operator {
	case "=":
		return compare(func(o int) bool { return o == 0 })
	case "<>":
		return compare(func(o int) bool { return o != 0 })
	case "<":
		return compare(func(o int) bool { return o < 0 })
	case "<=":
		return compare(func(o int) bool { return o <= 0 })
	case ">":
		return compare(func(o int) bool { return o > 0 })
	case ">=":
		return compare(func(o int) bool { return o >= 0 })
	}
	return nil
}
