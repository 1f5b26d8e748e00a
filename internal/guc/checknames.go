package guc

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxNameLen is NAMEDATALEN less its terminating zero byte.
const maxNameLen = 63

// clip cuts a name to what PostgreSQL keeps of it, between characters.
func clip(s string) string {
	if len(s) <= maxNameLen {
		return s
	}
	n := maxNameLen
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// printable shows bytes beyond printable ASCII by their numbers, as PostgreSQL does since 16.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < 32 || r > 126 }) < 0 {
		return s
	}
	const hex = "0123456789abcdef"
	var b []byte
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 32 || c > 126 {
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// slotNameFault says what is wrong with a slot's name, "" for nothing.
func slotNameFault(s string) (detail, hint string) {
	switch {
	case s == "":
		return "replication slot name " + quote(s) + " is too short", ""
	case len(s) > maxNameLen:
		return "replication slot name " + quote(s) + " is too long", ""
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && !isDigit(c) && c != '_' {
			return "replication slot name " + quote(s) + " contains invalid character",
				"Replication slot names may only contain lower case letters, numbers, and the underscore character."
		}
	}
	return "", ""
}

func (p *Param) checkSlotName(s string) *Error {
	detail, hint := slotNameFault(s)
	if s == "" || detail == "" {
		return nil
	}
	e := p.invalid(s, hint)
	e.Detail = detail
	return e
}

func (p *Param) checkTimeline(s string) *Error {
	if s == "current" || s == "latest" {
		return nil
	}
	if _, ok := leadingNumber(s); !ok {
		return p.refuse(s, quote(p.Name)+" is not a valid number.")
	}
	return nil
}

// checkTarget looks at recovery_target and its like.
func (p *Param) checkTarget(s string) *Error {
	if s == "" {
		return nil
	}
	switch p.check {
	case checkTarget:
		if s != "immediate" {
			return p.refuse(s, `The only allowed value is "immediate".`)
		}
	case checkTargetName:
		if len(s) > maxNameLen {
			return p.refuse(s, quote(p.Name)+" is too long (maximum 63 characters).")
		}
	case checkTargetLSN:
		hi, lo, ok := strings.Cut(s, "/")
		if !ok || !isHex8(hi) || !isHex8(lo) {
			return p.invalid(s, "")
		}
	case checkTargetTime:
		if !looksLikeTime(s) {
			return p.invalid(s, "")
		}
	case checkTargetXID:
		if _, ok := leadingNumber(s); !ok {
			return p.invalid(s, "")
		}
	}
	return nil
}

// TargetTimeline is the timeline that a value of recovery_target_timeline names, 0 for none.
func TargetTimeline(text string) uint32 {
	n, _ := leadingNumber(text)
	return uint32(n)
}

// leadingNumber reads a number as strtoul(3) does with the base 0: what follows it is left out, and none is 0. It fails
// where the number is too large.
func leadingNumber(s string) (n uint64, ok bool) {
	s = trimLeft(s)
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	base, digit := 10, isDigit
	switch {
	case len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") && isHex(s[2]):
		base, digit, s = 16, isHex, s[2:]
	case s != "" && s[0] == '0':
		base, digit = 8, func(c byte) bool { return c >= '0' && c <= '7' }
	}
	s = s[:span(s, digit)]
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil
}

// monthNames are what the month of a date may begin with.
const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec"

// looksLikeTime says whether s can be a point in time: there must be a date, and no word that is no month, zone or the like.
// Whether there is such a day is not looked at: nothing is ever recovered up to it.
func looksLikeTime(s string) bool {
	date := false
	for rest := s; rest != ""; {
		n := span(rest, isAlpha)
		if n == 0 {
			digits := span(rest, isDigit)
			after := rest[digits:]
			date = date || digits >= 6 || digits > 0 && len(after) > 1 && strings.IndexByte("-/.", after[0]) >= 0
			rest = rest[max(digits, 1):]
			continue
		}
		word := strings.ToLower(rest[:n])
		month := n >= 3 && strings.Contains(monthNames, word[:3])
		switch word {
		case "now", "today", "epoch", "allballs", "infinity":
			return false
		}
		if !month && n > 5 && !strings.Contains(s, "/") { // a zone's name has a slash, its abbreviation few letters
			return false
		}
		date = date || month
		rest = rest[n:]
	}
	return date
}

func isHex8(s string) bool { return len(s) >= 1 && len(s) <= 8 && span(s, isHex) == len(s) }

// stackLimit is the largest max_stack_depth that the platform allows, kB.
func stackLimit() int64 {
	const reserve = 512 << 10
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_STACK, &r) != nil || r.Cur > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return (int64(r.Cur) - reserve) >> 10
}
