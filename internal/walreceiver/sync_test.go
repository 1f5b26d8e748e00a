package walreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/durable"
	"waypost/internal/walrcv"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

func TestFlushIsNeverReportedBeforeFsync(t *testing.T) {
	g := newRig(t)
	begun, permit := g.heldUpFlush()
	start, end := segSize.Start(1), segSize.Start(1)+5000
	g.run()
	g.upstream.Advance(end)
	<-begun
	g.eventually("written", func() bool { return g.XLog.Written() == end })
	g.upstream.AskForReply() // even when the upstream insists
	g.WalRcv.ForceReply()    // or startup does
	g.eventually("ForceReply is taken", func() bool { return !g.WalRcv.TakeForceReply() })
	require.Equal(t, start, g.XLog.Flushed())
	for _, r := range g.upstream.Replies() {
		require.Equal(t, start, r.Flush)
		require.LessOrEqual(t, r.Apply, r.Flush)
	}
	require.Equal(t, uint64(0), g.WalRcv.Syncs.Load())

	close(permit)
	g.waitReply(flushedIs(end))
	require.Equal(t, end, g.XLog.Flushed())
	require.Equal(t, end, g.WalRcv.Snapshot().FlushedUpto)
	require.Equal(t, start, g.WalRcv.Snapshot().LatestChunkStart)
}

func TestReplyThatTheUpstreamAsksForComesAfterTheFlush(t *testing.T) {
	g := newRig(t)
	g.Receiver.settings.Store(&settings{timeout: time.Hour}) // no reports but those asked for
	begun, permit := g.heldUpFlush()
	end := segSize.Start(1) + 5000
	g.run()
	g.upstream.Advance(end)
	<-begun
	g.upstream.AskForReply()
	g.eventually("the question has come", func() bool { return g.WalRcv.Snapshot().LatestWalEnd == end })
	require.Empty(t, g.upstream.Replies())
	close(permit)
	require.Equal(t, end, g.waitReply(func(reply) bool { return true }).Flush)

	// Nothing to flush: it comes at once.
	g.upstream.AskForReply()
	g.eventually("a second reply", func() bool { return len(g.upstream.Replies()) == 2 })
}

func TestWriteIsReportedWhenTheSyncTakesLong(t *testing.T) {
	g := newRig(t)
	begun, permit := g.heldUpFlush()
	g.run()
	start, end := segSize.Start(1), segSize.Start(1)+5000
	g.upstream.Advance(end)
	<-begun
	r := g.waitReply(func(r reply) bool { return r.Write == end })
	require.Equal(t, start, r.Flush)
	close(permit)
	g.waitReply(flushedIs(end))
}

func TestReceivingGoesOnDuringASync(t *testing.T) {
	g := newRig(t)
	begun, permit := g.heldUpFlush()
	g.run()
	g.upstream.Advance(segSize.Start(1) + 1000)
	<-begun
	end := segSize.Start(3) + 500
	g.upstream.Advance(end)
	g.eventually("all is written while the first sync lasts", func() bool { return g.XLog.Written() == end })
	require.Equal(t, segSize.Start(1), g.XLog.Flushed())
	close(permit)
	g.waitReply(flushedIs(end))
	g.requireHeld(1, segSize.Start(1), end)
}

func TestWhatComesDuringASyncIsSyncedNext(t *testing.T) {
	g := newRig(t)
	returning, permit := make(chan xlog.LSN, 10), make(chan struct{}, 10)
	g.filesWith(func(f *files) {
		f.flush = func() (xlog.LSN, error) {
			l, err := f.walFiles.Flush()
			returning <- l
			<-permit
			return l, err
		}
	})
	g.run()
	one, two := segSize.Start(1)+1000, segSize.Start(1)+9000
	g.upstream.Advance(one)
	require.Equal(t, one, <-returning)
	g.upstream.Advance(two)
	g.eventually("written", func() bool { return g.XLog.Written() == two })
	permit <- struct{}{}
	g.waitReply(flushedIs(one))
	require.Equal(t, two, <-returning, "without anything more having to come")
	permit <- struct{}{}
	g.waitReply(flushedIs(two))
	close(permit)
}

func TestLoneCommitNeverWaits(t *testing.T) {
	g := newRig(t)
	g.run()
	end := segSize.Start(1)
	for range 20 {
		end += 104
		g.upstream.Advance(end)
		g.waitReply(flushedIs(end)) // nothing follows, no interval passes: only its own sync can have brought it
	}
	require.GreaterOrEqual(t, g.WalRcv.Syncs.Load(), uint64(20))
	require.Equal(t, g.WalRcv.BytesReceived.Load(), uint64(20*104))
}

// busy makes a connection on which always more waits, in pieces of n bytes, until stop says so.
func (g *rig) busy(n int, stop func(sent xlog.LSN) bool) {
	g.tamperWith(func(c *tampered) {
		sent, over := segSize.Start(1), false
		c.pending = func() bool { return !over }
		c.receive = func(deadline time.Time) (transport.Event, error) {
			if over = over || stop(sent); over {
				return c.Conn.Receive(deadline)
			}
			ev := transport.Event{Kind: transport.XLogData, Start: sent, End: g.wal.Pos(), SendTime: xlog.Now(),
				Data: g.wal.Bytes(sent, min(g.wal.Pos(), sent+xlog.LSN(n)))}
			sent += xlog.LSN(len(ev.Data))
			return ev, nil
		}
	})
}

func TestBusyUpstreamCannotStarveTheAcknowledgements(t *testing.T) {
	t.Run("by bytes", func(t *testing.T) {
		g := newRig(t)
		stopped := make(chan struct{})
		mark := segSize.Start(1)
		g.busy(32<<10, func(sent xlog.LSN) bool {
			if sent < mark+syncAfterBytes {
				return false
			}
			// Another megabyte has come, and more waits: some of it must be reported without another byte.
			g.waitReply(func(r reply) bool { return r.Flush > mark })
			mark = sent
			if sent < segSize.Start(4) {
				return false
			}
			close(stopped)
			return true
		})
		g.run()
		<-stopped
	})
	t.Run("by time", func(t *testing.T) {
		g := newRig(t)
		stopped := make(chan xlog.LSN, 1)
		first := segSize.Start(1)
		g.busy(8, func(sent xlog.LSN) bool {
			if g.WalRcv.ReportedFlush.Load() <= uint64(first) && sent < first+syncAfterBytes {
				time.Sleep(10 * time.Microsecond) // a trickle: 8 bytes at a time, never a pause
				return false
			}
			stopped <- sent
			return true
		})
		g.run()
		require.Less(t, <-stopped, first+syncAfterBytes, "a report came although bytes did not ask for it")
	})
}

func TestHalfAMessageDoesNotHoldBackWhatCameBefore(t *testing.T) {
	g := newRig(t)
	// More seems to wait, but it is not enough for an event: Receive blocks.
	g.tamperWith(func(c *tampered) { c.pending = func() bool { return true } })
	g.run()
	end := segSize.Start(1) + 800
	g.upstream.Advance(end)
	g.waitReply(flushedIs(end))
}

func TestFailedSyncIsACrashAndNothingOfItIsReported(t *testing.T) {
	g := newRig(t)
	g.filesWith(func(f *files) {
		f.flush = func() (xlog.LSN, error) {
			return f.walFiles.Flushed(), &walfile.SyncError{Path: "segment", Err: unix.EIO}
		}
	})
	g.run()
	g.upstream.Advance(segSize.Start(1) + 1000)
	err := g.ended()
	require.ErrorIs(t, err, unix.EIO)
	require.True(t, durable.IsSyncError(err), "for the exit code")
	require.True(t, g.crashing)
	require.Equal(t, 1, g.distrust, "the mark is left")
	require.Equal(t, segSize.Start(1), g.XLog.Flushed())
	require.NotEqual(t, walrcv.Stopped, g.WalRcv.State(), "it is no orderly end")
	for _, r := range g.upstream.Replies() {
		require.Equal(t, segSize.Start(1), r.Flush)
	}
}

func TestSlowDiskHoldsTheReceivingBack(t *testing.T) {
	g := newRig(t)
	g.wal.FillTo(segSize.Start(12))
	g.publishUpstream()
	begun, permit := g.heldUpFlush()
	g.run()
	g.upstream.Advance(segSize.Start(12))
	<-begun
	const most = maxUnsynced*xlog.LSN(segSize) + syncAfterBytes + 2*gatherSize
	g.eventually("receiving has come to its bound", func() bool {
		return g.XLog.Written() >= segSize.Start(1)+maxUnsynced*xlog.LSN(segSize)
	})
	require.LessOrEqual(t, g.XLog.Written()-g.XLog.Flushed(), most)
	close(permit)
	g.waitReply(flushedIs(segSize.Start(12)))
	g.requireHeld(1, segSize.Start(1), segSize.Start(12))
}
