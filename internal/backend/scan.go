package backend

import (
	"strings"

	"waypost/protocol"
)

// word is one token of a query, as far as it takes to tell SHOW from all else.
type word struct {
	text   string
	quoted byte // '"' or '\'' if it stood in quotes, and is as it stood there
}

// is says whether w is the keyword, which is in lower case.
func (w word) is(keyword string) bool { return w.quoted == 0 && strings.EqualFold(w.text, keyword) }

func (w word) identifier() bool { return w.quoted == '"' || w.quoted == 0 && isIdentStart(w.text[0]) }

// scanStatements cuts a query into statements and those into words. Comments go, and so do empty statements.
func scanStatements(sql string) ([][]word, error) {
	var all [][]word
	var current []word
	end := func() {
		if len(current) > 0 {
			all = append(all, current)
		}
		current = nil
	}
	for len(sql) > 0 {
		switch c := sql[0]; {
		case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			sql = sql[1:]
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			n := commentLen(sql)
			if n < 0 {
				return nil, syntaxErrorf("unterminated /* comment at or near \"%s\"", sql)
			}
			sql = sql[n:]
		case c == ';':
			sql = sql[1:]
			end()
		case c == '"' || c == '\'':
			text, rest, ok := cutQuoted(sql)
			if !ok {
				return nil, syntaxErrorf("unterminated quoted %s at or near \"%s\"", what(c), sql)
			}
			current = append(current, word{text, c})
			sql = rest
		default:
			n := wordLen(sql)
			current = append(current, word{text: sql[:n]})
			sql = sql[n:]
		}
	}
	end()
	return all, nil
}

func syntaxErrorf(format string, args ...any) error {
	return protocol.Errorf(protocol.CodeSyntaxError, format, args...)
}

func what(quote byte) string {
	if quote == '"' {
		return "identifier"
	}
	return "string"
}

// commentLen is the length of the comment that sql begins with; comments nest. -1: it does not end.
func commentLen(sql string) int {
	depth := 0
	for i := 0; i+1 < len(sql); {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return -1
}

// cutQuoted takes the quoted text off that sql begins with. A doubled quote stands for one.
func cutQuoted(sql string) (text, rest string, ok bool) {
	quote := sql[0]
	var b strings.Builder
	for i := 1; i < len(sql); i++ {
		if sql[i] != quote {
			b.WriteByte(sql[i])
			continue
		}
		if i+1 < len(sql) && sql[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		return b.String(), sql[i+1:], true
	}
	return "", "", false
}

// wordLen is the length of the identifier or number that sql begins with, or 1 for any other character.
func wordLen(sql string) int {
	n := 0
	for n < len(sql) && (isIdentStart(sql[n]) || sql[n] >= '0' && sql[n] <= '9' || n > 0 && sql[n] == '$') {
		n++
	}
	return max(n, 1)
}

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
