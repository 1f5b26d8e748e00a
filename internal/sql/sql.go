// Package sql answers SELECT statements over virtual relations in
// PostgreSQL's dialect.
//
// A statement goes through Parse (of a whole query string, which may hold
// several), Prepare (which finds out the types of parameters and of the
// result, and every error that can be told without running it) and Execute.
// Utility statements are parsed into package ast's nodes and handed to the
// session, which is to run them.
//
// The package holds no state, starts no goroutine, and does no work at
// program start. It never gives an answer that PostgreSQL would not give:
// what it cannot do is refused with feature_not_supported. No statement can
// crash the process (length and nesting are bounded, panics are caught per
// statement) or keep it busy beyond its context, or make it keep more than
// MaxMemory.
package sql

import (
	"context"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/engine"
	"waypost/internal/sql/parser"
	"waypost/internal/sql/types"
)

// The names by which others know the parts.
type (
	Catalog  = catalog.Catalog
	Relation = catalog.Relation
	Source   = catalog.Source
	Function = catalog.Function
	Column   = catalog.Column
	Row      = catalog.Row
	Cursor   = catalog.Cursor
	Need     = catalog.Need
	Call     = catalog.Call
	Session  = catalog.Session

	Value = types.Value
	OID   = types.OID
	Error = types.Error

	Parsed       = ast.Parsed
	Statement    = engine.Statement
	ResultColumn = engine.ResultColumn
	Param        = engine.Param
	Rows         = engine.Rows
	Bound        = engine.Bound
	Env          = types.Env
)

// MaxMemory bounds what one statement may keep in memory, in bytes.
const MaxMemory = catalog.MaxMemory

// NewCatalog makes a catalog of relations and functions.
func NewCatalog(relations []*Relation, functions []*Function) *Catalog {
	return catalog.New(relations, functions)
}

// NewLazyCatalog makes a catalog whose relations and functions are made when a
// statement names them.
func NewLazyCatalog(source Source) *Catalog { return catalog.NewLazy(source) }

// Parse parses a query string into its statements. An empty string has none.
// Errors are *Error.
func Parse(text string) ([]*Parsed, error) { return parser.Parse(text) }

// Prepare analyses a statement for a session. paramTypes gives the types of
// the parameters that the client told, 0 for those it did not. Errors are
// *Error.
func Prepare(ctx context.Context, s Session, c *Catalog, p *Parsed, paramTypes []OID) (*Statement, error) {
	return engine.Prepare(ctx, s, c, p, paramTypes)
}

// PrepareFixed analyses a statement that may have no parameters.
func PrepareFixed(ctx context.Context, s Session, c *Catalog, p *Parsed) (*Statement, error) {
	return engine.PrepareFixed(ctx, s, c, p)
}

// PrepareNamed analyses the query of a PREPARE statement; its Statement is
// run by ExecuteNamed. p is the PREPARE as it was parsed.
func PrepareNamed(ctx context.Context, s Session, c *Catalog, p *Parsed) (*Statement, error) {
	return engine.PrepareNamed(ctx, s, c, p)
}

// AppendField appends one field of a DataRow: its length, -1 for NULL, and
// the value in text (0) or binary (1). It is for rows that the session makes
// itself, as those of SHOW. env may be nil for types that need none.
func AppendField(buf []byte, env *types.Env, v Value, t OID, format int16) ([]byte, error) {
	return engine.AppendField(buf, env, v, t, format)
}

// RowTooBig is the error of a row that would take more than MaxMemory on the wire.
func RowTooBig() error { return engine.RowTooBig() }

// LimitHeap makes the process collect its garbage early once it has as much
// as statements may keep. It is for a process that begins to run statements.
func LimitHeap() { catalog.LimitHeap() }

// Slice makes a Cursor of rows that are there already.
func Slice(rows []Row) Cursor { return catalog.Slice(rows) }
