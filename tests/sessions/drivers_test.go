package sessions

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	_ "github.com/lib/pq" // the driver "postgres"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// debianPython is the one that Debian's packages are for; another may come first in PATH.
const debianPython = "/usr/bin/python3"

func (p *programs) psycopg2() { p.requireAlike(debianPython, p.script("with_psycopg2.py")) }
func (p *programs) psycopg3() { p.requireAlike(debianPython, p.script("with_psycopg3.py")) }

func (p *programs) node() {
	p.requireAlike("node", p.script("node.js"), cluster.NodeDrivers(p.t))
}

// lines is what a driver made of a server's answers, for comparison.
type lines []string

func (l *lines) add(values ...any) { *l = append(*l, fmt.Sprintln(values...)) }

// requireSameLines holds a session with each of the two, as requireAlike does.
func (p *programs) requireSameLines(what string, session func(conninfo string) lines) {
	p.t.Helper()
	var want, got lines
	for range tries {
		if want, got = session(p.standby.Conninfo()), session(p.relay.Conninfo()); slices.Equal(want, got) {
			break
		}
	}
	require.Equal(p.t, want, got, what)
}

// pgx runs in each way that it has to run a query.
func (p *programs) pgx() {
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		p.requireSameLines(mode.String(), func(conninfo string) lines { return p.pgxSession(conninfo, mode) })
	}
}

func (p *programs) pgxSession(conninfo string, mode pgx.QueryExecMode) lines {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	config, err := pgx.ParseConfig(conninfo + " application_name=pgx")
	require.NoError(p.t, err)
	config.DefaultQueryExecMode = mode
	c, err := pgx.ConnectConfig(ctx, config)
	require.NoError(p.t, err)
	defer c.Close(ctx)
	require.NoError(p.t, c.Ping(ctx))
	var l lines
	for range 2 { // the second time from the caches
		p.pgxRow(ctx, c, &l)
	}
	_, err = c.Prepare(ctx, "st", "SELECT name, setting FROM pg_settings WHERE name = $1")
	require.NoError(p.t, err)
	var name, setting string
	require.NoError(p.t, c.QueryRow(ctx, "st", "wal_segment_size").Scan(&name, &setting))
	l.add(name, setting)
	require.NoError(p.t, c.Deallocate(ctx, "st"))

	batch := &pgx.Batch{}
	batch.Queue("SELECT 1")
	batch.Queue("SELECT $1::text", "x")
	require.NoError(p.t, c.SendBatch(ctx, batch).Close())
	tx, err := c.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead})
	require.NoError(p.t, err)
	_, err = tx.Exec(ctx, "SELECT 1")
	require.NoError(p.t, err)
	_, err = tx.Exec(ctx, "SELECT 1/0")
	l.add(err)
	_, err = tx.Exec(ctx, "SELECT 1")
	l.add(err)
	require.NoError(p.t, tx.Rollback(ctx))
	return l
}

func (p *programs) pgxRow(ctx context.Context, c *pgx.Conn, l *lines) {
	p.t.Helper()
	var application, lsn string
	var addr netip.Prefix
	var started time.Time
	var lag pgtype.Interval
	var pid int32
	require.NoError(p.t, c.QueryRow(ctx,
		`SELECT pid, application_name, client_addr, backend_start, sent_lsn::text, replay_lag FROM pg_stat_replication
		 WHERE application_name LIKE $1`, "con%").Scan(&pid, &application, &addr, &started, &lsn, &lag))
	l.add(pid > 0, application, addr, time.Since(started) < time.Hour, lsn)
	var n int64
	require.NoError(p.t, c.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE pid <> $1 AND backend_type = any($2)",
		int32(1), []string{"walsender", "walreceiver"}).Scan(&n))
	var seconds float64
	var diff pgtype.Numeric
	var recovery bool
	require.NoError(p.t, c.QueryRow(ctx,
		"SELECT extract(epoch FROM now() - $1::timestamptz)::float8, pg_wal_lsn_diff('0/3', '0/1'), pg_is_in_recovery()",
		time.Now()).Scan(&seconds, &diff, &recovery))
	l.add(n, seconds < 60, diff.Int, diff.Exp, recovery)
	var replayed pgtype.Text
	var nothing *string
	require.NoError(p.t, c.QueryRow(ctx, "SELECT pg_last_wal_replay_lsn(), NULL").Scan(&replayed, &nothing))
	l.add(replayed.String, nothing == nil)
}

// libpq is lib/pq, through database/sql.
func (p *programs) libpq() {
	for _, more := range []string{"", " binary_parameters=yes"} {
		p.requireSameLines(more, func(conninfo string) lines { return p.libpqSession(conninfo + more) })
	}
}

func (p *programs) libpqSession(conninfo string) lines {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("postgres", conninfo)
	require.NoError(p.t, err)
	defer db.Close()
	require.NoError(p.t, db.PingContext(ctx))
	var l lines
	prepared, err := db.PrepareContext(ctx, "SELECT name, setting, unit FROM pg_settings WHERE name = $1")
	require.NoError(p.t, err)
	for _, of := range []string{"wal_segment_size", "wal_block_size", "server_version_num"} {
		var name, setting string
		var unit sql.NullString
		require.NoError(p.t, prepared.QueryRowContext(ctx, of).Scan(&name, &setting, &unit))
		l.add(name, setting, unit)
	}
	rows, err := db.QueryContext(ctx,
		"SELECT application_name, backend_start, state, sent_lsn, pid FROM pg_stat_replication")
	require.NoError(p.t, err)
	types, err := rows.ColumnTypes()
	require.NoError(p.t, err)
	for _, c := range types {
		l.add(c.Name(), c.DatabaseTypeName(), c.ScanType())
	}
	for rows.Next() {
		var application, state, lsn string
		var started time.Time
		var pid int
		require.NoError(p.t, rows.Scan(&application, &started, &state, &lsn, &pid))
		l.add(application, state, lsn, time.Since(started) < time.Hour, pid > 0)
	}
	require.NoError(p.t, rows.Err())
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	require.NoError(p.t, err)
	var n int
	require.NoError(p.t, tx.QueryRowContext(ctx, "SELECT $1::int + 1", 3).Scan(&n))
	require.NoError(p.t, tx.Commit())
	short, cancelShort := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancelShort()
	_, err = db.ExecContext(short, "SELECT pg_sleep(60)")
	l.add(n, err)
	_, err = db.ExecContext(ctx, "SELECT nosuch")
	l.add(err)
	return l
}
