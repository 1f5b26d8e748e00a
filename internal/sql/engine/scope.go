package engine

import (
	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// scope is what names mean at one level of the query.
type scope struct {
	up *scope
	// blind says that the items of up cannot be seen: a sub-select in FROM
	// that is not LATERAL.
	blind bool
	items []*nsItem
	// width is how many columns the FROM items have so far.
	width int
	ctes  []*cte
	// clause names where the analysis is, for messages.
	clause string
	// Where aggregates and set-returning functions are put; nil where there
	// may be none.
	aggs   *[]*aggregate
	inAgg  bool
	sets   *[]*setCall
	noSets string // the construct that forbids set-returning functions
	// correlated is set when a name was found in a scope further up.
	correlated bool
}

// nsItem is a FROM item as names see it.
type nsItem struct {
	schema, name string
	cols         []nsCol
	hidden       *nsCol // not among what "*" stands for
	rel          *catalog.Relation
	// byName: may qualify a column; loose: its columns may stand unqualified.
	byName, loose bool
}

// nsCol is a column of a FROM item: where it stands in the frame's row.
type nsCol struct {
	name   string
	index  int
	t      types.OID
	typmod int32
	need   *bool // set when somebody reads the column
}

func (c *nsCol) read() {
	if c.need != nil {
		*c.need = true
	}
}

// cte is a query of a WITH clause.
type cte struct {
	name  string
	query *query
	names []string
	sc    *scope
}

// find looks for a CTE of that name; levels tells how far up its scope is.
func (sc *scope) findCTE(name string) (*cte, int) {
	for level := 0; sc != nil; sc, level = sc.up, level+1 {
		for i := len(sc.ctes) - 1; i >= 0; i-- {
			if sc.ctes[i].name == name {
				return sc.ctes[i], level
			}
		}
	}
	return nil, 0
}

func (item *nsItem) matches(schema, name string) bool {
	return item.byName && item.name == name && (schema == "" || schema == item.schema)
}

// reference makes the expression of a column that was found, level scopes up.
func (sc *scope) reference(item *nsItem, c *nsCol, level int, at ast.Pos) expr {
	c.read()
	for s, l := sc, level; l > 0; s, l = s.up, l-1 {
		s.correlated = true
	}
	return &column{level: level, index: c.index, t: c.t, typmod: c.typmod, table: item.name, name: c.name, at: at}
}

// column finds what a name refers to.
func (a *analyzer) column(sc *scope, r *ast.ColumnRef) (expr, error) {
	schema, table, name, err := a.split(r)
	if err != nil {
		return nil, err
	}
	var far bool
	for s, level := sc, 0; s != nil; level++ {
		e, err := a.columnIn(sc, s, level, schema, table, name, r.At)
		if e != nil || err != nil {
			return e, err
		}
		skip := s.blind
		if s = s.up; skip && s != nil {
			far = far || table != "" && s.has(schema, table)
			s, level = s.up, level+1
		}
	}
	return nil, a.missing(sc, schema, table, name, far, r.At)
}

// split takes a column's name apart.
func (a *analyzer) split(r *ast.ColumnRef) (schema, table, name string, err error) {
	n := r.Names
	switch len(n) {
	case 1:
		return "", "", n[0], nil
	case 2:
		return "", n[0], n[1], nil
	case 3:
		return n[0], n[1], n[2], nil
	case 4:
		if n[0] != a.call.Session.Database() {
			return "", "", "", a.errorf(r.At, types.CodeFeatureNotSupported,
				"cross-database references are not implemented: %s", dotted(n))
		}
		return n[1], n[2], n[3], nil
	}
	return "", "", "", a.errorf(r.At, types.CodeSyntax, "improper qualified name (too many dotted names): %s", dotted(n))
}

func dotted(names []string) (s string) {
	for i, n := range names {
		if i > 0 {
			s += "."
		}
		s += n
	}
	return s
}

// has reports whether an item of that name is there.
func (sc *scope) has(schema, table string) bool {
	for _, item := range sc.items {
		if item.matches(schema, table) {
			return true
		}
	}
	return false
}

// named gives the columns of a name: the hidden one only if no other has it.
func (item *nsItem) named(name string) (found []*nsCol) {
	for i := range item.cols {
		if item.cols[i].name == name {
			found = append(found, &item.cols[i])
		}
	}
	if found == nil && item.hidden != nil && item.hidden.name == name {
		found = append(found, item.hidden)
	}
	return found
}

func (a *analyzer) columnIn(sc, s *scope, level int, schema, table, name string, at ast.Pos) (expr, error) {
	var found expr
	seen := false
	for _, item := range s.items {
		if table == "" && !item.loose || table != "" && !item.matches(schema, table) {
			continue
		}
		seen = true
		for _, c := range item.named(name) {
			if found != nil {
				return nil, a.errorf(at, types.CodeAmbiguousColumn, "column reference \"%s\" is ambiguous", name)
			}
			found = sc.reference(item, c, level, at)
		}
	}
	if found == nil && seen && table != "" {
		return nil, a.errorf(at, types.CodeUndefinedColumn, "column %s.%s does not exist", table, name)
	}
	if found == nil && table == "" {
		for _, item := range s.items {
			if item.byName && item.name == name {
				return nil, a.unsupported(at, "a reference to a whole row")
			}
		}
	}
	return found, nil
}

func (a *analyzer) missing(sc *scope, schema, table, name string, far bool, at ast.Pos) error {
	if table == "" {
		return a.errorf(at, types.CodeUndefinedColumn, "column \"%s\" does not exist", name)
	}
	rel := a.call.Catalog.Relation(schema, table)
	for s := sc; s != nil && rel != nil; s = s.up {
		for _, item := range s.items {
			if item.rel != nil && item.rel.Name == rel.Name && item.rel.Schema == rel.Schema && item.name != table {
				return a.errorf(at, types.CodeUndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", table).
					WithHint("Perhaps you meant to reference the table alias \"" + item.name + "\".")
			}
		}
	}
	if schema != "" {
		table = schema + "." + table
	}
	if far {
		return a.errorf(at, types.CodeUndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", table)
	}
	return a.errorf(at, types.CodeUndefinedTable, "missing FROM-clause entry for table \"%s\"", table)
}

// star gives the columns that * or table.* stands for.
func (a *analyzer) star(sc *scope, r *ast.ColumnRef) (cols []expr, names []string, err error) {
	schema, table := "", ""
	switch n := len(r.Names); {
	case n == 1:
		table = r.Names[0]
	case n >= 2:
		schema, table = r.Names[n-2], r.Names[n-1]
	}
	add := func(item *nsItem, level int) {
		for i := range item.cols {
			cols = append(cols, sc.reference(item, &item.cols[i], level, r.At))
			names = append(names, item.cols[i].name)
		}
	}
	if table == "" {
		if len(sc.items) == 0 {
			return nil, nil, a.errorf(r.At, types.CodeSyntax, "SELECT * with no tables specified is not valid")
		}
		for _, item := range sc.items {
			if item.loose {
				add(item, 0)
			}
		}
		return cols, names, nil
	}
	for s, level := sc, 0; s != nil; level++ {
		for _, item := range s.items {
			if item.matches(schema, table) {
				add(item, level)
				return cols, names, nil
			}
		}
		skip := s.blind
		if s = s.up; skip && s != nil {
			s, level = s.up, level+1
		}
	}
	return nil, nil, a.missing(sc, schema, table, "", false, r.At)
}
