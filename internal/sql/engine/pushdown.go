package engine

import (
	"waypost/internal/sql/ast"
)

// Conditions that cannot fail are tested as early as the columns that they
// read are there. It spares joins, and it decides which of two conditions
// gets to see a row that would make it fail: PostgreSQL, too, tests
// vartype = 'integer' before a join on setting::int. Others, casts above all,
// stay where they were written, behind everything that may spare them a row.

// filtered gives those rows of a source for which conditions hold.
type filtered struct {
	source
	conds []expr
}

func (s *filtered) parts(fn func(*expr)) {
	s.source.parts(fn)
	each(s.conds, fn)
}

func (s *filtered) open(f *frame, again bool) (cursor, error) {
	next, err := s.source.open(f, again)
	if err != nil {
		return nil, err
	}
	return filter(f, next, s.conds), nil
}

// slots are places of the frame's row.
type slots map[int]bool

// fills gives the places that a source puts values into.
func fills(s source) slots {
	all := slots{}
	addSlots(s, all)
	return all
}

func addSlots(s source, all slots) {
	add := func(at, n int) {
		for i := range n {
			all[at+i] = true
		}
	}
	switch x := s.(type) {
	case *scanRelation:
		add(x.at, len(x.need))
	case *scanQuery:
		add(x.at, len(x.query.cols))
	case *scanFunction:
		add(x.at, x.width+1)
		if !x.ordinality {
			delete(all, x.at+x.width)
		}
	case *filtered:
		addSlots(x.source, all)
	case *loop:
		addSlots(x.left, all)
		addSlots(x.right, all)
		for _, m := range x.merged {
			all[m.at] = true
		}
	}
}

// reads reports whether a condition reads something, and nothing but places
// of these, and cannot fail.
func (s slots) reads(cond expr) bool {
	any, only := false, true
	var look func(e *expr)
	look = func(e *expr) {
		switch x := (*e).(type) {
		case *column:
			if x.level == 0 {
				any = true
				only = only && s[x.index]
			}
		case *apply:
			only = only && x.safe
		case *constant, *param, *relabel, *boolOp, *nullTest, *truthTest, *anyAll, *list:
		default:
			only = false
		}
		(*e).parts(look)
	}
	look(&cond)
	return any && only
}

// take splits conditions into those that read these places only, and others.
func (s slots) take(conds []expr) (own, rest []expr) {
	for _, c := range conds {
		if s.reads(c) {
			own = append(own, c)
		} else {
			rest = append(rest, c)
		}
	}
	return own, rest
}

// pushDown gives a source that tests as many of the conditions itself as it
// can, and the others.
func pushDown(s source, conds []expr) (source, []expr) {
	l, ok := s.(*loop)
	if !ok {
		own, rest := fills(s).take(conds)
		if len(own) == 0 {
			return s, conds
		}
		byCost(own)
		return &filtered{source: s, conds: own}, rest
	}
	left, right := fills(l.left), fills(l.right)
	var toLeft, toRight []expr
	switch l.kind {
	case ast.InnerJoin:
		// A column of USING is worked out when the join's own conditions hold:
		// what reads it stays above.
		both := slots{}
		for i := range left {
			both[i] = true
		}
		for i := range right {
			both[i] = true
		}
		var own []expr
		own, conds = both.take(conds)
		own = append(l.on, own...)
		toLeft, own = left.take(own)
		toRight, own = right.take(own)
		l.on = own
	case ast.LeftJoin:
		toLeft, conds = left.take(conds)
		toRight, l.on = right.take(l.on)
	case ast.RightJoin:
		toRight, conds = right.take(conds)
		toLeft, l.on = left.take(l.on)
	case ast.FullJoin:
		return l, conds
	}
	var stay []expr
	l.left, stay = pushDown(l.left, toLeft)
	above := stay
	l.right, stay = pushDown(l.right, toRight)
	above = append(above, stay...)
	return l.keep(above, conds)
}

// keep takes back the conditions that neither side could test itself. For an
// outer join they belong to where they came from: the side that always gives
// its rows tests them above the join, the other one as part of the join.
func (l *loop) keep(above, conds []expr) (source, []expr) {
	if l.kind == ast.InnerJoin {
		l.on = append(l.on, above...)
		byCost(l.on)
		return l, conds
	}
	whole, optional := fills(l.left), fills(l.right)
	if l.kind == ast.RightJoin {
		whole, optional = optional, whole
	}
	for _, c := range above {
		if optional.reads(c) && !whole.reads(c) {
			l.on = append(l.on, c)
		} else {
			conds = append(conds, c)
		}
	}
	byCost(l.on)
	return l, conds
}
