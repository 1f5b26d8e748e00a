package sql_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/tests/cluster"
)

// answer is what a client sees of a statement: columns, rows as on the wire,
// or an error.
type answer struct {
	Columns []string
	Rows    []string
	Error   string
}

// failed makes an answer of an error.
func failed(code, message string, position int) answer {
	return answer{Error: fmt.Sprintf("%s %s at %d", code, message, position)}
}

// ask gives the engine's answer.
func ask(t *testing.T, c *sql.Catalog, text string, params [][]byte, format int16) (a answer) {
	t.Helper()
	ctx := context.Background()
	told := func(err error) answer {
		var e *sql.Error
		require.ErrorAs(t, err, &e, text)
		return failed(e.Code, e.Message, e.Position)
	}
	list, err := sql.Parse(text)
	if err != nil {
		return told(err)
	}
	require.Len(t, list, 1, text)
	s := newSession()
	st, err := sql.Prepare(ctx, s, c, list[0], nil)
	if err != nil {
		return told(err)
	}
	for _, col := range st.Columns {
		a.Columns = append(a.Columns, fmt.Sprintf("%s %d len %d mod %d", col.Name, col.Type, col.Len, col.Typmod))
	}
	values := make([]sql.Param, len(params))
	for i, p := range params {
		values[i] = sql.Param{Data: p}
	}
	rows, err := st.Execute(ctx, s, c, values, []int16{format})
	if err != nil {
		return told(err)
	}
	for {
		row, ok, err := rows.Next(nil)
		if err != nil {
			return told(err)
		}
		if !ok {
			return a
		}
		a.Rows = append(a.Rows, fmt.Sprintf("%q", row[2:]))
	}
}

// askPostgres gives PostgreSQL's answer.
func askPostgres(t *testing.T, conn *pgconn.PgConn, text string, params [][]byte, format int16) (a answer) {
	t.Helper()
	result := conn.ExecParams(context.Background(), text, params, nil, nil, []int16{format})
	for _, f := range result.FieldDescriptions() {
		a.Columns = append(a.Columns, fmt.Sprintf("%s %d len %d mod %d", f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier))
	}
	for result.NextRow() {
		var row []byte
		for _, v := range result.Values() {
			if v == nil {
				row = binary.BigEndian.AppendUint32(row, ^uint32(0))
				continue
			}
			row = append(binary.BigEndian.AppendUint32(row, uint32(len(v))), v...)
		}
		a.Rows = append(a.Rows, fmt.Sprintf("%q", row))
	}
	if _, err := result.Close(); err != nil {
		var e *pgconn.PgError
		require.ErrorAs(t, err, &e, text)
		return failed(e.Code, e.Message, int(e.Position))
	}
	return a
}

// connect starts a PostgreSQL 17 and connects to it.
func connect(t *testing.T) *pgconn.PgConn {
	t.Helper()
	p := cluster.New(t).NewPostgres("reference", 17, cluster.PostgresOptions{})
	conn, err := pgconn.Connect(context.Background(), p.Conninfo()+" options='-c timezone=UTC'")
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.NoError(t, conn.Close(ctx))
	})
	return conn
}

// copied are the catalogs that the test gives the engine a copy of.
var copied = [...]string{"pg_settings", "pg_database", "pg_roles", "pg_namespace", "pg_class", "pg_auth_members", "pg_tablespace"}

// copyCatalogs makes a catalog of what PostgreSQL has in some of its own.
// Columns of types that the engine has no values of are left out.
func copyCatalogs(t *testing.T, conn *pgconn.PgConn) *sql.Catalog {
	t.Helper()
	var relations []*sql.Relation
	for _, name := range copied {
		r := &sql.Relation{Name: name}
		result := conn.ExecParams(context.Background(), "select * from "+name, nil, nil, nil, nil)
		var kept []int
		for i, f := range result.FieldDescriptions() {
			if types.HasValues(sql.OID(f.DataTypeOID)) {
				kept = append(kept, i)
				r.Columns = append(r.Columns, sql.Column{Name: f.Name, Type: sql.OID(f.DataTypeOID)})
			}
		}
		var rows []sql.Row
		for result.NextRow() {
			row := make(sql.Row, len(kept))
			for k, i := range kept {
				if v := result.Values()[i]; v != nil {
					var err error
					row[k], err = (&types.Env{}).ParseText(string(v), r.Columns[k].Type, -1)
					require.NoError(t, err)
				}
			}
			rows = append(rows, row)
		}
		_, err := result.Close()
		require.NoError(t, err)
		r.Rows = func(_ *sql.Call, need sql.Need) (sql.Cursor, error) { return sql.Slice(onlyNeeded(rows, need)), nil }
		relations = append(relations, r)
	}
	return sql.NewCatalog(relations, nil)
}

// onlyNeeded leaves out what the statement said it does not read.
func onlyNeeded(rows []sql.Row, need sql.Need) []sql.Row {
	out := make([]sql.Row, len(rows))
	for i, row := range rows {
		out[i] = make(sql.Row, len(row))
		for k := range row {
			if need.Has(k) {
				out[i][k] = row[k]
			}
		}
	}
	return out
}

// TestStatementsAreAnsweredAsPostgreSQLAnswersThem holds the engine to a real
// PostgreSQL: columns' names, types, lengths and modifiers, values in text
// and binary, errors with SQLSTATE, message and position.
func TestStatementsAreAnsweredAsPostgreSQLAnswersThem(t *testing.T) {
	conn := connect(t)
	catalogs := copyCatalogs(t, conn)
	for file, c := range map[string]*sql.Catalog{"alike.sql": emptyCatalog(), "catalogs.sql": catalogs} {
		list := statements(t, file)
		require.GreaterOrEqual(t, len(list), 40)
		for _, text := range list {
			for _, format := range []int16{0, 1} {
				want := askPostgres(t, conn, text, nil, format)
				assert.Equal(t, want, ask(t, c, text, nil, format), "%s (format %d)", text, format)
			}
		}
	}
}

// TestRefusedStatementsSaySo: what PostgreSQL can and the engine cannot is
// refused, not answered wrongly.
func TestRefusedStatementsSaySo(t *testing.T) {
	for _, text := range statements(t, "refused.sql") {
		err := runAll(context.Background(), text, "", false)
		var e *sql.Error
		require.Truef(t, errors.As(err, &e), "%s: %v", text, err)
		require.Equal(t, types.CodeFeatureNotSupported, e.Code, "%s: %v", text, err)
	}
}

// TestParametersAreTypedAsPostgreSQLTypesThem compares the types that are
// found for parameters, and what is made of their values.
func TestParametersAreTypedAsPostgreSQLTypesThem(t *testing.T) {
	conn := connect(t)
	ctx := context.Background()
	for i, c := range []struct{ text, params string }{
		{"select $1::int + $2", "1 2"},
		{"select $1", "a"},
		{"select $1 || 'x', length($2)", "a bcd"},
		{"select * from generate_series(1, $1) x where x > $2", "5 2"},
		{"select x from generate_series(1, 3) x where x = any($1)", "{1,3}"},
		{"select coalesce($1, 2), nullif($2, 'a'), greatest($3, 1.5)", "7 b 2"},
		{"select now() > $1, $2 + interval '1 day', $3 - '0/10'::pg_lsn", "2000-01-01 2024-01-01 0/20"},
		{"select case when $1 then $2 else 'x' end", "t yes"},
		{"select 1 where 'a' like $1 and $2 in (1, 2)", "a% 2"},
		{"select 1 limit $1 offset $2", "1 0"},
		{"select $1 = 1 and $1 = 'a'", "1"},
		{"select $2::text", "a b"},
		{"select $1 + $2", "1 2"},
		{"select $1::int", "x"},
		{"values ($1, 2), (3, $2)", "4 5"},
		{"select $1 union select 2", "1"},
		{"select 1 order by $1", "a"},
		{"select $1 is null, $2 between 1 and 3", "x 2"},
		{"select max($1::int) from generate_series(1,2) group by $2::text", "1 x"},
		{"select substring($1 from $2::int for $3::int)", "abcdef 2 3"},
	} {
		var params [][]byte
		for _, p := range strings.Fields(c.params) {
			params = append(params, []byte(p))
		}
		name := fmt.Sprintf("s%d", i)
		want, wantErr := conn.Prepare(ctx, name, c.text, nil)
		list, err := sql.Parse(c.text)
		require.NoError(t, err)
		st, err := sql.Prepare(ctx, newSession(), emptyCatalog(), list[0], nil)
		var theirs *pgconn.PgError
		if errors.As(wantErr, &theirs) {
			var e *sql.Error
			require.ErrorAs(t, err, &e, c.text)
			require.Equal(t, failed(theirs.Code, theirs.Message, int(theirs.Position)), failed(e.Code, e.Message, e.Position), c.text)
			continue
		}
		require.NoError(t, wantErr)
		require.NoError(t, err, c.text)
		got := []uint32{}
		for _, p := range st.Params {
			got = append(got, uint32(p))
		}
		require.Equal(t, want.ParamOIDs, got, c.text)
		require.Equal(t, askPostgres(t, conn, c.text, params, 0), ask(t, emptyCatalog(), c.text, params, 0), c.text)
	}
}
