package guc

import (
	"math"
	"strconv"
	"strings"
)

// parse reads text as a value of p, units, range and all.
func (p *Param) parse(text string) (value, *Error) {
	switch p.Type {
	case Bool:
		b, ok := ParseBool(text)
		if !ok {
			return value{}, &Error{SQLSTATE: codeInvalidValue, Message: "parameter " + quote(p.Name) + " requires a Boolean value"}
		}
		if b {
			return value{num: 1}, nil
		}
		return value{}, nil
	case Int:
		return p.parseInt(text)
	case Real:
		return p.parseReal(text)
	case Enum:
		return p.parseEnum(text)
	}
	return p.parseString(text)
}

func (p *Param) invalid(text, hint string) *Error {
	if p.Flags&flagSecret != 0 {
		return &Error{SQLSTATE: codeInvalidValue, Message: "invalid value for parameter " + quote(p.Name), Hint: hint}
	}
	return &Error{SQLSTATE: codeInvalidValue, Hint: hint,
		Message: "invalid value for parameter " + quote(p.Name) + ": " + quote(text)}
}

// ParseBool reads on, off, true, false, yes, no, 1, 0 or an unambiguous beginning of one, in any case.
func ParseBool(s string) (v, ok bool) {
	prefix := func(word string, atLeast int) bool {
		return len(s) >= atLeast && len(s) <= len(word) && compareFold(word[:len(s)], s) == 0
	}
	switch {
	case prefix("true", 1), prefix("yes", 1), prefix("on", 2), s == "1":
		return true, true
	case prefix("false", 1), prefix("no", 1), prefix("off", 2), s == "0":
		return false, true
	}
	return false, false
}

func (p *Param) parseInt(text string) (value, *Error) {
	f, rest, ok := scanInteger(text)
	if !ok {
		return value{}, p.invalid(text, "")
	}
	if f, ok = p.withUnit(f, rest); !ok {
		return value{}, p.invalid(text, p.unitHint())
	}
	f = math.RoundToEven(f)
	if f > maxInt || f < -maxInt-1 {
		return value{}, p.invalid(text, "Value exceeds integer range.")
	}
	if f < p.Min || f > p.Max {
		return value{}, p.outOfRange(f)
	}
	return value{num: uint64(int64(f))}, nil
}

func (p *Param) parseReal(text string) (value, *Error) {
	f, rest, ok := scanFloat(text)
	if !ok {
		return value{}, p.invalid(text, "")
	}
	if f, ok = p.withUnit(f, rest); !ok {
		return value{}, p.invalid(text, p.unitHint())
	}
	if f < p.Min || f > p.Max {
		return value{}, p.outOfRange(f)
	}
	return value{num: math.Float64bits(f)}, nil
}

func (p *Param) unitHint() string {
	if p.Unit == NoUnit {
		return ""
	}
	return p.Unit.hint()
}

func (p *Param) withUnit(f float64, rest string) (float64, bool) {
	rest = trimSpace(rest)
	if rest == "" {
		return f, true
	}
	if p.Unit == NoUnit {
		return 0, false
	}
	return p.Unit.toBase(f, rest)
}

func (p *Param) outOfRange(f float64) *Error {
	unit := p.Unit.String()
	if unit != "" {
		unit = " " + unit
	}
	return &Error{SQLSTATE: codeInvalidValue, Message: p.number(f) + unit + " is outside the valid range for parameter " +
		quote(p.Name) + " (" + p.number(p.Min) + unit + " .. " + p.number(p.Max) + unit + ")"}
}

// number prints a value or a bound without its unit.
func (p *Param) number(f float64) string {
	if p.Type == Int {
		return strconv.FormatInt(int64(f), 10)
	}
	return formatG(f)
}

// formatG prints as C's %g.
func formatG(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

// scanInteger reads a decimal, octal (0…) or hexadecimal (0x…) number, or a decimal one with a fraction or an
// exponent, and gives what follows it.
func scanInteger(s string) (float64, string, bool) {
	t := strings.TrimLeft(s, " \t\n\r\v\f")
	i, neg := 0, false
	if i < len(t) && (t[i] == '-' || t[i] == '+') {
		neg = t[i] == '-'
		i++
	}
	base := 10
	switch {
	case len(t) > i+2 && t[i] == '0' && lower(t[i+1]) == 'x' && digit(t[i+2]) < 16:
		base, i = 16, i+2
	case i < len(t) && t[i] == '0':
		base = 8
	}
	start := i
	var n uint64
	overflow := false
	for ; i < len(t) && digit(t[i]) < base; i++ {
		next := n*uint64(base) + uint64(digit(t[i]))
		overflow = overflow || next > math.MaxInt64 || n > math.MaxInt64/uint64(base)
		n = next
	}
	if overflow || i < len(t) && (t[i] == '.' || lower(t[i]) == 'e') {
		return scanFloat(s)
	}
	if i == start {
		return 0, s, false
	}
	f := float64(n)
	if neg {
		f = -f
	}
	return f, t[i:], true
}

func digit(c byte) int {
	switch c = lower(c); {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return 99
}

// scanFloat reads a decimal floating-point number and gives what follows it.
func scanFloat(s string) (float64, string, bool) {
	t := strings.TrimLeft(s, " \t\n\r\v\f")
	i := 0
	if i < len(t) && (t[i] == '-' || t[i] == '+') {
		i++
	}
	digits := 0
	for ; i < len(t) && digit(t[i]) < 10; i++ {
		digits++
	}
	if i < len(t) && t[i] == '.' {
		for i++; i < len(t) && digit(t[i]) < 10; i++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, s, false
	}
	i += exponentLen(t[i:])
	f, err := strconv.ParseFloat(t[:i], 64)
	return f, t[i:], err == nil
}

// exponentLen is the length of the exponent that s begins with, 0 for none.
func exponentLen(s string) int {
	i := 1
	if s == "" || lower(s[0]) != 'e' {
		return 0
	}
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start := i
	for i < len(s) && digit(s[i]) < 10 {
		i++
	}
	if i == start {
		return 0
	}
	return i
}

func trimSpace(s string) string { return strings.Trim(s, " \t\n\r\v\f") }

func (p *Param) parseEnum(text string) (value, *Error) {
	for _, o := range p.Options {
		if compareFold(o.Name, text) == 0 {
			return value{num: uint64(o.Value)}, nil
		}
	}
	hint := "Available values: "
	sep := ""
	for _, o := range p.Options {
		if !o.Hidden {
			hint += sep + o.Name
			sep = ", "
		}
	}
	return value{}, p.invalid(text, hint+".")
}

func (p *Param) parseString(text string) (value, *Error) {
	if strings.IndexByte(text, 0) >= 0 {
		return value{}, p.invalid(text, "")
	}
	if p.Flags&flagName != 0 {
		text = clip(text)
	}
	return value{str: text}, nil
}
