package guc

import "slices"

// saved is a value put aside.
type saved struct {
	id ID
	value
}

// reset is the value that RESET gives.
func (s *Settings) reset(id ID) value {
	for i := range s.resets {
		if s.resets[i].id == id {
			return s.resets[i].value
		}
	}
	return *s.at(id)
}

// SetClient sets what a startup packet asks for.
func (s *Settings) SetClient(name, text string, who *Privileges) error {
	context := SuperuserBackend
	if who != nil && !who.Superuser {
		context = Backend
	}
	id, err := s.findOrMake(name)
	if err == nil {
		_, err = s.assign(id, &text, attempt{context: context, source: SourceClient, apply: true, who: who})
	}
	return orNil(err)
}

// SetTo does SET name TO text, and set_config(): local is SET LOCAL. It must be called between Begin and End: what a failed
// transaction has set is given back, and what SET LOCAL has set at its end in any case.
func (s *Settings) SetTo(name, text string, local bool, who *Privileges) error {
	id, err := s.findOrMake(name)
	if err == nil {
		err = s.setSession(id, &text, local, who)
	}
	return orNil(err)
}

// Reset does RESET name and SET name TO DEFAULT.
func (s *Settings) Reset(name string, local bool, who *Privileges) error {
	id, err := s.findOrMake(name)
	if err == nil && param(id).Flags&FlagNoReset != 0 {
		err = &Error{SQLSTATE: codeUnsupported, Message: "parameter " + quote(s.name(id)) + " cannot be reset"}
	}
	if err == nil {
		err = s.setSession(id, nil, local, who)
	}
	return orNil(err)
}

// SetCurrent does SET name FROM CURRENT, which makes the session keep the value that it has.
func (s *Settings) SetCurrent(name string, local bool, who *Privileges) error {
	id, ok := s.find(name)
	if !ok {
		return unrecognized(name)
	}
	text := s.input(id)
	return orNil(s.setSession(id, &text, local, who))
}

func (s *Settings) setSession(id ID, text *string, local bool, who *Privileges) *Error {
	context := Superuser
	if who != nil && !who.Superuser {
		context = User
	}
	a := attempt{context: context, source: SourceSession, local: local, apply: true, who: who}
	_, err := s.assign(id, text, a)
	if err == nil && id == SessionAuthorization {
		err = s.setAuthorization(text, a)
	}
	return err
}

// ResetAll does RESET ALL: everything that the user may set is as it was when the session began.
func (s *Settings) ResetAll() {
	for i := range s.resets {
		id := s.resets[i].id
		if p := param(id); p.Context < Superuser || p.Flags&FlagNoResetAll != 0 || s.at(id).source <= SourceOverride {
			continue
		}
		s.remember(id, false)
		*s.at(id) = s.reset(id)
		s.touched = s.session
	}
}

// orNil keeps a nil *Error from becoming an error that is not nil.
func orNil(err *Error) error {
	if err == nil {
		return nil
	}
	return err
}

// Parameter is a setting that the client is told of (ParameterStatus).
type Parameter struct{ Name, Text string }

// reports says whether a client of a server of the major version is told of the setting.
func (p *Param) reports(major int) bool {
	if p == &params[SearchPath] {
		return major >= 18
	}
	return p.Flags&FlagReport != 0 && p.ExistsIn(major)
}

// BeginSession says that the client's settings are all set and that it has been told of those that it must know of. major
// is the version that the node says it is.
func (s *Settings) BeginSession(major int) {
	s.session, s.major = true, major
	s.told, s.touched = s.reportTexts(), false
}

func (s *Settings) reportTexts() []string {
	var texts []string
	for id := range numParams {
		if params[id].reports(s.major) {
			texts = append(texts, s.Text(id))
		}
	}
	return texts
}

// TakeReports gives the settings that the client must be told of: changed since BeginSession or the last TakeReports. It is
// to be called before each ReadyForQuery, and costs nothing where nothing was set.
func (s *Settings) TakeReports() []Parameter {
	if !s.touched || s.major == 0 {
		return nil
	}
	s.touched = false
	var list []Parameter
	i := 0
	for id := range numParams {
		if !params[id].reports(s.major) {
			continue
		}
		if text := s.Text(id); text != s.told[i] {
			s.told[i] = text
			list = append(list, Parameter{params[id].Name, text})
		}
		i++
	}
	return list
}

// compact forgets the reset values of settings that have them: nothing open can bring another value back.
func (s *Settings) compact() {
	s.resets = slices.DeleteFunc(s.resets, func(r saved) bool { return *s.at(r.id) == r.value })
}
