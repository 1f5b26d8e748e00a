package cluster

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// queryTimeout bounds one statement of a test.
const queryTimeout = 2 * time.Minute

// Conninfo is how clients of this machine reach the server, for libpq and pgconn.
func (p *Postgres) Conninfo() string { return conninfo(p.Port) }

func conninfo(port int) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", port)
}

// TryQuery runs SQL (one statement or several) and gives the last result's rows as text, NULL as "".
func (p *Postgres) TryQuery(sql string) ([][]string, error) { return tryQuery(p.Conninfo(), sql) }

func tryQuery(conninfo, sql string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	conn, err := pgconn.Connect(ctx, conninfo)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return textRows(results[len(results)-1]), nil
}

func textRows(r *pgconn.Result) [][]string {
	rows := make([][]string, len(r.Rows))
	for i, row := range r.Rows {
		for _, value := range row {
			rows[i] = append(rows[i], string(value))
		}
	}
	return rows
}

// Query runs SQL and gives the last result's rows.
func (p *Postgres) Query(sql string) [][]string {
	p.c.T.Helper()
	rows, err := p.TryQuery(sql)
	require.NoErrorf(p.c.T, err, "%s: %s", p.Name, sql)
	return rows
}

// QueryOne runs SQL whose result is one value.
func (p *Postgres) QueryOne(sql string) string {
	p.c.T.Helper()
	return oneValue(p.c.T, p.Name, sql, p.Query(sql))
}

func oneValue(t testing.TB, server, sql string, rows [][]string) string {
	t.Helper()
	require.Truef(t, len(rows) == 1 && len(rows[0]) == 1, "%s: %s: not one value: %q", server, sql, rows)
	return rows[0][0]
}

// Exec runs SQL, its rows are of no interest.
func (p *Postgres) Exec(sql string) {
	p.c.T.Helper()
	p.Query(sql)
}

// WaitFor waits until the SQL's one value is want.
func (p *Postgres) WaitFor(timeout time.Duration, sql, want string) {
	p.c.T.Helper()
	waitForValue(p.c.T, timeout, p.Name, p.Conninfo(), sql, want)
}

func waitForValue(t testing.TB, timeout time.Duration, server, conninfo, sql, want string) {
	t.Helper()
	EventuallyOK(t, timeout, fmt.Sprintf("%s: %s is %q", server, sql, want), func() error {
		rows, err := tryQuery(conninfo, sql)
		if err != nil {
			return err
		}
		if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0] != want {
			return fmt.Errorf("it is %q", rows)
		}
		return nil
	})
}

func (p *Postgres) lsn(sql string) xlog.LSN {
	p.c.T.Helper()
	lsn, err := xlog.ParseLSN(p.QueryOne(sql))
	require.NoError(p.c.T, err)
	return lsn
}

// FlushLSN is the end of the primary's durable WAL.
func (p *Postgres) FlushLSN() xlog.LSN {
	p.c.T.Helper()
	return p.lsn("SELECT pg_current_wal_flush_lsn()")
}

// ReplayLSN is the end of what the standby has replayed.
func (p *Postgres) ReplayLSN() xlog.LSN {
	p.c.T.Helper()
	return p.lsn("SELECT pg_last_wal_replay_lsn()")
}

// ReceiveLSN is the end of what the standby's walreceiver has flushed.
func (p *Postgres) ReceiveLSN() xlog.LSN {
	p.c.T.Helper()
	return p.lsn("SELECT pg_last_wal_receive_lsn()")
}

// WaitReplay waits until the standby has replayed up to lsn.
func (p *Postgres) WaitReplay(timeout time.Duration, lsn xlog.LSN) {
	p.c.T.Helper()
	p.WaitFor(timeout, fmt.Sprintf("SELECT pg_last_wal_replay_lsn() >= '%s'", lsn), "t")
}

// SwitchWAL ends the current segment (and writes something first, so that there is
// one to end), and gives the position after it.
func (p *Postgres) SwitchWAL() xlog.LSN {
	p.c.T.Helper()
	p.Exec("SELECT pg_logical_emit_message(true, 'waypost', 'segment switch'); SELECT pg_switch_wal()")
	return p.FlushLSN()
}

// SegSize is the server's segment size.
func (p *Postgres) SegSize() xlog.SegSize {
	p.c.T.Helper()
	var n uint32
	_, err := fmt.Sscan(p.QueryOne("SELECT setting FROM pg_settings WHERE name = 'wal_segment_size'"), &n)
	require.NoError(p.c.T, err)
	return xlog.SegSize(n)
}

// WaitConsumer waits until pg_stat_replication has a client of that application
// name in state streaming.
func (p *Postgres) WaitConsumer(timeout time.Duration, applicationName string) {
	p.c.T.Helper()
	p.WaitFor(timeout, streamsNow(applicationName), "t")
}

func streamsNow(applicationName string) string {
	return fmt.Sprintf("SELECT count(*) > 0 FROM pg_stat_replication WHERE application_name = '%s' AND state = 'streaming'",
		applicationName)
}
