package logging

import "strings"

// SecretAt says from where on a query string, which nobody may have understood yet, may tell a secret; -1 if nowhere. It
// goes by words: rather a harmless text too much than a password too few. Only as much is looked at as is ever logged; what
// is behind counts as a secret.
func SecretAt(sql string) int {
	shown := head(sql, maxStatement)
	if at := secretIn(shown, len(shown) < len(sql)); at >= 0 || len(shown) == len(sql) {
		return at
	}
	return len(shown)
}

// secretIn does the work for the beginning of a query string; more says that there is more of it. It takes time in
// proportion to the text, whatever that is.
func secretIn(sql string, more bool) int {
	s := search{sql: sql, blanksLeft: 2 * len(sql)}
	for i := range len(sql) {
		switch sql[i] | 0x20 {
		case 'p':
			for _, word := range [...]string{"password", "passphrase"} {
				if beginsWith(sql[i:], word) {
					return i + len(word)
				}
			}
		case 'a':
			if i > 0 && isWord(sql[i-1]) || !wordIs(sql[i:], "alter") {
				continue
			}
			if at := s.afterAlter(i + len("alter")); at >= 0 {
				return at
			}
		case ':':
			// A URI, with a user and perhaps a password in front of the host.
			if beginsWith(sql[i:], "://") && (more || s.hasAt(i)) {
				return i + len("://")
			}
		}
	}
	return -1
}

// search is what is known of a text, so that no part of it is searched again for each of many words.
type search struct {
	sql         string
	noSet, noAt bool // behind a place that was passed already
	blanksLeft  int  // how much may be skipped yet; without repetitions it is the length of the text at most
}

// hasAt says whether there is a @ behind a place.
func (s *search) hasAt(from int) bool {
	s.noAt = s.noAt || strings.IndexByte(s.sql[from:], '@') < 0
	return !s.noAt
}

// afterAlter finds, behind ALTER, what ALTER SYSTEM, and SET of ALTER ROLE, give settings; -1: it is neither.
func (s *search) afterAlter(from int) int {
	n := blanks(s.sql[from:], s.blanksLeft)
	if s.blanksLeft -= n; s.blanksLeft < 0 {
		return from
	}
	from += n
	switch next := s.sql[from:]; {
	case wordIs(next, "system"):
		return from + len("system")
	case s.noSet || !wordIs(next, "role") && !wordIs(next, "user"):
		return -1
	}
	for i := from; i < len(s.sql); i++ {
		if !isWord(s.sql[i-1]) && wordIs(s.sql[i:], "set") {
			return i + len("set")
		}
	}
	s.noSet = true
	return -1
}

// blanks is how long the white space and comments are that a text begins with. Beyond limit it does not matter.
func blanks(s string, limit int) int {
	i, depth := 0, 0
	for i < len(s) && i <= limit {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i += 2
		case depth > 0 && strings.HasPrefix(s[i:], "*/"):
			depth--
			i += 2
		case depth == 0 && strings.HasPrefix(s[i:], "--"):
			end := strings.IndexAny(s[i:], "\r\n")
			if end < 0 {
				return len(s)
			}
			i += end
		case depth > 0 || strings.IndexByte(" \t\r\n\v\f", s[i]) >= 0:
			i++
		default:
			return i
		}
	}
	return i
}

// beginsWith is strings.HasPrefix for a lower-case word of ASCII, in any case.
func beginsWith(s, word string) bool {
	return len(s) >= len(word) && strings.EqualFold(s[:len(word)], word)
}

// wordIs is beginsWith for all of a word.
func wordIs(s, word string) bool {
	return beginsWith(s, word) && (len(s) == len(word) || !isWord(s[len(word)]))
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
