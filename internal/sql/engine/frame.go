package engine

import (
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

type (
	value = types.Value
	row   = catalog.Row
)

// run is one execution of a statement.
type run struct {
	call   *catalog.Call
	params []value
	asked  bool // whether the user may see and call what the statement names
	// kept holds what a part of the plan has found once for the whole
	// execution: rows of relations and of sub-selects that depend on nothing.
	kept map[any][]row
}

// frame is where one level of the query keeps the row that it is looking at.
// Sub-selects have frames of their own, with up pointing to the frame of the
// query they stand in.
type frame struct {
	*run
	row row // the columns of all FROM items, side by side
	// group holds the keys, then the aggregates' results, once rows have been
	// grouped.
	group row
	// tested is the value of CASE's argument, or the element that ANY or ALL
	// is at.
	tested value
	// set holds the values of set-returning functions of the select list.
	set row
	up  *frame
}

// sub makes a frame for a query within f's.
func (r *run) frame(width int, up *frame) *frame {
	return &frame{run: r, row: make(row, width), up: up}
}

// evalAll evaluates the parts of a row.
func (f *frame) evalAll(list []expr) (row, error) {
	out := make(row, len(list))
	defer f.call.Drop(f.call.Held())
	for i, e := range list {
		var err error
		if out[i], err = f.hold(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// hold evaluates an expression whose value is held while others are evaluated.
func (f *frame) hold(e expr) (value, error) {
	v, err := e.eval(f)
	if err != nil || isThere(e) {
		return v, err
	}
	return v, f.call.Hold(v)
}

// isThere reports whether an expression's value is there anyway: it takes no
// memory to hold it, and to find its size for each row would take time.
func isThere(e expr) bool {
	switch e.(type) {
	case *column, *constant, *param:
		return true
	}
	return false
}

// keep remembers rows for the rest of the execution.
func (r *run) keep(who any, rows []row) {
	if r.kept == nil {
		r.kept = map[any][]row{}
	}
	r.kept[who] = rows
}

// rowSize is what a row takes besides its values: its place in a list that
// grows by copying, and what allocation rounds up. keySize is the same for a
// key in a map.
const (
	rowSize = 72
	keySize = 112
)

// copyRow copies a row that is to be kept, and accounts for it.
func (r *run) copyRow(from row) (row, error) {
	n := rowSize
	for _, v := range from {
		n += types.Size(v)
	}
	if err := r.call.Grow(n); err != nil {
		return nil, err
	}
	return append(make(row, 0, len(from)), from...), nil
}
