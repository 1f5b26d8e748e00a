package engine

import (
	"strconv"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

func itoa(n int) string { return strconv.Itoa(n) }

func typeName(t types.OID) string { return pgcat.TypeName(t) }

// canOrder reports whether values of a type have an order.
func canOrder(t types.OID) bool {
	switch t {
	case types.Xid, types.AclItem, 1011, types.AclItemArray:
		return false
	}
	return types.HasValues(t) && t != types.Void
}

// canEqual reports whether values of a type can be told apart.
func canEqual(t types.OID) bool { return canOrder(t) || t == types.Xid || t == types.AclItem }

// orderBy analyses ORDER BY of a plain SELECT: names of result columns,
// their positions, or expressions over the FROM items.
func (a *analyzer) orderBy(sc *scope, q *query, s *ast.Select) error {
	visible := len(q.cols)
	for _, k := range s.OrderBy {
		i, err := a.outputColumn(sc, q, k.Expr, "ORDER BY", false)
		if err != nil {
			return err
		}
		if i < 0 {
			if i, err = a.addTarget(sc, q, k.Expr, "ORDER BY"); err != nil {
				return err
			}
		}
		if s.Distinct && i >= visible && s.DistinctOn == nil {
			return a.errorf(k.Expr.Where(), types.CodeInvalidColumnReference,
				"for SELECT DISTINCT, ORDER BY expressions must appear in select list")
		}
		if err := a.sortBy(q, i, k); err != nil {
			return err
		}
	}
	return nil
}

// addTarget finds an expression among the targets, or adds it.
func (a *analyzer) addTarget(sc *scope, q *query, n ast.Expr, clause string) (int, error) {
	e, err := a.clause(sc, clause, n)
	if err != nil {
		return 0, err
	}
	if e.typ() == types.Unknown {
		if e, err = a.coerce(e, types.Text, implicitly, n.Where()); err != nil {
			return 0, err
		}
	}
	key := keyOf(e)
	for i, t := range q.targets {
		if keyOf(t) == key {
			return i, nil
		}
	}
	q.targets = append(q.targets, e)
	return len(q.targets) - 1, nil
}

func (a *analyzer) sortBy(q *query, i int, k ast.SortKey) error {
	var t types.OID
	if i < len(q.targets) {
		if e := q.targets[i]; e.typ() == types.Unknown {
			var err error
			if q.targets[i], err = a.coerce(e, types.Text, implicitly, k.Expr.Where()); err != nil {
				return err
			}
		}
		t = q.targets[i].typ()
	} else {
		t = q.cols[i].t
	}
	if !canOrder(t) {
		return a.errorf(k.Expr.Where(), types.CodeUndefinedFunction, "could not identify an ordering operator for type %s", typeName(t)).
			WithHint("Use an explicit ordering operator or modify the query.")
	}
	for _, have := range q.sort {
		if have.target == i {
			return nil
		}
	}
	q.sort = append(q.sort, sortKey{target: i, desc: k.Desc, nullsFirst: k.Nulls == ast.NullsFirst || k.Desc && k.Nulls == ast.NullsDefault})
	return nil
}

// outputColumn finds the result column that a name or a number means, -1 if
// it means none. inputFirst says that a FROM item's column goes first.
func (a *analyzer) outputColumn(sc *scope, q *query, n ast.Expr, clause string, inputFirst bool) (int, error) {
	switch x := n.(type) {
	case *ast.ColumnRef:
		if len(x.Names) != 1 || x.Star {
			return -1, nil
		}
		if inputFirst {
			if e, err := a.columnIn(sc, sc, 0, "", "", x.Names[0], x.At); e != nil || err != nil {
				return -1, nil
			}
		}
		return a.outputName(q, x.Names[0], clause, x.At)
	case *ast.Const:
		switch x.Kind {
		case ast.IntConst:
			if x.Int < 1 || int(x.Int) > len(q.cols) {
				return 0, a.errorf(x.At, types.CodeInvalidColumnReference, "%s position %d is not in select list", clause, x.Int)
			}
			return int(x.Int) - 1, nil
		default:
			return 0, a.errorf(x.At, types.CodeSyntax, "non-integer constant in %s", clause)
		}
	}
	return -1, nil
}

func (a *analyzer) outputName(q *query, name, clause string, at ast.Pos) (int, error) {
	found := -1
	for i, c := range q.cols {
		if c.name != name {
			continue
		}
		if found >= 0 && i < len(q.targets) && keyOf(q.targets[i]) != keyOf(q.targets[found]) {
			return 0, a.errorf(at, types.CodeAmbiguousColumn, "%s \"%s\" is ambiguous", clause, name)
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
}

// orderByOutput analyses ORDER BY of VALUES or a set operation, which may
// name result columns only.
func (a *analyzer) orderByOutput(q *query, s *ast.Select) error {
	for _, k := range s.OrderBy {
		i, err := a.outputColumn(nil, q, k.Expr, "ORDER BY", false)
		if err != nil {
			return err
		}
		if i < 0 {
			if r, ok := k.Expr.(*ast.ColumnRef); ok && len(r.Names) == 1 {
				return a.errorf(r.At, types.CodeUndefinedColumn, "column \"%s\" does not exist", r.Names[0])
			}
			return a.errorf(k.Expr.Where(), types.CodeFeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
				WithDetail("Only result column names can be used, not expressions or functions.").
				WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
		}
		if err := a.sortBy(q, i, k); err != nil {
			return err
		}
	}
	return nil
}

func (a *analyzer) groupBy(sc *scope, q *query, list []ast.Expr) error {
	for _, n := range list {
		i, err := a.outputColumn(sc, q, n, "GROUP BY", true)
		if err != nil {
			return err
		}
		if i < 0 {
			if i, err = a.addTarget(sc, q, n, "GROUP BY"); err != nil {
				return err
			}
		} else if hasAggregate(q.targets[i]) {
			return a.errorf(n.Where(), types.CodeGrouping, "aggregate functions are not allowed in GROUP BY")
		}
		if e := q.targets[i]; e.typ() == types.Unknown {
			if q.targets[i], err = a.coerce(e, types.Text, implicitly, n.Where()); err != nil {
				return err
			}
		}
		e := q.targets[i]
		if !canEqual(e.typ()) {
			return a.errorf(n.Where(), types.CodeUndefinedFunction,
				"could not identify an equality operator for type %s", typeName(e.typ()))
		}
		q.keys = append(q.keys, e)
	}
	return nil
}

func (a *analyzer) distinctClause(sc *scope, q *query, s *ast.Select) error {
	if !s.Distinct {
		return nil
	}
	q.distinct = true
	if s.DistinctOn == nil {
		for i := range q.cols {
			if t := q.targets[i].typ(); t != types.Unknown && !canEqual(t) {
				return a.errorf(-1, types.CodeUndefinedFunction, "could not identify an equality operator for type %s", typeName(t))
			}
		}
		return nil
	}
	q.distinctOn = []int{}
	for _, n := range s.DistinctOn {
		i, err := a.outputColumn(sc, q, n, "DISTINCT ON", false)
		if err != nil {
			return err
		}
		if i < 0 {
			if i, err = a.addTarget(sc, q, n, "DISTINCT ON"); err != nil {
				return err
			}
		}
		q.distinctOn = append(q.distinctOn, i)
	}
	return a.distinctSorted(q, s)
}

// distinctSorted checks that DISTINCT ON's columns lead ORDER BY, and sorts
// by those of them that it does not name.
func (a *analyzer) distinctSorted(q *query, s *ast.Select) error {
	on := map[int]bool{}
	for _, i := range q.distinctOn {
		on[i] = true
	}
	leading := 0
	for n, k := range q.sort {
		if !on[k.target] {
			continue
		}
		if n != leading {
			return a.errorf(s.DistinctOn[0].Where(), types.CodeInvalidColumnReference,
				"SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
		leading++
	}
	if leading < len(on) && len(q.sort) > leading {
		return a.errorf(s.DistinctOn[0].Where(), types.CodeInvalidColumnReference,
			"SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
	}
	sorted := map[int]bool{}
	for _, k := range q.sort {
		sorted[k.target] = true
	}
	for _, i := range q.distinctOn {
		if !sorted[i] {
			sorted[i] = true
			q.sort = append(q.sort, sortKey{target: i})
		}
	}
	return nil
}
