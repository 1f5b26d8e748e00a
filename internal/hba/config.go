package hba

// Config is both files, as a session uses them. A decoded one belongs to one goroutine.
type Config struct {
	Rules *Rules
	Ident *Ident
}

// Decode gives what the postmaster has read and handed on: Rules.Text and Ident.Text, or the files' own texts. hbaFile
// and identFile are where those stand. No maps at all are "".
func Decode(rules, ident, hbaFile, identFile string) (*Config, error) {
	c := &Config{Ident: &Ident{}}
	var err error
	if text, ok := isEncoded(rules); ok {
		var r reader
		if r.lines, err = decodeLines(text); err != nil {
			return nil, err
		}
		c.Rules, err = newRules(&r, hbaFile, false)
	} else {
		c.Rules, err = Parse(rules, hbaFile)
	}
	if err != nil {
		return nil, err
	}
	if text, ok := isEncoded(ident); ok {
		var r reader
		if r.lines, err = decodeLines(text); err != nil {
			return nil, err
		}
		c.Ident, err = newIdent(&r, false)
	} else {
		c.Ident, err = ParseIdent(ident, identFile)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}
