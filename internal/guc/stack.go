package guc

import "slices"

// change says what has been done to a setting at one level of the stack.
type change uint8

const (
	wasSet         change = iota // SET: stays at a commit
	wasLocal                     // SET LOCAL: goes at the end of the transaction
	wasSetAndLocal               // SET, then SET LOCAL: at a commit the SET's value comes back
)

// level is what the end of one transaction or subtransaction has to do about one setting. The entries of one setting lie
// in the order of their depths. (PostgreSQL: GucStack, AtEOXact_GUC.)
type level struct {
	id     ID
	change change
	depth  int
	prior  value // before the first change at this depth
	masked value // the value of SET that a later SET LOCAL hides
}

// Begin opens a transaction or, inside one, a subtransaction, and gives its depth, from 1 on. A statement outside a
// transaction block is a transaction of its own.
func (s *Settings) Begin() int {
	s.depth++
	return s.depth
}

// Depth is how many transactions and subtransactions are open.
func (s *Settings) Depth() int { return s.depth }

// End closes the transaction or subtransaction of that depth, and all within it.
func (s *Settings) End(commit bool, depth int) {
	for i := len(s.stack) - 1; i >= 0; i-- {
		for s.stack[i].depth >= depth {
			if s.end(i, commit) {
				s.stack = slices.Delete(s.stack, i, i+1)
				break
			}
		}
	}
	s.depth = depth - 1
	if len(s.stack) == 0 {
		s.stack = nil
		s.compact()
	}
}

// end takes one entry a depth up; done says that it is not needed any more.
func (s *Settings) end(i int, commit bool) (done bool) {
	l := &s.stack[i]
	switch {
	case !commit:
		s.restore(l.id, l.prior)
	case l.depth == 1 && l.change == wasSetAndLocal:
		l.masked.source = SourceSession
		s.restore(l.id, l.masked)
	case l.depth == 1 && l.change == wasLocal:
		s.restore(l.id, l.prior)
	case l.depth == 1:
	default:
		outer := s.entry(l.id, i)
		if outer == nil || outer.depth < l.depth-1 {
			l.depth--
			return false
		}
		outer.take(l)
	}
	return true
}

// take merges what a subtransaction has done into the entry of the one around it.
func (l *level) take(inner *level) {
	switch inner.change {
	case wasSet:
		l.change, l.masked = wasSet, value{}
	case wasLocal:
		if l.change == wasSet {
			l.change, l.masked = wasSetAndLocal, inner.prior
		}
	case wasSetAndLocal:
		l.change, l.masked = wasSetAndLocal, inner.masked
	}
}

func (s *Settings) restore(id ID, v value) {
	if now := s.at(id); *now != v {
		*now = v
		s.touched = s.session
	}
}

// entry is the last entry of a setting before the index, nil if there is none.
func (s *Settings) entry(id ID, before int) *level {
	for i := before - 1; i >= 0; i-- {
		if s.stack[i].id == id {
			return &s.stack[i]
		}
	}
	return nil
}

// remember keeps what a SET is about to hide: the value that RESET gives, and the one that a rollback gives.
func (s *Settings) remember(id ID, local bool) {
	now := *s.at(id)
	if !slices.ContainsFunc(s.resets, func(r saved) bool { return r.id == id }) {
		s.resets = append(s.resets, saved{id, now})
	}
	if s.depth == 0 {
		return
	}
	l := s.entry(id, len(s.stack))
	switch {
	case l == nil || l.depth < s.depth:
		c := wasSet
		if local {
			c = wasLocal
		}
		s.stack = append(s.stack, level{id: id, change: c, depth: s.depth, prior: now})
	case !local:
		l.change, l.masked = wasSet, value{}
	case l.change == wasSet:
		l.change, l.masked = wasSetAndLocal, now
	}
}
