package types

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Bits of an interval's field mask (src/include/utils/datetime.h).
const (
	maskMonth  = 1 << 1
	maskYear   = 1 << 2
	maskDay    = 1 << 3
	maskHour   = 1 << 10
	maskMinute = 1 << 11
	maskSecond = 1 << 12
	maskFull   = 0x7fff
)

// spanUnit is what a unit's word means: so many months, days or microseconds.
type spanUnit struct {
	months, days int
	micros       int64
}

func unitOf(word string) (spanUnit, bool) {
	switch strings.ToLower(word) {
	case "microsecond", "microseconds", "us", "usec", "usecs", "microsecon":
		return spanUnit{micros: 1}, true
	case "millisecond", "milliseconds", "ms", "msec", "msecs", "msecond", "mseconds":
		return spanUnit{micros: 1000}, true
	case "second", "seconds", "s", "sec", "secs":
		return spanUnit{micros: MicrosPerSecond}, true
	case "minute", "minutes", "m", "min", "mins":
		return spanUnit{micros: MicrosPerMinute}, true
	case "hour", "hours", "h", "hr", "hrs":
		return spanUnit{micros: MicrosPerHour}, true
	case "day", "days", "d":
		return spanUnit{days: 1}, true
	case "week", "weeks", "w":
		return spanUnit{days: 7}, true
	case "month", "months", "mon", "mons":
		return spanUnit{months: 1}, true
	case "year", "years", "y", "yr", "yrs":
		return spanUnit{months: 12}, true
	case "decade", "decades", "dec", "decs":
		return spanUnit{months: 120}, true
	case "century", "centuries", "c", "cent":
		return spanUnit{months: 1200}, true
	case "millennium", "millennia", "mil", "mils":
		return spanUnit{months: 12000}, true
	}
	return spanUnit{}, false
}

// spanSum adds up the parts of an interval exactly; ok is false after an
// overflow.
type spanSum struct {
	months, days, micros int64
	ok                   bool
}

func (s *spanSum) add(n int64, frac float64, u spanUnit) {
	s.months += mulChecked(n, int64(u.months), &s.ok)
	s.days += mulChecked(n, int64(u.days), &s.ok)
	s.micros = addChecked(s.micros, mulChecked(n, u.micros, &s.ok), &s.ok)
	switch {
	case u.micros > 0:
		s.micros = addChecked(s.micros, int64(math.RoundToEven(frac*float64(u.micros))), &s.ok)
	case u.days > 0:
		days := frac * float64(u.days)
		s.days += int64(days)
		s.micros = addChecked(s.micros, int64(math.RoundToEven((days-math.Trunc(days))*MicrosPerDay)), &s.ok)
	case u.months == 1:
		days := frac * 30
		s.days += int64(days)
		s.micros = addChecked(s.micros, int64(math.RoundToEven((days-math.Trunc(days))*MicrosPerDay)), &s.ok)
	default:
		s.months += int64(math.RoundToEven(frac * float64(u.months)))
	}
}

func mulChecked(a, b int64, ok *bool) int64 {
	if b == 0 || a == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(abs64(a)), uint64(b))
	if hi != 0 || lo > math.MaxInt64 {
		*ok = false
		return 0
	}
	if a < 0 {
		return -int64(lo)
	}
	return int64(lo)
}

func abs64(a int64) int64 {
	if a < 0 {
		return -a
	}
	return a
}

func addChecked(a, b int64, ok *bool) int64 {
	c := a + b
	if (c > a) != (b > 0) && b != 0 {
		*ok = false
	}
	return c
}

// span gives the sum, if it fits.
func (s *spanSum) span() (Span, bool) {
	fits := s.ok && s.months == int64(int32(s.months)) && s.days == int64(int32(s.days))
	return Span{Micros: s.micros, Days: int32(s.days), Months: int32(s.months)}, fits
}

// ParseSpan reads an interval. typmod is interval's modifier, -1 for none.
func ParseSpan(in string, typmod int32) (Span, error) {
	mask, precision := maskFull, int32(0xffff)
	if typmod >= 0 {
		mask, precision = int(typmod>>16&0x7fff), typmod&0xffff
	}
	s := spanReader{sum: spanSum{ok: true}, mask: mask}
	t := strings.TrimSpace(in)
	switch strings.ToLower(t) {
	case "infinity", "+infinity":
		return SpanInfinity, nil
	case "-infinity":
		return SpanMinusInfinity, nil
	}
	read := s.words
	if t != "" && (t[0] == 'P' || t[0] == 'p') {
		read = s.iso
	}
	if t == "" || !read(t) {
		return Span{}, Errorf(CodeInvalidDatetime, "invalid input syntax for type interval: \"%s\"", in)
	}
	out, ok := s.sum.span()
	if !ok {
		return Span{}, Errorf(CodeIntervalOverflow, "interval field value out of range: \"%s\"", in)
	}
	return out.fit(mask, precision), nil
}

// fit cuts an interval to the fields of its type.
func (s Span) fit(mask int, precision int32) Span {
	if s.Infinite() {
		return s
	}
	switch mask {
	case maskFull:
	case maskYear:
		return Span{Months: s.Months / 12 * 12}
	case maskMonth, maskYear | maskMonth:
		return Span{Months: s.Months}
	case maskDay:
		return Span{Months: s.Months, Days: s.Days}
	case maskHour, maskDay | maskHour:
		s.Micros = s.Micros / MicrosPerHour * MicrosPerHour
	case maskMinute, maskHour | maskMinute, maskDay | maskHour | maskMinute:
		s.Micros = s.Micros / MicrosPerMinute * MicrosPerMinute
	}
	if precision < 6 {
		s.Micros = roundMicros(s.Micros, precision)
	}
	return s
}

// Fit applies interval's type modifier.
func (s Span) Fit(typmod int32) Span {
	if typmod < 0 {
		return s
	}
	return s.fit(int(typmod>>16&0x7fff), typmod&0xffff)
}

type spanReader struct {
	sum  spanSum
	mask int
}

// words reads PostgreSQL's own and the standard's way to write intervals.
func (s *spanReader) words(t string) bool {
	fields := strings.Fields(t)
	if fields[0] == "@" {
		fields = fields[1:]
	}
	ago := len(fields) > 1 && strings.EqualFold(fields[len(fields)-1], "ago")
	if ago {
		fields = fields[:len(fields)-1]
	}
	if len(fields) == 0 {
		return false
	}
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if strings.Contains(f, ":") {
			if !s.clock(f) {
				return false
			}
			continue
		}
		if y, m, ok := strings.Cut(strings.TrimLeft(f, "+-"), "-"); ok { // years-months
			if !s.yearsMonths(f, y, m) {
				return false
			}
			continue
		}
		end := strings.IndexFunc(f, func(c rune) bool { return (c < '0' || c > '9') && c != '.' && c != '+' && c != '-' })
		if end == 0 {
			return false
		}
		num, word := f, ""
		switch {
		case end > 0:
			num, word = f[:end], f[end:]
		case i+1 < len(fields) && unitWord(fields[i+1]):
			i++
			word = fields[i]
		}
		if !s.quantity(num, word, fields[i+1:]) {
			return false
		}
	}
	if ago {
		s.sum.months, s.sum.days, s.sum.micros = -s.sum.months, -s.sum.days, -s.sum.micros
	}
	return true
}

func unitWord(s string) bool { return s != "" && (s[0]|0x20) >= 'a' && (s[0]|0x20) <= 'z' }

// quantity adds a number with its unit; without one, a number before a time
// is days, at the end what the interval's fields say.
func (s *spanReader) quantity(num, word string, rest []string) bool {
	n, frac, ok := splitNumber(num)
	if !ok {
		return false
	}
	unit, known := unitOf(word)
	switch {
	case word != "":
	case len(rest) == 0:
		unit, known = s.defaultUnit(), true
	case strings.Contains(rest[0], ":") || len(rest) == 1 && s.defaultUnit().micros == MicrosPerHour:
		unit, known = spanUnit{days: 1}, true
	}
	if known {
		s.sum.add(n, frac, unit)
	}
	return known
}

func (s *spanReader) defaultUnit() spanUnit {
	switch {
	case s.mask == maskFull || s.mask&maskSecond != 0:
		return spanUnit{micros: MicrosPerSecond}
	case s.mask&maskMinute != 0:
		return spanUnit{micros: MicrosPerMinute}
	case s.mask&maskHour != 0:
		return spanUnit{micros: MicrosPerHour}
	case s.mask&maskDay != 0:
		return spanUnit{days: 1}
	case s.mask&maskMonth != 0:
		return spanUnit{months: 1}
	}
	return spanUnit{months: 12}
}

// splitNumber reads a decimal number as a whole and a fraction of one sign.
func splitNumber(s string) (int64, float64, bool) {
	sign := s != "" && s[0] == '-'
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 {
		return 0, 0, false
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if whole+frac == "" || !digitsOnly(whole) || !digitsOnly(frac) || strings.Contains(digits, "_") || len(frac) > 30 {
		return 0, 0, false
	}
	n, err := int64(0), error(nil)
	if whole != "" {
		n, err = strconv.ParseInt(whole, 10, 64)
	}
	f, _ := strconv.ParseFloat("0."+frac+"0", 64)
	if sign {
		n, f = -n, -f
	}
	return n, f, err == nil
}

// clock adds hh:mm, hh:mm:ss or, by the fields, mm:ss.
func (s *spanReader) clock(f string) bool {
	sign := int64(1)
	if f[0] == '-' || f[0] == '+' {
		if f[0] == '-' {
			sign = -1
		}
		f = f[1:]
	}
	part := strings.Split(f, ":")
	if len(part) > 3 {
		return false
	}
	units := []int64{MicrosPerHour, MicrosPerMinute, MicrosPerSecond}
	if len(part) == 2 && (s.mask == maskMinute|maskSecond || strings.Contains(part[1], ".")) {
		units = units[1:]
	}
	for i, p := range part {
		n, frac, ok := splitNumber(p)
		if !ok || p[0] == '-' || p[0] == '+' || frac != 0 && i < len(part)-1 || i > 0 && n > 59 && !(n == 60 && units[i] == MicrosPerSecond) {
			return false
		}
		s.sum.add(sign*n, float64(sign)*frac, spanUnit{micros: units[i]})
	}
	return true
}

func (s *spanReader) yearsMonths(f, y, m string) bool {
	years, ok1 := number(y, 0, math.MaxInt32/12)
	months, ok2 := number(m, 0, 11)
	if f[0] == '-' {
		years, months = -years, -months
	}
	s.sum.months += int64(years)*12 + int64(months)
	return ok1 && ok2
}

// iso reads ISO 8601's P1Y2M3DT4H5M6S.
func (s *spanReader) iso(t string) bool {
	clock, any := false, false
	for i := 1; i < len(t); {
		if t[i] == 'T' && !clock {
			clock = true
			i++
			continue
		}
		end := i
		for end < len(t) && strings.IndexByte("0123456789.+-", t[end]) >= 0 {
			end++
		}
		if end == len(t) {
			return false
		}
		n, frac, ok := splitNumber(t[i:end])
		unit, known := isoUnit(t[end], clock)
		if !ok || !known {
			return false
		}
		s.sum.add(n, frac, unit)
		any = true
		i = end + 1
	}
	return any
}

func isoUnit(letter byte, clock bool) (spanUnit, bool) {
	switch {
	case clock && letter == 'H':
		return spanUnit{micros: MicrosPerHour}, true
	case clock && letter == 'M':
		return spanUnit{micros: MicrosPerMinute}, true
	case clock && letter == 'S':
		return spanUnit{micros: MicrosPerSecond}, true
	case clock:
		return spanUnit{}, false
	case letter == 'Y':
		return spanUnit{months: 12}, true
	case letter == 'M':
		return spanUnit{months: 1}, true
	case letter == 'W':
		return spanUnit{days: 7}, true
	case letter == 'D':
		return spanUnit{days: 1}, true
	}
	return spanUnit{}, false
}
