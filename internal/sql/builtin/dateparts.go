package builtin

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// unit finds the canonical name of a field of times, "" if there is none.
func unit(s string) string {
	switch u := strings.ToLower(s); u {
	case "microseconds", "microsecond", "us", "usec", "usecs", "useconds", "usecond", "microsecon":
		return "microseconds"
	case "milliseconds", "millisecond", "ms", "msec", "msecs", "mseconds", "msecond", "millisecon":
		return "milliseconds"
	case "second", "seconds", "s", "sec", "secs":
		return "second"
	case "minute", "minutes", "m", "min", "mins":
		return "minute"
	case "hour", "hours", "h", "hr", "hrs":
		return "hour"
	case "day", "days", "d":
		return "day"
	case "week", "weeks", "w":
		return "week"
	case "month", "months", "mon", "mons":
		return "month"
	case "quarter", "qtr":
		return "quarter"
	case "year", "years", "y", "yr", "yrs":
		return "year"
	case "decade", "decades", "dec", "decs":
		return "decade"
	case "century", "centuries", "c", "cent":
		return "century"
	case "millennium", "millennia", "mil", "mils":
		return "millennium"
	case "epoch", "dow", "doy", "isodow", "isoyear", "julian", "timezone", "timezone_hour", "timezone_minute":
		return u
	case "timezone_h":
		return "timezone_hour"
	case "timezone_m":
		return "timezone_minute"
	}
	return ""
}

func unknownUnit(s string, t types.OID) error {
	return types.Errorf(types.CodeInvalidParameter,
		"unit \"%s\" not recognized for type %s", strings.ToLower(s), pgcat.TypeName(t))
}

func unsupportedUnit(s string, t types.OID) error {
	return types.Errorf(types.CodeFeatureNotSupported,
		"unit \"%s\" not supported for type %s", strings.ToLower(s), pgcat.TypeName(t))
}

// micros is a number of microseconds as a numeric with scale digits.
func scaled(n int64, scale int) types.Num { return types.Num{Int: big.NewInt(n), Scale: scale} }

// extract gives a field of a time as a numeric, for extract().
func extract(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	name, t := v[0].(string), in.Args[1]
	u := unit(name)
	if u == "" {
		return nil, unknownUnit(name, t)
	}
	switch x := v[1].(type) {
	case types.Span:
		return extractSpan(x, u, name)
	case types.Clock:
		n, ok := clockField(int64(x), u)
		if u == "epoch" {
			n, ok = scaled(int64(x), 6), true
		}
		if !ok {
			return nil, unsupportedUnit(name, t)
		}
		return n, nil
	case types.Day:
		switch u {
		case "microseconds", "milliseconds", "second", "minute", "hour", "timezone", "timezone_hour", "timezone_minute":
			return nil, unsupportedUnit(name, t)
		}
		if infiniteDay(x) {
			return infiniteField(u, x < 0)
		}
		if u == "epoch" {
			return types.NumInt((int64(x) + 10957) * 86400), nil
		}
		n, ok := dateField(dayInstant(x).Civil(), int64(x), u)
		if !ok {
			return nil, unsupportedUnit(name, t)
		}
		return n, nil
	case types.Instant:
		return extractInstant(c, x, t, u, name)
	}
	return nil, unsupportedUnit(name, t)
}

// infiniteField is a field of an infinite time: infinite for those that grow
// without end, NULL for others.
func infiniteField(u string, minus bool) (types.Value, error) {
	switch u {
	case "year", "decade", "century", "millennium", "epoch", "isoyear", "julian":
		if minus {
			return types.Num{Special: types.NumMinusInf}, nil
		}
		return types.Num{Special: types.NumPlusInf}, nil
	}
	return nil, nil
}

func extractInstant(c *catalog.Call, at types.Instant, t types.OID, u, name string) (types.Value, error) {
	zone := strings.HasPrefix(u, "timezone")
	if zone && t != types.TimestampTz {
		return nil, unsupportedUnit(name, t)
	}
	if at.Infinite() {
		return infiniteField(u, at < 0)
	}
	local, offset := at, 0
	if t == types.TimestampTz {
		local, offset = at.Local(c.Location())
	}
	switch u {
	case "epoch":
		return scaled(int64(at)+946684800*types.MicrosPerSecond, 6), nil
	case "timezone":
		return types.NumInt(int64(offset)), nil
	case "timezone_hour":
		return types.NumInt(int64(offset / 3600)), nil
	case "timezone_minute":
		return types.NumInt(int64(offset / 60 % 60)), nil
	}
	days := floorDiv(int64(local), types.MicrosPerDay)
	us := int64(local) - days*types.MicrosPerDay
	if n, ok := clockField(us, u); ok {
		return n, nil
	}
	if u == "julian" {
		n, err := scaled(us, 6).Div(types.NumInt(86400))
		if err != nil {
			return nil, err
		}
		return orError(n.Add(types.NumInt(days + 2451545)))
	}
	if n, ok := dateField(local.Civil(), days, u); ok {
		return n, nil
	}
	return nil, unsupportedUnit(name, t)
}

func clockField(us int64, u string) (types.Num, bool) {
	switch u {
	case "microseconds":
		return types.NumInt(us % types.MicrosPerMinute), true
	case "milliseconds":
		return scaled(us%types.MicrosPerMinute, 3), true
	case "second":
		return scaled(us%types.MicrosPerMinute, 6), true
	case "minute":
		return types.NumInt(us / types.MicrosPerMinute % 60), true
	case "hour":
		return types.NumInt(us / types.MicrosPerHour), true
	}
	return types.Num{}, false
}

func dateField(c types.Civil, days int64, u string) (types.Num, bool) {
	year := int64(c.Year)
	shown := year // there is no year 0: 1 BC is -1
	if year <= 0 {
		shown = year - 1
	}
	n := int64(0)
	switch u {
	case "day":
		n = int64(c.Day)
	case "month":
		n = int64(c.Month)
	case "quarter":
		n = int64(c.Month-1)/3 + 1
	case "year":
		n = shown
	case "decade":
		n = floorDiv(year, 10)
	case "century":
		n = groupOf(year, 100)
	case "millennium":
		n = groupOf(year, 1000)
	case "dow":
		n = weekday(days) % 7
	case "isodow":
		n = weekday(days)
	case "doy":
		n = days - types.DaysOf(c.Year, 1, 1) + 1
	case "week":
		_, n = isoWeek(days)
	case "isoyear":
		if n, _ = isoWeek(days); n <= 0 {
			n--
		}
	case "julian":
		n = days + 2451545
	default:
		return types.Num{}, false
	}
	return types.NumInt(n), true
}

// groupOf is the century or millennium of a year.
func groupOf(year, size int64) int64 {
	if year > 0 {
		return (year + size - 1) / size
	}
	return -((size - 1 - (year - 1)) / size)
}

// weekday is 1 for Monday to 7; 2000-01-01 was a Saturday.
func weekday(days int64) int64 { return (days+5)%7 + 1 + map[bool]int64{true: 7}[(days+5)%7 < 0] }

// isoWeek gives the year and number of the week a day is in.
func isoWeek(days int64) (year, week int64) {
	thursday := days - weekday(days) + 4
	y, _, _ := types.DateOf(thursday)
	return int64(y), (thursday-types.DaysOf(y, 1, 1))/7 + 1
}

func extractSpan(s types.Span, u, name string) (types.Value, error) {
	if s.Infinite() {
		return nil, types.Errorf(types.CodeFeatureNotSupported, "extract() of an infinite interval is not supported")
	}
	if n, ok := clockField(s.Micros, u); ok {
		return n, nil
	}
	months := int64(s.Months)
	switch u {
	case "day":
		return types.NumInt(int64(s.Days)), nil
	case "month":
		return types.NumInt(months % 12), nil
	case "quarter":
		return types.NumInt(months%12/3 + 1), nil
	case "year":
		return types.NumInt(months / 12), nil
	case "decade":
		return types.NumInt(months / 120), nil
	case "century":
		return types.NumInt(months / 1200), nil
	case "millennium":
		return types.NumInt(months / 12000), nil
	case "epoch":
		// A year is 365.25 days, a month 30.
		secs := big.NewInt(months/12*31557600 + months%12*30*86400 + int64(s.Days)*86400)
		return types.Num{Int: secs.Add(secs.Mul(secs, big.NewInt(types.MicrosPerSecond)), big.NewInt(s.Micros)), Scale: 6}, nil
	}
	return nil, unsupportedUnit(name, types.Interval)
}

// datePart is extract as float8.
func datePart(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	n, err := extract(c, in, v)
	if n == nil || err != nil {
		return nil, err
	}
	return n.(types.Num).Float(), nil
}

// truncate cuts a timestamp without time zone to a unit.
func truncate(t types.Instant, name string, typ types.OID) (types.Instant, error) {
	u := unit(name)
	c := t.Civil()
	us := clockMicros(c)
	day := types.Instant(floorDiv(int64(t), types.MicrosPerDay)) * types.MicrosPerDay
	cut := func(n int64) types.Instant { return day + types.Instant(us/n*n) }
	from := func(year, month int) types.Instant { return types.Civil{Year: year, Month: month, Day: 1}.Instant() }
	switch u {
	case "":
		return 0, unknownUnit(name, typ)
	case "microseconds":
		return t, nil
	case "milliseconds":
		return cut(1000), nil
	case "second":
		return cut(types.MicrosPerSecond), nil
	case "minute":
		return cut(types.MicrosPerMinute), nil
	case "hour":
		return cut(types.MicrosPerHour), nil
	case "day":
		return day, nil
	case "week":
		days := int64(day) / types.MicrosPerDay
		return types.Instant(days-weekday(days)+1) * types.MicrosPerDay, nil
	case "month":
		return from(c.Year, c.Month), nil
	case "quarter":
		return from(c.Year, (c.Month-1)/3*3+1), nil
	case "year":
		return from(c.Year, 1), nil
	}
	if c.Year > 0 {
		switch u {
		case "decade":
			return from(c.Year/10*10, 1), nil
		case "century":
			return from((c.Year+99)/100*100-99, 1), nil
		case "millennium":
			return from((c.Year+999)/1000*1000-999, 1), nil
		}
	}
	return 0, unsupportedUnit(name, typ)
}

func dateTrunc(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	name := v[0].(string)
	switch x := v[1].(type) {
	case types.Instant:
		if x.Infinite() {
			return x, nil
		}
		if in.Args[1] == types.Timestamp {
			return orError(truncate(x, name, types.Timestamp))
		}
		loc := c.Location()
		if len(v) > 2 {
			var err error
			if loc, err = zone(v[2].(string)); err != nil {
				return nil, err
			}
		}
		return truncateZoned(x, name, loc)
	case types.Span:
		return orError(truncateSpan(x, name))
	}
	return nil, unsupportedUnit(name, in.Args[1])
}

func truncateZoned(t types.Instant, name string, loc *time.Location) (types.Value, error) {
	local, offset := t.Local(loc)
	cut, err := truncate(local, name, types.TimestampTz)
	if err != nil {
		return nil, err
	}
	// Within a day the offset stays, so that an hour that is shown twice is
	// not mixed up with the other.
	switch unit(name) {
	case "microseconds", "milliseconds", "second", "minute", "hour":
		return cut - types.Instant(offset)*types.MicrosPerSecond, nil
	}
	return cut.Zoned(loc), nil
}

func truncateSpan(s types.Span, name string) (types.Span, error) {
	months := func(n int32) (types.Span, error) { return types.Span{Months: s.Months / n * n}, nil }
	cut := func(n int64) (types.Span, error) {
		return types.Span{Micros: s.Micros / n * n, Days: s.Days, Months: s.Months}, nil
	}
	switch unit(name) {
	case "":
		return s, unknownUnit(name, types.Interval)
	case "microseconds":
		return s, nil
	case "milliseconds":
		return cut(1000)
	case "second":
		return cut(types.MicrosPerSecond)
	case "minute":
		return cut(types.MicrosPerMinute)
	case "hour":
		return cut(types.MicrosPerHour)
	case "day":
		return types.Span{Days: s.Days, Months: s.Months}, nil
	case "month":
		return months(1)
	case "quarter":
		return months(3)
	case "year":
		return months(12)
	case "decade":
		return months(120)
	case "century":
		return months(1200)
	case "millennium":
		return months(12000)
	}
	return s, unsupportedUnit(name, types.Interval)
}

// zone finds a time zone for AT TIME ZONE.
func zone(name string) (*time.Location, error) {
	if loc, ok := types.FindZone(name); ok {
		return loc, nil
	}
	if strings.ContainsAny(name, "+-<0123456789") {
		return nil, types.Errorf(types.CodeFeatureNotSupported, "a POSIX time zone is not supported")
	}
	return nil, types.Errorf(types.CodeInvalidParameter, "time zone \"%s\" not recognized", name)
}

func atZone(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	var loc *time.Location
	at, ok := v[len(v)-1].(types.Instant)
	if !ok {
		return nil, types.Errorf(types.CodeFeatureNotSupported, "AT TIME ZONE of this type is not supported")
	}
	switch z := v[0].(type) {
	case string:
		var err error
		if loc, err = zone(z); err != nil {
			return nil, err
		}
	case types.Span:
		if z.Months != 0 || z.Days != 0 || z.Infinite() {
			return nil, types.Errorf(types.CodeInvalidParameter, "interval time zone \"%s\" must not include months or days", z)
		}
		loc = time.FixedZone("", int(z.Micros/types.MicrosPerSecond))
	default:
		loc = c.Location()
	}
	if in.Result == types.Timestamp {
		local, _ := at.Local(loc)
		return local, nil
	}
	return checked(at.Zoned(loc))
}

// toTimestamp is to_timestamp(double precision).
func toTimestamp(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	s := v[0].(float64)
	switch {
	case math.IsNaN(s):
		return nil, types.Errorf(types.CodeDatetimeOverflow, "timestamp cannot be NaN")
	case math.IsInf(s, 1):
		return types.InstantInfinity, nil
	case math.IsInf(s, -1):
		return types.InstantMinusInfinity, nil
	}
	us := (s - 946684800) * 1e6
	if us < -211813488000000000 || us >= 9223371331200000000 {
		return nil, types.Errorf(types.CodeDatetimeOverflow, "timestamp out of range: \"%s\"", strconv.FormatFloat(s, 'g', -1, 64))
	}
	return checked(types.Instant(math.RoundToEven(us)))
}

func dateParts(source string) Body {
	switch source {
	case "extract_timestamptz", "extract_timestamp", "extract_date", "extract_interval", "extract_time":
		return extract
	case "timestamptz_part", "timestamp_part", "interval_part", "time_part", "date_part":
		return datePart
	case "timestamptz_trunc", "timestamp_trunc", "interval_trunc", "timestamptz_trunc_zone":
		return dateTrunc
	case "timestamptz_zone", "timestamp_zone", "timestamptz_izone", "timestamp_izone":
		return atZone
	case "float8_timestamptz":
		return toTimestamp
	case "timestamp_age", "timestamptz_age":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			a, b := v[0].(types.Instant), v[1].(types.Instant)
			if in.Args[0] == types.TimestampTz {
				a, _ = a.Local(c.Location())
				b, _ = b.Local(c.Location())
			}
			return age(a, b)
		}
	case "age": // of one argument: since midnight of today
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			at, ok := v[0].(types.Instant)
			if !ok || len(v) != 1 {
				return nil, types.Errorf(types.CodeFeatureNotSupported, "age() of this type is not supported")
			}
			if in.Args[0] == types.TimestampTz {
				at, _ = at.Local(c.Location())
			}
			today, _ := types.InstantOf(c.Session.TransactionStart()).Local(c.Location())
			return age(types.Instant(floorDiv(int64(today), types.MicrosPerDay))*types.MicrosPerDay, at)
		}
	case "make_interval":
		return makeInterval
	case "timestamptz_finite", "timestamp_finite":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return !v[0].(types.Instant).Infinite(), nil
		}
	}
	return nil
}

func makeInterval(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	months := v[0].(int64)*12 + v[1].(int64)
	days := v[2].(int64)*7 + v[3].(int64)
	secs := v[6].(float64) * 1e6
	us := v[4].(int64)*types.MicrosPerHour + v[5].(int64)*types.MicrosPerMinute
	if !fits32(months) || !fits32(days) || secs != secs || secs > 9e18 || secs < -9e18 {
		return nil, intervalRange()
	}
	return types.Span{Months: int32(months), Days: int32(days), Micros: us + int64(math.RoundToEven(secs))}, nil
}
