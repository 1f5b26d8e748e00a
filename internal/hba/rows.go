package hba

// FileRule is one line of pg_hba.conf as the view pg_hba_file_rules shows it. A rule that can never fit has both what it
// says and an error; a line that is none has an error only.
type FileRule struct {
	Number    int // counts the lines without an error; 0 with one
	File      string
	Line      int
	Type      string // "" and nil mean null, from here to Options
	Databases []string
	Users     []string
	Address   string
	Netmask   string
	Method    string
	Options   []string
	Error     string // "" is null
}

// FileRules reads the file at path anew and gives its lines and those of the files that it includes. ssl says whether
// the node has TLS. It fails only if that file itself cannot be read; the error is an *Error.
func FileRules(path string, ssl bool) ([]FileRule, error) {
	var r reader
	text, err := r.open(path, 0)
	if err != nil {
		return nil, err
	}
	r.read(text, path, 0)
	rows := make([]FileRule, 0, len(r.lines))
	number := 0
	for i := range r.lines {
		l := &r.lines[i]
		row := FileRule{File: l.file, Line: l.number}
		rule, err := parseLine(l, true)
		if err == nil {
			rule.fill(&row)
			err = rule.warning(ssl)
		}
		if err != nil {
			row.Error = err.inRow()
		} else {
			number++
			row.Number = number
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (r *Rule) fill(row *FileRule) {
	row.Type, row.Method = r.Type.String(), r.Method.String()
	row.Databases, row.Users = texts(r.databases), texts(r.users)
	row.Options = r.shown()
	if r.Type == Local {
		return
	}
	switch r.kind {
	case addrAll:
		row.Address = "all"
	case addrSameHost:
		row.Address = "samehost"
	case addrSameNet:
		row.Address = "samenet"
	case addrName:
		row.Address = r.name
	case addrMask:
		row.Address, row.Netmask = r.addr.String(), r.mask.String()
	}
}

func texts(words []word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.text
	}
	return list
}

// FileMapping is one line of pg_ident.conf as the view pg_ident_file_mappings shows it.
type FileMapping struct {
	Number int // counts the lines without an error; 0 with one
	File   string
	Line   int
	Map    string // null, as the next two, if there is an error
	System string
	User   string
	Error  string // "" is null
}

// FileMappings is to pg_ident.conf what FileRules is to pg_hba.conf.
func FileMappings(path string) ([]FileMapping, error) {
	var r reader
	text, err := r.open(path, 0)
	if err != nil {
		return nil, err
	}
	r.read(text, path, 0)
	rows := make([]FileMapping, 0, len(r.lines))
	number := 0
	for i := range r.lines {
		l := &r.lines[i]
		row := FileMapping{File: l.file, Line: l.number}
		if m, err := parseMapping(l, true); err != nil {
			row.Error = err.inRow()
		} else {
			number++
			row.Number, row.Map, row.System, row.User = number, m.Map, m.system.text, m.user.text
		}
		rows = append(rows, row)
	}
	return rows, nil
}
