package types

import (
	"strconv"
	"time"
)

func pad(buf []byte, n, width int) []byte {
	for limit := 10; width > 1; width-- {
		l := limit
		for i := 2; i < width; i++ {
			l *= 10
		}
		if n >= l {
			break
		}
		buf = append(buf, '0')
	}
	return strconv.AppendInt(buf, int64(n), 10)
}

// appendFraction writes microseconds after a point, without zeros at the end.
func appendFraction(buf []byte, micros int) []byte {
	if micros == 0 {
		return buf
	}
	buf = append(buf, '.')
	buf = pad(buf, micros, 6)
	for buf[len(buf)-1] == '0' {
		buf = buf[:len(buf)-1]
	}
	return buf
}

func appendDate(buf []byte, year, month, day int) []byte {
	if year <= 0 {
		year = 1 - year
	}
	buf = append(pad(buf, year, 4), '-')
	buf = append(pad(buf, month, 2), '-')
	return pad(buf, day, 2)
}

func appendClock(buf []byte, hour, minute, second, micros int) []byte {
	buf = append(pad(buf, hour, 2), ':')
	buf = append(pad(buf, minute, 2), ':')
	return appendFraction(pad(buf, second, 2), micros)
}

func appendBC(buf []byte, year int) []byte {
	if year <= 0 {
		buf = append(buf, " BC"...)
	}
	return buf
}

func appendInfinity(buf []byte, minus bool) []byte {
	if minus {
		buf = append(buf, '-')
	}
	return append(buf, "infinity"...)
}

func appendDay(buf []byte, d Day) []byte {
	if d == DayInfinity || d == DayMinusInfinity {
		return appendInfinity(buf, d < 0)
	}
	y, m, day := DateOf(int64(d))
	return appendBC(appendDate(buf, y, m, day), y)
}

func appendTimestamp(buf []byte, t Instant) []byte {
	if t.Infinite() {
		return appendInfinity(buf, t < 0)
	}
	c := t.Civil()
	buf = append(appendDate(buf, c.Year, c.Month, c.Day), ' ')
	return appendBC(appendClock(buf, c.Hour, c.Minute, c.Second, c.Micros), c.Year)
}

func appendTimestampTz(buf []byte, t Instant, loc *time.Location) []byte {
	if t.Infinite() {
		return appendInfinity(buf, t < 0)
	}
	local, offset := t.Local(loc)
	c := local.Civil()
	buf = append(appendDate(buf, c.Year, c.Month, c.Day), ' ')
	buf = appendClock(buf, c.Hour, c.Minute, c.Second, c.Micros)
	return appendBC(appendOffset(buf, offset), c.Year)
}

func appendOffset(buf []byte, offset int) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	buf = pad(append(buf, sign), offset/3600, 2)
	if offset%3600 != 0 {
		buf = pad(append(buf, ':'), offset/60%60, 2)
	}
	if offset%60 != 0 {
		buf = pad(append(buf, ':'), offset%60, 2)
	}
	return buf
}

func appendTime(buf []byte, t Clock) []byte {
	return appendClock(buf, int(t/MicrosPerHour), int(t/MicrosPerMinute%60), int(t/MicrosPerSecond%60), int(t%MicrosPerSecond))
}

// appendSpan writes an interval in the style postgres.
func appendSpan(buf []byte, s Span) []byte {
	if s.Infinite() {
		return appendInfinity(buf, s.Micros < 0)
	}
	start, negative := len(buf), false
	part := func(n int, unit string) {
		if n == 0 {
			return
		}
		if len(buf) > start {
			buf = append(buf, ' ')
		}
		if negative && n > 0 {
			buf = append(buf, '+')
		}
		buf = append(append(strconv.AppendInt(buf, int64(n), 10), ' '), unit...)
		if n != 1 {
			buf = append(buf, 's')
		}
		negative = n < 0
	}
	part(int(s.Months)/12, "year")
	part(int(s.Months)%12, "mon")
	part(int(s.Days), "day")
	if s.Micros == 0 && len(buf) > start {
		return buf
	}
	if len(buf) > start {
		buf = append(buf, ' ')
	}
	us := uint64(s.Micros)
	if s.Micros < 0 {
		us = -us
		buf = append(buf, '-')
	} else if negative {
		buf = append(buf, '+')
	}
	return appendClock(buf, int(us/MicrosPerHour), int(us/MicrosPerMinute%60), int(us/MicrosPerSecond%60), int(us%MicrosPerSecond))
}

// String is an interval as its output function writes it.
func (s Span) String() string { return string(appendSpan(nil, s)) }
