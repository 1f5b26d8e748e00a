package types

import (
	"math"
	"time"
)

// The infinities of timestamps, dates and intervals.
const (
	InstantInfinity      Instant = math.MaxInt64
	InstantMinusInfinity Instant = math.MinInt64
	DayInfinity          Day     = math.MaxInt32
	DayMinusInfinity     Day     = math.MinInt32
)

// The infinities of interval.
var (
	SpanInfinity      = Span{math.MaxInt64, math.MaxInt32, math.MaxInt32}
	SpanMinusInfinity = Span{math.MinInt64, math.MinInt32, math.MinInt32}
)

// Units of time in microseconds.
const (
	MicrosPerSecond = 1_000_000
	MicrosPerMinute = 60 * MicrosPerSecond
	MicrosPerHour   = 60 * MicrosPerMinute
	MicrosPerDay    = 24 * MicrosPerHour
)

// The bounds of timestamps: 4713-11-24 BC and, exclusive, 294277-01-01.
const (
	minInstant Instant = -211813488000000000
	endInstant Instant = 9223371331200000000
	minDay             = -2451545
	endDay             = 2145031949
)

// Infinite reports whether t is one of the infinities.
func (t Instant) Infinite() bool { return t == InstantInfinity || t == InstantMinusInfinity }

// Valid reports whether t is within the bounds of timestamps.
func (t Instant) Valid() bool { return t >= minInstant && t < endInstant }

// Infinite reports whether s is one of the infinities.
func (s Span) Infinite() bool { return s == SpanInfinity || s == SpanMinusInfinity }

// Civil is a date and time of day as calendars have them. Year 0 is 1 BC.
type Civil struct {
	Year, Month, Day     int
	Hour, Minute, Second int
	Micros               int
}

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// DaysOf counts the days from 2000-01-01 to a date of the Gregorian calendar.
func DaysOf(year, month, day int) int64 {
	// Count from 1 March of year 0, where leap days are the last of a year.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + floorDiv64(y, 4) - floorDiv64(y, 100) + floorDiv64(y, 400) + (153*(m-3)+2)/5 + int64(day) - 1 - 730425
}

// DateOf is the inverse of DaysOf.
func DateOf(days int64) (year, month, day int) {
	z := days + 730425
	era := floorDiv64(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	y := yoe + era*400
	if month > 12 {
		month -= 12
		y++
	}
	return int(y), month, day
}

// DaysIn is the number of days of a month.
func DaysIn(year, month int) int {
	return int(DaysOf(year+month/12, month%12+1, 1) - DaysOf(year, month, 1))
}

// Civil splits a timestamp without time zone.
func (t Instant) Civil() Civil {
	days := floorDiv64(int64(t), MicrosPerDay)
	rest := int64(t) - days*MicrosPerDay
	c := Civil{
		Hour: int(rest / MicrosPerHour), Minute: int(rest / MicrosPerMinute % 60),
		Second: int(rest / MicrosPerSecond % 60), Micros: int(rest % MicrosPerSecond),
	}
	c.Year, c.Month, c.Day = DateOf(days)
	return c
}

// Instant joins the parts to a timestamp without time zone.
func (c Civil) Instant() Instant {
	return Instant(DaysOf(c.Year, c.Month, c.Day)*MicrosPerDay + int64(c.Hour)*MicrosPerHour +
		int64(c.Minute)*MicrosPerMinute + int64(c.Second)*MicrosPerSecond + int64(c.Micros))
}

// Time is the instant as a time.Time in UTC.
func (t Instant) Time() time.Time {
	s := floorDiv64(int64(t), MicrosPerSecond)
	return time.Unix(s+epoch.Unix(), (int64(t)-s*MicrosPerSecond)*1000).UTC()
}

// Local turns an instant into the timestamp without time zone that clocks of
// loc show then, and tells the zone's offset in seconds.
func (t Instant) Local(loc *time.Location) (Instant, int) {
	if t.Infinite() {
		return t, 0
	}
	_, offset := t.Time().In(loc).Zone()
	return t + Instant(offset)*MicrosPerSecond, offset
}

// Zoned is the inverse of Local. Where clocks show a time twice, or never,
// the offset before the change counts, as in PostgreSQL.
func (t Instant) Zoned(loc *time.Location) Instant {
	if t.Infinite() {
		return t
	}
	// The offsets a day before and after bracket any change at t.
	_, before := (t - MicrosPerDay).Time().In(loc).Zone()
	_, after := (t + MicrosPerDay).Time().In(loc).Zone()
	first, second := t-Instant(before)*MicrosPerSecond, t-Instant(after)*MicrosPerSecond
	_, atFirst := first.Time().In(loc).Zone()
	_, atSecond := second.Time().In(loc).Zone()
	switch {
	case before == after || atFirst == before && atSecond != after:
		return first
	case atSecond == after && atFirst != before:
		return second
	case atFirst == before && atSecond == after:
		// Shown twice: PostgreSQL takes standard time, the later reading.
		return max(first, second)
	}
	return first
}

// AddMonths moves a timestamp without time zone by months; a day that the
// month does not have becomes its last.
func (t Instant) AddMonths(months int) Instant {
	c := t.Civil()
	m := c.Year*12 + c.Month - 1 + months
	c.Year, c.Month = floorDiv(m, 12), m-floorDiv(m, 12)*12+1
	c.Day = min(c.Day, DaysIn(c.Year, c.Month))
	return c.Instant()
}
