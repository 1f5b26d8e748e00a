package engine

import (
	"errors"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/parser"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// analyzer turns a tree into a plan.
type analyzer struct {
	call   *catalog.Call
	text   string
	params []types.OID // 0 where not known yet
	told   int         // how many of them the client told
	fixed  bool        // there are no others than those
	depth  int
	steps  int
	allows []func(c *catalog.Call) error // what to ask before the plan is run
}

// maxLevels bounds how deep analysis recurses; the parser's bounds are
// narrower for most statements.
const maxLevels = 2000

// maxSteps bounds how many parts a plan has. Some forms, as BETWEEN, repeat
// what is in them, so that a short statement may grow without end.
const maxSteps = 100_000

func (a *analyzer) enter() error {
	a.depth++
	a.steps++
	if a.depth > maxLevels || a.steps > maxSteps {
		return types.Errorf(types.CodeStatementTooComplex, "statement is too complex")
	}
	return a.call.Step()
}

func (a *analyzer) leave() { a.depth-- }

func (a *analyzer) allow(ask func(c *catalog.Call) error) {
	if ask != nil {
		a.allows = append(a.allows, ask)
	}
}

// errorf makes an error with a position.
func (a *analyzer) errorf(at ast.Pos, code, format string, args ...any) *types.Error {
	e := types.Errorf(code, format, args...)
	e.Position = parser.Position(a.text, at)
	return e
}

// at gives an error a position, if it has none yet.
func (a *analyzer) at(at ast.Pos, err error) error {
	var e *types.Error
	if errors.As(err, &e) && e.Position == 0 {
		e.Position = parser.Position(a.text, at)
	}
	return err
}

func (a *analyzer) unsupported(at ast.Pos, what string) error {
	return a.errorf(at, types.CodeFeatureNotSupported, "%s is not supported", what)
}

// knownSchema refuses a schema that there is not.
func (a *analyzer) knownSchema(schema string, at ast.Pos) error {
	switch schema {
	case "", catalog.PGCatalog, catalog.Public, "information_schema", "pg_toast":
		return nil
	}
	return a.errorf(at, "3F000", "schema \"%s\" does not exist", schema)
}

// typeOf finds the type of a name, and its modifier.
func (a *analyzer) typeOf(n ast.TypeName) (types.OID, int32, error) {
	missing := func() error {
		name := n.Name
		if n.Schema != "" {
			name = n.Schema + "." + name
		}
		if n.Array {
			name += "[]"
		}
		return a.errorf(n.At, types.CodeUndefinedObject, "type \"%s\" does not exist", name)
	}
	if err := a.knownSchema(n.Schema, n.At); err != nil {
		return 0, 0, err
	}
	if n.Schema != "" && n.Schema != catalog.PGCatalog {
		return 0, 0, missing()
	}
	t := pgcat.TypeByName(n.Name)
	if t == nil {
		return 0, 0, missing()
	}
	typmod, err := a.typmod(t.OID, n)
	if err != nil {
		return 0, 0, err
	}
	oid := t.OID
	if n.Array {
		if oid = t.Array; oid == 0 {
			return 0, 0, missing()
		}
	}
	return oid, typmod, nil
}

// typmod packs a type's modifiers as its typmodin function does.
func (a *analyzer) typmod(t types.OID, n ast.TypeName) (int32, error) {
	if len(n.Mods) == 0 {
		return -1, nil
	}
	first := n.Mods[0]
	switch t {
	case types.VarChar, types.BPChar:
		name := map[types.OID]string{types.VarChar: "varchar", types.BPChar: "char"}[t]
		switch {
		case first < 1:
			return 0, a.errorf(n.At, types.CodeInvalidParameter, "length for type %s must be at least 1", name)
		case first > 10485760:
			return 0, a.errorf(n.At, types.CodeInvalidParameter, "length for type %s cannot exceed 10485760", name)
		}
		return first + 4, nil
	case types.Numeric:
		scale := int32(0)
		if len(n.Mods) > 1 {
			scale = n.Mods[1]
		}
		switch {
		case first < 1 || first > 1000:
			return 0, a.errorf(n.At, types.CodeInvalidParameter, "NUMERIC precision %d must be between 1 and 1000", first)
		case scale < -1000 || scale > 1000:
			return 0, a.errorf(n.At, types.CodeInvalidParameter, "NUMERIC scale %d must be between -1000 and 1000", scale)
		}
		return (first<<16 | scale&0x7ff) + 4, nil
	case types.Timestamp, types.TimestampTz, types.Time:
		return min(first, 6), nil
	case types.Interval:
		precision := int32(0xffff)
		if len(n.Mods) > 1 {
			precision = min(n.Mods[1], 6)
		}
		return (first&0x7fff)<<16 | precision, nil
	}
	if !types.HasValues(t) {
		return 0, a.unsupported(n.At, "type "+n.Name)
	}
	return 0, a.errorf(n.At, types.CodeSyntax, "type modifier is not allowed for type \"%s\"", n.Name)
}
