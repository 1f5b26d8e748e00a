package guc

import (
	"math"
	"strconv"
)

// unitSize is one accepted unit, in bytes or in microseconds, the greatest first.
type unitSize struct {
	name string
	size float64
}

var (
	memoryUnits = [...]unitSize{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}}
	timeUnits   = [...]unitSize{{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}}
)

const (
	memoryHint = `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`
	timeHint   = `Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`
)

// table gives the units that u's settings accept, and u's own size in the same measure.
func (u Unit) table() ([]unitSize, float64) {
	switch u {
	case Byte:
		return memoryUnits[:], 1
	case KB:
		return memoryUnits[:], 1 << 10
	case Blocks:
		return memoryUnits[:], 8 << 10
	case MB:
		return memoryUnits[:], 1 << 20
	case MS:
		return timeUnits[:], 1e3
	case Sec:
		return timeUnits[:], 1e6
	case Min:
		return timeUnits[:], 60e6
	}
	return nil, 1
}

func (u Unit) hint() string {
	if u.isTime() {
		return timeHint
	}
	return memoryHint
}

// toBase converts v, given in the named unit, to u. A fraction is first rounded to the next smaller unit, so
// that 30.1GB is a whole number of megabytes.
func (u Unit) toBase(v float64, name string) (float64, bool) {
	units, base := u.table()
	for i, t := range units {
		if t.name != name {
			continue
		}
		v *= t.size / base
		if i+1 < len(units) {
			next := units[i+1].size / base
			v = math.RoundToEven(v/next) * next
		}
		return v, true
	}
	return 0, false
}

// human prints v, given in u, in the greatest unit that needs no fraction. Zero and negative numbers, which often
// mean something special, get no unit.
func (u Unit) human(v int64) string {
	if u == NoUnit || v <= 0 {
		return strconv.FormatInt(v, 10)
	}
	units, base := u.table()
	for _, t := range units {
		if t.size <= base {
			return strconv.FormatInt(v*int64(base/t.size), 10) + t.name
		}
		if m := int64(t.size / base); v%m == 0 && float64(m)*base == t.size {
			return strconv.FormatInt(v/m, 10) + t.name
		}
	}
	return strconv.FormatInt(v, 10)
}
