package types

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// dateReader reads dates and times in ISO 8601's order, as PostgreSQL does
// with DateStyle ISO, MDY. Other ways to write a date are refused.
type dateReader struct {
	in       string
	c        Civil
	hasDate  bool
	hasTime  bool
	zone     *time.Location
	hasZone  bool
	offset   int // seconds east, where zone is nil
	special  string
	overflow bool
}

// read splits s into date, time and zone; false if it is none of them.
func (r *dateReader) read(s string) bool {
	r.in = strings.TrimSpace(s)
	lower := strings.ToLower(r.in)
	switch lower {
	case "infinity", "+infinity", "-infinity", "now", "today", "tomorrow", "yesterday", "epoch":
		r.special = strings.TrimPrefix(lower, "+")
		return true
	}
	bc := false
	if strings.HasSuffix(lower, " bc") {
		bc, r.in = true, strings.TrimSpace(r.in[:len(r.in)-3])
	} else if strings.HasSuffix(lower, " ad") {
		r.in = strings.TrimSpace(r.in[:len(r.in)-3])
	}
	date, rest := r.in, ""
	if i := strings.IndexAny(r.in, " Tt"); i >= 0 {
		date, rest = r.in[:i], strings.TrimSpace(r.in[i+1:])
	}
	if strings.Contains(date, ":") {
		date, rest = "", r.in
	}
	if date != "" && !r.date(date) {
		return false
	}
	if bc {
		r.c.Year = 1 - r.c.Year
	}
	return rest == "" || r.clock(rest)
}

func number(s string, low, high int) (int, bool) {
	if s == "" || len(s) > 7 || !digitsOnly(s) || strings.Contains(s, "_") {
		return 0, false
	}
	n, _ := strconv.Atoi(s)
	return n, n >= low && n <= high
}

func (r *dateReader) date(s string) bool {
	part := strings.Split(s, "-")
	if len(part) == 1 && (len(s) == 8) { // 20240131
		if !digitsOnly(s) {
			return false
		}
		part = []string{s[:4], s[4:6], s[6:]}
	}
	if len(part) != 3 || len(part[0]) < 3 {
		return false
	}
	for _, p := range part {
		if _, ok := number(p, 0, math.MaxInt); !ok {
			return false
		}
	}
	r.c.Year, _ = strconv.Atoi(part[0])
	month, ok1 := number(part[1], 1, 12)
	day, ok2 := number(part[2], 1, 31)
	if !ok1 || !ok2 || r.c.Year == 0 || day > DaysIn(r.c.Year, month) {
		r.overflow = true
		return true
	}
	r.c.Month, r.c.Day, r.hasDate = month, day, true
	return true
}

func (r *dateReader) clock(s string) bool {
	end := strings.IndexFunc(s, func(c rune) bool { return (c < '0' || c > '9') && c != ':' && c != '.' })
	clock, zone := s, ""
	if end >= 0 {
		clock, zone = s[:end], strings.TrimSpace(s[end:])
	}
	part := strings.Split(clock, ":")
	if len(part) < 2 || len(part) > 3 {
		return false
	}
	hour, ok1 := number(part[0], 0, 24)
	minute, ok2 := number(part[1], 0, 59)
	second, ok3 := 0, true
	if len(part) == 3 {
		whole, frac, _ := strings.Cut(part[2], ".")
		second, ok3 = number(whole, 0, 60)
		if frac != "" {
			if !digitsOnly(frac) || len(frac) > 30 {
				return false
			}
			f, _ := strconv.ParseFloat("0."+frac, 64)
			r.c.Micros = int(math.RoundToEven(f * 1e6))
		}
	}
	for _, p := range part[:2] {
		if _, ok := number(p, 0, math.MaxInt); !ok {
			return false
		}
	}
	if !ok1 || !ok2 || !ok3 || hour == 24 && (minute > 0 || second > 0 || r.c.Micros > 0) {
		r.overflow = true
		return true
	}
	r.c.Hour, r.c.Minute, r.c.Second, r.hasTime = hour, minute, second, true
	return zone == "" || r.timeZone(zone)
}

func (r *dateReader) timeZone(s string) bool {
	am := strings.ToLower(s)
	switch {
	case am == "am" || am == "pm":
		if r.c.Hour > 12 {
			r.overflow = true
			return true
		}
		r.c.Hour %= 12
		if am == "pm" {
			r.c.Hour += 12
		}
		return true
	case s[0] == '+' || s[0] == '-':
		offset, ok := parseOffset(s)
		r.offset, r.hasZone = offset, true
		return ok
	}
	loc, ok := FindZone(s)
	r.zone, r.hasZone = loc, true
	return ok
}

// parseOffset reads +hh, +hhmm, +hh:mm and +hh:mm:ss, in seconds east.
func parseOffset(s string) (int, bool) {
	digits := strings.ReplaceAll(s[1:], ":", "")
	if !digitsOnly(digits) || digits == "" || len(digits) > 6 {
		return 0, false
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	n := 0
	for i, unit := 0, 3600; i < len(digits); i, unit = i+2, unit/60 {
		v, _ := strconv.Atoi(digits[i : i+2])
		n += v * unit
	}
	if n >= 16*3600 {
		return 0, false
	}
	if s[0] == '-' {
		n = -n
	}
	return n, true
}

// FindZone finds a time zone by its name.
func FindZone(s string) (*time.Location, bool) {
	switch strings.ToUpper(s) {
	case "Z", "ZULU", "UTC", "GMT", "UT":
		return time.UTC, true
	case "", "LOCAL":
		return nil, false
	}
	loc, err := time.LoadLocation(s)
	return loc, err == nil
}

func dateError(r *dateReader, t OID, s string) error {
	if r.overflow {
		return Errorf(CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s)
	}
	if otherStyle(s) {
		return Errorf(CodeFeatureNotSupported, "this way to write a value of type %s is not supported", name(t)).
			WithHint("Write it as 2024-01-31 13:30:00.")
	}
	return Errorf(CodeInvalidDatetime, "invalid input syntax for type %s: \"%s\"", name(t), s)
}

// otherStyle reports whether a text looks like a date in another of the styles
// that PostgreSQL reads: with a month's name, or with its numbers in another
// order.
func otherStyle(s string) bool {
	if !strings.ContainsAny(s, "0123456789") {
		return false
	}
	numbers := strings.FieldsFunc(s, func(c rune) bool { return c < '0' || c > '9' })
	words := strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return c < 'a' || c > 'z' })
	for _, w := range words {
		for m := time.January; m <= time.December; m++ {
			if len(w) >= 3 && strings.HasPrefix(strings.ToLower(m.String()), w) {
				return true
			}
		}
	}
	return len(words) == 0 && len(numbers) >= 3 && !strings.Contains(s, ":") && strings.ContainsAny(s, "/.")
}

// specialInstant is the meaning of the words that stand for a time, as a
// timestamp without time zone.
func (e *Env) specialInstant(word string) Instant {
	now, _ := InstantOf(e.now()).Local(e.loc())
	midnight := Instant(floorDiv64(int64(now), MicrosPerDay) * MicrosPerDay)
	switch word {
	case "infinity":
		return InstantInfinity
	case "-infinity":
		return InstantMinusInfinity
	case "today":
		return midnight
	case "tomorrow":
		return midnight + MicrosPerDay
	case "yesterday":
		return midnight - MicrosPerDay
	}
	return now
}

func (e *Env) parseInstant(s string, t OID, typmod int32) (Value, error) {
	var r dateReader
	if !r.read(s) || r.overflow {
		return nil, dateError(&r, t, s)
	}
	if r.special != "" {
		return e.specialFor(r.special, t, typmod), nil
	}
	if !r.hasDate {
		return nil, dateError(&r, t, s)
	}
	at := r.c.Instant()
	if t == TimestampTz {
		switch {
		case !r.hasZone:
			at = at.Zoned(e.loc())
		case r.zone != nil:
			at = at.Zoned(r.zone)
		default:
			at -= Instant(r.offset) * MicrosPerSecond
		}
	}
	if r.c.Year > 294276 || r.c.Year < -4713 || !at.Valid() {
		return nil, Errorf(CodeDatetimeOverflow, "timestamp out of range: \"%s\"", s)
	}
	return at.Round(typmod), nil
}

func (e *Env) specialFor(word string, t OID, typmod int32) Value {
	if t != TimestampTz {
		if word == "epoch" {
			return Instant(-946684800 * MicrosPerSecond)
		}
		return e.specialInstant(word).Round(typmod)
	}
	switch word {
	case "epoch":
		return Instant(-946684800 * MicrosPerSecond)
	case "now":
		return InstantOf(e.now()).Round(typmod)
	}
	return e.specialInstant(word).Zoned(e.loc())
}

// Round applies a type modifier: digits of seconds, -1 for all six.
func (t Instant) Round(typmod int32) Instant {
	if typmod < 0 || typmod >= 6 || t.Infinite() {
		return t
	}
	return Instant(roundMicros(int64(t), typmod))
}

func roundMicros(us int64, digits int32) int64 {
	unit := int64(math.Pow10(6 - int(digits)))
	if us >= 0 {
		return (us + unit/2) / unit * unit
	}
	return -((-us + unit/2) / unit * unit)
}

func (e *Env) parseDay(s string) (Value, error) {
	var r dateReader
	if !r.read(s) || r.overflow {
		return nil, dateError(&r, Date, s)
	}
	switch {
	case r.special == "infinity":
		return DayInfinity, nil
	case r.special == "-infinity":
		return DayMinusInfinity, nil
	case r.special == "epoch":
		return Day(DaysOf(1970, 1, 1)), nil
	case r.special != "":
		return Day(floorDiv64(int64(e.specialInstant(r.special)), MicrosPerDay)), nil
	case !r.hasDate:
		return nil, dateError(&r, Date, s)
	}
	days := DaysOf(r.c.Year, r.c.Month, r.c.Day)
	if days < minDay || days >= endDay {
		return nil, Errorf(CodeDatetimeOverflow, "date out of range: \"%s\"", s)
	}
	return Day(days), nil
}

func (e *Env) parseClock(s string, typmod int32) (Value, error) {
	var r dateReader
	if !r.read(s) || r.overflow {
		return nil, dateError(&r, Time, s)
	}
	at := Instant(0)
	switch {
	case r.special == "now":
		at = e.specialInstant("now")
		at -= Instant(floorDiv64(int64(at), MicrosPerDay) * MicrosPerDay)
	case !r.hasTime:
		return nil, dateError(&r, Time, s)
	default:
		at = Instant(r.c.Hour)*MicrosPerHour + Instant(r.c.Minute)*MicrosPerMinute + Instant(r.c.Second)*MicrosPerSecond + Instant(r.c.Micros)
	}
	return Clock(at.Round(typmod)), nil
}
