package roles

import (
	"slices"
	"strings"
)

// FirstUpstreamOID is the first of the OIDs for roles of the upstream, far from those that are given out here.
const FirstUpstreamOID = 0xF0000000

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

// With gives the set with a role of the upstream's in it, a member of the predefined roles of the names. The role's
// OID, from FirstUpstreamOID on, is its own already.
func (s *Set) With(r *Role, memberOf []string) (*Set, *Role) {
	own := *r
	own.Upstream = true
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

// Keep gives a later set with a role of the upstream's in it that s has got by With, and its memberships.
func (s *Set) Keep(later *Set, r *Role) *Set {
	var memberOf []string
	for _, m := range s.members {
		if m.Member == r.OID {
			memberOf = append(memberOf, s.ByOID(m.Role).Name)
		}
	}
	with, _ := later.With(r, memberOf)
	return with
}
