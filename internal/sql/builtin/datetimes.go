package builtin

import (
	"math"
	"time"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func timestampRange() error {
	return types.Errorf(types.CodeDatetimeOverflow, "timestamp out of range")
}

func intervalRange() error {
	return types.Errorf(types.CodeDatetimeOverflow, "interval out of range")
}

// checked refuses a timestamp that is out of range.
func checked(t types.Instant) (types.Value, error) {
	if !t.Infinite() && !t.Valid() {
		return nil, timestampRange()
	}
	return t, nil
}

func fits32(n int64) bool { return n == int64(int32(n)) }

func addSpans(a, b types.Span) (types.Span, error) {
	if a.Infinite() || b.Infinite() {
		switch {
		case !a.Infinite() || a == b:
			return b, nil
		case !b.Infinite():
			return a, nil
		}
		return types.Span{}, intervalRange()
	}
	sum := types.Span{Micros: a.Micros + b.Micros, Days: a.Days + b.Days, Months: a.Months + b.Months}
	if (sum.Micros < a.Micros) != (b.Micros < 0) || !fits32(int64(a.Days)+int64(b.Days)) || !fits32(int64(a.Months)+int64(b.Months)) {
		return types.Span{}, intervalRange()
	}
	return sum, nil
}

func negSpan(s types.Span) (types.Span, error) {
	switch {
	case s == types.SpanInfinity:
		return types.SpanMinusInfinity, nil
	case s == types.SpanMinusInfinity:
		return types.SpanInfinity, nil
	case s.Micros == math.MinInt64 || s.Days == math.MinInt32 || s.Months == math.MinInt32:
		return types.Span{}, intervalRange()
	}
	return types.Span{Micros: -s.Micros, Days: -s.Days, Months: -s.Months}, nil
}

// scaleSpan is interval × or / float: fractions of months become days, of
// days time.
func scaleSpan(s types.Span, by, divisor float64, divide bool) (types.Span, error) {
	op := func(x float64) float64 {
		if divide {
			return x / divisor
		}
		return x * by
	}
	if s.Infinite() {
		return types.Span{}, types.Errorf(types.CodeFeatureNotSupported, "arithmetic with an infinite interval is not supported")
	}
	months := op(float64(s.Months))
	days := op(float64(s.Days))
	if math.IsNaN(months) || math.Abs(months) > math.MaxInt32 || math.Abs(days) > math.MaxInt32 {
		return types.Span{}, intervalRange()
	}
	out := types.Span{Months: int32(months), Days: int32(days)}
	// What is left of the months, in days, with the noise of floats cut off.
	monthDays := round6((months - float64(out.Months)) * 30)
	seconds := round6((days - float64(out.Days) + monthDays - math.Trunc(monthDays)) * 86400)
	if math.Abs(seconds) >= 86400 {
		out.Days += int32(seconds / 86400)
		seconds -= math.Trunc(seconds/86400) * 86400
	}
	out.Days += int32(monthDays)
	us := math.RoundToEven(op(float64(s.Micros)) + seconds*1e6)
	if math.IsNaN(us) || math.Abs(us) >= math.MaxInt64 {
		return types.Span{}, intervalRange()
	}
	out.Micros = int64(us)
	return out, nil
}

func round6(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }

// moveLocal adds an interval to a timestamp without time zone.
func moveLocal(t types.Instant, s types.Span) (types.Value, error) {
	if t.Infinite() || s.Infinite() {
		return moveInfinite(t, s)
	}
	if s.Months != 0 {
		t = t.AddMonths(int(s.Months))
	}
	t += types.Instant(s.Days) * types.MicrosPerDay
	sum := t + types.Instant(s.Micros)
	if (sum < t) != (s.Micros < 0) {
		return nil, timestampRange()
	}
	return checked(sum)
}

func moveInfinite(t types.Instant, s types.Span) (types.Value, error) {
	if !s.Infinite() {
		return t, nil
	}
	to := types.InstantInfinity
	if s == types.SpanMinusInfinity {
		to = types.InstantMinusInfinity
	}
	if t.Infinite() && t != to {
		return nil, timestampRange()
	}
	return to, nil
}

// moveZoned adds an interval to a timestamptz: months and days by the clocks
// of the zone, the rest by the time that passes.
func moveZoned(t types.Instant, s types.Span, loc *time.Location) (types.Value, error) {
	if t.Infinite() || s.Infinite() {
		return moveInfinite(t, s)
	}
	if s.Months != 0 {
		l, _ := t.Local(loc)
		t = l.AddMonths(int(s.Months)).Zoned(loc)
	}
	if s.Days != 0 {
		l, _ := t.Local(loc)
		t = (l + types.Instant(s.Days)*types.MicrosPerDay).Zoned(loc)
	}
	return moveLocal(t, types.Span{Micros: s.Micros})
}

func move(zoned, back bool) Body {
	return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		t, isTime := v[0].(types.Instant)
		s, _ := v[1].(types.Span)
		if !isTime {
			t, s = v[1].(types.Instant), v[0].(types.Span)
		}
		if back {
			var err error
			if s, err = negSpan(s); err != nil {
				return nil, err
			}
		}
		if zoned {
			return moveZoned(t, s, c.Location())
		}
		return moveLocal(t, s)
	}
}

// difference is timestamp - timestamp: days and time.
func difference(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	a, b := v[0].(types.Instant), v[1].(types.Instant)
	if a.Infinite() || b.Infinite() {
		if a == b {
			return nil, intervalRange()
		}
		if a > b {
			return types.SpanInfinity, nil
		}
		return types.SpanMinusInfinity, nil
	}
	us := int64(a) - int64(b)
	if (us > int64(a)) != (b < 0) && b != 0 {
		return nil, intervalRange()
	}
	return justifyHours(types.Span{Micros: us}), nil
}

func justifyHours(s types.Span) types.Span {
	if s.Infinite() {
		return s
	}
	whole := s.Micros / types.MicrosPerDay
	s.Micros -= whole * types.MicrosPerDay
	s.Days += int32(whole)
	if s.Days > 0 && s.Micros < 0 {
		s.Micros += types.MicrosPerDay
		s.Days--
	} else if s.Days < 0 && s.Micros > 0 {
		s.Micros -= types.MicrosPerDay
		s.Days++
	}
	return s
}

func justifyDays(s types.Span) types.Span {
	whole := s.Days / 30
	s.Days -= whole * 30
	s.Months += whole
	if s.Months > 0 && s.Days < 0 {
		s.Days += 30
		s.Months--
	} else if s.Months < 0 && s.Days > 0 {
		s.Days -= 30
		s.Months++
	}
	return s
}

// age is the difference in years, months, days and time.
func age(a, b types.Instant) (types.Value, error) {
	if a.Infinite() || b.Infinite() {
		return difference(nil, nil, []types.Value{a, b})
	}
	sign := int64(1)
	later, earlier := a, b
	if a < b {
		sign, later, earlier = -1, b, a
	}
	x, y := later.Civil(), earlier.Civil()
	months := (x.Year-y.Year)*12 + x.Month - y.Month
	days := x.Day - y.Day
	us := clockMicros(x) - clockMicros(y)
	if us < 0 {
		us += types.MicrosPerDay
		days--
	}
	if days < 0 {
		days += types.DaysIn(y.Year, y.Month)
		months--
	}
	return types.Span{Micros: sign * us, Days: int32(sign) * int32(days), Months: int32(sign) * int32(months)}, nil
}

func clockMicros(c types.Civil) int64 {
	return int64(c.Hour)*types.MicrosPerHour + int64(c.Minute)*types.MicrosPerMinute + int64(c.Second)*types.MicrosPerSecond + int64(c.Micros)
}

func moment(f func(c *catalog.Call) types.Value) Body {
	return func(c *catalog.Call, _ *Info, _ []types.Value) (types.Value, error) { return f(c), nil }
}

func datetimes(source string) Body {
	switch source {
	case "now", "transaction_timestamp":
		return moment(func(c *catalog.Call) types.Value { return types.FromTime(c.Session.TransactionStart()) })
	case "statement_timestamp":
		return moment(func(c *catalog.Call) types.Value { return types.FromTime(c.Session.StatementStart()) })
	case "clock_timestamp":
		return moment(func(*catalog.Call) types.Value { return types.FromTime(time.Now()) })
	case "localtimestamp", "current_date", "localtime":
		return moment(func(c *catalog.Call) types.Value {
			l, _ := types.InstantOf(c.Session.TransactionStart()).Local(c.Location())
			days := floorDiv(int64(l), types.MicrosPerDay)
			switch source {
			case "current_date":
				return types.Day(days)
			case "localtime":
				return types.Clock(int64(l) - days*types.MicrosPerDay)
			}
			return l
		})
	case "timestamp_mi", "timestamptz_mi":
		return difference
	case "timestamp_pl_interval", "interval_pl_timestamp":
		return move(false, false)
	case "timestamptz_pl_interval", "interval_pl_timestamptz":
		return move(true, false)
	case "timestamp_mi_interval":
		return move(false, true)
	case "timestamptz_mi_interval":
		return move(true, true)
	case "interval_pl":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return orError(addSpans(v[0].(types.Span), v[1].(types.Span)))
		}
	case "interval_mi":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			n, err := negSpan(v[1].(types.Span))
			if err != nil {
				return nil, err
			}
			return orError(addSpans(v[0].(types.Span), n))
		}
	case "interval_um":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return orError(negSpan(v[0].(types.Span)))
		}
	case "interval_mul":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return orError(scaleSpan(v[0].(types.Span), v[1].(float64), 0, false))
		}
	case "mul_d_interval":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return orError(scaleSpan(v[1].(types.Span), v[0].(float64), 0, false))
		}
	case "interval_div":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if v[1].(float64) == 0 {
				return nil, types.DivisionByZero()
			}
			return orError(scaleSpan(v[0].(types.Span), 0, v[1].(float64), true))
		}
	case "interval_justify_hours":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return justifyHours(v[0].(types.Span)), nil
		}
	case "interval_justify_days":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return justifyDays(v[0].(types.Span)), nil
		}
	case "interval_justify_interval":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return justifyHours(justifyDays(justifyHours(v[0].(types.Span)))), nil
		}
	case "date_mi":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			a, b := v[0].(types.Day), v[1].(types.Day)
			if infiniteDay(a) || infiniteDay(b) {
				return nil, types.Errorf(types.CodeDatetimeOverflow, "cannot subtract infinite dates")
			}
			return int64(a) - int64(b), nil
		}
	case "date_pli", "date_mii":
		return moveDay(source == "date_mii")
	case "interval_pl_date":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			return moveLocal(dayInstant(v[1].(types.Day)), v[0].(types.Span))
		}
	case "integer_pl_date":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			return moveDay(false)(c, in, []types.Value{v[1], v[0]})
		}
	case "datetime_timestamp":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			at := dayInstant(v[0].(types.Day))
			if !at.Infinite() {
				at += types.Instant(v[1].(types.Clock))
			}
			return checked(at)
		}
	case "time_mi_time":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return types.Span{Micros: int64(v[0].(types.Clock)) - int64(v[1].(types.Clock))}, nil
		}
	case "time_pl_interval", "time_mi_interval":
		return moveClock
	case "date_pl_interval", "date_mi_interval":
		back := source == "date_mi_interval"
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			return move(false, back)(c, in, []types.Value{dayInstant(v[0].(types.Day)), v[1]})
		}
	}
	return nil
}

// moveClock is time + interval and time - interval, around midnight.
func moveClock(_ *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	t, s := int64(v[0].(types.Clock)), v[1].(types.Span)
	if s.Infinite() {
		return nil, types.Errorf(types.CodeDatetimeOverflow, "cannot add infinite interval to time")
	}
	us := s.Micros % types.MicrosPerDay
	if in.Name == "time_mi_interval" {
		us = -us
	}
	t += us
	return types.Clock(t - floorDiv(t, types.MicrosPerDay)*types.MicrosPerDay), nil
}

func infiniteDay(d types.Day) bool { return d == types.DayInfinity || d == types.DayMinusInfinity }

func moveDay(back bool) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		d, n := v[0].(types.Day), v[1].(int64)
		if back {
			n = -n
		}
		if infiniteDay(d) {
			return d, nil
		}
		sum := int64(d) + n
		if sum < -2451545 || sum >= 2145031949 {
			return nil, types.Errorf(types.CodeDatetimeOverflow, "date out of range")
		}
		return types.Day(sum), nil
	}
}
