package engine

import (
	"strings"

	"waypost/internal/sql/builtin"
	"waypost/internal/sql/types"
)

func (e *setValue) typ() types.OID { return e.call.info.Result }
func (e *setValue) eval(f *frame) (value, error) {
	return f.set[e.index], nil
}
func (e *setValue) parts(fn func(*expr)) {}
func (e *setValue) key(b *strings.Builder) {
	keyOID(b, "set"+itoa(e.index), e.call.info.Result)
}

// group is a group of rows: its keys, and what its aggregates have come to.
type group struct {
	keys  row
	state []*aggregateState
}

// aggregateState is one aggregate's state for one group.
type aggregateState struct {
	agg  builtin.Aggregate
	rows []row           // kept for an order
	seen map[string]bool // of a DISTINCT
}

// group reads all rows and gives one for each group, in the order in which
// the groups were first seen.
func (q *query) group(f *frame, next cursor) (cursor, error) {
	groups := map[string]*group{}
	var order []*group
	for {
		if err := f.call.Step(); err != nil {
			return nil, err
		}
		ok, err := next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		keys, err := f.evalAll(q.keys)
		if err != nil {
			return nil, err
		}
		key := rowKey(keys, nil)
		g := groups[key]
		if g == nil {
			if keys, err = f.copyRow(keys); err != nil {
				return nil, err
			}
			if err = f.call.Grow(len(key) + keySize + 128*(1+len(q.aggs))); err != nil {
				return nil, err
			}
			g = q.newGroup(keys)
			groups[key] = g
			order = append(order, g)
		}
		if err := q.accumulate(f, g); err != nil {
			return nil, err
		}
	}
	if len(order) == 0 && len(q.keys) == 0 {
		order = append(order, q.newGroup(nil))
	}
	at := 0
	return func() (bool, error) {
		if at == len(order) {
			return false, nil
		}
		g := order[at]
		at++
		return true, q.finish(f, g)
	}, nil
}

func (q *query) newGroup(keys row) *group {
	g := &group{keys: keys}
	for _, a := range q.aggs {
		g.state = append(g.state, &aggregateState{agg: a.start()})
	}
	return g
}

func (q *query) accumulate(f *frame, g *group) error {
	for i, a := range q.aggs {
		if a.filter != nil {
			v, err := a.filter.eval(f)
			if err != nil {
				return err
			}
			if v != true {
				continue
			}
		}
		if err := a.accumulate(f, g.state[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *aggregate) accumulate(f *frame, s *aggregateState) error {
	vals := make(row, 0, len(e.args)+len(e.extra))
	for _, list := range [][]expr{e.args, e.extra} {
		for _, x := range list {
			v, err := x.eval(f)
			if err != nil {
				return err
			}
			vals = append(vals, v)
		}
	}
	if e.distinct {
		key := rowKey(vals[:len(e.args)], nil)
		if s.seen[key] {
			return nil
		}
		if s.seen == nil {
			s.seen = map[string]bool{}
		}
		if err := f.call.Grow(len(key) + keySize); err != nil {
			return err
		}
		s.seen[key] = true
	}
	if len(e.order) > 0 {
		kept, err := f.copyRow(vals)
		if err != nil {
			return err
		}
		s.rows = append(s.rows, kept)
		return nil
	}
	return s.agg.Add(f.call, &e.info, vals)
}

// finish puts a group's keys and results into the frame.
func (q *query) finish(f *frame, g *group) error {
	f.group = append(append(make(row, 0, len(g.keys)+len(q.aggs)), g.keys...), make(row, len(q.aggs))...)
	for i, a := range q.aggs {
		s := g.state[i]
		if len(a.order) > 0 {
			if err := f.sort(s.rows, a.order); err != nil {
				return err
			}
			for _, r := range s.rows {
				if err := s.agg.Add(f.call, &a.info, r[:len(a.args)]); err != nil {
					return err
				}
			}
		}
		v, err := s.agg.Result(f.call, &a.info)
		if err != nil {
			return err
		}
		f.group[len(g.keys)+i] = v
	}
	return nil
}
