package guc

// Row is a row of pg_settings. A nil pointer is NULL.
type Row struct {
	Name              string
	Setting           *string
	Unit              *string
	Category          string
	ShortDesc         string
	ExtraDesc         *string
	Context           string
	VarType           string
	Source            string
	MinVal, MaxVal    *string
	EnumVals          []string // nil is NULL
	BootVal, ResetVal *string
	SourceFile        *string
	SourceLine        *int32
	PendingRestart    bool
	id                ID
}

// ID is the setting's.
func (r *Row) ID() ID { return r.id }

// Rows gives pg_settings on a node that says it is of the major version: the settings that the version has, and Waypost's
// own, as who may see them. Those that are shown by name alone (GUC_NO_SHOW_ALL) are left out.
func (s *Settings) Rows(major int, who *Privileges) []Row {
	list := make([]Row, 0, numParams)
	for id := range numParams {
		if params[id].listed(major, who) {
			list = append(list, s.row(id, who))
		}
	}
	return list
}

func (s *Settings) row(id ID, who *Privileges) Row {
	p, v := &params[id], s.values[id]
	r := Row{
		id: id, Name: p.Name, Unit: notEmpty(p.Unit.String()), Category: p.Category, ShortDesc: p.Short + ".",
		ExtraDesc: notEmpty(p.Long()), Context: p.Context.String(), VarType: p.Type.String(), Source: v.source.String(),
		Setting: s.setting(id), BootVal: p.text(bootValue(id)), ResetVal: p.text(s.reset(id)), PendingRestart: s.Waits(id),
	}
	switch p.Type {
	case Int, Real:
		lo, hi := p.number(p.Min), p.number(p.Max)
		r.MinVal, r.MaxVal = &lo, &hi
	case Enum:
		for _, o := range p.Options {
			if !o.Hidden {
				r.EnumVals = append(r.EnumVals, o.Name)
			}
		}
	}
	if v.source == SourceFile && v.file != 0 && (who == nil || who.Superuser || who.ReadAll) {
		r.SourceFile, r.SourceLine = &s.files[v.file-1], &v.line
	}
	return r
}

// setting is what pg_settings.setting has: SHOW's text without a unit.
func (s *Settings) setting(id ID) *string {
	text := s.Text(id)
	if p := &params[id]; p.Type == Int {
		text = p.plain(s.values[id])
	}
	return &text
}

// text prints a value for boot_val and reset_val: permissions in decimal, no default at all as NULL.
func (p *Param) text(v value) *string {
	if p.Flags&flagNoBoot != 0 && v.source == SourceDefault {
		return nil
	}
	text := p.plain(v)
	if p.Type == Int {
		text = p.number(float64(v.int()))
	}
	return &text
}

func notEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Waits says whether the files have a value for the setting that only a restart can bring.
func (s *Settings) Waits(id ID) bool {
	for _, w := range s.wait {
		if w == id {
			return true
		}
	}
	return false
}

// FileRow is a row of pg_file_settings. A nil pointer is NULL.
type FileRow struct {
	SourceFile *string
	SourceLine *int32
	SeqNo      int32
	Name       *string
	Setting    *string
	Applied    bool
	Error      *string
}

// FileRows reads the configuration files and gives pg_file_settings: what a reload would make of them. It changes nothing.
func (s *Settings) FileRows() []FileRow {
	r := &reader{hasty: true}
	s.readAll(r)
	s.Clone().process(r, Sighup, false)
	rows := make([]FileRow, len(r.items))
	for i := range r.items {
		item := &r.items[i]
		row := FileRow{SeqNo: int32(i + 1), Applied: item.applied, Error: notEmpty(item.problem)}
		if item.file != "" {
			line := int32(item.line)
			row.SourceFile, row.SourceLine = &item.file, &line
		}
		if item.name != "" {
			row.Name, row.Setting = &item.name, &item.text
		}
		rows[i] = row
	}
	return rows
}
