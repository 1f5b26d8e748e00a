// Package catalog says what a statement may name: relations, functions and,
// by package pgcat, PostgreSQL's types, operators, casts and built-in
// functions; and what a function's body may ask of the session.
//
// A Catalog is immutable once made and may be shared by goroutines. Making
// one does no work beyond keeping what it is given.
package catalog

import (
	"waypost/internal/sql/types"
)

// Column is a column of a relation or of a function's result.
type Column struct {
	Name string
	Type types.OID
}

// Row is one row of a relation, in the order of its columns.
type Row = []types.Value

// Cursor gives a relation's rows one after another, then nil. Its caller
// keeps the rows and does not change them.
type Cursor func() (Row, error)

// Need says which columns a statement reads. The others may be left NULL.
// A nil Need stands for all columns.
type Need []bool

// Has reports whether column i is read.
func (n Need) Has(i int) bool { return n == nil || n[i] }

// Relation is a virtual relation.
type Relation struct {
	Schema  string // "pg_catalog" if empty
	Name    string
	OID     types.OID // its pg_class OID; 0 where it has none
	Columns []Column
	// Table says that it is a table rather than a view, and therefore has a
	// column tableoid, which "*" does not show.
	Table bool
	// Allow says, as an error, that the current user may not read it. It is
	// asked when the execution of a statement that names it begins; nil lets
	// everybody.
	Allow func(c *Call) error
	// Rows is called for each scan that a statement makes of the relation.
	// It should take its picture of the node at once; the Cursor may give
	// out what was seen then.
	Rows func(c *Call, need Need) (Cursor, error)
}

// Function is a function with its body.
//
// Where Result is 0 and Out is nil, it gives a body to a function that
// PostgreSQL has: of the signature Args in pg_catalog, or of every function
// of that Name if Args is nil. Types, strictness, default arguments and
// columns are then PostgreSQL's. Otherwise it is a function of our own.
type Function struct {
	Schema string // "pg_catalog" if empty
	Name   string
	Args   []types.OID
	Result types.OID
	Out    []Column // columns of a function that returns a row or rows
	Set    bool     // returns rows
	// CalledOnNull says that the body wants to see NULL arguments; otherwise
	// a NULL argument makes a NULL result. (For PostgreSQL's own functions,
	// its catalog decides.)
	CalledOnNull bool
	// Stable says that the result may differ between statements, and that
	// the function must not be called before execution.
	Stable bool

	// Allow says, as an error, that the current user may not call it; as
	// Relation.Allow.
	Allow func(c *Call) error
	// Eval is the body of a function that returns one value (for one with
	// several Out columns, a *types.Row).
	Eval func(c *Call, args []types.Value) (types.Value, error)
	// Rows is the body of a function that returns rows (as many values as
	// Out has columns, or one).
	Rows func(c *Call, args []types.Value) (Cursor, error)
}

// Catalog holds the relations and functions that statements may name.
type Catalog struct{ source Source }

// Source finds relations and functions, so that none need be made before a
// statement names it. What it gives for one name is always equal, but need not
// be the same pointer.
type Source interface {
	// Relation finds a relation of a schema that is named, or gives nil.
	Relation(schema, name string) *Relation
	// ByOID finds a relation by an OID that is not 0, or gives nil.
	ByOID(oid types.OID) *Relation
	All() []*Relation
	// Functions gives the functions of a name; where two answer to one
	// signature, the first is taken.
	Functions(name string) []*Function
}

// RoleNamer is a Source that knows the names of roles, for regrole.
type RoleNamer interface {
	RoleName(c *Call, oid types.OID) (string, bool)
	RoleOID(c *Call, name string) (types.OID, bool)
}

// New makes a catalog. The slices are kept, not copied; where two functions
// answer to one signature, the first is taken.
func New(relations []*Relation, functions []*Function) *Catalog {
	return NewLazy(&lists{relations, functions})
}

// NewLazy makes a catalog of a Source.
func NewLazy(source Source) *Catalog { return &Catalog{source} }

// lists is a Source of what is there.
type lists struct {
	relations []*Relation
	functions []*Function
}

func (l *lists) Relation(schema, name string) *Relation {
	for _, r := range l.relations {
		if r.Name == name && schemaOr(r.Schema) == schema {
			return r
		}
	}
	return nil
}

func (l *lists) ByOID(oid types.OID) *Relation {
	for _, r := range l.relations {
		if r.OID == oid {
			return r
		}
	}
	return nil
}

func (l *lists) All() []*Relation { return l.relations }

func (l *lists) Functions(name string) (found []*Function) {
	for _, f := range l.functions {
		if f.Name == name {
			found = append(found, f)
		}
	}
	return found
}

// PGCatalog and Public are the schemas in which an unqualified name is
// looked up, in this order.
const (
	PGCatalog = "pg_catalog"
	Public    = "public"
)

func schemaOr(s string) string {
	if s == "" {
		return PGCatalog
	}
	return s
}

// Relation finds a relation. With an empty schema, pg_catalog is looked
// through first, then public.
func (c *Catalog) Relation(schema, name string) *Relation {
	if schema == "" {
		if r := c.Relation(PGCatalog, name); r != nil {
			return r
		}
		schema = Public
	}
	return c.source.Relation(schema, name)
}

// RelationByOID finds a relation by its OID.
func (c *Catalog) RelationByOID(oid types.OID) *Relation {
	if oid == 0 {
		return nil
	}
	return c.source.ByOID(oid)
}

// Relations gives all relations.
func (c *Catalog) Relations() []*Relation { return c.source.All() }

// Own gives the functions of our own (with a signature of their own) by name.
func (c *Catalog) Own(schema, name string) (own []*Function) {
	for _, f := range c.source.Functions(name) {
		if f.own() && (schema == "" || schemaOr(f.Schema) == schema) {
			own = append(own, f)
		}
	}
	return own
}

// Body finds the body given for a function of PostgreSQL's, or nil.
func (c *Catalog) Body(name string, args []types.OID) *Function {
	for _, f := range c.source.Functions(name) {
		if !f.own() && (f.Args == nil || equalOIDs(f.Args, args)) {
			return f
		}
	}
	return nil
}

func (f *Function) own() bool { return f.Result != 0 || f.Out != nil }

func equalOIDs(a, b []types.OID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Slice gives out rows that are there already.
func Slice(rows []Row) Cursor {
	return func() (Row, error) {
		if len(rows) == 0 {
			return nil, nil
		}
		r := rows[0]
		rows = rows[1:]
		return r, nil
	}
}
