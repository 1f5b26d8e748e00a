package scram

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./gen

// span is a range of code points, both ends in it.
type span [2]rune

// saslprep prepares a password as RFC 4013 says, for stored strings; ok is false where it may not be a password at all. As
// in PostgreSQL, ASCII is taken as it is, U+200B (in two tables) becomes a space, and what comes out empty is refused
// (pg_saslprep).
func saslprep(password string) (prepared string, ok bool) {
	if isASCII(password) {
		return password, true
	}
	if !utf8.ValidString(password) {
		return "", false
	}
	mapped := make([]rune, 0, len(password))
	for _, r := range password {
		switch {
		case within(mappedToSpace[:], r):
			mapped = append(mapped, ' ')
		case !within(mappedToNothing[:], r):
			mapped = append(mapped, r)
		}
	}
	prepared = norm.NFKC.String(string(mapped))
	return prepared, prepared != "" && allowed([]rune(prepared))
}

// allowed looks for what SASLprep prohibits, and for texts in two directions (RFC 3454, section 6).
func allowed(text []rune) bool {
	left, right := false, false
	for _, r := range text {
		if within(prohibited[:], r) {
			return false
		}
		left = left || within(leftToRight[:], r)
		right = right || within(rightToLeft[:], r)
	}
	return !right || !left && within(rightToLeft[:], text[0]) && within(rightToLeft[:], text[len(text)-1])
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// within looks in spans in ascending order.
func within(spans []span, r rune) bool {
	lo, hi := 0, len(spans)
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < spans[mid][0]:
			hi = mid
		case r > spans[mid][1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}
