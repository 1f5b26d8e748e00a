package hba

import (
	"fmt"
	"strings"
)

// Mapping is one line of pg_ident.conf: in the map, who is system to the system may be user here.
type Mapping struct {
	Map  string
	File string
	Line int

	system, user word
}

// Ident is pg_ident.conf, read whole. The zero value has no maps.
type Ident struct {
	mappings []Mapping
	lines    []line // as Rules.lines

	// Skipped are the files of include_if_exists that are not there.
	Skipped []string
}

// Len is the number of mappings.
func (i *Ident) Len() int { return len(i.mappings) }

// LoadIdent reads the file at path, which is absolute. If anything is wrong the error is an Errors. Unlike a bad
// pg_hba.conf that keeps no node from starting: it has no maps then, or the old ones.
func LoadIdent(path string) (*Ident, error) {
	var r reader
	if err := r.file(path); err != nil {
		return nil, err
	}
	return newIdent(&r, true)
}

// ParseIdent is LoadIdent of a text that stands for the file at path.
func ParseIdent(text, path string) (*Ident, error) {
	var r reader
	r.read(text, path, 0)
	return newIdent(&r, true)
}

func newIdent(r *reader, check bool) (*Ident, error) {
	ident := &Ident{Skipped: r.skipped}
	if check {
		ident.lines = r.lines
	}
	var errs Errors
	for i := range r.lines {
		m, err := parseMapping(&r.lines[i], check)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ident.mappings = append(ident.mappings, m)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return ident, nil
}

// parseMapping makes a mapping of a line. An error becomes the line's.
func parseMapping(l *line, check bool) (Mapping, *Error) {
	m := Mapping{File: l.file, Line: l.number}
	if l.err != nil {
		return m, l.err
	}
	if err := m.parse(l.fields, check); err != nil {
		return m, l.fail(err)
	}
	return m, nil
}

// parse takes the first three fields; PostgreSQL ignores what follows, too.
func (m *Mapping) parse(list []field, check bool) *Error {
	var words [3]word
	for i := range words {
		switch {
		case i >= len(list):
			return wrong("missing entry at end of line", "")
		case len(list[i]) > 1:
			return wrong("multiple values in ident field", "")
		}
		words[i] = list[i][0]
	}
	m.Map = words[0].text
	var err *Error
	if m.system, err = withPattern(words[1], check); err != nil {
		return err
	}
	if m.user, err = withPattern(words[2], check); err != nil {
		return err
	}
	if check && m.substitutes() && m.system.re.lazy {
		return &Error{SQLSTATE: codeRegexp, Message: fmt.Sprintf(`invalid regular expression "%s": %s`, m.system.re.source,
			`a non-greedy quantifier with \1 in the database user is not supported by this build`)}
	}
	return nil
}

// substitutes says whether the database user has a \1 that stands for what the system user's parentheses matched.
func (m *Mapping) substitutes() bool {
	_, group := m.user.group()
	return m.system.re != nil && m.user.re == nil && !group && strings.Contains(m.user.text, `\1`)
}

// Check says whether who is systemUser to the system, by a method that has found that out, may come in as user. usermap is
// the rule's map; with none the two names must be equal. member is Client.Member. Nil is yes; otherwise the error is for
// the log: the client is told no more than that authentication has failed.
func (i *Ident) Check(usermap, systemUser, user string, fold bool, member func(role string) bool) *Error {
	if usermap == "" {
		if user == systemUser || fold && equalFold(user, systemUser) {
			return nil
		}
		return &Error{SQLSTATE: codeSuccess, Message: fmt.Sprintf(
			"provided user name (%s) and authenticated user name (%s) do not match", user, systemUser)}
	}
	for k := range i.mappings {
		m := &i.mappings[k]
		if m.Map != usermap {
			continue
		}
		if ok, err := m.admits(systemUser, user, fold, member); ok || err != nil {
			return err
		}
	}
	return &Error{SQLSTATE: codeSuccess, Message: fmt.Sprintf(
		`no match in usermap "%s" for user "%s" authenticated as "%s"`, usermap, user, systemUser)}
}

func (m *Mapping) admits(systemUser, user string, fold bool, member func(role string) bool) (bool, *Error) {
	if m.system.re == nil {
		same := m.system.text == systemUser || fold && equalFold(m.system.text, systemUser)
		return same && m.user.admits(user, member, fold), nil
	}
	captured, has, ok := m.system.re.find(systemUser)
	if !ok {
		return false, nil
	}
	w := m.user
	if m.substitutes() {
		if !has {
			return false, &Error{SQLSTATE: codeRegexp, Message: fmt.Sprintf(
				`regular expression "%s" has no subexpressions as requested by backreference in "%s"`, m.system.re.source, w.text)}
		}
		// What was put in is a name, whatever it looks like.
		w = word{text: strings.Replace(w.text, `\1`, captured, 1), quoted: true}
	}
	return w.admits(user, member, fold), nil
}
