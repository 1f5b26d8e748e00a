package main

import (
	"fmt"
	"slices"
	"strings"
)

// target is what a comparison is held to. The zero target holds to nothing.
type target struct {
	op    string  // "≤", "≥" or ">"
	value float64 // of the ratio, or of Waypost's own number where own is set
	own   bool
}

func atMost(ratio float64) target       { return target{"≤", ratio, false} }
func atLeast(ratio float64) target      { return target{"≥", ratio, false} }
func moreThan(ratio float64) target     { return target{">", ratio, false} }
func atMostItself(value float64) target { return target{"≤", value, true} }

func (t target) met(ratio, own float64) bool {
	v := ratio
	if t.own {
		v = own
	}
	switch t.op {
	case "≤":
		return v <= t.value
	case "≥":
		return v >= t.value
	default:
		return v > t.value
	}
}

// comparison is one line: the same measured for Waypost and for another.
type comparison struct {
	what    string
	unit    string
	other   string // whom Waypost is compared with; PostgreSQL if empty
	theirs  []float64
	waypost []float64
	target  target
}

// report prints the comparisons as they come, and those that miss their target once more at the end.
type report struct {
	held   int
	missed []string
}

func (r *report) section(name, what string) {
	fmt.Printf("\n== %s: %s   (load average %s)\n", name, what, loadAverage())
}

func (r *report) compare(c comparison) {
	theirs, ours := median(c.theirs), median(c.waypost)
	ratio := ours / theirs
	other := c.other
	if other == "" {
		other = "PostgreSQL"
	}
	line := fmt.Sprintf("%-42s %s %s   Waypost %s %s   ratio %.2f",
		c.what, other, spread(c.theirs), spread(c.waypost), c.unit, ratio)
	if c.target.op != "" {
		r.held++
		on := ""
		if c.target.own {
			on = " " + c.unit
		}
		line += fmt.Sprintf("   target %s %.4g%s", c.target.op, c.target.value, on)
		if c.target.met(ratio, ours) {
			line += "  met"
		} else {
			line += "  MISSED"
			r.missed = append(r.missed, line)
		}
	}
	fmt.Println(line)
}

// note prints numbers that are compared with nothing.
func (r *report) note(format string, args ...any) { fmt.Printf("    "+format+"\n", args...) }

func (r *report) summary() {
	fmt.Printf("\n%d of %d targets met\n", r.held-len(r.missed), r.held)
	if len(r.missed) > 0 {
		fmt.Println("missed:\n" + strings.Join(r.missed, "\n"))
	}
}

// spread writes a median with the lowest and highest value.
func spread(values []float64) string {
	if len(values) == 1 {
		return number(values[0])
	}
	return fmt.Sprintf("%s (%s–%s)", number(median(values)), number(slices.Min(values)), number(slices.Max(values)))
}

// number writes three digits that count.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile is the smallest value that at least the share q of the values does not exceed; with an even count the
// median is the mean of the two in the middle.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if q == 0.5 && n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[min(int(q*float64(n)), n-1)]
}
