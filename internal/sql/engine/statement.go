// Package engine analyses and runs SELECT statements.
//
// Analysis (analyzer) works out names and types by PostgreSQL's rules and
// makes a plan of it: a tree of query, source and expr nodes. A plan holds
// nothing of an execution; running it needs a run, which holds parameters and
// accounts for time and memory, and a frame for each query level.
package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

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

// Statement is an analysed statement. It may be executed many times, one after
// the other.
type Statement struct {
	// Utility is set where the statement is not a SELECT or VALUES; nothing
	// else is set then.
	Utility ast.Stmt
	// Params are the types of $1, $2, …
	Params []types.OID
	// Columns describe the result; there may be none.
	Columns []ResultColumn

	text   string
	plan   *query
	allows []func(c *catalog.Call) error
}

// caught turns a panic into an error; the statement is lost, the process is not.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = types.Errorf(types.CodeInternal, "statement failed: %v", r)
	}
}

// told makes sure that an error is one for the client.
func told(err error) error {
	var e *types.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return types.Errorf(types.CodeInternal, "%v", err)
}

// Prepare analyses a statement.
func Prepare(ctx context.Context, s catalog.Session, c *catalog.Catalog, p *ast.Parsed, paramTypes []types.OID) (*Statement, error) {
	return prepare(ctx, s, c, p, paramTypes, false)
}

// PrepareFixed analyses a statement that has no parameters, as one of a simple
// query.
func PrepareFixed(ctx context.Context, s catalog.Session, c *catalog.Catalog, p *ast.Parsed) (*Statement, error) {
	return prepare(ctx, s, c, p, nil, true)
}

func prepare(ctx context.Context, s catalog.Session, c *catalog.Catalog, p *ast.Parsed, paramTypes []types.OID, fixed bool) (st *Statement, err error) {
	defer caught(&err)
	sel, ok := p.Stmt.(*ast.Select)
	if !ok {
		return &Statement{Utility: p.Stmt, text: p.Text}, nil
	}
	a := &analyzer{call: catalog.NewCall(ctx, s, c), text: p.Text, told: len(paramTypes), fixed: fixed}
	for _, t := range paramTypes {
		if t == types.Unknown {
			t = 0
		}
		if t != 0 && !types.HasValues(t) {
			return nil, types.Errorf(types.CodeFeatureNotSupported, "a parameter of type %s is not supported", typeName(t))
		}
		a.params = append(a.params, t)
	}
	q, err := a.selectIn(&scope{}, sel, false)
	if err != nil {
		return nil, told(err)
	}
	for i, t := range a.params {
		if t == 0 {
			return nil, types.Errorf(types.CodeIndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	st = &Statement{text: p.Text, plan: q, Params: a.params, allows: a.allows}
	for _, c := range q.cols {
		st.Columns = append(st.Columns, ResultColumn{Name: c.name, Type: c.t, Len: typeLen(c.t), Typmod: c.typmod})
	}
	return st, nil
}

// Execute begins to run the statement. formats says in which format each
// column is wanted: none for text, one for all columns, or one each.
//
// The rows are worked out as they are asked for; when ctx is done, that fails.
func (st *Statement) Execute(ctx context.Context, s catalog.Session, c *catalog.Catalog, params []Param, formats []int16) (rows *Rows, err error) {
	defer caught(&err)
	b := st.Bound(ctx, s, c)
	if len(params) != len(st.Params) {
		return nil, types.Errorf("08P01", "bind message supplies %d parameters, but prepared statement requires %d", len(params), len(st.Params))
	}
	for _, p := range params {
		if err := b.Add(p); err != nil {
			return nil, err
		}
	}
	return b.Start(formats)
}

// start opens the plan.
func (st *Statement) start(r *run, formats []int16) (rows *Rows, err error) {
	if n := len(formats); n > 1 && n != len(st.Columns) {
		return nil, types.Errorf("08P01", "bind message has %d result formats but query has %d columns", n, len(st.Columns))
	}
	if err := st.ask(r); err != nil {
		return nil, told(err)
	}
	rows = &Rows{st: st, call: r.call, formats: formats}
	if rows.next, err = st.plan.open(r, nil); err != nil {
		return nil, told(err)
	}
	return rows, nil
}

// ask finds out, once in each execution, whether the user may see and call what the statement names.
func (st *Statement) ask(r *run) error {
	if r.asked {
		return nil
	}
	for _, ask := range st.allows {
		if err := ask(r.call); err != nil {
			return err
		}
	}
	r.asked = true
	return nil
}

func readParam(env *types.Env, p Param, t types.OID) (value, error) {
	switch {
	case p.Data == nil:
		return nil, nil
	case p.Format == 1:
		return env.ParseBinary(p.Data, t, -1)
	case p.Format != 0:
		return nil, types.Errorf(types.CodeInvalidParameter, "unsupported format code: %d", p.Format)
	}
	return env.ReadText(p.Data, t)
}

// Rows is the result of an execution.
type Rows struct {
	st      *Statement
	call    *catalog.Call
	next    catalog.Cursor
	formats []int16
	count   int64
}

// Next appends the next row to buf as the body of a DataRow message (the
// count of columns, then each one's length and bytes), and reports whether
// there was one. At the end, or after an error, buf is returned as it was.
func (r *Rows) Next(buf []byte) (out []byte, ok bool, err error) {
	defer func() {
		if err != nil {
			out, ok = buf, false
		}
	}()
	defer caught(&err)
	vals, err := r.NextValues()
	if vals == nil || err != nil {
		return buf, false, err
	}
	if out, err = r.encode(buf, vals); err != nil {
		return buf, false, told(err)
	}
	return out, true, nil
}

// NextValues gives the next row as values, nil at the end.
func (r *Rows) NextValues() (vals []types.Value, err error) {
	defer caught(&err)
	if err := r.call.Cancelled(); err != nil {
		return nil, err
	}
	if vals, err = r.next(); err != nil {
		return nil, told(err)
	}
	if vals != nil {
		r.count++
	}
	return vals, nil
}

// Count is how many rows were given, as the command tag tells it.
func (r *Rows) Count() int64 { return r.count }

// Tag is the command tag of the rows given so far.
func (r *Rows) Tag() string { return fmt.Sprintf("SELECT %d", r.count) }

func (r *Rows) encode(buf []byte, vals []value) ([]byte, error) {
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(vals)))
	for i, v := range vals {
		var err error
		if buf, err = AppendField(buf, r.call.Env(), v, r.st.Columns[i].Type, formatOf(r.formats, i)); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

func formatOf(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return 0
	case 1:
		return formats[0]
	}
	return formats[i]
}

// AppendField appends one field of a DataRow: its length, -1 for NULL, and
// the value in the wanted format. A row that makes buf longer than MaxMemory
// is an error.
func AppendField(buf []byte, env *types.Env, v types.Value, t types.OID, format int16) ([]byte, error) {
	at := len(buf)
	buf = binary.BigEndian.AppendUint32(buf, ^uint32(0))
	if v == nil {
		return buf, nil
	}
	switch format {
	case 0:
		var err error
		if buf, err = env.AppendText(buf, v, t); err != nil {
			return nil, err
		}
	case 1:
		var err error
		if buf, err = types.AppendBinary(buf, v, t); err != nil {
			return nil, err
		}
	default:
		return nil, types.Errorf(types.CodeInvalidParameter, "unsupported format code: %d", format)
	}
	if len(buf) > catalog.MaxMemory {
		return nil, RowTooBig()
	}
	binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
	return buf, nil
}

// RowTooBig is the error of a row that would take more than MaxMemory on the wire.
func RowTooBig() error {
	return types.Errorf(types.CodeProgramLimit, "row is too big").WithDetail("It may take %d MB.", catalog.MaxMemory>>20)
}
