package logging

import "strings"

// SecretAt says from where on a query string, which nobody may have understood yet, may tell a secret; -1 if nowhere. It
// goes by words: rather a harmless text too much than a password too few.
func SecretAt(sql string) int {
	for i := 0; i < len(sql); i++ {
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
			if at := afterAlter(sql[i+len("alter"):]); at >= 0 {
				return i + len("alter") + at
			}
		case ':':
			// A URI, with a user and perhaps a password in front of the host.
			if beginsWith(sql[i:], "://") && strings.IndexByte(sql[i:], '@') >= 0 {
				return i + len("://")
			}
		}
	}
	return -1
}

// afterAlter finds, behind ALTER, what ALTER SYSTEM, and SET of ALTER ROLE, give settings; -1: it is neither.
func afterAlter(rest string) int {
	skipped := rest[blanks(rest):]
	switch {
	case wordIs(skipped, "system"):
		return len(rest) - len(skipped) + len("system")
	case !wordIs(skipped, "role") && !wordIs(skipped, "user"):
		return -1
	}
	for i := len(rest) - len(skipped); i < len(rest); i++ {
		if !isWord(rest[i-1]) && wordIs(rest[i:], "set") {
			return i + len("set")
		}
	}
	return -1
}

// blanks is how long the white space and comments are that a text begins with.
func blanks(s string) int {
	i, depth := 0, 0
	for i < len(s) {
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
