package engine

import (
	"sort"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// open begins to run a query whose surrounding query's frame is up. The rows
// that it gives are its caller's to keep.
func (q *query) open(r *run, up *frame) (catalog.Cursor, error) {
	f := r.frame(q.width, up)
	var rows catalog.Cursor
	var err error
	switch {
	case q.op != ast.NoSetOp:
		rows, err = q.openSet(f)
	case q.values != nil:
		rows = q.openValues(f)
	default:
		rows, err = q.openPlain(f)
	}
	if err != nil {
		return nil, err
	}
	if len(q.sort) > 0 {
		if rows, err = q.sorted(r, rows); err != nil {
			return nil, err
		}
	}
	if q.distinct {
		rows = q.unique(r, rows)
	}
	return q.limited(f, rows)
}

// openPlain runs FROM, WHERE, GROUP BY and the select list.
func (q *query) openPlain(f *frame) (catalog.Cursor, error) {
	next := once()
	if q.from != nil {
		var err error
		if next, err = q.from.open(f, f.up != nil); err != nil {
			return nil, err
		}
	}
	if len(q.where) > 0 {
		next = filter(f, next, q.where)
	}
	if q.grouping {
		var err error
		if next, err = q.group(f, next); err != nil {
			return nil, err
		}
		next = filter(f, next, q.having)
	}
	if len(q.sets) > 0 {
		next = q.expandSets(f, next)
	}
	return func() (row, error) {
		ok, err := next()
		if !ok || err != nil {
			return nil, err
		}
		return f.evalAll(q.targets)
	}, nil
}

func once() cursor {
	done := false
	return func() (bool, error) {
		first := !done
		done = true
		return first, nil
	}
}

func filter(f *frame, next cursor, conds []expr) cursor {
	if len(conds) == 0 {
		return next
	}
	return func() (bool, error) {
		for {
			if err := f.call.Step(); err != nil {
				return false, err
			}
			ok, err := next()
			if !ok || err != nil {
				return false, err
			}
			if ok, err = holds(f, conds); ok || err != nil {
				return ok, err
			}
		}
	}
}

func (q *query) openValues(f *frame) catalog.Cursor {
	at := 0
	return func() (row, error) {
		if at == len(q.values) {
			return nil, nil
		}
		list := q.values[at]
		at++
		return f.evalAll(list)
	}
}

// setValue is the value of a set-returning function of the select list.
type setValue struct {
	call  *setCall
	index int
}

// expandSets repeats each row as often as the longest of the select list's
// set-returning functions gives rows.
func (q *query) expandSets(f *frame, next cursor) cursor {
	var open []catalog.Cursor
	f.set = make(row, len(q.sets))
	return func() (bool, error) {
		for {
			if open == nil {
				ok, err := next()
				if !ok || err != nil {
					return false, err
				}
				open = make([]catalog.Cursor, len(q.sets))
				for i, s := range q.sets {
					if open[i], err = s.open(f); err != nil {
						return false, err
					}
				}
			}
			if err := f.call.Step(); err != nil {
				return false, err
			}
			any := false
			for i, s := range q.sets {
				f.set[i] = nil
				if open[i] == nil {
					continue
				}
				r, err := open[i]()
				if err != nil {
					return false, err
				}
				if r == nil {
					open[i] = nil
					continue
				}
				any = true
				f.set[i] = s.value(r)
			}
			if any {
				return true, nil
			}
			open = nil
		}
	}
}

// value is a row of the function as one value.
func (s *setCall) value(r row) value {
	if s.cols == nil {
		return r[0]
	}
	rec := &types.Row{Vals: r}
	for _, c := range s.cols {
		rec.Types = append(rec.Types, c.Type)
	}
	return rec
}

// openSet runs UNION, INTERSECT or EXCEPT.
func (q *query) openSet(f *frame) (catalog.Cursor, error) {
	left, err := q.branch(f, q.left, q.leftConv)
	if err != nil {
		return nil, err
	}
	right, err := q.branch(f, q.right, q.rightConv)
	if err != nil {
		return nil, err
	}
	if q.op == ast.Union {
		both := func() (row, error) {
			if left != nil {
				r, err := left()
				if r != nil || err != nil {
					return r, err
				}
				left = nil
			}
			return right()
		}
		if q.all {
			return both, nil
		}
		return uniqueRows(f.run, both, nil), nil
	}
	return q.compareSets(f.run, left, right)
}

// branch gives a branch's rows with the types of the whole.
func (q *query) branch(f *frame, b *query, conv []expr) (catalog.Cursor, error) {
	rows, err := b.open(f.run, f)
	if err != nil {
		return nil, err
	}
	return func() (row, error) {
		if err := f.call.Step(); err != nil {
			return nil, err
		}
		r, err := rows()
		if r == nil || err != nil {
			return nil, err
		}
		copy(f.row, r[:len(conv)])
		return f.evalAll(conv)
	}, nil
}

// compareSets is INTERSECT and EXCEPT: of equal rows, as many as the counts
// on both sides leave.
func (q *query) compareSets(r *run, left, right catalog.Cursor) (catalog.Cursor, error) {
	counts := map[string]int{}
	for {
		next, err := right()
		if err != nil {
			return nil, err
		}
		if next == nil {
			break
		}
		key := rowKey(next, nil)
		if err := r.call.Grow(len(key) + keySize); err != nil {
			return nil, err
		}
		counts[key]++
	}
	given := map[string]bool{}
	return func() (row, error) {
		for {
			next, err := left()
			if next == nil || err != nil {
				return nil, err
			}
			key := rowKey(next, nil)
			n := counts[key]
			give := n > 0
			if q.op == ast.Except {
				give = n == 0
			}
			if q.all {
				if n > 0 {
					counts[key]--
				}
			} else if give {
				if given[key] {
					continue
				}
				if err := r.call.Grow(len(key) + keySize); err != nil {
					return nil, err
				}
				given[key] = true
			}
			if give {
				return next, nil
			}
		}
	}, nil
}

// rowKey is the same for rows that are equal in some columns, nil for all.
func rowKey(r row, cols []int) string {
	var buf []byte
	if cols == nil {
		for _, v := range r {
			buf = types.AppendKey(buf, v)
		}
		return string(buf)
	}
	for _, i := range cols {
		buf = types.AppendKey(buf, r[i])
	}
	return string(buf)
}

func uniqueRows(r *run, rows catalog.Cursor, cols []int) catalog.Cursor {
	seen := map[string]bool{}
	return func() (row, error) {
		for {
			if err := r.call.Step(); err != nil {
				return nil, err
			}
			next, err := rows()
			if next == nil || err != nil {
				return nil, err
			}
			key := rowKey(next, cols)
			if seen[key] {
				continue
			}
			if err := r.call.Grow(len(key) + keySize); err != nil {
				return nil, err
			}
			seen[key] = true
			return next, nil
		}
	}
}

// unique is DISTINCT and DISTINCT ON.
func (q *query) unique(r *run, rows catalog.Cursor) catalog.Cursor {
	cols := q.distinctOn
	if cols == nil {
		for i := range q.cols {
			cols = append(cols, i)
		}
	}
	return uniqueRows(r, rows, cols)
}

func (q *query) sorted(r *run, rows catalog.Cursor) (catalog.Cursor, error) {
	all, err := r.collect(rows)
	if err != nil {
		return nil, err
	}
	if err := r.sort(all, q.sort); err != nil {
		return nil, err
	}
	return catalog.Slice(all), nil
}

// sort sorts rows; equal ones stay in order. A cancelled statement ends it
// at the next look.
func (r *run) sort(all []row, keys []sortKey) error {
	var cancelled error
	sort.SliceStable(all, func(i, j int) bool {
		if cancelled == nil {
			cancelled = r.call.Step()
		}
		if cancelled != nil {
			return false
		}
		return compareRows(all[i], all[j], keys) < 0
	})
	return cancelled
}

func compareRows(a, b row, keys []sortKey) int {
	for _, k := range keys {
		x, y := a[k.target], b[k.target]
		if x == nil || y == nil {
			if (x == nil) == (y == nil) {
				continue
			}
			if (x == nil) == k.nullsFirst {
				return -1
			}
			return 1
		}
		c := types.Compare(x, y)
		if c == 0 {
			continue
		}
		if k.desc {
			return -c
		}
		return c
	}
	return 0
}

// limited applies OFFSET and LIMIT, and cuts rows to the result's columns.
func (q *query) limited(f *frame, rows catalog.Cursor) (catalog.Cursor, error) {
	bare := f.run.frame(0, f)
	count := func(e expr, what, code string) (int64, bool, error) {
		if e == nil {
			return 0, false, nil
		}
		v, err := e.eval(bare)
		if v == nil || err != nil {
			return 0, false, err
		}
		if n := v.(int64); n >= 0 {
			return n, true, nil
		}
		return 0, false, types.Errorf(code, "%s must not be negative", what)
	}
	skip, _, err := count(q.offset, "OFFSET", types.CodeInvalidOffset)
	if err != nil {
		return nil, err
	}
	left, bounded, err := count(q.limit, "LIMIT", types.CodeInvalidLimit)
	if err != nil {
		return nil, err
	}
	visible := len(q.cols)
	return func() (row, error) {
		for {
			if bounded && left == 0 {
				return nil, nil
			}
			r, err := rows()
			if r == nil || err != nil {
				return nil, err
			}
			if skip > 0 {
				skip--
				if err := f.call.Step(); err != nil {
					return nil, err
				}
				continue
			}
			left--
			return r[:visible:visible], nil
		}
	}, nil
}
