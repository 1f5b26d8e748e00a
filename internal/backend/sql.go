package backend

import (
	"strings"

	"waypost/internal/guc"
	"waypost/protocol"
)

// sql answers the statements of a simple query, one after the other, up to the first that fails.
func (s *Session) sql(text string) error {
	statements, err := scanStatements(text)
	if err != nil {
		return err
	}
	if len(statements) == 0 {
		s.out = protocol.AppendEmptyQueryResponse(s.out)
		return nil
	}
	for _, words := range statements {
		if err := s.statement(words); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) statement(words []word) error {
	if !words[0].is("show") {
		return errNoSQL("only SHOW is supported in a query")
	}
	name, ok := shownName(words[1:])
	if !ok {
		at := words[len(words)-1]
		if len(words) > 2 {
			at = words[2]
		}
		return protocol.Errorf(protocol.CodeSyntaxError, "syntax error at or near \"%s\"", at.text)
	}
	s.P.Title.Set("SHOW")
	return s.Show(name)
}

// shownName is the setting that the words after SHOW mean.
func shownName(words []word) (string, bool) {
	switch {
	case len(words) == 1:
		return words[0].text, words[0].identifier()
	case matches(words, "time", "zone"):
		return "TimeZone", true
	case matches(words, "transaction", "isolation", "level"):
		return "transaction_isolation", true
	case matches(words, "session", "authorization"):
		return "session_authorization", true
	}
	var name strings.Builder
	for i, w := range words {
		if w.identifier() != (i%2 == 0) || i%2 == 1 && w.text != "." {
			return "", false
		}
		name.WriteString(w.text)
	}
	return name.String(), len(words)%2 == 1
}

func matches(words []word, want ...string) bool {
	if len(words) != len(want) {
		return false
	}
	for i := range want {
		if !words[i].is(want[i]) {
			return false
		}
	}
	return true
}

// Show answers SHOW, CommandComplete included.
func (s *Session) Show(name string) error {
	if strings.EqualFold(name, "all") {
		s.showAll()
	} else {
		canonical, value, err := s.P.Settings.Show(name)
		if err != nil {
			return err
		}
		s.out = protocol.AppendRowDescription(s.out, protocol.Column{Name: canonical, Type: protocol.TextOID})
		s.out = protocol.AppendDataRow(s.out, nonNil(value))
	}
	s.out = protocol.AppendCommandComplete(s.out, "SHOW")
	return nil
}

func (s *Session) showAll() {
	s.out = protocol.AppendRowDescription(s.out,
		protocol.Column{Name: "name", Type: protocol.TextOID},
		protocol.Column{Name: "setting", Type: protocol.TextOID},
		protocol.Column{Name: "description", Type: protocol.TextOID})
	for id := range guc.NumParams {
		p := guc.Describe(guc.ID(id))
		s.out = protocol.AppendDataRow(s.out, []byte(p.Name), nonNil(s.P.Settings.Text(guc.ID(id))), []byte(p.Short+"."))
	}
}

// nonNil is s as a value that is not NULL.
func nonNil(s string) []byte { return append([]byte{}, s...) }
