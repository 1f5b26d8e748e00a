package relay

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// A primary is killed in the middle of a long record, of which the relay has whole segments by then. It comes back, says
// that the record is void, and writes on in its middle.
func TestRecordThatThePrimaryNeverFinished(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 4, Settings: map[string]string{
		"wal_buffers": "64kB", "wal_keep_size": "4GB", "max_wal_size": "4GB"}}) // small: pages of the record go to disk at once
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
	follower := c.StandbyOf(primary, "follower", relay.Conninfo(), nil)
	primary.Exec("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
	size := primary.SegSize()
	replayed := func() xlog.LSN { return parseLSN(t, dump(relay).XLogCtl.ReplayedUpto) }
	flushed := func() xlog.LSN { return parseLSN(t, dump(relay).XLogCtl.FlushedUpto) }
	skipped := func() bool {
		return strings.Contains(relay.Process().LogText(), "successfully skipped missing contrecord at")
	}

	var upto xlog.LSN
	for attempt := 0; attempt < 10 && !skipped(); attempt++ { // the kill may hit the moment between two records
		begun := primary.FlushLSN()
		relay.WaitPos(patience, begun)
		broken := make(chan error, 1)
		go func() {
			_, err := primary.TryQuery("SELECT pg_logical_emit_message(false, 'long', repeat('x', 100000000)) FROM generate_series(1, 20)")
			broken <- err
		}()
		cluster.Eventually(t, patience, "the relay has some segments", func() bool { return flushed() > begun+3*xlog.LSN(size) })
		primary.Kill9()
		require.Error(t, <-broken, "there was nothing left to break")
		primary.Start()
		primary.Exec("INSERT INTO t SELECT generate_series(1, 10000)")
		upto = primary.SwitchWAL()
		relay.WaitPos(patience, upto)
		cluster.Eventually(t, patience, "all is checked", func() bool { return replayed() >= upto })
	}
	require.True(t, skipped(), "no kill left an unfinished record")
	require.NotContains(t, relay.Process().LogText(), "ERROR")
	require.Zero(t, dump(relay).XLogCtl.CRCFailures)
	c.RequireSameSegments(primary.WalDir(), relay.WalDir(), size, upto)
	follower.WaitReplay(patience, upto)
	cluster.RequireSameTables(primary, follower)

	relay.Kill9() // what it finds at start is the void record, too
	relay.Start()
	require.GreaterOrEqual(t, relay.IdentifySystem().Pos, upto)
	primary.Exec("INSERT INTO t SELECT generate_series(1, 1000)")
	upto = primary.SwitchWAL()
	relay.WaitPos(patience, upto)
	c.RequireSameSegments(primary.WalDir(), relay.WalDir(), size, upto)
}

// The rest of a segment after a switch comes as zeros. First the connection breaks among them, then the relay is killed.
func TestSegmentSwitchCutInItsTail(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 4, Settings: keepAll})
	proxy := c.NewProxy(primary.Port)
	relay := c.NewWaypost("relay", proxy.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
	follower := c.StandbyOf(primary, "follower", relay.Conninfo(), nil)
	primary.Exec("CREATE TABLE t (n int)")
	size := primary.SegSize()
	for name, cut := range map[string]func(){
		"connection": proxy.Cut,
		"relay": func() {
			relay.Kill9()
			proxy.Resume()
			relay.Start()
		},
	} {
		relay.WaitPos(patience, primary.SwitchWAL())
		proxy.Drip(8192, 2*time.Millisecond)
		primary.Exec("INSERT INTO t SELECT generate_series(1, 1000)")
		inserted := primary.FlushLSN()
		upto := primary.SwitchWAL()
		middle := inserted + xlog.LSN(size)/4
		require.Less(t, middle, upto)
		cluster.Eventually(t, patience, "the relay has some of the zeros of the segment for "+name, func() bool {
			return parseLSN(t, dump(relay).XLogCtl.FlushedUpto) > middle
		})
		require.Less(t, parseLSN(t, dump(relay).XLogCtl.WrittenUpto), upto.PageStart(), "all has come")
		cut()
		proxy.Resume()
		primary.Exec("INSERT INTO t SELECT generate_series(1, 1000)")
		upto = primary.SwitchWAL()
		relay.WaitPos(patience, upto)
		c.RequireSameSegments(primary.WalDir(), relay.WalDir(), size, upto)
		follower.WaitReplay(patience, primary.FlushLSN())
		cluster.RequireSameTables(primary, follower)
		require.NotContains(t, relay.Process().LogText(), "ERROR")
	}
}
