package engine

import (
	"context"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// PrepareNamed analyses the query of a PREPARE statement, with the types of
// parameters that it names. p is the PREPARE as it was parsed.
func PrepareNamed(ctx context.Context, s catalog.Session, c *catalog.Catalog, p *ast.Parsed) (st *Statement, err error) {
	defer caught(&err)
	prepare := p.Stmt.(*ast.Prepare)
	a := &analyzer{call: catalog.NewCall(ctx, s, c), text: p.Text}
	given := make([]types.OID, len(prepare.Types))
	for i, name := range prepare.Types {
		if given[i], _, err = a.typeOf(name); err != nil {
			return nil, told(err)
		}
	}
	return Prepare(ctx, s, c, &ast.Parsed{Text: p.Text, Stmt: prepare.Query}, given)
}

// ExecuteNamed begins to run a prepared statement for an EXECUTE, whose
// expressions give the parameters. p is the EXECUTE as it was parsed.
func (st *Statement) ExecuteNamed(ctx context.Context, s catalog.Session, c *catalog.Catalog, p *ast.Parsed, formats []int16) (rows *Rows, err error) {
	defer caught(&err)
	execute := p.Stmt.(*ast.Execute)
	r := &run{call: catalog.NewCall(ctx, s, c)}
	a := &analyzer{call: r.call, text: p.Text}
	if len(execute.Params) != len(st.Params) {
		return nil, types.Errorf(types.CodeSyntax, "wrong number of parameters for prepared statement \"%s\"", execute.Name).
			WithDetail("Expected %d parameters but got %d.", len(st.Params), len(execute.Params))
	}
	for i, n := range execute.Params {
		v, err := a.argument(r, n, i, st.Params[i])
		if err != nil {
			return nil, told(err)
		}
		r.params = append(r.params, v)
	}
	return st.start(r, formats)
}

// argument works out one parameter of an EXECUTE.
func (a *analyzer) argument(r *run, n ast.Expr, i int, t types.OID) (value, error) {
	e, err := a.expr(&scope{clause: "EXECUTE parameters"}, n)
	if err != nil {
		return nil, err
	}
	if !canCoerce(e.typ(), t, byAssignment) {
		return nil, a.errorf(n.Where(), types.CodeDatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s", i+1, typeName(e.typ()), typeName(t)).
			WithHint("You will need to rewrite or cast the expression.")
	}
	if e, err = a.coerce(e, t, byAssignment, n.Where()); err != nil {
		return nil, err
	}
	if len(a.params) > 0 {
		return nil, a.errorf(n.Where(), types.CodeUndefinedParameter, "there is no parameter $1")
	}
	return e.eval(r.frame(0, nil))
}
