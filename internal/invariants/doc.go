// Package invariants asserts what must always hold, in builds with the tag "invariants" (tests); in others it costs
// nothing. What is checked are the inequalities over named positions that DESIGN.md lists, in its words. Where working a
// condition out costs something, guard it with Enabled.
//
// It must never take the place of handling what the outside world can do: a violated invariant is our own bug.
package invariants
