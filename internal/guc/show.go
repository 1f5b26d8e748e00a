package guc

import "strconv"

// Text gives id's value as SHOW prints it.
func (s *Settings) Text(id ID) string {
	switch id {
	case ArchiveCommand:
		if s.values[ArchiveMode].num == 0 {
			return "(disabled)"
		}
	case Seed:
		return "unavailable"
	}
	return param(id).show(*s.at(id))
}

// input gives id's value in a form that sets it.
func (s *Settings) input(id ID) string { return param(id).show(*s.at(id)) }

// Show gives the setting's name as the table spells it, and its value as SHOW prints it. An unknown name is an *Error
// (42704). Everything may be seen; ShowTo asks.
func (s *Settings) Show(name string) (canonical, text string, err error) { return s.ShowTo(name, nil) }

// ShowTo is Show for somebody who may not see everything: then the error is 42501.
func (s *Settings) ShowTo(name string, who *Privileges) (canonical, text string, err error) {
	id, ok := s.find(name)
	if !ok {
		return "", "", unrecognized(name)
	}
	if !who.mayRead(param(id)) {
		return "", "", &Error{SQLSTATE: codeDenied, Message: "permission denied to examine " + quote(s.name(id)),
			Detail: `Only roles with privileges of the "pg_read_all_settings" role may examine this parameter.`}
	}
	return s.name(id), s.Text(id), nil
}

// Plain gives a setting's value without a unit, and permissions in decimal: what postmaster -C prints.
func (s *Settings) Plain(name string) (string, error) {
	id, ok := s.find(name)
	if !ok {
		return "", unrecognized(name)
	}
	p, v := param(id), *s.at(id)
	if p.Type == Int {
		return p.number(float64(v.int())), nil
	}
	return p.plain(v), nil
}

// Shown is a row of SHOW ALL.
type Shown struct{ Name, Text, Description string }

// ShowAll gives the rows of SHOW ALL on a node that says it is of the major version.
func (s *Settings) ShowAll(major int, who *Privileges) []Shown {
	var list []Shown
	for id := range numParams {
		if p := &params[id]; p.listed(major, who) {
			list = append(list, Shown{p.Name, s.Text(id), p.Short + "."})
		}
	}
	return list
}

func (p *Param) listed(major int, who *Privileges) bool {
	return p.Flags&FlagNoShowAll == 0 && p.ExistsIn(major) && who.mayRead(p)
}

// show prints v as SHOW does.
func (p *Param) show(v value) string {
	if p.Type == Int && p.Flags&flagOctal == 0 {
		return p.Unit.human(v.int())
	}
	return p.plain(v)
}

// plain prints v without a unit, as pg_settings has it.
func (p *Param) plain(v value) string {
	switch p.Type {
	case Bool:
		if v.num != 0 {
			return "on"
		}
		return "off"
	case Int:
		if p.Flags&flagOctal != 0 {
			s := strconv.FormatInt(v.int(), 8)
			return "0000"[:max(0, 4-len(s))] + s
		}
		return strconv.FormatInt(v.int(), 10)
	case Real:
		return formatG(v.real())
	case Enum:
		return p.option(v)
	}
	return v.str
}

func (p *Param) option(v value) string {
	for _, o := range p.Options {
		if !o.Hidden && uint64(o.Value) == v.num {
			return o.Name
		}
	}
	return ""
}
