package engine

import (
	"context"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// Bound is a statement that gets its parameters, one by one, and then runs once. It is for a client that tells the
// parameters first and has the statement run later; Execute does both.
type Bound struct {
	st *Statement
	r  *run
}

// Bound begins an execution of a statement that has no parameters yet.
func (st *Statement) Bound(ctx context.Context, s catalog.Session, c *catalog.Catalog) *Bound {
	return &Bound{st: st, r: &run{call: catalog.NewCall(ctx, s, c)}}
}

// Add gives the next parameter its value. There must be as many as the statement has.
func (b *Bound) Add(p Param) (err error) {
	defer caught(&err)
	v, err := readParam(b.r.call.Env(), p, b.st.Params[len(b.r.params)])
	if err != nil {
		return told(err)
	}
	b.r.params = append(b.r.params, v)
	return told(b.r.call.Grow(types.Size(v)))
}

// Start begins to run the statement; see Statement.Execute.
func (b *Bound) Start(formats []int16) (rows *Rows, err error) {
	defer caught(&err)
	if len(b.r.params) != len(b.st.Params) {
		return nil, types.Errorf(types.CodeInternal,
			"statement has %d parameters, and %d were given", len(b.st.Params), len(b.r.params))
	}
	return b.st.start(b.r, formats)
}

// Memory is what the statement keeps in memory now, with its parameters, in bytes.
func (b *Bound) Memory() int { return b.r.call.Memory() }
