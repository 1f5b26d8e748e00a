package parser

import (
	"strings"

	"waypost/internal/sql/types"
)

// What a query string may have, so that the library's recursion and its
// worst cases stay harmless.
const (
	maxNesting   = 200 // brackets and CASE open at once
	maxPrefixRun = 200 // prefix operators and NOTs in a row
	maxJoins     = 200 // JOINs in all; they nest to the right
	maxPrefixes  = 2000
	maxChain     = 200 // of subscripts and fields, each of the one before
)

func tooComplex() *types.Error {
	return types.Errorf(types.CodeStatementTooComplex, "stack depth limit exceeded").
		WithHint("The statement is nested too deeply.")
}

// bounded refuses a query string that is too long or too deeply nested. It
// reads tokens roughly: quotes and comments are passed over, so that what is
// in them does not count.
func bounded(text string) error {
	if len(text) > MaxLength {
		return types.Errorf(types.CodeProgramLimit, "query string is too long").
			WithDetail("It has %d bytes, at most %d are allowed.", len(text), MaxLength)
	}
	s := bounds{text: text}
	return s.scan()
}

type bounds struct {
	text                               string
	nesting, run, cases, joins, prefix int

	last       byte // of what is no space or comment
	dots       int  // in the name that is being read
	subscripts int  // that stand behind another
}

func (s *bounds) scan() error {
	for i := 0; i < len(s.text); {
		next := s.token(i)
		s.chain(i, next)
		if s.nesting+s.cases > maxNesting || s.run > maxPrefixRun || s.joins > maxJoins || s.prefix > maxPrefixes ||
			s.dots > maxChain || s.subscripts > maxChain {
			return tooComplex()
		}
		i = next
	}
	return nil
}

// chain counts what makes a chain: the names of a.b.c, the subscripts of
// a[1][2] and the fields of a[1].b[2].
func (s *bounds) chain(i, next int) {
	ch := s.text[i]
	switch {
	case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f' || ch == '\v':
		return
	case strings.HasPrefix(s.text[i:], "--") || strings.HasPrefix(s.text[i:], "/*"):
		return
	case ch == '[' && s.last == ']' || ch == '.' && s.last == ']':
		s.subscripts++
	case ch == '.':
		s.dots++
	case ch == '&' && s.afterLone('u', i) && strings.HasPrefix(s.text[i+1:], `"`):
		s.last = '.' // what is behind u& goes on with the name
		return
	case ch == '"' && s.last == '"' && s.text[i-1] == '"': // a quote within the name that is being read
	case ch != '*' && (!inWord(ch) && ch != '"' || s.last != '.'):
		s.dots = 0
	}
	s.last = s.text[next-1]
}

// token passes over one token (or one character) and counts it.
func (s *bounds) token(i int) int {
	switch ch := s.text[i]; {
	case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
		return i + 1
	case ch == '\'':
		s.run = 0
		return s.quoted(i, '\'', s.afterLone('e', i))
	case ch == '"':
		s.run = 0
		return s.quoted(i, '"', false)
	case ch == '$':
		s.run = 0
		return s.dollar(i)
	case strings.HasPrefix(s.text[i:], "--"):
		if n := strings.IndexAny(s.text[i:], "\r\n"); n >= 0 {
			return i + n
		}
		return len(s.text)
	case strings.HasPrefix(s.text[i:], "/*"):
		return s.comment(i)
	case ch == '(' || ch == '[':
		s.nesting++
		s.run = 0
		return i + 1
	case ch == ')' || ch == ']':
		s.nesting = max(0, s.nesting-1)
		s.run = 0
		return i + 1
	case letter(ch):
		return s.word(i)
	case strings.IndexByte("+-*/<>=~!@#%^&|`?", ch) >= 0:
		s.run++
		s.prefix++
		return i + 1
	}
	s.run = 0
	return i + 1
}

func letter(ch byte) bool {
	return ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch == '_' || ch >= 0x80
}

func inWord(ch byte) bool { return letter(ch) || ch >= '0' && ch <= '9' || ch == '$' }

// afterLone says whether the letter before i makes the quote at i begin a string with backslash escapes, or the like. It
// must be a word by itself: in date'\' the backslash is a plain character, and what stands behind the quote counts.
func (s *bounds) afterLone(letter byte, i int) bool {
	return i > 0 && s.text[i-1]|0x20 == letter && (i == 1 || !inWord(s.text[i-2]))
}

func (s *bounds) word(i int) int {
	end := i
	for end < len(s.text) && inWord(s.text[end]) {
		end++
	}
	switch word := s.text[i:end]; {
	case strings.EqualFold(word, "not"):
		s.run++
		s.prefix++
		return end
	case strings.EqualFold(word, "case"):
		s.cases++
	case strings.EqualFold(word, "end"):
		s.cases = max(0, s.cases-1)
	case strings.EqualFold(word, "join"):
		s.joins++
	}
	s.run = 0
	return end
}

func (s *bounds) quoted(i int, quote byte, escapes bool) int {
	for i++; i < len(s.text); i++ {
		switch {
		case escapes && strings.HasPrefix(s.text[i:], "''"):
			i++
		case s.text[i] == quote && escapes:
			next := s.continuation(i + 1)
			if next == 0 {
				return i + 1
			}
			i = next
		case s.text[i] == quote:
			return i + 1
		case escapes && s.text[i] == '\\':
			i++
		}
	}
	return len(s.text)
}

// continuation finds the quote by which a string goes on behind a line's end, with the same escapes; 0 for none.
func (s *bounds) continuation(i int) int {
	newline, comment := false, false
	for i < len(s.text) {
		switch ch := s.text[i]; {
		case ch == '\'' && comment:
			// PostgreSQL goes on with the string here, the library begins a new one: nobody writes this but to hide something.
			s.nesting = maxNesting + 1
			return i
		case ch == '\'' && newline:
			return i
		case ch == '\n' || ch == '\r':
			newline = true
		case ch == ' ' || ch == '\t' || ch == '\f' || ch == '\v':
		case strings.HasPrefix(s.text[i:], "--"):
			n := strings.IndexAny(s.text[i:], "\r\n")
			if n < 0 {
				return 0
			}
			newline, comment = true, true
			i += n
		default:
			return 0
		}
		i++
	}
	return 0
}

// dollar passes over a dollar-quoted string, or over a parameter's $.
func (s *bounds) dollar(i int) int {
	end := i + 1
	for end < len(s.text) && letter(s.text[end]) || end > i+1 && end < len(s.text) && s.text[end] >= '0' && s.text[end] <= '9' {
		end++
	}
	if end >= len(s.text) || s.text[end] != '$' {
		return i + 1
	}
	tag := s.text[i : end+1]
	if n := strings.Index(s.text[end+1:], tag); n >= 0 {
		return end + 1 + n + len(tag)
	}
	return len(s.text)
}

func (s *bounds) comment(i int) int {
	depth := 0
	for i < len(s.text) {
		switch {
		case strings.HasPrefix(s.text[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(s.text[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return i
}
