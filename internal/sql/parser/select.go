package parser

import (
	pg "github.com/sqlc-dev/oliphant/ast"

	"waypost/internal/sql/ast"
)

// subSelect converts a query that stands within another.
func (c *converter) subSelect(n *pg.Node) *ast.Select {
	s := n.GetSelectStmt()
	if s == nil {
		c.unsupported("a statement that changes data", -1)
		return nil
	}
	return c.selectStmt(s)
}

func (c *converter) selectStmt(s *pg.SelectStmt) *ast.Select {
	if !c.enter() {
		return nil
	}
	defer c.leave()
	q := &ast.Select{At: -1, All: s.GetAll(), Locking: len(s.GetLockingClause()) > 0}
	c.refuse(s)
	c.with(q, s.GetWithClause())
	switch s.GetOp() {
	case pg.SetOperation_SETOP_UNION:
		q.Op = ast.Union
	case pg.SetOperation_SETOP_INTERSECT:
		q.Op = ast.Intersect
	case pg.SetOperation_SETOP_EXCEPT:
		q.Op = ast.Except
	}
	if q.Op != ast.NoSetOp {
		q.Left, q.Right = c.selectStmt(s.GetLarg()), c.selectStmt(s.GetRarg())
	}
	for _, row := range s.GetValuesLists() {
		q.Values = append(q.Values, c.exprs(row.GetList().GetItems()))
	}
	c.distinct(q, s.GetDistinctClause())
	for _, n := range s.GetTargetList() {
		t := n.GetResTarget()
		q.Targets = append(q.Targets, ast.Target{Name: t.GetName(), Expr: c.expr(t.GetVal()), At: int(t.GetLocation())})
	}
	for _, n := range s.GetFromClause() {
		q.From = append(q.From, c.fromItem(n))
	}
	q.Where = c.maybe(s.GetWhereClause())
	q.GroupBy = c.exprs(s.GetGroupClause())
	q.Having = c.maybe(s.GetHavingClause())
	q.OrderBy = c.sortKeys(s.GetSortClause())
	q.Limit, q.Offset = c.limit(s.GetLimitCount()), c.limit(s.GetLimitOffset())
	return q
}

// refuse names the clauses that are not supported.
func (c *converter) refuse(s *pg.SelectStmt) {
	switch {
	case s.GetIntoClause() != nil:
		c.unsupported("SELECT INTO", -1)
	case len(s.GetWindowClause()) > 0:
		c.unsupported("WINDOW", -1)
	case s.GetGroupDistinct():
		c.unsupported("GROUP BY DISTINCT", -1)
	case s.GetLimitOption() == pg.LimitOption_LIMIT_OPTION_WITH_TIES:
		c.unsupported("WITH TIES", -1)
	}
	for _, g := range s.GetGroupClause() {
		if set := g.GetGroupingSet(); set != nil {
			c.unsupported("a grouping set", set.GetLocation())
		}
	}
}

func (c *converter) with(q *ast.Select, w *pg.WithClause) {
	if w.GetRecursive() {
		c.unsupported("WITH RECURSIVE", w.GetLocation())
	}
	for _, n := range w.GetCtes() {
		e := n.GetCommonTableExpr()
		if e.GetSearchClause() != nil || e.GetCycleClause() != nil {
			c.unsupported("SEARCH or CYCLE", e.GetLocation())
		}
		q.With = append(q.With, ast.CTE{
			Name: e.GetCtename(), Columns: c.names(e.GetAliascolnames()),
			Query: c.subSelect(e.GetCtequery()), At: int(e.GetLocation()),
		})
	}
}

func (c *converter) distinct(q *ast.Select, nodes []*pg.Node) {
	if len(nodes) == 0 {
		return
	}
	q.Distinct = true
	if nodes[0].GetNode() != nil { // a plain DISTINCT is a list of one empty node
		q.DistinctOn = c.exprs(nodes)
	}
}

// limit converts LIMIT's or OFFSET's expression; LIMIT ALL is none.
func (c *converter) limit(n *pg.Node) ast.Expr {
	if k := n.GetAConst(); k != nil && k.GetIsnull() {
		return nil
	}
	return c.maybe(n)
}

func (c *converter) sortKeys(nodes []*pg.Node) (keys []ast.SortKey) {
	for _, n := range nodes {
		s := n.GetSortBy()
		k := ast.SortKey{Expr: c.expr(s.GetNode()), Desc: s.GetSortbyDir() == pg.SortByDir_SORTBY_DESC, At: int(s.GetLocation())}
		switch s.GetSortbyNulls() {
		case pg.SortByNulls_SORTBY_NULLS_FIRST:
			k.Nulls = ast.NullsFirst
		case pg.SortByNulls_SORTBY_NULLS_LAST:
			k.Nulls = ast.NullsLast
		}
		if s.GetSortbyDir() == pg.SortByDir_SORTBY_USING {
			c.unsupported("ORDER BY … USING", s.GetLocation())
		}
		keys = append(keys, k)
	}
	return keys
}

func (c *converter) alias(a *pg.Alias) *ast.Alias {
	if a == nil {
		return nil
	}
	return &ast.Alias{Name: a.GetAliasname(), Columns: c.names(a.GetColnames())}
}

func (c *converter) fromItem(n *pg.Node) ast.FromItem {
	if !c.enter() {
		return nil
	}
	defer c.leave()
	switch x := n.GetNode().(type) {
	case *pg.Node_RangeVar:
		r := x.RangeVar
		return &ast.RelationRef{Database: r.GetCatalogname(), Schema: r.GetSchemaname(), Name: r.GetRelname(), Alias: c.alias(r.GetAlias()), At: int(r.GetLocation())}
	case *pg.Node_RangeSubselect:
		r := x.RangeSubselect
		return &ast.SubQuery{Lateral: r.GetLateral(), Query: c.subSelect(r.GetSubquery()), Alias: c.alias(r.GetAlias()), At: -1}
	case *pg.Node_RangeFunction:
		return c.functionRef(x.RangeFunction)
	case *pg.Node_JoinExpr:
		return c.join(x.JoinExpr)
	case *pg.Node_RangeTableSample:
		c.unsupported("TABLESAMPLE", x.RangeTableSample.GetLocation())
		return nil
	}
	c.unsupported("this item of FROM", -1)
	return nil
}

func (c *converter) functionRef(r *pg.RangeFunction) ast.FromItem {
	if r.GetIsRowsfrom() || len(r.GetFunctions()) != 1 {
		c.unsupported("ROWS FROM", -1)
		return nil
	}
	items := r.GetFunctions()[0].GetList().GetItems()
	f := &ast.FunctionRef{Lateral: r.GetLateral(), Ordinality: r.GetOrdinality(), Call: c.expr(items[0]), Alias: c.alias(r.GetAlias()), At: -1}
	if f.Call != nil {
		f.At = f.Call.Where()
	}
	for _, n := range r.GetColdeflist() {
		d := n.GetColumnDef()
		f.Columns = append(f.Columns, ast.ColumnDef{Name: d.GetColname(), Type: c.typeName(d.GetTypeName())})
	}
	return f
}

func (c *converter) join(j *pg.JoinExpr) ast.FromItem {
	out := &ast.Join{
		Natural: j.GetIsNatural(), Left: c.fromItem(j.GetLarg()), Right: c.fromItem(j.GetRarg()),
		Using: c.names(j.GetUsingClause()), On: c.maybe(j.GetQuals()), Alias: c.alias(j.GetAlias()), At: -1,
		UsingAlias: j.GetJoinUsingAlias().GetAliasname(),
	}
	switch j.GetJointype() {
	case pg.JoinType_JOIN_INNER:
		out.Kind = ast.InnerJoin
	case pg.JoinType_JOIN_LEFT:
		out.Kind = ast.LeftJoin
	case pg.JoinType_JOIN_RIGHT:
		out.Kind = ast.RightJoin
	case pg.JoinType_JOIN_FULL:
		out.Kind = ast.FullJoin
	default:
		c.unsupported("this join", -1)
	}
	return out
}
