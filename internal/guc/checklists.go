package guc

import "strings"

const badList = "List syntax is invalid."

// splitNames takes a list of identifiers apart as SQL would: lower case where there are no quotes.
func splitNames(s string) (names []string, ok bool) {
	s = trimSpace(s)
	if s == "" {
		return nil, true
	}
	for {
		var name string
		if s != "" && s[0] == '"' {
			if name, s, ok = cutQuoted(s); !ok {
				return nil, false
			}
		} else {
			n := strings.IndexFunc(s, func(r rune) bool { return r == ',' || r < 128 && isSpace(byte(r)) })
			if n < 0 {
				n = len(s)
			}
			name, s = strings.ToLower(s[:n]), s[n:]
			if name == "" {
				return nil, false
			}
		}
		names = append(names, clip(name))
		if s = trimSpace(s); s == "" {
			return names, true
		}
		if s[0] != ',' {
			return nil, false
		}
		s = trimSpace(s[1:])
	}
}

// cutQuoted takes a name in double quotes off s; a doubled quote stands for one.
func cutQuoted(s string) (name, rest string, ok bool) {
	var b []byte
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b = append(b, s[i])
			continue
		}
		if i+1 == len(s) || s[i+1] != '"' {
			return string(b), s[i+1:], true
		}
		b = append(b, '"')
		i++
	}
	return "", s, false
}

// words are the elements that a list may have; nil for any.
func (p *Param) words() []string {
	switch p.check {
	case checkLogDestination:
		return logDestinations
	case checkDirectIO:
		return directIOKinds
	case checkGrants:
		return selfGrants
	case checkKinds:
		return relationKinds
	case checkResourceManager:
		return resourceManagers
	case checkAspects:
		return connectionAspects
	}
	return nil
}

// The words of lists. Where the log cannot go it is taken, so that a server's file can be used, and Warnings tells of it.
var (
	logDestinations   = []string{"stderr", "jsonlog", "csvlog", "syslog"}
	directIOKinds     = []string{"data", "wal", "wal_init"}
	selfGrants        = []string{"set", "inherit"}
	relationKinds     = []string{"view", "foreign-table"}
	connectionAspects = []string{"receipt", "authentication", "authorization", "setup_durations", "all"}
	resourceManagers  = []string{"all", "heap2", "heap", "btree", "hash", "gin", "gist", "sequence", "spgist", "brin", "generic"}
)

// checkList looks at a list of words or names.
func (p *Param) checkList(s string) *Error {
	names, ok := splitNames(s)
	if !ok {
		return p.refuse(s, badList)
	}
	words := p.words()
	for _, name := range names {
		switch {
		case p.check == checkSlotNames && name != "*":
			if detail, _ := slotNameFault(name); detail != "" {
				return p.refuse(s, detail+".")
			}
		case words != nil && !contains(words, name):
			e := p.refuse(s, "Unrecognized key word: "+quote(name)+".")
			if p.check == checkLogDestination {
				e.Hint = `Waypost's log goes to "stderr" as text, or as "jsonlog".`
			}
			return e
		}
	}
	return nil
}

func contains(words []string, name string) bool {
	for _, w := range words {
		if compareFold(w, name) == 0 {
			return true
		}
	}
	return false
}
