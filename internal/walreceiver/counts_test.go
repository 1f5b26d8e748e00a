package walreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/pgstat"
	"waypost/xlog"
)

func TestWhatIsReceivedWrittenAndSyncedIsCounted(t *testing.T) {
	g := newRig(t)
	start, end := segSize.Start(1), segSize.Start(2)+500
	before := xlog.Now()
	g.run()
	g.upstream.Advance(end)
	g.waitFlushed(end)
	g.waitReply(flushedIs(end))
	s := g.Stats
	bytes := uint64(end - start)
	for what, p := range map[string]*pgstat.Progress{
		"received": &s.Waypost.Received, "written": &s.Waypost.Written, "flushed": &s.Waypost.Flushed,
	} {
		require.Equal(t, bytes, p.Bytes.Load(), what)
		require.GreaterOrEqual(t, p.LastAt.Load(), int64(before), what)
	}
	require.EqualValues(t, 1, s.Waypost.Connected.Count.Load())
	io := &s.IO[pgstat.IOWalReceiver]
	require.Equal(t, bytes, io.WriteBytes.Load())
	require.Equal(t, g.WalRcv.Writes.Load(), s.WAL.Write.Load())
	require.Equal(t, g.WalRcv.Writes.Load(), io.Writes.Load())
	require.Equal(t, g.WalRcv.Syncs.Load(), s.WAL.Sync.Load())
	require.Equal(t, g.WalRcv.Syncs.Load(), io.Fsyncs.Load())
	require.Equal(t, g.WalRcv.SyncMicros.Load(), s.WAL.SyncMicros.Load())
	require.Zero(t, s.WAL.WriteMicros.Load(), "track_wal_io_timing is off")
	require.EqualValues(t, 2, io.InitWrites.Load(), "nobody has made the segments ready")
	require.EqualValues(t, 2*segSize, io.InitWriteBytes.Load())
}

func TestWritesAreTimedOnlyWhereThatIsWanted(t *testing.T) {
	g := newRig(t)
	g.Receiver.settings.Store(&settings{statusInterval: time.Hour, timeout: time.Hour, trackTiming: true})
	g.run()
	end := segSize.Start(3)
	g.upstream.Advance(end)
	g.waitFlushed(end)
	g.eventually("time of writes", func() bool { return g.Stats.WAL.WriteMicros.Load() > 0 })
	require.Equal(t, g.Stats.WAL.WriteMicros.Load(), g.Stats.IO[pgstat.IOWalReceiver].WriteMicros.Load())
}

func TestProcessShowsWhatItWaitsFor(t *testing.T) {
	g := newRig(t)
	begun, permit := g.heldUpFlush()
	g.run()
	waiting := func(e activity.WaitEvent) func() bool { return func() bool { return g.Activity.Waiting() == e } }
	g.eventually("waits for the upstream", waiting(activity.WalReceiverMain))
	g.upstream.Advance(segSize.Start(1) + 5000)
	<-begun
	g.eventually("waits for the disk", waiting(activity.WALSync))
	close(permit)
	g.eventually("waits for the upstream again", waiting(activity.WalReceiverMain))
}
