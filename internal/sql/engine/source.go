package engine

import (
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// source gives rows by putting them into a frame's row, each source into its
// own part of it.
type source interface {
	// open begins to give rows. again says that the same source may be opened
	// again in the same execution, so that what does not depend on other
	// sources is worth keeping.
	open(f *frame, again bool) (cursor, error)
	// lateral tells whether the rows depend on sources before this one.
	lateral() bool
	// parts calls fn with the place of each expression in it.
	parts(fn func(*expr))
	// queries calls fn with each sub-select in FROM.
	queries(fn func(*query))
}

// cursor puts the next row into the frame, until it returns false.
type cursor func() (bool, error)

// fill makes a cursor of rows.
func fill(f *frame, at int, rows catalog.Cursor) cursor {
	return func() (bool, error) {
		if err := f.call.Step(); err != nil {
			return false, err
		}
		r, err := rows()
		if r == nil || err != nil {
			return false, err
		}
		copy(f.row[at:], r)
		return true, nil
	}
}

// collect reads all rows, and accounts for them.
func (r *run) collect(rows catalog.Cursor) ([]row, error) {
	var all []row
	for {
		if err := r.call.Step(); err != nil {
			return nil, err
		}
		next, err := rows()
		if next == nil || err != nil {
			return all, err
		}
		if next, err = r.copyRow(next); err != nil {
			return nil, err
		}
		all = append(all, next)
	}
}

// keeping gives rows that are found once in an execution.
func (r *run) keeping(who any, open func() (catalog.Cursor, error)) (catalog.Cursor, error) {
	if rows, ok := r.kept[who]; ok {
		return catalog.Slice(rows), nil
	}
	mark := r.call.Mark()
	c, err := open()
	if err != nil {
		return nil, err
	}
	rows, err := r.collect(c)
	if err != nil {
		return nil, err
	}
	r.call.Pin(mark)
	r.keep(who, rows)
	return catalog.Slice(rows), nil
}

// scanRelation reads a relation.
type scanRelation struct {
	rel  *catalog.Relation
	at   int
	need []bool
}

func (s *scanRelation) lateral() bool        { return false }
func (s *scanRelation) parts(func(*expr))    {}
func (s *scanRelation) queries(func(*query)) {}

func (s *scanRelation) open(f *frame, again bool) (cursor, error) {
	begin := func() (catalog.Cursor, error) { return s.rel.Rows(f.call, s.need[:len(s.need)-1]) }
	var rows catalog.Cursor
	var err error
	if again {
		rows, err = f.keeping(s, begin)
	} else {
		rows, err = begin()
	}
	if err != nil {
		return nil, err
	}
	next, hidden := fill(f, s.at, rows), len(s.need)-1
	if !s.need[hidden] {
		return next, nil
	}
	return func() (bool, error) {
		f.row[s.at+hidden] = int64(s.rel.OID)
		return next()
	}, nil
}

// scanQuery reads a sub-select, or a query of a WITH clause.
type scanQuery struct {
	query     *query
	at        int
	dependent bool // LATERAL, and refers to something
	level     int  // of the scope of WITH
	shared    any  // who keeps the rows of a query of WITH
}

func (s *scanQuery) lateral() bool     { return s.dependent }
func (s *scanQuery) parts(func(*expr)) {}
func (s *scanQuery) queries(fn func(*query)) {
	if s.shared == nil {
		fn(s.query)
	}
}

func (s *scanQuery) open(f *frame, again bool) (cursor, error) {
	up := f
	for range s.level {
		up = up.up
	}
	begin := func() (catalog.Cursor, error) { return s.query.open(f.run, up) }
	var rows catalog.Cursor
	var err error
	switch {
	case s.query.correlated:
		rows, err = begin()
	case s.shared != nil:
		rows, err = f.keeping(s.shared, begin)
	case again:
		rows, err = f.keeping(s, begin)
	default:
		rows, err = begin()
	}
	if err != nil {
		return nil, err
	}
	return fill(f, s.at, rows), nil
}

// scanFunction reads a function in FROM: one that returns rows, or a value.
type scanFunction struct {
	set        *setCall
	value      expr
	record     bool // value is a record whose columns are the item's
	at, width  int
	ordinality bool
	fixed      bool // depends on nothing, so that its rows are worth keeping
}

func (s *scanFunction) lateral() bool { return true }
func (s *scanFunction) parts(fn func(*expr)) {
	if s.set != nil {
		each(s.set.args, fn)
		return
	}
	fn(&s.value)
}
func (s *scanFunction) queries(func(*query)) {}

func (s *scanFunction) open(f *frame, again bool) (cursor, error) {
	begin := func() (catalog.Cursor, error) { return s.rows(f) }
	var rows catalog.Cursor
	var err error
	if again && s.fixed {
		rows, err = f.keeping(s, begin)
	} else {
		rows, err = begin()
	}
	if err != nil {
		return nil, err
	}
	next := fill(f, s.at, rows)
	if !s.ordinality {
		return next, nil
	}
	n := int64(0)
	return func() (bool, error) {
		ok, err := next()
		n++
		f.row[s.at+s.width] = n
		return ok, err
	}, nil
}

func (s *scanFunction) rows(f *frame) (catalog.Cursor, error) {
	if s.set != nil {
		return s.set.open(f)
	}
	v, err := s.value.eval(f)
	if err != nil {
		return nil, err
	}
	r := row{v}
	if s.record {
		r = make(row, s.width)
		if rec, ok := v.(*types.Row); ok {
			copy(r, rec.Vals)
		}
	}
	return catalog.Slice([]row{r}), nil
}
