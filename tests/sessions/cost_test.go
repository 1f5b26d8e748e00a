package sessions

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// The bounds that sessions are held to.
const (
	idleMB          = 2.5
	firstQueryTakes = 10 * time.Millisecond
	sessionsTried   = 20
)

// TestSessionsAreCheap: what an idle walsender keeps for itself, and how long a new session's first answer takes.
func TestSessionsAreCheap(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 17, cluster.PostgresOptions{SegSizeMB: 1, Settings: quiet})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	stream := consume(t, relay.Conninfo(), "consumer", primary.FlushLSN())
	stream.waitFor(t, primary.SwitchWAL())
	senders := relay.Pids("walsender")
	require.NotEmpty(t, senders)
	for _, pid := range senders { // the spares among them
		mb := privateMB(pid)
		require.Positive(t, mb)
		require.LessOrEqual(t, mb, idleMB)
	}
	streaming := atoi(t, relay.QueryOne("SELECT pid FROM pg_stat_replication"))
	require.Contains(t, senders, streaming)

	var took []time.Duration
	for range sessionsTried {
		took = append(took, firstQuery(t, relay.Conninfo()))
	}
	t.Logf("an idle walsender has %.2f MB of its own; a first query is answered %v after connecting (median)",
		privateMB(streaming), median(took))
	require.LessOrEqual(t, median(took), firstQueryTakes)
}

// firstQuery gives the time from the beginning of a connection that is in to the answer.
func firstQuery(t *testing.T, conninfo string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, conninfo)
	require.NoError(t, err)
	defer closeConn(conn)
	began := time.Now()
	const query = "SELECT application_name, pg_wal_lsn_diff(sent_lsn, replay_lsn), coalesce(replay_lag, interval '0') " +
		"FROM pg_stat_replication WHERE state = $1"
	r := conn.ExecParams(ctx, query, [][]byte{[]byte("streaming")}, nil, nil, nil).Read()
	took := time.Since(began)
	require.NoError(t, r.Err)
	require.Len(t, r.Rows, 1)
	return took
}
