// Package pgcat knows PostgreSQL's own types, operators, functions and casts
// by their signatures. The tables are generated from a running PostgreSQL
// (internal/sql/gen); they are plain arrays without pointers, sorted, so that
// they cost no work at start and no private memory.
package pgcat

import (
	"sort"
	"strings"

	"waypost/internal/sql/types"
)

// symbol is a string of the table symbols: offset<<12 | length.
type symbol uint32

func (s symbol) String() string { at := s >> 12; return symbols[at : at+s&0xfff] }

// typeList is a part of typeLists: offset<<8 | length.
type typeList uint32

func (l typeList) oids() []types.OID { at := l >> 8; return typeLists[at : at+l&0xff : at+l&0xff] }

// Type is a row of pg_type.
type Type struct {
	OID       types.OID
	name      symbol
	Category  byte
	Preferred bool
	Elem      types.OID // of an array type, and of some others
	Array     types.OID
	Len       int16
	Kind      byte // typtype
}

// Name is typname.
func (t *Type) Name() string { return t.name.String() }

// Operator is a row of pg_operator.
type Operator struct {
	name        symbol
	OID         types.OID
	Left, Right types.OID
	Result      types.OID
	code        procRow
}

// Name is oprname.
func (o *Operator) Name() string { return o.name.String() }

// Proc is the operator's function.
func (o *Operator) Proc() *Proc { return o.code.proc() }

// procRow is a row of procRows, counted from 1; 0 is none.
type procRow uint16

func (r procRow) proc() *Proc {
	if r == 0 {
		return nil
	}
	return &procRows[r-1]
}

// Proc is a row of pg_proc.
type Proc struct {
	name       symbol
	OID        types.OID
	source     symbol
	Result     types.OID
	Variadic   types.OID
	NDefaults  uint8
	Kind       byte // f or a
	Strict     bool
	Set        bool
	Volatility byte // i, s or v
	Cost       uint16
	args       typeList
}

// Name is proname.
func (p *Proc) Name() string { return p.name.String() }

// Source is the name of the C function that is its body, or its own name.
func (p *Proc) Source() string { return p.source.String() }

// Args are the types of its input arguments.
func (p *Proc) Args() []types.OID { return p.args.oids() }

type detail struct {
	oid      types.OID
	args     symbol // mode:name:type, …
	defaults symbol // expressions
}

// Cast is a row of pg_cast.
type Cast struct {
	Source, Target types.OID
	function       procRow
	Context        byte // i, a or e
	Method         byte // f, b or i
}

// Proc is the cast's function, or nil.
func (c *Cast) Proc() *Proc { return c.function.proc() }

// TypeByOID finds a type, or nil.
func TypeByOID(oid types.OID) *Type {
	i := sort.Search(len(typeRows), func(i int) bool { return typeRows[i].OID >= oid })
	if i < len(typeRows) && typeRows[i].OID == oid {
		return &typeRows[i]
	}
	return nil
}

// TypeByName finds a type by typname, or nil.
func TypeByName(name string) *Type {
	for i := range typeRows {
		if t := &typeRows[i]; int(t.name&0xfff) == len(name) && t.Name() == name {
			return t
		}
	}
	return nil
}

// Operators gives the operators of a name.
func Operators(name string) []Operator {
	from := sort.Search(len(operatorRows), func(i int) bool { return operatorRows[i].Name() >= name })
	to := from
	for to < len(operatorRows) && operatorRows[to].Name() == name {
		to++
	}
	return operatorRows[from:to]
}

// Procs gives the functions and aggregates of a name.
func Procs(name string) []Proc {
	from := sort.Search(len(procRows), func(i int) bool { return procRows[i].Name() >= name })
	to := from
	for to < len(procRows) && procRows[to].Name() == name {
		to++
	}
	return procRows[from:to]
}

// ProcByOID finds a function, or nil. It looks through the whole table.
func ProcByOID(oid types.OID) *Proc {
	for i := range procRows {
		if procRows[i].OID == oid {
			return &procRows[i]
		}
	}
	return nil
}

// CastBetween finds the cast from one type to another, or nil.
func CastBetween(source, target types.OID) *Cast {
	i := sort.Search(len(castRows), func(i int) bool {
		c := &castRows[i]
		return c.Source > source || c.Source == source && c.Target >= target
	})
	if i < len(castRows) && castRows[i].Source == source && castRows[i].Target == target {
		return &castRows[i]
	}
	return nil
}

// Arg is an argument of a function as its declaration has it.
type Arg struct {
	Mode byte // i, o, b, v or t
	Name string
	Type types.OID
}

// Signature is what a function's declaration says beyond its types.
type Signature struct {
	Args     []Arg
	Defaults string // the default expressions of the last arguments, with commas between
}

// Details gives a function's declared arguments; without names, modes or
// defaults, there is nothing to tell.
func Details(proc types.OID) (Signature, bool) {
	i := sort.Search(len(detailRows), func(i int) bool { return detailRows[i].oid >= proc })
	if i == len(detailRows) || detailRows[i].oid != proc {
		return Signature{}, false
	}
	sig := Signature{Defaults: detailRows[i].defaults.String()}
	for _, field := range strings.Split(detailRows[i].args.String(), ",") {
		part := strings.SplitN(field, ":", 3)
		var oid types.OID
		for _, digit := range part[2] {
			oid = oid*10 + types.OID(digit-'0')
		}
		sig.Args = append(sig.Args, Arg{Mode: part[0][0], Name: part[1], Type: oid})
	}
	return sig, true
}

// Types gives all types. What is given out is shared, here and below.
func Types() []Type { return typeRows[:] }

// AllProcs gives all functions and aggregates.
func AllProcs() []Proc { return procRows[:] }

// AllOperators gives all operators.
func AllOperators() []Operator { return operatorRows[:] }

// Casts gives all casts.
func Casts() []Cast { return castRows[:] }
