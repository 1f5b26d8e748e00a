package engine

import (
	"sort"

	"waypost/internal/sql/ast"
)

// conjuncts takes an AND apart.
func conjuncts(e expr) []expr {
	if b, ok := e.(*boolOp); ok && b.kind == ast.And {
		var all []expr
		for _, a := range b.args {
			all = append(all, conjuncts(a)...)
		}
		return all
	}
	return []expr{e}
}

// byCost puts conditions in the order in which PostgreSQL tests them: cheap
// ones first, otherwise as they were written (order_qual_clauses()). Which
// condition is tested first decides whether the other raises an error.
func byCost(conds []expr) {
	sort.SliceStable(conds, func(i, j int) bool { return cost(conds[i]) < cost(conds[j]) })
}

// cost estimates what a condition takes, in calls of simple functions
// (cost_qual_eval()).
func cost(e expr) float64 {
	own := 0.0
	switch x := e.(type) {
	case *apply:
		own = float64(x.cost)
	case *viaText:
		own = 2
	case *fit, *coalesce, *minMax:
		own = 1
	case *anyAll:
		n := 10
		switch l := x.array.(type) {
		case *list:
			n = len(l.elems)
		}
		own = float64(x.test.cost) * 0.5 * float64(n)
	case *distinct:
		own = float64(x.equal.cost)
	case *subselect:
		own = 1000
	}
	e.parts(func(p *expr) { own += cost(*p) })
	return own
}
