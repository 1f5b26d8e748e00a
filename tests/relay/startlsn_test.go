package relay

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// A relay that is made later than the standby behind it was copied begins where that standby needs WAL from.
func TestRelayThatBeginsInThePastServesAnOldCopy(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1, Settings: keepAll})
	primary.Exec("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
	from := primary.FlushLSN()
	copied := c.InitStandbyOf(primary, "copied", "host=127.0.0.1 port=1", nil)
	for range 3 {
		primary.Exec("INSERT INTO t SELECT generate_series(1, 10000)")
		primary.SwitchWAL()
	}
	size := primary.SegSize()
	require.Greater(t, primary.FlushLSN(), from+3*xlog.LSN(size))

	relay := c.InitWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: keepAll,
		InitArgs: []string{"--start-lsn", from.String()}})
	require.Equal(t, size.SegStart(from), rememberedFlush(t, relay))
	relay.Start()
	upto := primary.FlushLSN()
	relay.WaitPos(patience, upto)
	same := c.RequireSameSegments(primary.WalDir(), relay.WalDir(), size, upto)
	require.FileExists(t, segmentAt(relay.WalDir(), size, from))
	require.NoFileExists(t, segmentAt(relay.WalDir(), size, size.SegStart(from)-1), "nothing before is fetched")
	require.Greater(t, len(same), 3)

	copied.Follow(relay.Conninfo())
	copied.Start()
	copied.WaitReplay(patience, upto)
	cluster.RequireSameTables(primary, copied)
	relay.Restart()
	primary.Exec("INSERT INTO t SELECT generate_series(1, 1000)")
	copied.WaitReplay(patience, primary.FlushLSN())
	cluster.RequireSameTables(primary, copied)
}
