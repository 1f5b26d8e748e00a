package builtin

import (
	"math"
	"strings"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// Cast is the body of a cast that PostgreSQL has a function for, or nil.
func Cast(from, to types.OID) Body {
	switch {
	case isInteger(from) && isInteger(to):
		return castInt
	case isInteger(from):
		return castIntTo(to)
	case from == types.Float4 || from == types.Float8:
		return castFloatTo(to)
	case from == types.Numeric:
		return castNumTo(to)
	case isText(from) || isText(to):
		return castText(from, to)
	}
	return castTime(from, to)
}

// Reinterpret is the body of a cast that keeps the bits of an integer but
// takes them for another number, as between integer and oid; nil for others.
func Reinterpret(from, to types.OID) Body {
	if isInteger(from) && isInteger(to) && signedInt(from) != signedInt(to) {
		return castInt
	}
	return nil
}

// isInteger is true for all types whose values are int64.
func isInteger(t types.OID) bool {
	switch t {
	case types.Int2, types.Int4, types.Int8, types.Oid, types.RegClass, types.RegType, types.RegProc, types.RegNS, types.RegRole:
		return true
	}
	return false
}

func isText(t types.OID) bool {
	switch t {
	case types.Text, types.VarChar, types.BPChar, types.Name, types.Char:
		return true
	}
	return false
}

func castInt(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	n := v[0].(int64)
	if in.Result == types.Int4 && !signedInt(in.Args[0]) {
		return int64(int32(n)), nil
	}
	if !signedInt(in.Result) && in.Args[0] != types.Int8 {
		return int64(uint32(n)), nil // integer to oid keeps the bits
	}
	if !types.InRange(n, in.Result) {
		t := in.Result
		if !signedInt(t) {
			t = types.Oid
		}
		return nil, outOfRange(t)
	}
	return n, nil
}

func signedInt(t types.OID) bool { return t == types.Int2 || t == types.Int4 || t == types.Int8 }

func castIntTo(to types.OID) Body {
	switch to {
	case types.Float4:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return float64(float32(v[0].(int64))), nil
		}
	case types.Float8:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return float64(v[0].(int64)), nil
		}
	case types.Numeric:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return types.NumInt(v[0].(int64)), nil
		}
	case types.Bool:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) { return v[0].(int64) != 0, nil }
	case types.Char:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			n := v[0].(int64)
			if n < -128 || n > 127 {
				return nil, outOfRange(types.Char)
			}
			if n == 0 {
				return "", nil
			}
			return string([]byte{byte(n)}), nil
		}
	}
	return nil
}

func castFloatTo(to types.OID) Body {
	switch to {
	case types.Float4, types.Float8:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			f := v[0].(float64)
			return fitFloat(f, to, math.IsInf(f, 0), f == 0)
		}
	case types.Int2, types.Int4, types.Int8:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			f := math.RoundToEven(v[0].(float64))
			if math.IsNaN(f) || f < -9223372036854775808 || f >= 9223372036854775808 {
				return nil, outOfRange(to)
			}
			return ranged(int64(f), to)
		}
	case types.Numeric:
		return func(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			digits := 15
			if in.Args[0] == types.Float4 {
				digits = 6
			}
			return types.NumFloat(v[0].(float64), digits), nil
		}
	}
	return nil
}

func castNumTo(to types.OID) Body {
	switch to {
	case types.Int2, types.Int4, types.Int8:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			n := v[0].(types.Num)
			switch n.Special {
			case types.NumNaN:
				return nil, types.Errorf(types.CodeFeatureNotSupported, "cannot convert NaN to %s", pgcat.TypeName(to))
			case types.NumPlusInf, types.NumMinusInf:
				return nil, types.Errorf(types.CodeFeatureNotSupported, "cannot convert infinity to %s", pgcat.TypeName(to))
			}
			i, ok := n.Int64()
			if !ok {
				return nil, outOfRange(to)
			}
			return ranged(i, to)
		}
	case types.Float4, types.Float8:
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			n := v[0].(types.Num)
			return c.Env().ParseText(n.String(), to, -1)
		}
	case types.LSN:
		return numToLSN
	case types.Numeric: // a length coercion, done elsewhere
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) { return v[0], nil }
	}
	return nil
}

func castText(from, to types.OID) Body {
	text := func(f func(s string) types.Value) Body {
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) { return f(v[0].(string)), nil }
	}
	switch {
	case from == types.Bool:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if v[0].(bool) {
				return "true", nil
			}
			return "false", nil
		}
	case from == types.Inet || from == types.Cidr:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) { return inetText(v[0]), nil }
	case from == types.Char && to == types.Int4:
		return text(func(s string) types.Value {
			if s == "" {
				return int64(0)
			}
			return int64(int8(s[0]))
		})
	case to == types.RegClass:
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return c.Env().ParseText(v[0].(string), types.RegClass, -1)
		}
	case !isText(from) || !isText(to):
		return nil
	case from == types.BPChar:
		return text(func(s string) types.Value {
			s = strings.TrimRight(s, " ")
			if to == types.Name {
				return types.CutName(s)
			}
			return s
		})
	case to == types.Name:
		return text(func(s string) types.Value { return types.CutName(s) })
	case to == types.Char:
		return text(func(s string) types.Value { return s[:min(1, len(s))] })
	}
	return text(func(s string) types.Value { return s })
}

func castTime(from, to types.OID) Body {
	day := func(t types.Instant) types.Value {
		switch t {
		case types.InstantInfinity:
			return types.DayInfinity
		case types.InstantMinusInfinity:
			return types.DayMinusInfinity
		}
		return types.Day(floorDiv(int64(t), types.MicrosPerDay))
	}
	clock := func(t types.Instant) types.Value {
		if t.Infinite() {
			return nil
		}
		return types.Clock(int64(t) - floorDiv(int64(t), types.MicrosPerDay)*types.MicrosPerDay)
	}
	instant := func(f func(c *catalog.Call, t types.Instant) types.Value) Body {
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return f(c, v[0].(types.Instant)), nil
		}
	}
	local := func(c *catalog.Call, t types.Instant) types.Instant {
		l, _ := t.Local(c.Location())
		return l
	}
	switch [2]types.OID{from, to} {
	case [2]types.OID{types.TimestampTz, types.Timestamp}:
		return instant(func(c *catalog.Call, t types.Instant) types.Value { return local(c, t) })
	case [2]types.OID{types.TimestampTz, types.Date}:
		return instant(func(c *catalog.Call, t types.Instant) types.Value { return day(local(c, t)) })
	case [2]types.OID{types.TimestampTz, types.Time}:
		return instant(func(c *catalog.Call, t types.Instant) types.Value { return clock(local(c, t)) })
	case [2]types.OID{types.Timestamp, types.TimestampTz}:
		return instant(func(c *catalog.Call, t types.Instant) types.Value { return t.Zoned(c.Location()) })
	case [2]types.OID{types.Timestamp, types.Date}:
		return instant(func(_ *catalog.Call, t types.Instant) types.Value { return day(t) })
	case [2]types.OID{types.Timestamp, types.Time}:
		return instant(func(_ *catalog.Call, t types.Instant) types.Value { return clock(t) })
	case [2]types.OID{types.Date, types.Timestamp}:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return checked(dayInstant(v[0].(types.Day)))
		}
	case [2]types.OID{types.Date, types.TimestampTz}:
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return checked(dayInstant(v[0].(types.Day)).Zoned(c.Location()))
		}
	case [2]types.OID{types.Interval, types.Time}:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			us := v[0].(types.Span).Micros
			return types.Clock(us - floorDiv(us, types.MicrosPerDay)*types.MicrosPerDay), nil
		}
	case [2]types.OID{types.Time, types.Interval}:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return types.Span{Micros: int64(v[0].(types.Clock))}, nil
		}
	case [2]types.OID{types.Xid8, types.Xid}:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return int64(uint32(v[0].(types.FullXid))), nil
		}
	case [2]types.OID{types.Bool, types.Int4}:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if v[0].(bool) {
				return int64(1), nil
			}
			return int64(0), nil
		}
	case [2]types.OID{types.Inet, types.Cidr}:
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) { return masked(v[0]), nil }
	}
	return nil
}
