package guc

import "slices"

// Warnings are what the settings ask for and do not get on this machine.
func (s *Settings) Warnings() []*Error {
	var list []*Error
	names, _ := splitNames(s.String(LogDestination))
	for _, name := range names {
		if compareFold(name, "csvlog") == 0 || compareFold(name, "syslog") == 0 {
			list = append(list, &Error{SQLSTATE: codeUnsupported,
				Message: "\"log_destination\" " + quote(name) + " is not supported", Detail: "The log goes to stderr, as text.",
				Hint: `Waypost's log goes to "stderr" as text, or as "jsonlog".`})
		}
	}
	return append(list, s.zoneWarnings(ZoneDir)...)
}

func (s *Settings) zoneWarnings(dir string) (list []*Error) {
	for _, id := range [...]ID{LogTimezone, TimeZone} {
		if name := s.String(id); !findable(dir, name) {
			list = append(list, &Error{SQLSTATE: codeUndefinedFile,
				Message: "time zone " + quote(name) + " of " + quote(params[id].Name) + " cannot be looked up, UTC is used",
				Detail:  "There is no database of time zones in " + quote(dir) + "."})
		}
	}
	return list
}

func findable(dir, zone string) bool { _, _, ok := findZone(dir, zone); return ok }

// newWarnings are the Warnings that old does not have.
func (s *Settings) newWarnings(old *Settings) []*Error {
	were := old.Warnings()
	return slices.DeleteFunc(s.Warnings(), func(e *Error) bool {
		return slices.ContainsFunc(were, func(was *Error) bool { return *was == *e })
	})
}
