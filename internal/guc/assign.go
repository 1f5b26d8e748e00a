package guc

import "slices"

// Privileges are what the current user may do with settings. A nil *Privileges may do everything.
type Privileges struct {
	Superuser bool
	ReadAll   bool                   // a superuser, or a member of pg_read_all_settings
	MaySet    func(name string) bool // has been granted SET on a superuser's setting; nil for none
	MayAlter  func(name string) bool // has been granted ALTER SYSTEM; nil for none
}

func (w *Privileges) maySet(name string) bool {
	return w == nil || w.Superuser || w.MaySet != nil && w.MaySet(name)
}

func (w *Privileges) mayAlter(name string) bool {
	return w == nil || w.Superuser || w.MayAlter != nil && w.MayAlter(name)
}

func (w *Privileges) mayRead(p *Param) bool {
	return w == nil || w.ReadAll || w.Superuser || p.Flags&FlagSuperuserOnly == 0
}

// attempt is how somebody tries to give a setting a value.
type attempt struct {
	context Context
	source  Source
	local   bool // until the end of the transaction
	apply   bool // else the value is only looked at
	who     *Privileges
	file    uint16
	line    int32
}

// outcome is what came of it.
type outcome uint8

const (
	refused outcome = iota // with an error
	left                   // all is well, but another value stands
	changed                // the value holds now, whether it is another one or not
)

// assign gives a setting a value; a nil text stands for its default where the source is that, else for what RESET gives.
// The rules, and their order, are PostgreSQL's (set_config_option).
func (s *Settings) assign(id ID, text *string, a attempt) (outcome, *Error) {
	p, now := param(id), s.at(id)
	ignore, err := s.mayChange(id, p, a)
	if err != nil || ignore {
		return left, err
	}
	isDefault := a.apply && a.source <= SourceOverride && (text != nil || a.source == SourceDefault)
	if now.source > a.source {
		if a.apply && !isDefault {
			return left, nil
		}
		a.apply = false
	}
	v, err := s.newValue(id, p, text, a)
	if err != nil {
		return refused, err
	}
	if p.Context == Postmaster && a.context == Sighup {
		// Where the command line has the say, the file's value would not come with a restart, either. (PostgreSQL complains.)
		return s.needsRestart(id, now.source <= a.source && !v.same(*now))
	}
	result := left
	if a.apply {
		if !isDefault {
			s.remember(id, a.local)
		}
		*s.at(id) = v
		s.touched = s.session
		result = changed
	}
	if isDefault {
		s.makeDefault(id, v, a.source)
	}
	return result, nil
}

// mayChange says whether a setting can be set in this context at all; ignore says that it can, and that nothing follows.
func (s *Settings) mayChange(id ID, p *Param, a attempt) (ignore bool, err *Error) {
	name := s.name(id)
	denied := func() *Error {
		return &Error{SQLSTATE: codeDenied, Message: "permission denied to set parameter " + quote(name)}
	}
	switch p.Context {
	case Internal:
		if a.context != Internal {
			return false, cannotChange(name, "changed")
		}
	case Postmaster:
		if a.context > Sighup {
			return false, cannotChange(name, "changed without restarting the server")
		}
	case Sighup:
		if a.context > Sighup {
			return false, cannotChange(name, "changed now")
		}
	case SuperuserBackend, Backend:
		if p.Context == SuperuserBackend && a.context == Backend && !a.who.maySet(name) {
			return false, denied()
		}
		if a.context == Sighup {
			return s.session && a.apply, nil // the session keeps what it began with
		}
		if a.context > Backend && a.source != SourceClient {
			return false, cannotChange(name, "set after connection start")
		}
	case Superuser:
		if (a.context == User || a.context == Backend) && !a.who.maySet(name) {
			return false, denied()
		}
	}
	return false, nil
}

// newValue is the value that an attempt comes to.
func (s *Settings) newValue(id ID, p *Param, text *string, a attempt) (value, *Error) {
	switch {
	case text != nil:
		v, err := s.accept(id, p, *text)
		if err == nil {
			err = s.fits(id, v, a)
		}
		if err == nil {
			err = s.identify(id, &v, a.source)
		}
		v.source, v.file, v.line = a.source, a.file, a.line
		return v, err
	case a.source == SourceDefault:
		return s.defaultValue(id), nil
	}
	return s.reset(id), nil
}

// accept reads a value, where that depends on the values that hold now.
func (s *Settings) accept(id ID, p *Param, text string) (value, *Error) {
	if id == DateStyle {
		return p.parseDateStyle(text, s.values[id].str, s.reset(id).str)
	}
	return p.accept(text)
}

// needsRestart is the end of an attempt of a reload to change what only a start can.
func (s *Settings) needsRestart(id ID, differs bool) (outcome, *Error) {
	if !differs {
		s.wait = slices.DeleteFunc(s.wait, func(w ID) bool { return w == id })
		return left, nil
	}
	s.waits(id)
	return refused, cannotChange(s.name(id), "changed without restarting the server")
}

func (s *Settings) waits(id ID) {
	if !slices.Contains(s.wait, id) {
		s.wait = append(s.wait, id)
	}
}

// makeDefault has RESET, and the ends of open transactions, give v where they give nothing of a stronger source.
func (s *Settings) makeDefault(id ID, v value, source Source) {
	for i := range s.resets {
		if r := &s.resets[i]; r.id == id && r.source <= source {
			r.value = v
		}
	}
	for i := range s.stack {
		if l := &s.stack[i]; l.id == id && l.prior.source <= source {
			l.prior = v
		}
	}
}
