package guc

import "strings"

// token is the kind of a piece of a configuration file (guc-file.l's GUC_… tokens).
type token uint8

const (
	tokEOF token = iota
	tokEOL
	tokID
	tokQualifiedID
	tokString
	tokNumber // an integer with or without unit letters, or a real
	tokEquals
	tokWord // GUC_UNQUOTED_STRING
	tokError
)

// scanner cuts a file's text into tokens. line is the line of the token last given.
type scanner struct {
	text string
	pos  int
	line int
	next int // line of what follows
}

func newScanner(text string) *scanner { return &scanner{text: text, line: 1, next: 1} }

// scan gives the next token and its text.
func (s *scanner) scan() (token, string) {
	s.skipBlank()
	s.line = s.next
	if s.pos == len(s.text) {
		return tokEOF, ""
	}
	rest := s.text[s.pos:]
	kind, n := tokError, 1
	switch c := rest[0]; {
	case c == '\n':
		kind = tokEOL
		s.next++
	case c == '=':
		kind = tokEquals
	case c == '\'':
		if l := stringLen(rest); l > 0 {
			kind, n = tokString, l
		}
	case isLetter(c):
		kind, n = wordToken(rest)
	default:
		if l := numberLen(rest); l > 0 {
			kind, n = tokNumber, l
		}
	}
	s.pos += n
	return kind, rest[:n]
}

// skipBlank passes white space and comments, up to a line's end.
func (s *scanner) skipBlank() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r':
			s.pos++
		case '#':
			s.skipLine()
		default:
			return
		}
	}
}

// skipLine passes everything before the next line's end.
func (s *scanner) skipLine() {
	if i := strings.IndexByte(s.text[s.pos:], '\n'); i >= 0 {
		s.pos += i
	} else {
		s.pos = len(s.text)
	}
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isLetterOrDigit(c byte) bool { return isLetter(c) || isDigit(c) }
func isDigit(c byte) bool         { return c >= '0' && c <= '9' }
func isHex(c byte) bool           { return digit(c) < 16 }
func isAlpha(c byte) bool         { return lower(c) >= 'a' && lower(c) <= 'z' }
func isWord(c byte) bool          { return isLetterOrDigit(c) || strings.IndexByte("-._:/", c) >= 0 }

// span is the length of s's beginning that is made of bytes that in accepts.
func span(s string, in func(byte) bool) int {
	i := 0
	for i < len(s) && in(s[i]) {
		i++
	}
	return i
}

// wordToken tells what begins with the letter that s begins with; the longest reading wins.
func wordToken(s string) (token, int) {
	id := span(s, isLetterOrDigit)
	qualified := 0
	if id+1 < len(s) && s[id] == '.' && isLetter(s[id+1]) {
		qualified = id + 1 + span(s[id+1:], isLetterOrDigit)
	}
	switch word := span(s, isWord); word {
	case id:
		return tokID, id
	case qualified:
		return tokQualifiedID, qualified
	default:
		return tokWord, word
	}
}

// stringLen is the length of the quoted string that s begins with, quotes included; 0 if it has no end on its
// line. A backslash may stand before anything but the line's end.
func stringLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\n':
			return 0
		case '\\':
			i++
			if i == len(s) || s[i] == '\n' {
				return 0
			}
		case '\'':
			if i+1 < len(s) && s[i+1] == '\'' {
				i++
				continue
			}
			return i + 1
		}
	}
	return 0
}

// numberLen is the length of the number that s begins with, unit letters included; 0 for none.
func numberLen(s string) int {
	sign := 0
	if s[0] == '-' || s[0] == '+' {
		sign = 1
	}
	t := s[sign:]
	digits := span(t, isDigit)
	integer := 0
	if digits > 0 {
		integer = sign + digits + span(t[digits:], isAlpha)
		if digits == 1 && t[0] == '0' && len(t) > 2 && t[1] == 'x' && isHex(t[2]) {
			hex := 2 + span(t[2:], isHex)
			integer = max(integer, sign+hex+span(t[hex:], isAlpha))
		}
	}
	if digits < len(t) && t[digits] == '.' {
		n := digits + 1 + span(t[digits+1:], isDigit)
		return max(integer, sign+n+exponentLen(t[n:]))
	}
	return integer
}

// unquote takes the quotes off a string token and resolves its escapes.
func unquote(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '\'') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\'' { // the first of a doubled one
			i++
		} else if c == '\\' {
			i++
			if n := min(3, span(s[i:], isOctal)); n > 0 {
				v := 0
				for _, d := range []byte(s[i : i+n]) {
					v = v<<3 + int(d-'0')
				}
				c, i = byte(v), i+n-1
			} else {
				c = unescape(s[i])
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
