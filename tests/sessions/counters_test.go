package sessions

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// counted are cumulative counters that a little WAL moves, and a restartpoint.
var counted = map[string]string{
	"received":       "SELECT received_bytes FROM waypost_wal",
	"written":        "SELECT written_bytes FROM waypost_wal",
	"flushed":        "SELECT flushed_bytes FROM waypost_wal",
	"sent":           "SELECT sent_bytes FROM waypost_wal",
	"checked":        "SELECT checked_bytes FROM waypost_wal",
	"restartpoints":  "SELECT restartpoints_timed + restartpoints_req FROM pg_stat_checkpointer",
	"WAL written":    "SELECT sum(writes) FROM pg_stat_io WHERE object = 'wal'",
	"sessions":       "SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'",
	"committed":      "SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'",
	"reset the last": "SELECT extract(epoch FROM stats_reset)::bigint FROM pg_stat_wal",
}

func counts(t *testing.T, w *cluster.Waypost) map[string]int {
	t.Helper()
	c := map[string]int{}
	for name, query := range counted {
		c[name] = atoi(t, w.QueryOne(query))
	}
	return c
}

func TestCountersSurviveARestartAndCanBeReset(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 17, cluster.PostgresOptions{SegSizeMB: 1, Settings: quiet})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	stream := consume(t, relay.Conninfo(), "consumer", primary.FlushLSN())
	primary.Exec("CREATE TABLE t AS SELECT generate_series(1, 20000)")
	end := primary.SwitchWAL()
	primary.Exec("CHECKPOINT")
	stream.waitFor(t, end)
	stream.stop()
	relay.WaitFor(patience, "SELECT pg_last_wal_replay_lsn() >= '"+primary.FlushLSN().String()+"'", "t")
	relay.Query("CHECKPOINT")
	before := counts(t, relay)
	for name, n := range before {
		require.Positive(t, n, name)
	}

	relay.Restart()
	after := counts(t, relay)
	for name, n := range before {
		require.GreaterOrEqual(t, after[name], n, name)
		require.Less(t, after[name], 4*n+100, name)
	}

	for _, target := range []string{"archiver", "bgwriter", "checkpointer", "io", "recovery_prefetch", "wal"} {
		relay.Query("SELECT pg_stat_reset_shared('" + target + "')")
	}
	require.Equal(t, "0", relay.QueryOne("SELECT restartpoints_timed + restartpoints_req FROM pg_stat_checkpointer"))
	require.Equal(t, "0", relay.QueryOne(
		"SELECT coalesce(sum(writes), 0) FROM pg_stat_io WHERE object = 'wal' AND backend_type = 'walreceiver'"))
	for _, view := range []string{"pg_stat_wal", "pg_stat_bgwriter", "pg_stat_checkpointer", "pg_stat_archiver"} {
		require.Equal(t, "t", relay.QueryOne("SELECT stats_reset > now() - interval '1 minute' FROM "+view), view)
	}
	relay.Query("SELECT pg_stat_reset_shared(NULL)")
	relay.Query("SELECT pg_stat_reset_shared()")
	_, err := relay.TryQuery("SELECT pg_stat_reset_shared('nonsense')")
	var e *pgconn.PgError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "22023", e.Code)
	require.Equal(t, `unrecognized reset target: "nonsense"`, e.Message)
	requireOnlySuperusersReset(t, relay)
}

func requireOnlySuperusersReset(t *testing.T, relay *cluster.Waypost) {
	t.Helper()
	relay.Query("CREATE ROLE visitor LOGIN")
	conn := connect(t, relay.Conninfo()+" user=visitor")
	_, err := conn.Exec(context.Background(), "SELECT pg_stat_reset_shared('wal')").ReadAll()
	var e *pgconn.PgError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "42501", e.Code)
}
