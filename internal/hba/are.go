package hba

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PostgreSQL's regular expressions are AREs (manual, "Regular Expression Details"), package regexp's are RE2's. What
// means the same in both is rewritten here, so that ASCII alone counts for classes and case, as under PostgreSQL's C
// collation; what RE2 cannot do is refused, never taken for something else:
//
//	back references, look-ahead and look-behind, \m \M [[:<:]] [[:>:]], collating elements of several characters,
//	embedded options other than c, i, s and t
//
// When a client is checked no database has been chosen, so PostgreSQL knows no encoding: each byte is a character of its
// own, and so it is here (widen).
//
// Two differences are left. A non-greedy quantifier finds the same names but may capture other text, so it is refused
// where \1 asks for what was captured. And where several ways of matching are as long as each other, \1 is what the
// leftmost alternative gives, not the longest that POSIX would choose.

// What PostgreSQL says of a bad expression (regerrs.h).
const (
	badEscape  = `invalid escape \ sequence`
	badBracket = "brackets [] not balanced"
	badParen   = "parentheses () not balanced"
	badBrace   = "braces {} not balanced"
	badCount   = "invalid repetition count(s)"
	badRange   = "invalid character range"
	badQuant   = "quantifier operand invalid"
	badOption  = "invalid embedded option"
	badClass   = "invalid character class"
	badElement = "invalid collating element"
	badBackref = "invalid backreference number"
	tooComplex = "regular expression is too complex"
)

// maxRepeat is the highest number in braces, as PostgreSQL's DUPMAX.
const maxRepeat = 255

type areError string

func (e areError) Error() string { return string(e) }

func unsupportedInRE(what string) error { return areError(what + " is not supported by this build") }

// are rewrites one expression.
type are struct {
	rest string
	out  strings.Builder
	fold bool  // ASCII letters match either case
	lazy bool  // a quantifier prefers few repetitions
	open []int // parentheses: their numbers, 0 for those that capture nothing
	done []int // those that have been closed
	subs int   // how many capture
	// atom says that a quantifier may come next.
	atom bool
}

// translateARE gives RE2's form of an ARE, and whether quantifiers in it were non-greedy.
func translateARE(pattern string) (re2 string, lazy bool, err error) {
	t := are{rest: pattern}
	literal, err := t.prefix()
	if err != nil {
		return "", false, err
	}
	for t.rest != "" {
		if literal {
			t.literal(t.next())
		} else if err := t.token(); err != nil {
			return "", false, err
		}
	}
	if len(t.open) > 0 {
		return "", false, areError(badParen)
	}
	return t.out.String(), t.lazy, nil
}

// next takes a character, which is a byte (see widen).
func (t *are) next() rune {
	c := t.rest[0]
	t.rest = t.rest[1:]
	return rune(c)
}

// take takes s off, if it comes next.
func (t *are) take(s string) bool {
	rest, ok := strings.CutPrefix(t.rest, s)
	t.rest = rest
	return ok
}

// prefix takes the director and the embedded options off.
func (t *are) prefix() (literal bool, err error) {
	if strings.HasPrefix(t.rest, "***") {
		switch {
		case t.take("***="):
			return true, nil
		case !t.take("***:"):
			return false, areError(badQuant)
		}
	}
	if len(t.rest) < 3 || t.rest[:2] != "(?" || !isLetter(t.rest[2]) {
		return false, nil
	}
	options, rest, ok := strings.Cut(t.rest[2:], ")")
	if !ok {
		return false, areError(badOption)
	}
	t.rest = rest
	for _, o := range options {
		switch o {
		case 'i':
			t.fold = true
		case 'c':
			t.fold = false
		case 's', 't':
		case 'b', 'e', 'm', 'n', 'p', 'q', 'w', 'x':
			return false, unsupportedInRE(fmt.Sprintf("embedded option %q", string(o)))
		default:
			return false, areError(badOption)
		}
	}
	return false, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (t *are) emit(s string, atom bool) {
	t.out.WriteString(s)
	t.atom = atom
}

func (t *are) literal(r rune) {
	if t.fold && r < 0x80 && isLetter(byte(r)) {
		t.emit("["+string(r|0x20)+string(r&^0x20)+"]", true)
		return
	}
	t.emit(fmt.Sprintf(`\x{%x}`, r), true)
}

// token rewrites what comes next.
func (t *are) token() error {
	switch c := t.next(); c {
	case '(':
		return t.group()
	case ')':
		last := len(t.open) - 1
		if last < 0 {
			return areError(badParen)
		}
		t.done = append(t.done, t.open[last])
		t.open = t.open[:last]
		t.emit(")", true)
	case '|':
		t.emit("|", false)
	case '^':
		t.emit(`\A`, false)
	case '$':
		t.emit(`\z`, false)
	case '.':
		t.emit("(?s:.)", true)
	case '*', '+', '?':
		return t.quantifier(string(c))
	case '{':
		if t.rest == "" || !isDigit(t.rest[0]) {
			t.literal(c)
			return nil
		}
		bound, err := t.bound()
		if err != nil {
			return err
		}
		return t.quantifier(bound)
	case '[':
		return t.bracket()
	case '\\':
		return t.escaped()
	default:
		t.literal(c)
	}
	return nil
}

func (t *are) group() error {
	switch {
	case t.take("?:"):
		t.emit("(?:", false)
		t.open = append(t.open, 0)
	case t.take("?#"):
		_, rest, ok := strings.Cut(t.rest, ")")
		if !ok {
			return areError(badParen)
		}
		t.rest = rest
		return nil
	case t.take("?="), t.take("?!"), t.take("?<="), t.take("?<!"):
		return unsupportedInRE("a look-ahead or look-behind constraint")
	case t.take("?"):
		return areError(badQuant)
	default:
		t.emit("(", false)
		t.subs++
		t.open = append(t.open, t.subs)
	}
	return nil
}

func (t *are) quantifier(q string) error {
	if !t.atom {
		return areError(badQuant)
	}
	if t.take("?") {
		t.lazy = true
		q += "?"
	}
	t.emit(q, false)
	return nil
}

// bound reads the rest of {m}, {m,} or {m,n}.
func (t *are) bound() (string, error) {
	low, err := t.count()
	if err != nil {
		return "", err
	}
	text, high := strconv.Itoa(low), low
	if t.take(",") {
		text += ","
		if t.rest != "" && isDigit(t.rest[0]) {
			if high, err = t.count(); err != nil {
				return "", err
			}
			text += strconv.Itoa(high)
		}
	}
	switch {
	case t.rest == "":
		return "", areError(badBrace)
	case !t.take("}"), low > high:
		return "", areError(badCount)
	}
	return "{" + text + "}", nil
}

func (t *are) count() (n int, err error) {
	for t.rest != "" && isDigit(t.rest[0]) {
		if n = n*10 + int(t.rest[0]-'0'); n > maxRepeat {
			return 0, areError(badCount)
		}
		t.rest = t.rest[1:]
	}
	return n, nil
}

// escaped rewrites an escape outside brackets.
func (t *are) escaped() error {
	if t.rest != "" {
		constraint := ""
		switch c := t.rest[0]; {
		case c == 'A':
			constraint = `\A`
		case c == 'Z':
			constraint = `\z`
		case c == 'y':
			constraint = `\b`
		case c == 'Y':
			constraint = `\B`
		case c == 'm' || c == 'M':
			return unsupportedInRE(`\` + string(c))
		case c >= '1' && c <= '9':
			if (len(t.rest) < 2 || !isDigit(t.rest[1])) && !slices.Contains(t.done, int(c-'0')) {
				return areError(badBackref)
			}
			return unsupportedInRE("a back reference")
		}
		if constraint != "" {
			t.rest = t.rest[1:]
			t.emit(constraint, false)
			return nil
		}
	}
	class, r, err := t.escape()
	switch {
	case err != nil:
		return err
	case class != "":
		t.emit("["+class+"]", true)
	default:
		t.literal(r)
	}
	return nil
}

// escape reads what follows a backslash, in brackets or out of them: a class, or a character.
func (t *are) escape() (class string, r rune, err error) {
	if t.rest == "" {
		return "", 0, areError(badEscape)
	}
	switch c := t.next(); c {
	case 'd', 's', 'w':
		return "[:" + classOf(c) + ":]", 0, nil
	case 'D', 'S', 'W':
		return "[:^" + classOf(c|0x20) + ":]", 0, nil
	case 'a':
		return "", 7, nil
	case 'b':
		return "", 8, nil
	case 'B':
		return "", '\\', nil
	case 'e':
		return "", 27, nil
	case 'f', 'n', 'r', 't', 'v':
		return "", map[rune]rune{'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}[c], nil
	case 'c':
		if t.rest == "" {
			return "", 0, areError(badEscape)
		}
		return "", t.next() & 0x1f, nil
	case 'u':
		return t.number(16, 4, 4)
	case 'U':
		return t.number(16, 8, 8)
	case 'x':
		return t.number(16, 1, 255)
	case '0':
		t.rest = "0" + t.rest
		return t.number(8, 1, 3)
	default:
		if c < 0x80 && (isLetter(byte(c)) || isDigit(byte(c))) {
			return "", 0, areError(badEscape)
		}
		return "", c, nil
	}
}

func classOf(c rune) string {
	switch c {
	case 'd':
		return "digit"
	case 's':
		return "space"
	}
	return "word"
}

// number reads a character's number of at least low and at most high digits.
func (t *are) number(base, low, high int) (class string, r rune, err error) {
	n := 0
	for ; n < high && n < len(t.rest); n++ {
		digit, err := strconv.ParseUint(t.rest[n:n+1], base, 8)
		if err != nil {
			break
		}
		if r = r*rune(base) + rune(digit); r > utf8.MaxRune {
			return "", 0, areError(badEscape)
		}
	}
	if n < low || r >= 0xd800 && r < 0xe000 {
		return "", 0, areError(badEscape)
	}
	t.rest = t.rest[n:]
	return "", r, nil
}

// bracket rewrites a bracket expression, its opening [ taken already.
func (t *are) bracket() error {
	if strings.HasPrefix(t.rest, "[:<:]]") || strings.HasPrefix(t.rest, "[:>:]]") {
		return unsupportedInRE("a word boundary in brackets")
	}
	class := "["
	if t.take("^") {
		class += "^"
	}
	for first := true; first || !strings.HasPrefix(t.rest, "]"); first = false {
		if t.rest == "" {
			return areError(badBracket)
		}
		part, err := t.part(first)
		if err != nil {
			return err
		}
		class += part
	}
	t.take("]")
	t.emit(class+"]", true)
	return nil
}

// part rewrites one character, range or class within brackets.
func (t *are) part(first bool) (string, error) {
	if !first && strings.HasPrefix(t.rest, "-") && !strings.HasPrefix(t.rest, "-]") {
		return "", areError(badRange)
	}
	switch {
	case t.take("[:"):
		return t.class()
	case t.take("[="):
		r, err := t.element("=]")
		return t.span(r, r), err
	}
	class, low, err := t.point()
	if err != nil || class != "" {
		return class, err
	}
	if !strings.HasPrefix(t.rest, "-") || strings.HasPrefix(t.rest, "-]") {
		return t.span(low, low), nil
	}
	t.take("-")
	if strings.HasPrefix(t.rest, "[:") || strings.HasPrefix(t.rest, "[=") {
		return "", areError(badRange)
	}
	class, high, err := t.point()
	switch {
	case err != nil:
		return "", err
	case class != "", low > high:
		return "", areError(badRange)
	}
	return t.span(low, high), nil
}

// point reads one end of a range; class is not empty where an escape stands for several characters.
func (t *are) point() (class string, r rune, err error) {
	switch {
	case t.rest == "":
		return "", 0, areError(badBracket)
	case t.take("[."):
		r, err = t.element(".]")
		return "", r, err
	case t.take(`\`):
		if t.rest != "" && strings.IndexByte("AZyYmM123456789", t.rest[0]) >= 0 {
			return "", 0, areError(badEscape)
		}
		return t.escape()
	}
	return "", t.next(), nil
}

// element reads a collating element or an equivalence class: one character, as the C collation has no others.
func (t *are) element(end string) (rune, error) {
	name, rest, ok := strings.Cut(t.rest, end)
	switch {
	case !ok:
		return 0, areError(badBracket)
	case name == "":
		return 0, areError(badElement)
	case len(name) > 1:
		return 0, unsupportedInRE("collating element \"" + name + "\"")
	}
	t.rest = rest
	return rune(name[0]), nil
}

// class reads the rest of [:name:].
func (t *are) class() (string, error) {
	name, rest, ok := strings.Cut(t.rest, ":]")
	if !ok {
		return "", areError(badBracket)
	}
	t.rest = rest
	switch name {
	case "upper", "lower":
		if t.fold {
			name = "alpha"
		}
	case "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "print", "punct", "space", "xdigit", "word":
	default:
		return "", areError(badClass)
	}
	return "[:" + name + ":]", nil
}

// span is a range within brackets, with the other case's where case does not count.
func (t *are) span(low, high rune) string {
	s := fmt.Sprintf(`\x{%x}-\x{%x}`, low, high)
	if !t.fold {
		return s
	}
	for _, base := range [...]rune{'a', 'A'} {
		if from, to := max(low, base), min(high, base+25); from <= to {
			s += fmt.Sprintf(`\x{%x}-\x{%x}`, from^0x20, to^0x20)
		}
	}
	return s
}

// widen makes each byte of s a character, as the expressions are written for.
func widen(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			wide := make([]rune, len(s))
			for k := range len(s) {
				wide[k] = rune(s[k])
			}
			return string(wide)
		}
	}
	return s
}

// narrow undoes widen.
func narrow(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
