//go:build invariants

package invariants

// Enabled says whether Check does anything.
const Enabled = true

// Check panics with msg when cond does not hold.
func Check(cond bool, msg string) {
	if !cond {
		panic("invariant violated: " + msg)
	}
}
