package engine

import "waypost/internal/sql/ast"

// loop joins two sources by looking at each pair of rows.
type loop struct {
	kind        ast.JoinKind
	left, right source
	on          []expr
	merged      []mergedColumn
	// The parts of the frame's row that left and right have; not needed for
	// inner joins.
	from, middle, to int
	places           span // all that the join has, columns of USING too
}

// mergedColumn is a column of USING, worked out for each pair.
type mergedColumn struct {
	at int
	e  expr
}

func (l *loop) lateral() bool { return l.left.lateral() || l.right.lateral() }

func (l *loop) parts(fn func(*expr)) {
	l.left.parts(fn)
	l.right.parts(fn)
	each(l.on, fn)
	for i := range l.merged {
		fn(&l.merged[i].e)
	}
}

func (l *loop) queries(fn func(*query)) {
	l.left.queries(fn)
	l.right.queries(fn)
}

func clearSlots(r row) {
	for i := range r {
		r[i] = nil
	}
}

func (l *loop) open(f *frame, again bool) (cursor, error) {
	switch l.kind {
	case ast.RightJoin:
		return l.nested(f, again, l.right, l.left, f.row[l.from:l.middle])
	case ast.FullJoin:
		return l.full(f)
	}
	return l.nested(f, again, l.left, l.right, f.row[l.middle:l.to])
}

// nested goes through inner for each row of outer. Of an outer join, a row
// without a partner comes with NULLs in the inner side's part of the row.
func (l *loop) nested(f *frame, again bool, outer, inner source, innerSlots row) (cursor, error) {
	next, err := outer.open(f, again)
	if err != nil {
		return nil, err
	}
	var partner cursor
	matched := false
	return func() (bool, error) {
		for {
			if partner == nil {
				ok, err := next()
				if !ok || err != nil {
					return false, err
				}
				if partner, err = inner.open(f, true); err != nil {
					return false, err
				}
				matched = false
			}
			ok, err := partner()
			if err != nil {
				return false, err
			}
			if !ok {
				partner = nil
				if matched || l.kind == ast.InnerJoin {
					continue
				}
				clearSlots(innerSlots)
				return true, l.merge(f)
			}
			if ok, err = holds(f, l.on); err != nil {
				return false, err
			}
			if ok {
				matched = true
				return true, l.merge(f)
			}
		}
	}, nil
}

func (l *loop) merge(f *frame) error {
	for _, m := range l.merged {
		v, err := m.e.eval(f)
		if err != nil {
			return err
		}
		f.row[m.at] = v
	}
	return nil
}

// full is a full join: first all pairs and the left rows without a partner,
// then the right rows that had none.
func (l *loop) full(f *frame) (cursor, error) {
	left, right := f.row[l.from:l.middle], f.row[l.middle:l.to]
	var rows []row
	next, err := l.right.open(f, true)
	if err != nil {
		return nil, err
	}
	for {
		ok, err := next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		kept, err := f.copyRow(right)
		if err != nil {
			return nil, err
		}
		rows = append(rows, kept)
	}
	seen := make([]bool, len(rows))
	outer, err := l.left.open(f, false)
	if err != nil {
		return nil, err
	}
	at, inLeft, matched, done := 0, false, false, false
	return func() (bool, error) {
		for !done {
			if !inLeft {
				ok, err := outer()
				if err != nil {
					return false, err
				}
				if !ok {
					done, at = true, 0
					clearSlots(left)
					break
				}
				inLeft, matched, at = true, false, 0
			}
			for at < len(rows) {
				if err := f.call.Step(); err != nil {
					return false, err
				}
				i := at
				at++
				copy(right, rows[i])
				ok, err := holds(f, l.on)
				if err != nil {
					return false, err
				}
				if ok {
					seen[i], matched = true, true
					return true, l.merge(f)
				}
			}
			inLeft = false
			if !matched {
				clearSlots(right)
				return true, l.merge(f)
			}
		}
		for at < len(rows) {
			i := at
			at++
			if !seen[i] {
				copy(right, rows[i])
				return true, l.merge(f)
			}
		}
		return false, nil
	}, nil
}

// holds reports whether all conditions are true.
func holds(f *frame, conds []expr) (bool, error) {
	for _, c := range conds {
		v, err := c.eval(f)
		if v != true || err != nil {
			return false, err
		}
	}
	return true, nil
}

// dependsOn reports whether a source refers to a part of the frame's row.
func dependsOn(s source, from, to int) bool {
	found := false
	var look func(e *expr)
	look = func(e *expr) {
		if c, ok := (*e).(*column); ok && c.level == 0 && c.index >= from && c.index < to {
			found = true
		}
		(*e).parts(look)
	}
	s.parts(look)
	s.queries(func(q *query) { found = found || q.correlated })
	return found
}
