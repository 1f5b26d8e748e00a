package guc

import "time"

// Settings holds the current values of one node or session. Reading is safe from several goroutines as long as
// nobody calls Set or LoadFiles; a process that shares one swaps in what Reloaded returns.
type Settings struct {
	values [numParams]value
	others []other // settings of other programs, as given
}

// other is a value that is kept and never looked at.
type other struct {
	name, text string
	source     Source
}

// New gives all defaults.
func New() *Settings {
	s := new(Settings)
	for id := range params {
		s.values[id] = bootValue(ID(id))
	}
	return s
}

func bootValue(id ID) value {
	v, err := params[id].parse(params[id].Boot)
	if err != nil {
		panic("guc: default of " + params[id].Name + ": " + err.Message)
	}
	return v
}

// Clone gives a copy that can be changed by itself.
func (s *Settings) Clone() *Settings {
	c := *s
	c.others = append([]other(nil), s.others...)
	return &c
}

func (s *Settings) typed(id ID, t Type) value {
	if params[id].Type != t {
		panic("guc: " + params[id].Name + " is no " + t.String())
	}
	return s.values[id]
}

// Bool gives a Bool setting.
func (s *Settings) Bool(id ID) bool { return s.typed(id, Bool).num != 0 }

// Int gives an Int setting in its own unit (Param.Unit).
func (s *Settings) Int(id ID) int { return int(s.typed(id, Int).int()) }

// Real gives a Real setting.
func (s *Settings) Real(id ID) float64 { return s.typed(id, Real).real() }

// String gives a String setting.
func (s *Settings) String(id ID) string { return s.typed(id, String).str }

// Enum gives the name of an Enum setting's value; of names with the same meaning, the one that SHOW prints.
func (s *Settings) Enum(id ID) string { return params[id].option(s.typed(id, Enum)) }

// Duration gives an Int setting whose unit is one of time. Settings for which -1 means something give -1 ns.
func (s *Settings) Duration(id ID) time.Duration {
	_, base := params[id].Unit.table()
	if !params[id].Unit.isTime() {
		panic("guc: " + params[id].Name + " is no time")
	}
	v := s.typed(id, Int).int()
	if v < 0 {
		return -1
	}
	return time.Duration(v) * time.Duration(base) * time.Microsecond
}

// Bytes gives an Int setting whose unit is one of memory, in bytes. Settings for which -1 means something give -1.
func (s *Settings) Bytes(id ID) int64 {
	u := params[id].Unit
	if u == NoUnit || u.isTime() {
		panic("guc: " + params[id].Name + " is no size")
	}
	_, base := u.table()
	v := s.typed(id, Int).int()
	if v < 0 {
		return -1
	}
	return v * int64(base)
}

// Source says where id's current value came from.
func (s *Settings) Source(id ID) Source { return s.values[id].source }

// Text gives id's value as SHOW prints it.
func (s *Settings) Text(id ID) string { return params[id].show(s.values[id]) }

// Show gives the setting's name as the table spells it, and its value as SHOW prints it. An unknown name is an
// *Error (42704).
func (s *Settings) Show(name string) (canonical, text string, err error) {
	if id, ok := Find(name); ok {
		return params[id].Name, s.Text(id), nil
	}
	for _, o := range s.others {
		if compareFold(o.name, name) == 0 {
			return o.name, o.text, nil
		}
	}
	return "", "", unrecognized(name)
}

// Set gives the named setting a value, unless one of a stronger source stands: then it is checked and left. The
// error is an *Error: 42704 for an unknown name, 22023 for a bad value, 55P02 where the setting's context does
// not allow this source. A session's user is taken to be allowed everything that a superuser is.
func (s *Settings) Set(name, text string, source Source) error {
	id, ok := Find(name)
	if !ok {
		return s.setOther(name, text, source)
	}
	if err := params[id].allows(source); err != nil {
		return err
	}
	v, err := params[id].parse(text)
	if err != nil {
		return err
	}
	s.put(id, v, source)
	return nil
}

// SetID is Set by the setting's ID.
func (s *Settings) SetID(id ID, text string, source Source) error {
	return s.Set(params[id].Name, text, source)
}

func (s *Settings) put(id ID, v value, source Source) {
	if source < s.values[id].source {
		return
	}
	v.source = source
	s.values[id] = v
}

func (s *Settings) setOther(name, text string, source Source) error {
	if !isCustom(name) {
		return unrecognized(name)
	}
	s.putOther(name, text, source)
	return nil
}

func (s *Settings) putOther(name, text string, source Source) {
	for i := range s.others {
		if o := &s.others[i]; compareFold(o.name, name) == 0 {
			if source >= o.source {
				o.text, o.source = text, source
			}
			return
		}
	}
	s.others = append(s.others, other{name, text, source})
}

// allows says whether a value may come from source while the node runs. LoadFiles and Reloaded apply the rules
// for files themselves.
func (p *Param) allows(source Source) *Error {
	session := source == SourceClient || source == SourceSession
	switch {
	case source == SourceOverride || source == SourceDefault:
		return nil
	case p.Context == Internal:
		return cannotChange(p.Name, "changed")
	case p.Context == Postmaster && session:
		return cannotChange(p.Name, "changed without restarting the server")
	case p.Context == Sighup && session:
		return cannotChange(p.Name, "changed now")
	case (p.Context == Backend || p.Context == SuperuserBackend) && source == SourceSession:
		return cannotChange(p.Name, "set after connection start")
	}
	return nil
}

// Setting is one value that is not the default, as SHOW prints it.
type Setting struct {
	Name   string
	Text   string
	Source Source
}

// NonDefaults gives all settings whose value came from anywhere but the table, in the table's order.
func (s *Settings) NonDefaults() []Setting {
	var list []Setting
	for id := range params {
		if v := s.values[id]; v.source != SourceDefault {
			list = append(list, Setting{params[id].Name, params[id].show(v), v.source})
		}
	}
	for _, o := range s.others {
		list = append(list, Setting{o.name, o.text, o.source})
	}
	return list
}

// Change is a setting whose value differs from an earlier one.
type Change struct {
	ID       ID
	Old, New string // as SHOW prints them
	Removed  bool   // it stands in no file any more, and the default holds again
}

// Message is the change as the log has it. A setting that may hold a password is named without its value.
func (c Change) Message() string {
	p := &params[c.ID]
	switch {
	case c.Removed:
		return "parameter " + quote(p.Name) + " removed from configuration file, reset to default"
	case p.Flags&flagSecret != 0:
		return "parameter " + quote(p.Name) + " changed"
	}
	return "parameter " + quote(p.Name) + " changed to " + quote(c.New)
}

// Changed lists what differs from old, in the table's order.
func (s *Settings) Changed(old *Settings) []Change {
	var list []Change
	for id := range params {
		was, is := old.values[id], s.values[id]
		if !was.same(is) {
			list = append(list, Change{ID: ID(id), Old: params[id].show(was), New: params[id].show(is),
				Removed: was.source == SourceFile && is.source < SourceFile})
		}
	}
	return list
}
