package engine

import (
	"math"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
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

// span is a part of the frame's row, from lo to before hi. What a source
// gives is one, as FROM's items get their places one after the other.
type span struct{ lo, hi int }

// spanOf gives the places that a source puts values into.
func spanOf(s source) span {
	switch x := s.(type) {
	case *scanRelation:
		return span{x.at, x.at + len(x.need)}
	case *scanQuery:
		return span{x.at, x.at + len(x.query.cols)}
	case *scanFunction:
		if x.ordinality {
			return span{x.at, x.at + x.width + 1}
		}
		return span{x.at, x.at + x.width}
	case *filtered:
		return spanOf(x.source)
	case *loop:
		return x.places
	}
	return span{}
}

// reach is what a condition reads of the frame's row. One that may fail, or
// reads nothing, may not be moved.
type reach struct {
	span
	movable bool
}

func (r reach) within(s span) bool { return r.movable && s.lo <= r.lo && r.hi <= s.hi }

func reachOf(cond expr) reach {
	r := reach{span: span{lo: math.MaxInt}, movable: true}
	var look func(e *expr)
	look = func(e *expr) {
		switch x := (*e).(type) {
		case *column:
			if x.level == 0 {
				r.lo, r.hi = min(r.lo, x.index), max(r.hi, x.index+1)
			}
		case *apply:
			r.movable = r.movable && x.safe
		case *constant, *param, *relabel, *boolOp, *nullTest, *truthTest, *anyAll, *list:
		default:
			r.movable = false
		}
		(*e).parts(look)
	}
	look(&cond)
	r.movable = r.movable && r.hi > 0
	return r
}

// pusher pushes conditions down. It looks at each of them once.
type pusher struct {
	call    *catalog.Call
	reaches map[expr]reach
}

func (p *pusher) reads(s span, cond expr) bool {
	r, known := p.reaches[cond]
	if !known {
		r = reachOf(cond)
		p.reaches[cond] = r
	}
	return r.within(s)
}

// take splits conditions into those that read these places only, and others.
func (p *pusher) take(s span, conds []expr) (own, rest []expr) {
	for _, c := range conds {
		if p.reads(s, c) {
			own = append(own, c)
		} else {
			rest = append(rest, c)
		}
	}
	return own, rest
}

// pushDown gives a source that tests as many of the conditions itself as it
// can, and the others.
func (a *analyzer) pushDown(s source, conds []expr) (source, []expr, error) {
	p := &pusher{call: a.call, reaches: map[expr]reach{}}
	return p.push(s, conds)
}

func (p *pusher) push(s source, conds []expr) (source, []expr, error) {
	if err := p.call.Step(); err != nil {
		return nil, nil, err
	}
	l, ok := s.(*loop)
	if !ok {
		own, rest := p.take(spanOf(s), conds)
		if len(own) == 0 {
			return s, conds, nil
		}
		byCost(own)
		return &filtered{source: s, conds: own}, rest, nil
	}
	left, right := spanOf(l.left), spanOf(l.right)
	var toLeft, toRight []expr
	switch l.kind {
	case ast.InnerJoin:
		// A column of USING is worked out when the join's own conditions hold:
		// what reads it stays above.
		var own []expr
		own, conds = p.take(span{left.lo, right.hi}, conds)
		own = append(l.on, own...)
		toLeft, own = p.take(left, own)
		toRight, own = p.take(right, own)
		l.on = own
	case ast.LeftJoin:
		toLeft, conds = p.take(left, conds)
		toRight, l.on = p.take(right, l.on)
	case ast.RightJoin:
		toRight, conds = p.take(right, conds)
		toLeft, l.on = p.take(left, l.on)
	case ast.FullJoin:
		return l, conds, nil
	}
	above, err := p.pushBoth(l, toLeft, toRight)
	if err != nil {
		return nil, nil, err
	}
	return l, p.keep(l, above, conds), nil
}

// pushBoth pushes conditions into both sides of a join, and gives those back
// that neither could test itself.
func (p *pusher) pushBoth(l *loop, toLeft, toRight []expr) (above []expr, err error) {
	var stay []expr
	if l.left, above, err = p.push(l.left, toLeft); err != nil {
		return nil, err
	}
	if l.right, stay, err = p.push(l.right, toRight); err != nil {
		return nil, err
	}
	return append(above, stay...), nil
}

// keep takes back the conditions that neither side could test itself. For an
// outer join they belong to where they came from: the side that always gives
// its rows tests them above the join, the other one as part of the join.
func (p *pusher) keep(l *loop, above, conds []expr) []expr {
	if l.kind == ast.InnerJoin {
		l.on = append(l.on, above...)
		byCost(l.on)
		return conds
	}
	whole, optional := spanOf(l.left), spanOf(l.right)
	if l.kind == ast.RightJoin {
		whole, optional = optional, whole
	}
	for _, c := range above {
		if p.reads(optional, c) && !p.reads(whole, c) {
			l.on = append(l.on, c)
		} else {
			conds = append(conds, c)
		}
	}
	byCost(l.on)
	return conds
}
