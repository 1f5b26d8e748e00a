package guc

import "strings"

// SplitOption takes "name=value" apart, as it stands after -c or --; dashes in the name stand for underscores.
func SplitOption(arg string) (name, text string, err error) {
	name, text, ok := strings.Cut(arg, "=")
	name = strings.ReplaceAll(name, "-", "_")
	if !ok || name == "" {
		return name, "", &Error{SQLSTATE: codeSyntax, Message: "-c " + arg + " requires a value"}
	}
	return name, text, nil
}

// SetEnvironment sets what PostgreSQL takes from the environment at start.
func (s *Settings) SetEnvironment(getenv func(string) string) error {
	for _, e := range [...]struct {
		name string
		id   ID
	}{{"PGPORT", Port}, {"PGDATESTYLE", DateStyle}, {"PGCLIENTENCODING", ClientEncoding}} {
		if text := getenv(e.name); text != "" {
			if err := s.SetID(e.id, text, SourceEnvironment); err != nil {
				return err
			}
		}
	}
	return nil
}

// SetOption sets what one -c or -- option says.
func (s *Settings) SetOption(arg string, source Source) error {
	name, text, err := SplitOption(arg)
	if err != nil {
		return err
	}
	return s.Set(name, text, source)
}

// SetOptions sets what a startup packet's "options" says: words "-c name=value", "-cname=value" and "--name=value".
func (s *Settings) SetOptions(options string, source Source) error {
	words := splitWords(options)
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "--") && len(w) > 2, strings.HasPrefix(w, "-c") && len(w) > 2:
			w = w[2:]
		default:
			return &Error{SQLSTATE: codeSyntax, Message: "invalid command-line argument for server process: " + w}
		}
		if err := s.SetOption(w, source); err != nil {
			return err
		}
	}
	return nil
}

// splitWords splits at white space; a backslash takes the next byte as it is.
func splitWords(s string) []string {
	var words []string
	var word []byte
	in := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if isSpace(c) {
			if in {
				words, word, in = append(words, string(word)), word[:0], false
			}
			continue
		}
		if c == '\\' {
			if i++; i == len(s) {
				break
			}
			c = s[i]
		}
		word, in = append(word, c), true
	}
	if in {
		words = append(words, string(word))
	}
	return words
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
