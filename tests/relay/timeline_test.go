package relay

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/walfile"
	"waypost/xlog"
)

// primary → standby → first → {last, follower}. The primary is gone, the standby is promoted: both relays and the standby
// behind them go over to the new timeline, and are killed before anything of it is remembered: what was there of it stays.
func TestPromotionOfTheUpstreamIsFollowed(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 4})
	standby := c.StandbyOf(primary, "standby", primary.Conninfo(), nil)
	options := cluster.WaypostOptions{Settings: keepAll}
	first := c.NewWaypost("first", standby.Conninfo(), options)
	last := c.NewWaypost("last", first.Conninfo(), options)
	follower := c.StandbyOf(primary, "follower", first.Conninfo(), nil)
	size := primary.SegSize()

	load := primary.StartAckLoad(2)
	load.WaitAcked(t, patience, 200)
	load.Stop()
	primary.Stop(cluster.Fast) // the standby has its shutdown checkpoint
	standby.Promote(patience)
	standby.Exec("CREATE TABLE on_two AS SELECT generate_series(1, 1000) AS n")
	for _, relay := range []*cluster.Waypost{first, last} {
		relay.WaitPos(patience, standby.FlushLSN())
		require.EqualValues(t, 2, relay.IdentifySystem().Timeline)
		require.FileExists(t, filepath.Join(relay.WalDir(), walfile.HistoryName(2)))
	}

	before := first.IdentifySystem().Pos
	standby.Process().Signal(syscall.SIGSTOP) // nobody can tell the relay that comes back what it had
	first.Kill9()
	first.Start()
	require.GreaterOrEqual(t, first.IdentifySystem().Pos, before)
	require.EqualValues(t, 2, first.IdentifySystem().Timeline)
	standby.Process().Signal(syscall.SIGCONT)

	standby.Exec("INSERT INTO on_two SELECT generate_series(1, 100000)")
	upto := standby.SwitchWAL()
	for _, relay := range []*cluster.Waypost{first, last} {
		relay.WaitPos(patience, upto)
		for at := size.SegStart(before - 1); at < upto; at += xlog.LSN(size) {
			name := walfile.SegmentNameAt(2, at, size)
			theirs, err := os.ReadFile(filepath.Join(standby.WalDir(), name))
			require.NoError(t, err)
			ours, err := os.ReadFile(filepath.Join(relay.WalDir(), name))
			require.NoError(t, err)
			require.True(t, bytes.Equal(theirs, ours), "%s of %s differs", name, relay.Name)
		}
	}
	cluster.RequireSameTables(standby, follower)
}
