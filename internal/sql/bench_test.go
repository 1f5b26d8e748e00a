package sql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

// benched is what monitoring sends most: a few columns of a view, a lag.
const benched = `SELECT application_name, state, pg_wal_lsn_diff(sent_lsn, replay_lsn)::bigint AS lag,
 CASE WHEN sync_state = 'sync' THEN 1 ELSE 0 END AS sync, extract(epoch from now() - reply_time)::float AS age
 FROM pg_stat_replication WHERE state = 'streaming' AND application_name <> 'pg_basebackup' ORDER BY 1`

func benchCatalog() *sql.Catalog {
	row := sql.Row{"standby", "streaming", types.PgLSN(0x3000148), types.PgLSN(0x3000100), "async", types.InstantOf(newSession().now)}
	return sql.NewCatalog([]*sql.Relation{{
		Name: "pg_stat_replication",
		Columns: []sql.Column{
			{Name: "application_name", Type: types.Text}, {Name: "state", Type: types.Text}, {Name: "sent_lsn", Type: types.LSN},
			{Name: "replay_lsn", Type: types.LSN}, {Name: "sync_state", Type: types.Text}, {Name: "reply_time", Type: types.TimestampTz},
		},
		Rows: func(*sql.Call, sql.Need) (sql.Cursor, error) { return sql.Slice([]sql.Row{row, row, row}), nil },
	}}, nil)
}

// BenchmarkStatement is a simple query: parse, analyse, execute.
func BenchmarkStatement(b *testing.B) {
	for name, text := range map[string]string{"select 1": "select 1", "replication": benched} {
		b.Run(name, func(b *testing.B) {
			ctx, s, c := context.Background(), newSession(), benchCatalog()
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				list, err := sql.Parse(text)
				require.NoError(b, err)
				st, err := sql.Prepare(ctx, s, c, list[0], nil)
				require.NoError(b, err)
				run(b, ctx, st, s, c, buf)
			}
		})
	}
}

// BenchmarkExecute is the execution of a prepared statement.
func BenchmarkExecute(b *testing.B) {
	ctx, s, c := context.Background(), newSession(), benchCatalog()
	list, err := sql.Parse(benched)
	require.NoError(b, err)
	st, err := sql.Prepare(ctx, s, c, list[0], nil)
	require.NoError(b, err)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		run(b, ctx, st, s, c, buf)
	}
}

func run(b *testing.B, ctx context.Context, st *sql.Statement, s sql.Session, c *sql.Catalog, buf []byte) {
	rows, err := st.Execute(ctx, s, c, nil, nil)
	require.NoError(b, err)
	for ok := true; ok; {
		buf, ok, err = rows.Next(buf[:0])
		require.NoError(b, err)
	}
}
