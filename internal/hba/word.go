package hba

import (
	"regexp"
	"strings"
)

// word is one token of a list, and whether it began with a quote.
type word struct {
	text   string
	quoted bool
	re     *pattern // of a word that begins with a slash, in quotes or not
}

func (w word) is(keyword string) bool { return !w.quoted && w.text == keyword }

// group is the role whose members are meant, where they are.
func (w word) group() (role string, ok bool) {
	if w.quoted {
		return "", false
	}
	return strings.CutPrefix(w.text, "+")
}

// pattern is a regular expression. It is compiled when it is first asked: a session that the rules before it fit need
// not pay for it.
type pattern struct {
	source string // without the slash
	lazy   bool
	re     *regexp.Regexp
}

// compile makes the expression, or says in PostgreSQL's words what is wrong with it.
func (p *pattern) compile() *Error {
	if p.re != nil {
		return nil
	}
	re2, lazy, err := translateARE(p.source)
	if err == nil {
		p.re, err = regexp.Compile(re2)
		if err != nil {
			err = areError(tooComplex) // the syntax is ours
		}
	}
	if err != nil {
		return &Error{SQLSTATE: codeRegexp, Message: `invalid regular expression "` + p.source + `": ` + err.Error(), Err: err}
	}
	p.lazy = lazy
	if !lazy {
		p.re.Longest()
	}
	return nil
}

// find says whether the expression matches anywhere in s, and gives what its first parentheses matched.
func (p *pattern) find(s string) (captured string, has, ok bool) {
	if p.compile() != nil {
		return "", false, false // it was compiled when the file was loaded
	}
	s = widen(s)
	at := p.re.FindStringSubmatchIndex(s)
	if at == nil {
		return "", false, false
	}
	if len(at) < 4 || at[2] < 0 {
		return "", false, true
	}
	return narrow(s[at[2]:at[3]]), true, true
}

func (p *pattern) matches(s string) bool { return p.compile() == nil && p.re.MatchString(widen(s)) }

// withPattern gives w with its regular expression, if it is one. Only a checked one can be relied on to compile.
func withPattern(w word, check bool) (word, *Error) {
	source, ok := strings.CutPrefix(w.text, "/")
	if !ok {
		return w, nil
	}
	w.re = &pattern{source: source}
	if !check {
		return w, nil
	}
	return w, w.re.compile()
}

// admits says whether the word stands for user: in a list of pg_hba.conf's users, or as a map's database user.
func (w word) admits(user string, member func(role string) bool, fold bool) bool {
	if role, ok := w.group(); ok {
		return isMember(role, user, member)
	}
	switch {
	case w.is("all"):
		return true
	case w.re != nil:
		return w.re.matches(user)
	case fold:
		return equalFold(w.text, user)
	}
	return w.text == user
}

// isMember says whether user belongs to role, itself included.
func isMember(role, user string, member func(role string) bool) bool {
	if member == nil {
		return role == user
	}
	return member(role)
}

// equalFold compares as PostgreSQL's pg_strcasecmp: only ASCII letters have two cases.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && !(isLetter(x) && x|0x20 == y|0x20) {
			return false
		}
	}
	return true
}
