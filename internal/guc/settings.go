package guc

import (
	"slices"
	"time"
)

// Settings holds the current values of one node or session. Reading is safe from several goroutines as long as nobody
// calls anything that changes them; a process that shares one swaps in what Reloaded returns.
type Settings struct {
	values [numParams]value
	others []other
	resets []saved  // what RESET gives, for those settings whose current value SET has changed
	stack  []level  // what the end of a transaction or subtransaction gives back
	depth  int      // of open transactions and subtransactions
	wait   []ID     // settings with a new value in the files that only a restart can bring
	files  []string // that values came from

	session bool     // clients' settings have been applied: reloads leave Backend settings alone
	major   int      // of the version that the client was told; 0 before BeginSession
	told    []string // what the client was last told, for the settings that it is told of
	touched bool     // a setting may have changed since

	roleCheck RoleCheck // nil outside of sessions
}

// New gives all defaults.
func New() *Settings {
	s := new(Settings)
	for id := range numParams {
		s.values[id] = bootValue(id)
	}
	return s
}

// Clone gives a copy that can be changed by itself.
func (s *Settings) Clone() *Settings {
	c := *s
	c.others = slices.Clone(s.others)
	c.resets = slices.Clone(s.resets)
	c.stack = slices.Clone(s.stack)
	c.wait = slices.Clone(s.wait)
	c.files = slices.Clone(s.files)
	c.told = slices.Clone(s.told)
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

// Set gives the named setting a value, unless one of a stronger source stands: then it is checked and left. The error is
// an *Error: 42704 for an unknown name, 22023 for a bad value, 55P02 where the setting's context does not allow this
// source. Everything is allowed that a superuser may do; SetTo and SetClient ask for less.
func (s *Settings) Set(name, text string, source Source) error {
	id, err := s.findOrMake(name)
	if err == nil {
		_, err = s.assign(id, &text, attempt{context: source.context(), source: source, apply: true})
	}
	if err != nil {
		return err
	}
	return nil
}

// SetID is Set by the setting's ID.
func (s *Settings) SetID(id ID, text string, source Source) error {
	return s.Set(params[id].Name, text, source)
}

// context is the one in which a source's values come.
func (s Source) context() Context {
	switch {
	case s == SourceOverride || s <= SourceDynamicDefault:
		return Internal
	case s <= SourceCommandLine:
		return Postmaster
	case s == SourceClient:
		return SuperuserBackend
	}
	return Superuser
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
	for id := range numParams + ID(len(s.others)) {
		if v := s.at(id); v.source > SourceDynamicDefault {
			list = append(list, Setting{s.name(id), s.Text(id), v.source})
		}
	}
	return list
}
