// Package builtin holds the bodies of PostgreSQL's functions, operators and
// casts. A body is found by the name of the C function that it stands for
// (pg_proc.prosrc), through switches, so that nothing is built at start.
//
// Bodies know nothing of expressions: they get values and give a value.
// NULLs come only to functions that are not strict.
package builtin

import (
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// Info is what a body may know of the call besides the values.
type Info struct {
	Name   string
	Args   []types.OID // types of the values, after coercion
	Result types.OID
}

// Body is a function's body.
type Body func(c *catalog.Call, in *Info, args []types.Value) (types.Value, error)

// Lookup finds the body of a C function, or nil.
func Lookup(source string) Body {
	for _, find := range [...]func(string) Body{
		integers, floats, numerics, texts, textParts, patterns, datetimes, dateParts, wal, network, arrays, sessions, catalogs,
	} {
		if b := find(source); b != nil {
			return b
		}
	}
	return nil
}

// SetBody is the body of a function that returns rows.
type SetBody func(c *catalog.Call, in *Info, args []types.Value) (catalog.Cursor, error)
