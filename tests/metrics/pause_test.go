package metrics

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

const (
	pauseState = "SELECT pg_get_wal_replay_pause_state()"
	ofRelay    = "FROM pg_stat_replication WHERE application_name = 'relay'"
)

// What the upstream hears during a pause: WAL is flushed as ever, and nothing more is applied.
func TestPausedRelayReportsFlushesAndNoApply(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	port := c.FreePort()
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: listensOn(port)})
	primary.Exec("CREATE TABLE t (n int)")
	reported := func(what string, end xlog.LSN) {
		primary.WaitFor(patience, fmt.Sprintf("SELECT %s_lsn >= '%v' %s", what, end, ofRelay), "t")
	}
	reported("replay", primary.FlushLSN())
	require.Equal(t, "not paused", relay.QueryOne(pauseState))

	relay.Query("SELECT pg_wal_replay_pause()")
	relay.WaitFor(patience, pauseState, "paused")
	require.EqualValues(t, 2, mustScrape(t, port).must(t, "waypost_replay_pause_state"))
	at := relay.QueryOne("SELECT pg_last_wal_replay_lsn()")
	archive := c.StartReceivewal("archive", relay.Conninfo())
	primary.Exec("INSERT INTO t SELECT generate_series(1, 10000)")
	end := primary.SwitchWAL()
	reported("flush", end)
	require.Equal(t, at, primary.QueryOne("SELECT replay_lsn "+ofRelay))
	require.Equal(t, at, relay.QueryOne("SELECT pg_last_wal_replay_lsn()"))
	cluster.Eventually(t, patience, "clients are sent what comes", func() bool {
		lag, ok := mustScrape(t, port).value("waypost_walsender_lag_bytes", "application_name", "archive", "position", "sent")
		return ok && lag == 0
	})

	relay.Query("SELECT pg_wal_replay_resume()")
	require.Equal(t, "not paused", relay.QueryOne(pauseState))
	reported("replay", end)

	// A pause holds up no shutdown, and is over after it.
	relay.Query("SELECT pg_wal_replay_pause()")
	relay.WaitFor(patience, pauseState, "paused")
	began := time.Now()
	relay.Stop(cluster.Fast)
	require.Less(t, time.Since(began), 10*time.Second)
	archive.KillTree()
	relay.Start()
	require.Equal(t, "not paused", relay.QueryOne(pauseState))
}
