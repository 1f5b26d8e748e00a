package guc

import "strings"

// checkStandbyNames looks at the grammar of synchronous_standby_names:
//
//	list | n (list) | FIRST n (list) | ANY n (list)
//
// A list has names, quoted or not, numbers and *, with commas between.
func (p *Param) checkStandbyNames(s string) *Error {
	if s == "" {
		return nil
	}
	c := standbyNames{rest: s}
	c.next()
	method := c.kind == standbyMethod
	if method {
		c.next()
	}
	number := c.text
	counted := method || c.kind == standbyNumber && c.peek() == '('
	if counted {
		if !c.take(standbyNumber) || !c.take('(') {
			return p.badSyntax(s, c.fault())
		}
	}
	if !c.list() || counted && !c.take(')') || c.kind != standbyEnd {
		return p.badSyntax(s, c.fault())
	}
	if counted && strings.Trim(number, "0") == "" {
		return &Error{SQLSTATE: codeInvalidValue,
			Message: "number of synchronous standbys (" + number + ") must be greater than zero"}
	}
	return nil
}

func (p *Param) badSyntax(s, detail string) *Error {
	e := p.refuse(s, detail)
	e.SQLSTATE = codeSyntax
	return e
}

// standbyKind is what a token is: one of these, or the character itself.
type standbyKind byte

const (
	standbyEnd    standbyKind = 0
	standbyName   standbyKind = 'n'
	standbyNumber standbyKind = '1'
	standbyMethod standbyKind = 'm' // FIRST or ANY
	standbyOpen   standbyKind = 'o' // a quoted name that does not end
)

// standbyNames takes a value apart; kind and text are the token that is looked at.
type standbyNames struct {
	rest string
	kind standbyKind
	text string
}

func (c *standbyNames) next() {
	c.rest = trimLeft(c.rest)
	n := 1
	switch {
	case c.rest == "":
		c.kind, n = standbyEnd, 0
	case c.rest[0] == '"':
		_, after, ok := cutQuoted(c.rest)
		c.kind, n = standbyName, len(c.rest)-len(after)
		if !ok {
			c.kind = standbyOpen
		}
	case c.rest[0] == '*':
		c.kind = standbyName
	case isDigit(c.rest[0]):
		c.kind, n = standbyNumber, span(c.rest, isDigit)
	case isNameStart(c.rest[0]):
		c.kind, n = standbyName, span(c.rest, isNamePart)
		if w := c.rest[:n]; compareFold(w, "first") == 0 || compareFold(w, "any") == 0 {
			c.kind = standbyMethod
		}
	default:
		c.kind = standbyKind(c.rest[0])
	}
	c.text, c.rest = c.rest[:n], c.rest[n:]
}

func isNameStart(b byte) bool { return isAlpha(b) || b == '_' || b >= 0x80 }
func isNamePart(b byte) bool  { return isNameStart(b) || isDigit(b) || b == '$' }

// peek is the first character after the token, 0 for none.
func (c *standbyNames) peek() byte {
	if rest := trimLeft(c.rest); rest != "" {
		return rest[0]
	}
	return 0
}

func (c *standbyNames) take(kind standbyKind) bool {
	if c.kind != kind {
		return false
	}
	c.next()
	return true
}

func (c *standbyNames) list() bool {
	for {
		if !c.take(standbyName) && !c.take(standbyNumber) {
			return false
		}
		if !c.take(',') {
			return true
		}
	}
}

// fault says that the token does not belong where it stands.
func (c *standbyNames) fault() string {
	switch c.kind {
	case standbyEnd:
		return "syntax error at end of input"
	case standbyOpen:
		return "unterminated quoted identifier at end of input"
	}
	return "syntax error at or near " + quote(c.text)
}

func trimLeft(s string) string { return strings.TrimLeft(s, " \t\n\r\v\f") }
