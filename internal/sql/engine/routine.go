package engine

import (
	"strings"

	"waypost/internal/sql/builtin"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// routine is a function, aggregate or operator that a call may mean.
type routine struct {
	name      string
	args      []types.OID // expanded to the call's number of arguments
	result    types.OID
	variadic  types.OID // element type of an expanded variadic
	kind      byte      // f or a
	set       bool
	strict    bool
	stable    bool
	cost      int
	defaults  int // arguments that are missing in the call
	order     []int
	operator  string
	own       *catalog.Function
	proc      *pgcat.Proc
	signature pgcat.Signature
}

// ofProc makes a routine of a row of pg_proc.
func ofProc(p *pgcat.Proc) *routine {
	return &routine{
		name: p.Name(), args: p.Args(), result: p.Result, kind: p.Kind, set: p.Set, strict: p.Strict,
		stable: p.Volatility != 'i', cost: int(p.Cost), proc: p,
	}
}

// ofOwn makes a routine of a function of our own.
func ofOwn(f *catalog.Function) *routine {
	result := f.Result
	if result == 0 {
		result = types.Record
	}
	return &routine{
		name: f.Name, args: f.Args, result: result, kind: 'f', set: f.Set, strict: !f.CalledOnNull,
		stable: f.Stable, cost: 1, own: f,
	}
}

// procs gives the functions of a name that take n arguments.
func (a *analyzer) procs(schema, name string, n int, names []string, expand bool) []*routine {
	var found []*routine
	if schema == "" || schema == catalog.PGCatalog {
		list := pgcat.Procs(name)
		for i := range list {
			if r := fitArgs(ofProc(&list[i]), &list[i], n, names, expand); r != nil {
				found = append(found, r)
			}
		}
	}
	for _, f := range a.call.Catalog.Own(schema, name) {
		if len(f.Args) == n && names == nil {
			found = append(found, ofOwn(f))
		}
	}
	return found
}

// fitArgs fits a function to a call with n arguments, the last of which are
// named, by its default and variadic arguments; nil if it does not fit.
func fitArgs(r *routine, p *pgcat.Proc, n int, names []string, expand bool) *routine {
	if names != nil || n < len(r.args) {
		r.signature, _ = pgcat.Details(p.OID)
	}
	if names != nil {
		return r.byName(n, names, int(p.NDefaults))
	}
	if p.Variadic != 0 && expand && n >= len(r.args) {
		args := append([]types.OID{}, r.args[:len(r.args)-1]...)
		for len(args) < n {
			args = append(args, p.Variadic)
		}
		r.args, r.variadic = args, p.Variadic
		return r
	}
	if n > len(r.args) || n < len(r.args)-int(p.NDefaults) {
		return nil
	}
	r.defaults = len(r.args) - n
	r.args = r.args[:n]
	return r
}

// byName puts named arguments into the places of the declaration.
func (r *routine) byName(n int, names []string, defaults int) *routine {
	var inputs []string
	for _, arg := range r.signature.Args {
		if strings.IndexByte("ibv", arg.Mode) >= 0 {
			inputs = append(inputs, arg.Name)
		}
	}
	positional := n - len(names)
	if len(inputs) != len(r.args) || n > len(inputs) || positional < 0 {
		return nil
	}
	order := make([]int, len(inputs)) // call's argument for each place, -1 for a default
	for i := range order {
		order[i] = -1
		if i < positional {
			order[i] = i
		}
	}
	for k, name := range names {
		place := -1
		for i, in := range inputs {
			if in == name && order[i] < 0 {
				place = i
			}
		}
		if place < 0 {
			return nil
		}
		order[place] = positional + k
	}
	args := make([]types.OID, n)
	for place, at := range order {
		if at < 0 {
			if place < len(inputs)-defaults {
				return nil
			}
			continue
		}
		args[at] = r.args[place]
	}
	r.args, r.order = args, order
	return r
}

// body finds the body of a routine that returns one value.
func (a *analyzer) body(r *routine) builtin.Body {
	if f := a.function(r); f != nil {
		if f.Eval == nil {
			return nil
		}
		a.allow(f.Allow)
		return func(c *catalog.Call, _ *builtin.Info, v []value) (value, error) { return f.Eval(c, v) }
	}
	if r.own != nil {
		return nil
	}
	if r.operator != "" && r.result == types.Bool && len(r.args) == 2 && hasValues(r.args) {
		if b := builtin.Comparison(r.operator); b != nil {
			return b
		}
	}
	if b := builtin.Lookup(r.proc.Source()); b != nil {
		return b
	}
	// A function named like a type, of one argument, is the cast to it.
	if t := pgcat.TypeByName(r.name); t != nil && t.OID == r.result && len(r.args) == 1 {
		return builtin.Cast(r.args[0], r.result)
	}
	return nil
}

func hasValues(args []types.OID) bool {
	for _, t := range args {
		if !types.HasValues(t) && !polymorphic(t) {
			return false
		}
	}
	return true
}

// function finds the body that the catalog gives a routine, or nil.
func (a *analyzer) function(r *routine) *catalog.Function {
	if r.own != nil {
		return r.own
	}
	return a.call.Catalog.Body(r.name, r.proc.Args())
}

// setBody finds the body of a routine that returns rows.
func (a *analyzer) setBody(r *routine) builtin.SetBody {
	if f := a.function(r); f != nil {
		if f.Rows == nil {
			return nil
		}
		a.allow(f.Allow)
		return func(c *catalog.Call, _ *builtin.Info, v []value) (catalog.Cursor, error) { return f.Rows(c, v) }
	}
	if r.own != nil {
		return nil
	}
	return builtin.LookupSet(r.proc.Source())
}

// columns are the columns of the rows or the row that a routine returns, nil
// for one that returns a plain value.
func (r *routine) columns() []catalog.Column {
	if r.own != nil {
		return r.own.Out
	}
	if r.result != types.Record || r.proc == nil {
		return nil
	}
	sig, _ := pgcat.Details(r.proc.OID)
	var out []catalog.Column
	for _, arg := range sig.Args {
		if strings.IndexByte("obt", arg.Mode) >= 0 {
			out = append(out, catalog.Column{Name: arg.Name, Type: arg.Type})
		}
	}
	return out
}
