package roles

import (
	"hash/fnv"
	"slices"
	"strings"
)

// Line is a role as a line of the file has it, without its end. It is secret.
func (r *Role) Line() string {
	var b strings.Builder
	r.encode(&b)
	return strings.TrimSuffix(b.String(), "\n")
}

// ParseLine is Line's inverse.
func ParseLine(line string) (*Role, error) {
	f := &fields{rest: line}
	if f.word() != "role" {
		f.fail("it is not a role's line")
	}
	r := decodeRole(f)
	if err := f.end(); err != nil {
		return nil, err
	}
	return r, nil
}

// With gives the set with a role of the upstream's in it, a member of the predefined roles of the names. The role gets an
// OID that is the same every time, far from those that are given out here.
func (s *Set) With(r *Role, memberOf []string) (*Set, *Role) {
	h := fnv.New32a()
	h.Write([]byte(r.Name))
	own := *r
	own.Upstream, own.OID = true, h.Sum32()|0xF0000000
	for s.ByOID(own.OID) != nil {
		own.OID--
	}
	with := *s
	with.roles = append(slices.Clone(s.roles), &own)
	with.members = slices.Clone(s.members)
	for _, name := range memberOf {
		if of := s.Find(name); of != nil && isPredefined(of.OID) {
			with.members = append(with.members,
				Membership{Role: of.OID, Member: own.OID, Grantor: BootstrapOID, Inherit: own.Inherit, Set: true})
		}
	}
	return &with, &own
}
