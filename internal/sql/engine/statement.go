// Package engine analyses and runs SELECT statements.
package engine

import (
	"context"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// ResultColumn is a column of a statement's result, as RowDescription tells it.
type ResultColumn struct {
	Name   string
	Type   types.OID
	Len    int16 // of the type; -1 for a variable one
	Typmod int32 // -1 for none
}

// Param is a parameter's value as the client sent it.
type Param struct {
	Format int16  // 0 text, 1 binary
	Data   []byte // nil is NULL
}

// Statement is an analysed statement. It may be executed many times, by one
// goroutine at a time.
type Statement struct {
	// Utility is set where the statement is not a SELECT or VALUES; nothing
	// else is set then.
	Utility ast.Stmt
	// Params are the types of $1, $2, …
	Params []types.OID
	// Columns describe the result; there may be none.
	Columns []ResultColumn

	text  string
	plan  *plan
	types []types.OID
}

// Prepare analyses a statement.
func Prepare(ctx context.Context, s catalog.Session, c *catalog.Catalog, p *ast.Parsed, paramTypes []types.OID) (st *Statement, err error) {
	return nil, nil
}

// Execute begins to run the statement. formats says in which format each
// column is wanted: none for text, one for all columns, or one each.
//
// The rows are computed as they are asked for, until ctx is done or Close.
func (st *Statement) Execute(ctx context.Context, s catalog.Session, c *catalog.Catalog, params []Param, formats []int16) (*Rows, error) {
	return nil, nil
}

// Rows is the result of an execution.
type Rows struct {
	st *Statement
}

// Next appends the next row to buf as the body of a DataRow message (the
// count of columns, then each one's length and bytes), and reports whether
// there was one. At the end, or after an error, buf is returned as it was.
func (r *Rows) Next(buf []byte) ([]byte, bool, error) { return buf, false, nil }

// NextValues gives the next row as values, nil at the end.
func (r *Rows) NextValues() ([]types.Value, error) { return nil, nil }

// Count is how many rows were given.
func (r *Rows) Count() int64 { return 0 }

type plan struct{}
