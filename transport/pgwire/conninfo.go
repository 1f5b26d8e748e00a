package pgwire

import (
	"strings"
)

// conninfo holds the settings of a connection string by keyword. A keyword that is absent was not given; one with an
// empty value was given and, as for libpq, still stands in the way of defaults.
type conninfo map[string]string

// parseConninfo reads a connection string in either of libpq's forms. It takes only what the string itself says:
// no service, environment or defaults. Its messages are libpq's, less the parts that could show a password.
func parseConninfo(s string) (conninfo, error) {
	ci := make(conninfo)
	if strings.IndexByte(s, 0) >= 0 {
		return nil, conninfoErrorf("", "connection string has a NUL byte in it")
	}
	known := knownKeywords()
	for _, prefix := range []string{"postgresql://", "postgres://"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			return ci, ci.parseURI(rest, known)
		}
	}
	return ci, ci.parseKeywordValue(s, known)
}

func knownKeywords() map[string]bool {
	known := make(map[string]bool)
	for _, o := range options() {
		known[o.keyword] = true
	}
	return known
}

const space = " \t\n\v\f\r"

func isSpace(c byte) bool { return strings.IndexByte(space, c) >= 0 }

// parseKeywordValue reads "keyword = value …" (conninfo_parse).
func (ci conninfo) parseKeywordValue(s string, known map[string]bool) error {
	for {
		s = strings.TrimLeft(s, space)
		if s == "" {
			return nil
		}
		n := strings.IndexAny(s, "="+space)
		if n < 0 {
			n = len(s)
		}
		keyword := s[:n]
		rest, ok := strings.CutPrefix(strings.TrimLeft(s[n:], space), "=")
		if !ok {
			return conninfoErrorf("", "missing \"=\" after %q in connection info string", keyword)
		}
		value, rest, ok := cutValue(strings.TrimLeft(rest, space))
		if !ok {
			return conninfoErrorf("", "unterminated quoted string in connection info string")
		}
		if !known[keyword] {
			return conninfoErrorf(keyword, "invalid connection option %q", keyword)
		}
		ci[keyword] = value
		s = rest
	}
}

// cutValue takes a value, quoted or not, off the front of s.
func cutValue(s string) (value, rest string, ok bool) {
	quoted := strings.HasPrefix(s, "'")
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case quoted && s[i] == '\'':
			return b.String(), s[i+1:], true
		case !quoted && isSpace(s[i]):
			return b.String(), s[i:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), "", !quoted
}

// quoteValue writes value so that cutValue reads it back.
func quoteValue(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
