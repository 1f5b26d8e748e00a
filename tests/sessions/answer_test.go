package sessions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// format is of the results' values: text or binary.
type format int16

const (
	inText   format = 0
	inBinary format = 1
)

// answer is what a server says to a query string, in lines that can be compared.
type answer []string

// ask sends the statement over a connection of its own: as text through the simple protocol, in binary through the
// extended one.
func ask(t *testing.T, conninfo string, s *statement, f format) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if s.role != "" {
		conninfo += " user=" + s.role
	}
	conn, err := pgconn.Connect(ctx, conninfo)
	require.NoError(t, err)
	defer closeConn(conn)
	a := answer{}
	if f == inText && len(s.params) == 0 {
		results := conn.Exec(ctx, s.sql)
		for results.NextResult() {
			a = append(a, s.describe(results.ResultReader())...)
		}
		err = results.Close()
	} else {
		values := make([][]byte, len(s.params))
		for i, p := range s.params {
			values[i] = []byte(p)
		}
		result := conn.ExecParams(ctx, s.sql, values, nil, nil, []int16{int16(f)})
		a = append(a, s.describe(result)...)
		_, err = result.Close()
	}
	if err != nil {
		a = append(a, describeError(t, err))
	}
	return append(a, fmt.Sprintf("transaction status %c", conn.TxStatus()))
}

// describe gives nothing of a result that ends by an error: the columns may have been told before that or not.
func (s *statement) describe(r *pgconn.ResultReader) answer {
	var columns, rows answer
	var compared []bool
	for r.NextRow() {
		if compared == nil {
			for _, f := range r.FieldDescriptions() {
				compared = append(compared, s.compares(f.Name))
			}
		}
		if slices.Contains(compared, true) {
			rows = append(rows, describeRow(r.Values(), compared))
		}
	}
	for _, f := range r.FieldDescriptions() {
		columns = append(columns, fmt.Sprintf("column %s: type %d, length %d, typmod %d, format %d",
			f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format))
	}
	tag, err := r.Close()
	switch {
	case err != nil:
		return nil
	case s.mark == "shape":
		return columns
	}
	return append(append(columns, rows...), "tag "+tag.String())
}

func describeRow(row [][]byte, compared []bool) string {
	var fields []string
	for i, value := range row {
		switch {
		case !compared[i]:
		case value == nil:
			fields = append(fields, "NULL")
		default:
			fields = append(fields, fmt.Sprintf("%q", value))
		}
	}
	return "row " + strings.Join(fields, " | ")
}

// describeError is for errors from the server; any other fails the test.
func describeError(t *testing.T, err error) string {
	t.Helper()
	var e *pgconn.PgError
	require.ErrorAs(t, err, &e)
	return fmt.Sprintf("%s %s: %s; detail %q; hint %q; position %d",
		e.Severity, e.Code, e.Message, e.Detail, e.Hint, e.Position)
}
