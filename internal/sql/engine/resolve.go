package engine

import (
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// This file chooses among functions and operators by the types of the
// arguments, by the rules of PostgreSQL's manual, chapter "Type Conversion"
// (src/backend/parser/parse_func.c, parse_oper.c).

// choice is the outcome of choosing.
type choice int

const (
	chosen choice = iota
	noneFits
	ambiguous
)

func exactly(args, want []types.OID) bool {
	for i := range args {
		if args[i] != want[i] {
			return false
		}
	}
	return true
}

// pick chooses a function.
func pick(candidates []*routine, args []types.OID) (*routine, choice) {
	var fitting []*routine
	for _, c := range candidates {
		if exactly(args, c.args) {
			return c, chosen
		}
		if accepts(args, c.args) {
			fitting = append(fitting, c)
		}
	}
	return best(fitting, args)
}

// best narrows the candidates that accept the arguments down to one.
func best(fitting []*routine, args []types.OID) (*routine, choice) {
	switch len(fitting) {
	case 0:
		return nil, noneFits
	case 1:
		return fitting[0], chosen
	}
	fitting = unvariadic(fitting)
	if len(fitting) > 1 {
		fitting = keepMost(fitting, args, false)
	}
	if len(fitting) > 1 {
		fitting = keepMost(fitting, args, true)
	}
	unknowns := 0
	for _, t := range args {
		if t == types.Unknown {
			unknowns++
		}
	}
	if len(fitting) > 1 && unknowns > 0 {
		fitting = byCategory(fitting, args)
	}
	if len(fitting) > 1 && unknowns > 0 {
		fitting = byKnown(fitting, args)
	}
	if len(fitting) == 1 {
		return fitting[0], chosen
	}
	return nil, ambiguous
}

// unvariadic prefers, among routines of the same argument types, the ones
// that are not variadic, and then the ones without defaults.
func unvariadic(list []*routine) (kept []*routine) {
	for i, r := range list {
		worse := false
		for j, o := range list {
			if i != j && exactly(r.args, o.args) && (r.variadic != 0 && o.variadic == 0 || r.variadic == o.variadic && r.defaults > o.defaults) {
				worse = true
			}
		}
		if !worse {
			kept = append(kept, r)
		}
	}
	return kept
}

// keepMost keeps the candidates with the most arguments that match exactly
// or, if preferred, that are of the preferred type of the argument's category.
func keepMost(list []*routine, args []types.OID, preferred bool) (kept []*routine) {
	most := -1
	for _, r := range list {
		n := 0
		for i, t := range args {
			if t == types.Unknown {
				continue
			}
			if t == r.args[i] || preferred && isPreferred(category(t), r.args[i]) {
				n++
			}
		}
		if n > most {
			most, kept = n, nil
		}
		if n == most {
			kept = append(kept, r)
		}
	}
	return kept
}

func category(t types.OID) byte {
	if row := pgcat.TypeByOID(t); row != nil {
		return row.Category
	}
	return 'X'
}

func isPreferred(category byte, t types.OID) bool {
	row := pgcat.TypeByOID(t)
	return row != nil && row.Preferred && row.Category == category
}

// byCategory decides what unknown literals are taken for: strings if any
// candidate takes a string there, otherwise the one category that all take.
func byCategory(list []*routine, args []types.OID) []*routine {
	slot := make([]byte, len(args))
	hasPreferred := make([]bool, len(args))
	for i, t := range args {
		if t != types.Unknown {
			continue
		}
		conflict := false
		for _, r := range list {
			c := category(r.args[i])
			p := isPreferred(c, r.args[i])
			switch {
			case slot[i] == 0:
				slot[i], hasPreferred[i] = c, p
			case c == slot[i]:
				hasPreferred[i] = hasPreferred[i] || p
			case c == 'S':
				slot[i], hasPreferred[i] = c, p
			default:
				conflict = true
			}
		}
		if conflict && slot[i] != 'S' {
			return list
		}
	}
	var kept []*routine
	for _, r := range list {
		keep := true
		for i, t := range args {
			if t == types.Unknown && (category(r.args[i]) != slot[i] || hasPreferred[i] && !isPreferred(slot[i], r.args[i])) {
				keep = false
			}
		}
		if keep {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		return list
	}
	return kept
}

// byKnown takes unknown literals for the one type that all other arguments
// have, and keeps the candidate that accepts that.
func byKnown(list []*routine, args []types.OID) []*routine {
	known := types.Unknown
	for _, t := range args {
		switch {
		case t == types.Unknown:
		case known == types.Unknown:
			known = t
		case known != t:
			return list
		}
	}
	if known == types.Unknown {
		return list
	}
	same := make([]types.OID, len(args))
	for i := range same {
		same[i] = known
	}
	var kept []*routine
	for _, r := range list {
		if accepts(same, r.args) {
			kept = append(kept, r)
		}
	}
	if len(kept) != 1 {
		return list
	}
	return kept
}

// accepts reports whether arguments can be given where want is declared.
func accepts(args, want []types.OID) bool {
	generic := false
	for i, t := range args {
		if polymorphic(want[i]) {
			generic = true
			continue
		}
		if !canCoerce(t, want[i], implicitly) {
			return false
		}
	}
	return !generic || consistent(args, want)
}

// polymorphic reports whether a type stands for one of the call's.
func polymorphic(t types.OID) bool {
	switch t {
	case types.AnyElement, types.AnyArray, types.AnyNonArray, types.AnyEnum, types.AnyRange, types.AnyMultirange,
		types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray, types.AnyCompatibleRange, types.AnyCompatibleMulti:
		return true
	}
	return false
}

// consistent reports whether polymorphic arguments agree with each other.
func consistent(args, want []types.OID) bool {
	_, ok := solve(args, want)
	return ok
}

// solution is what the polymorphic types of a call stand for; 0 for not
// known, where all arguments are unknown literals.
type solution struct{ elem, compatible types.OID }

// solve finds what the polymorphic types of a call stand for.
func solve(args, want []types.OID) (s solution, ok bool) {
	var loose []types.OID
	for i, w := range want {
		t := args[i]
		if t == types.Unknown || !polymorphic(w) {
			continue
		}
		switch w {
		case types.AnyEnum, types.AnyRange, types.AnyMultirange, types.AnyCompatibleRange, types.AnyCompatibleMulti:
			return s, false
		case types.AnyNonArray, types.AnyCompatibleNonArray:
			if category(t) == 'A' {
				return s, false
			}
		case types.AnyArray, types.AnyCompatibleArray:
			row := pgcat.TypeByOID(t)
			if row == nil || row.Category != 'A' && t != types.Int2Vector && t != types.OidVector {
				return s, false
			}
			t = row.Elem
		}
		switch w {
		case types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray:
			loose = append(loose, t)
			continue
		}
		if s.elem != 0 && s.elem != t {
			return s, false
		}
		s.elem = t
	}
	if len(loose) > 0 {
		s.compatible, ok = commonOf(loose)
		return s, ok
	}
	return s, true
}

// real is what a declared type stands for.
func (s solution) real(t types.OID) types.OID {
	switch t {
	case types.AnyElement, types.AnyNonArray, types.AnyEnum:
		return s.elem
	case types.AnyCompatible, types.AnyCompatibleNonArray:
		return s.compatible
	case types.AnyArray:
		return arrayOf(s.elem)
	case types.AnyCompatibleArray:
		return arrayOf(s.compatible)
	}
	return t
}

func arrayOf(t types.OID) types.OID {
	if row := pgcat.TypeByOID(t); row != nil {
		return row.Array
	}
	return 0
}

// commonOf is select_common_type() for known types.
func commonOf(list []types.OID) (types.OID, bool) {
	t := list[0]
	for _, n := range list[1:] {
		switch {
		case n == t || n == types.Unknown:
		case t == types.Unknown:
			t = n
		case category(n) != category(t):
			return 0, false
		case !isPreferred(category(t), t) && canCoerce(t, n, implicitly) && !canCoerce(n, t, implicitly):
			t = n
		}
	}
	return t, true
}
