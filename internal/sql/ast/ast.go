// Package ast is the tree of a parsed statement, in our own types, so that
// nothing but package parser knows whose parser made it. It holds what the
// engine can use and no more: package parser refuses the rest.
package ast

// Parsed is one statement of a query string.
type Parsed struct {
	// Text is the whole query string; positions of errors count in it.
	Text string
	Stmt Stmt
}

// Stmt is a *Select or one of the utility statements.
type Stmt interface{ statement() }

// Pos is a byte offset into the query string, -1 where there is none.
type Pos = int

// SetOp is how a Select is made of two others.
type SetOp int

// The set operations.
const (
	NoSetOp SetOp = iota
	Union
	Intersect
	Except
)

// String gives the operation's name as it stands in messages.
func (o SetOp) String() string { return [...]string{"", "UNION", "INTERSECT", "EXCEPT"}[o] }

// Select is a SELECT or VALUES statement, or a set operation over two.
type Select struct {
	With []CTE

	Op          SetOp
	All         bool
	Left, Right *Select

	Values [][]Expr

	Distinct   bool
	DistinctOn []Expr
	Targets    []Target
	From       []FromItem
	Where      Expr
	GroupBy    []Expr
	Having     Expr

	OrderBy       []SortKey
	Limit, Offset Expr
	Locking       bool // FOR UPDATE and the like

	At Pos
}

// CTE is one query of a WITH clause.
type CTE struct {
	Name    string
	Columns []string
	Query   *Select
	At      Pos
}

// Target is one item of a SELECT's list.
type Target struct {
	Name string // by AS; may be empty
	Expr Expr
	At   Pos
}

// NullsOrder says where NULLs are sorted.
type NullsOrder int

// Where NULLs go; by default they are the largest values.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// SortKey is one item of an ORDER BY.
type SortKey struct {
	Expr  Expr
	Desc  bool
	Nulls NullsOrder
	At    Pos
}

// Alias renames a FROM item and, from the left, its columns.
type Alias struct {
	Name    string
	Columns []string
}

// FromItem is a *RelationRef, *SubQuery, *FunctionRef or *Join.
type FromItem interface{ fromItem() }

// RelationRef names a relation or CTE.
type RelationRef struct {
	Database, Schema, Name string
	Alias                  *Alias
	At                     Pos
}

// SubQuery is a query in FROM.
type SubQuery struct {
	Lateral bool
	Query   *Select
	Alias   *Alias
	At      Pos
}

// FunctionRef is a function in FROM.
type FunctionRef struct {
	Lateral    bool
	Ordinality bool
	Call       Expr
	Alias      *Alias
	Columns    []ColumnDef // of a column definition list
	At         Pos
}

// ColumnDef is a column of a column definition list.
type ColumnDef struct {
	Name string
	Type TypeName
}

// JoinKind is the kind of a join.
type JoinKind int

// The kinds of joins. A cross join is an inner one without a condition.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
)

// Join is a join in FROM.
type Join struct {
	Kind        JoinKind
	Natural     bool
	Left, Right FromItem
	Using       []string
	UsingAlias  string
	On          Expr
	Alias       *Alias
	At          Pos
}

func (*RelationRef) fromItem() {}
func (*SubQuery) fromItem()    {}
func (*FunctionRef) fromItem() {}
func (*Join) fromItem()        {}

// TypeName names a type.
type TypeName struct {
	Schema string
	Name   string
	Array  bool
	// Mods are the modifiers in parentheses; for interval they are
	// PostgreSQL's field mask and precision.
	Mods []int32
	At   Pos
}
