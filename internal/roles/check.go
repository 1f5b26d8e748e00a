package roles

import "fmt"

// check says whether what was read can have been written: names and OIDs are there once, what refers to a role has one.
func (s *Set) check() error {
	names, oids := make(map[string]bool, len(s.roles)), make(map[uint32]bool, len(s.roles))
	for _, r := range s.roles {
		switch {
		case r.Name == "" || len(r.Name) > MaxName:
			return damaged("the name of role %d is empty or too long", r.OID)
		case names[r.Name] || oids[r.OID]:
			return damaged("role %d is there twice, by OID or name", r.OID)
		case r.OID >= s.next || r.OID == 0:
			return damaged("role %d has an OID that was never given out", r.OID)
		}
		names[r.Name], oids[r.OID] = true, true
	}
	if s.mock == [mockLen]byte{} {
		return damaged("there is no secret for roles that are not there")
	}
	if b := s.ByOID(BootstrapOID); b == nil || !b.Superuser {
		return damaged("the bootstrap superuser is missing")
	}
	for _, m := range s.members {
		if !oids[m.Role] || !oids[m.Member] || !oids[m.Grantor] {
			return damaged("a membership is of a role that is not there")
		}
	}
	for _, c := range s.settings {
		if c.Role != 0 && !oids[c.Role] {
			return damaged("a setting is of a role that is not there")
		}
	}
	return nil
}

func damaged(format string, args ...any) error {
	return &DamagedError{Why: fmt.Sprintf(format, args...)}
}
