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
	if _, err := strconv.ParseUint(s, 0, 32); err != nil {
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
		if s == "now" || s == "today" || s == "tomorrow" || s == "yesterday" || !strings.ContainsAny(s, "0123456789") {
			return p.invalid(s, "")
		}
	case checkTargetXID:
		if _, err := strconv.ParseUint(trimSpace(s), 0, 64); err != nil {
			return p.invalid(s, "")
		}
	}
	return nil
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
