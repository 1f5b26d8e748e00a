package guc

// Report is what a reload came to.
type Report struct {
	Applied  bool // the configuration counts as loaded, even if a value was wrong; false where nothing was applied
	Changes  []Change
	Errors   Errors   // all that is wrong, the verdict last; empty if all is well
	Warnings []*Error // those of Settings.Warnings that are new
	Skipped  []string // files of include_if_exists that are not there
}

// Reloaded reads the configuration again, as on SIGHUP, and gives the settings that hold from now on; s stays as it is.
// Files with syntax errors or unknown names change nothing, and s itself comes back. A bad value, or one that only a start
// can change, is reported and leaves that one setting as it was.
func (s *Settings) Reloaded() (*Settings, Report) {
	config := s.String(ConfigFile)
	r := new(reader)
	s.readAll(r)
	next := s.Clone()
	if !next.process(r, Sighup, true) {
		r.verdict(config, "; no changes were applied")
		return s, Report{Errors: r.errs, Skipped: r.skipped}
	}
	if len(r.errs) > 0 {
		r.verdict(config, "; unaffected changes were applied")
	}
	return next, Report{Applied: true, Changes: next.changes(s, r.items), Errors: r.errs, Warnings: next.newWarnings(s),
		Skipped: r.skipped}
}

// readAll reads all configuration files again.
func (s *Settings) readAll(r *reader) {
	r.readFile(s.String(ConfigFile), true, place{})
	r.readAuto(s.String(DataDirectory))
}

// Change is a setting whose value differs from an earlier one.
type Change struct {
	ID       ID     // NumParams or more for one of another program
	Name     string // as the table spells it
	Old, New string // as SHOW prints them
	Given    string // the new value as it stands in the file
	Removed  bool   // it stands in no file any more, and the default holds again
}

// Message is the change as the log has it. A setting that may hold a password is named without its value.
func (c Change) Message() string {
	switch {
	case c.Removed:
		return "parameter " + quote(c.Name) + " removed from configuration file, reset to default"
	case param(c.ID).Flags&flagSecret != 0:
		return "parameter " + quote(c.Name) + " changed"
	}
	return "parameter " + quote(c.Name) + " changed to " + quote(c.Given)
}

// Changed lists what differs from old, in the table's order.
func (s *Settings) Changed(old *Settings) []Change { return s.changes(old, nil) }

// changes lists what differs from old, in the table's order.
func (s *Settings) changes(old *Settings, items []assignment) []Change {
	var list []Change
	for id := range numParams + ID(len(s.others)) {
		var was value
		if int(id) < NumParams+len(old.others) {
			was = *old.at(id)
		}
		is := *s.at(id)
		if was.same(is) {
			continue
		}
		c := Change{ID: id, Name: s.name(id), Old: param(id).show(was), New: param(id).show(is),
			Removed: was.source == SourceFile && is.source < SourceFile}
		c.Given = c.New
		for i := range items {
			if items[i].changed && compareFold(currentName(items[i].name), c.Name) == 0 {
				c.Given = items[i].text
			}
		}
		list = append(list, c)
	}
	return list
}
