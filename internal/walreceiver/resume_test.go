package walreceiver

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/durable"
	"waypost/internal/walrcv"
	"waypost/protocol"
	"waypost/transport"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

func TestStreamingResumesAtTheFirstByteNotHeld(t *testing.T) {
	one := segSize.Start(1)
	for name, at := range map[string]xlog.LSN{
		"mid page":          one + 2*xlog.PageSize + 1234,
		"page start":        one + 2*xlog.PageSize,
		"after page header": one + 2*xlog.PageSize + walfile.ShortPageHeaderSize,
		"in a page header":  one + 2*xlog.PageSize + 8,
		"first page":        one + 100,
		"in a long header":  one + 30,
		"segment start":     segSize.Start(2),
		"later segment":     segSize.Start(3) + 7*xlog.PageSize + 40,
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.heldUpTo(1, at)
			asked := g.asked()
			g.run()
			end := at + 30000
			g.upstream.Advance(end)
			g.waitReply(flushedIs(end))
			g.requireHeld(1, one, end)
			require.Equal(t, []xlog.LSN{(at - 1).PageStart()}, asked.starts(), "the last page held is compared")
			require.Equal(t, uint64(end-at), g.WalRcv.BytesReceived.Load(), "what was compared was not written")
		})
	}
}

func TestStreamThatStartsWithNothingHeldComparesNothing(t *testing.T) {
	g := newRig(t)
	asked := g.asked()
	g.run()
	g.upstream.Advance(segSize.Start(1) + 800)
	g.waitReply(flushedIs(segSize.Start(1) + 800))
	require.Equal(t, []xlog.LSN{segSize.Start(1)}, asked.starts())
}

func TestMoreHeldThanStartupKnewIsNotWrittenAgain(t *testing.T) {
	g := newRig(t)
	held := segSize.Start(1) + 20000
	g.heldUpTo(1, held)
	g.ask(walrcv.Starting, 1, segSize.Start(1))
	g.run()
	g.upstream.Advance(held + 800)
	g.waitReply(flushedIs(held + 800))
	require.Equal(t, uint64(800), g.WalRcv.BytesReceived.Load())
}

func TestUnwrittenHeadIsRefused(t *testing.T) {
	g := newRig(t)
	at := segSize.Start(2) + 5000
	g.heldUpTo(1, at)
	require.NoError(t, os.Remove(g.Dir.SegmentPath(1, 2)))
	require.NoError(t, g.Dir.Allocate(1, 2)) // there, as the checkpointer makes it, but not written
	g.upstream.Advance(at + 800)
	requireReported(t, g.Run(), protocol.CodeDataCorrupted, "the beginning of segment 000000010000000000000002 is not there", true)
	b, err := os.ReadFile(g.Dir.SegmentPath(1, 2))
	require.NoError(t, err)
	require.Equal(t, make([]byte, segSize), b)
}

// The pages after a segment switch have no headers: the upstream sends zeros, and the stream may be cut among them.
func TestStreamCutInTheZerosAfterASegmentSwitchGoesOn(t *testing.T) {
	wal := waltest.New(waltest.Options{})
	wal.FillTo(segSize.Start(1) + 20*xlog.PageSize + 304)
	_, end := wal.Switch()
	wal.FillTo(segSize.Start(2) + 5000)
	for name, at := range map[string]xlog.LSN{
		"page of the switch": end + 500,
		"zeros":              end.PageStart() + 20*xlog.PageSize + 100,
		"page start":         end.PageStart() + 20*xlog.PageSize,
		"the last byte":      segSize.Start(2) - 1,
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.wal = wal
			g.publishUpstream()
			g.heldUpTo(1, at)
			g.run()
			g.upstream.Advance(wal.Pos())
			g.waitReply(flushedIs(wal.Pos()))
			g.requireHeld(1, segSize.Start(1), wal.Pos())
		})
	}
}

func TestStartBeyondWhatIsHeldIsRefused(t *testing.T) {
	g := newRig(t)
	g.ask(walrcv.Starting, 1, segSize.Start(3))
	requireReported(t, g.Run(), protocol.CodeInternalError, "WAL is held up to", false)
}

func TestLastPageThatDiffersIsRefusedAndNotOverwritten(t *testing.T) {
	g := newRig(t)
	at := segSize.Start(1) + 3*xlog.PageSize + 4000
	g.heldUpTo(1, at)
	flipByte(t, g.Dir.SegmentPath(1, 1), int64(segSize.Offset(at))-100)
	before, err := os.ReadFile(g.Dir.SegmentPath(1, 1))
	require.NoError(t, err)
	g.upstream.Advance(at + 30000)
	g.run()
	err = g.ended()
	requireReported(t, err, protocol.CodeDataCorrupted, "WAL at "+(at-100).String()+" on timeline 1 differs", true)
	after, err := os.ReadFile(g.Dir.SegmentPath(1, 1))
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, after), "nothing is overwritten")
	require.Equal(t, at, g.XLog.Written())
}

func TestDifferenceThatNoCheckedRecordCoversIsHealedOnceStartupHasTakenItBack(t *testing.T) {
	g := newRig(t)
	replayed, at := segSize.Start(1)+xlog.PageSize+4000, segSize.Start(1)+4*xlog.PageSize
	g.heldUpTo(1, at)
	g.XLog.ReplayedUpto.Store(uint64(replayed))
	flipByte(t, g.Dir.SegmentPath(1, 1), int64(segSize.Offset(at))-100)
	g.upstream.Advance(at + 800)

	// It does not decide itself: startup may have records to check that it has not come to.
	for range 2 {
		requireReported(t, g.Run(), protocol.CodeDataCorrupted, "WAL at "+(at-100).String()+" on timeline 1 differs", false)
		require.EqualValues(t, at-100, g.XLog.DiffersAt.Load())
		require.Equal(t, at, g.XLog.Written(), "nothing is overwritten")
		g.ask(walrcv.Starting, 1, at)
	}

	g.XLog.TakeBack(replayed)
	g.ask(walrcv.Starting, 1, replayed)
	g.run()
	g.waitFlushed(at + 800)
	g.requireHeld(1, segSize.Start(1), at+800)
	require.Equal(t, replayed, g.XLog.Sendable(false))
	require.Equal(t, replayed, g.XLog.Reportable())
	g.XLog.ReplayedUpto.Store(uint64(at + 800))
	require.Equal(t, at+800, g.XLog.Sendable(false))
}

func TestUpstreamWithoutTheLastPageButWithWhatFollowsWillDo(t *testing.T) {
	g := newRig(t)
	at := segSize.Start(2)
	g.heldUpTo(1, at)
	require.NoError(t, os.Remove(filepath.Join(g.upDir, walfile.SegmentName(1, 1, segSize))))
	asked := g.asked()
	g.run()
	g.upstream.Advance(at + 800)
	g.waitReply(flushedIs(at + 800))
	require.Equal(t, []xlog.LSN{at - xlog.PageSize, at}, asked.starts())
	require.Contains(t, g.logged.String(), "without comparing it")
	g.requireHeld(1, segSize.Start(1), at+800)
}

func TestStartThatTheUpstreamNoLongerHasTellsWhatToDo(t *testing.T) {
	g := newRig(t)
	at := segSize.Start(2) + 20000
	g.heldUpTo(1, at)
	require.NoError(t, os.Remove(filepath.Join(g.upDir, walfile.SegmentName(1, 2, segSize))))
	g.upstream.Advance(at + 800)
	g.run()
	requireReported(t, g.ended(), protocol.CodeUndefinedFile, "has already been removed", true)
}

func TestUpstreamsThatThisNodeCannotFollowAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(g *rig)
		message string
	}{
		"other system identifier": {
			func(g *rig) { g.XLog.SystemID.Store(1) }, "database system identifier differs"},
		"other segment size": {
			func(g *rig) {
				g.upstream.Answer("SHOW wal_segment_size", &transport.ExecResult{Rows: [][]transport.Value{{{Text: "16MB", Valid: true}}}})
			}, "WAL segment size differs"},
		"other version": {
			func(g *rig) {
				g.tamperWith(func(c *tampered) { c.version = &transport.ServerVersion{Num: 170004, Text: "17.4"} })
			}, "WAL of PostgreSQL 17 cannot follow WAL of PostgreSQL 15"},
		"lower timeline": {
			func(g *rig) { g.heldUpTo(3, segSize.Start(1)) }, "highest timeline 1 of the primary is behind recovery timeline 3"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			c.change(g)
			g.upstream.Advance(segSize.Start(2))
			requireReported(t, g.Run(), protocol.CodeObjectNotInPrerequisiteState, c.message, true)
			require.Zero(t, g.WalRcv.BytesReceived.Load())
			require.Equal(t, walrcv.Stopped, g.WalRcv.State())
		})
	}
}

func TestVersionThatIsNotSupportedIsRefused(t *testing.T) {
	g := newRig(t)
	g.tamperWith(func(c *tampered) { c.version = &transport.ServerVersion{Num: 140009, Text: "14.9"} })
	requireReported(t, g.Run(), protocol.CodeFeatureNotSupported, "140009", false)
}

// promoteUpstream ends the upstream's timeline where its WAL is now, and goes on on the next.
func (g *rig) promoteUpstream(at xlog.LSN) xlog.TimeLineID {
	old := g.wal.Options().TLI
	tli := old + 1
	text := walfile.AppendHistory(nil, old, at, "no recovery target specified")
	require.NoError(g.t, os.WriteFile(filepath.Join(g.upDir, walfile.HistoryName(tli)), text, 0o600))
	g.wal = g.wal.Branch(tli)
	g.wal.FillTo(segSize.Start(6))
	g.publishUpstream()
	g.upstream.Switch(transport.NextTimeline{TLI: tli, SwitchPoint: at})
	return tli
}

func TestEndOfTimelineAndRestartInTheSameProcess(t *testing.T) {
	g := newRig(t)
	oldWAL, at := g.wal, g.wal.Pos() // in mid-segment
	g.upstream.Advance(at)
	g.run()
	g.waitReply(flushedIs(at))
	g.promoteUpstream(at)
	g.upstream.Advance(segSize.Start(5) + 800)
	g.waitState(walrcv.Waiting)
	f := g.WalRcv.Snapshot()
	require.Zero(t, f.ReceiveStart)
	require.Equal(t, int32(g.PID), f.Pid)
	require.FileExists(t, filepath.Join(g.Dir.Path, walfile.HistoryName(2)))
	require.Contains(t, g.logged.String(), "replication terminated by primary server")

	// Startup makes the new timeline's first segment, with the old one's bytes, and says where to go on.
	require.NoError(t, g.Dir.Branch(2, 1, at))
	g.XLog.PrevTimeline.Store(1)
	g.XLog.TimelineID.Store(2)
	g.ask(walrcv.Restarting, 2, at)
	end := segSize.Start(5) + 800
	g.waitReply(flushedIs(end))
	require.Equal(t, xlog.TimeLineID(2), g.WalRcv.Snapshot().ReceivedTLI)
	g.requireHeld(2, segSize.SegStart(at), end)
	g.wal = oldWAL
	g.requireHeld(1, segSize.Start(1), at)
	require.Contains(t, g.logged.String(), "restarted WAL streaming")
}

func TestPositionsStayWhileTheHeadOfASegmentIsFetchedAgain(t *testing.T) {
	g := newRig(t)
	at := segSize.Start(2) + 20000
	g.heldUpTo(1, at)
	require.NoError(t, os.Remove(g.Dir.SegmentPath(1, 2))) // as where a timeline begins in mid-segment
	g.ask(walrcv.Starting, 1, segSize.Start(2))
	begun, permit := g.heldUpFlush()
	g.run()
	g.upstream.Advance(at - 800)
	<-begun
	g.eventually("the head is written", func() bool { return g.WalRcv.BytesReceived.Load() == 20000-800 })
	permit <- struct{}{}
	g.upstream.AskForReply()
	r := g.waitReply(func(reply) bool { return true })
	require.Equal(t, []xlog.LSN{at, at, at, at}, []xlog.LSN{r.Write, r.Flush, g.XLog.Written(), g.XLog.Flushed()})
	close(permit)
	g.upstream.Advance(at + 800)
	g.waitReply(flushedIs(at + 800))
	g.requireHeld(1, segSize.Start(1), at+800)
}

func TestTailThatAnEarlierWalreceiverDidNotSyncIsSyncedFirst(t *testing.T) {
	g := newRig(t)
	written, flushed := segSize.Start(2), segSize.Start(1)+5000
	g.heldUpTo(1, written)
	g.XLog.FlushedUpto.Store(uint64(flushed))
	g.XLog.ReplayedUpto.Store(uint64(flushed))
	g.ask(walrcv.Starting, 1, flushed)
	g.upstream.Advance(written)
	g.run()
	g.waitFlushed(written) // nothing comes that would bring a sync
	require.Zero(t, g.WalRcv.BytesReceived.Load())

	g = newRig(t)
	g.heldUpTo(1, written)
	g.XLog.FlushedUpto.Store(uint64(flushed))
	g.ask(walrcv.Starting, 1, flushed)
	require.NoError(t, os.Remove(g.Dir.SegmentPath(1, 1)))
	require.True(t, durable.IsSyncError(g.Run()), "it cannot be synced")
	require.Equal(t, flushed, g.XLog.Flushed())
}

func TestUpstreamWithNoMoreOfTheTimelineMakesTheProcessWait(t *testing.T) {
	g := newRig(t)
	at := g.wal.Pos()
	g.heldUpTo(1, at)
	g.promoteUpstream(at)
	asked := g.asked()
	// The page held is asked for, so the upstream has that much of the timeline.
	g.run()
	g.waitState(walrcv.Waiting)
	require.Equal(t, []xlog.LSN{(at - 1).PageStart()}, asked.starts())
	require.Equal(t, at, g.XLog.Flushed())
	g.Stop()
	requireReported(t, g.ended(), protocol.CodeAdminShutdown, "administrator command", false)
}

func TestStopWhileWaiting(t *testing.T) {
	g := newRig(t)
	g.upstream.Advance(g.wal.Pos())
	g.run()
	g.waitFlushed(g.wal.Pos())
	g.promoteUpstream(g.wal.Pos())
	g.waitState(walrcv.Waiting)
	g.WalRcv.Update(func(f *walrcv.Fields) { f.State = walrcv.Stopping })
	g.Stop()
	g.ended()
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())
}

func TestHistoryOfATimelineThatWasSkippedIsNotMissed(t *testing.T) {
	g := newRig(t)
	at := g.wal.Pos()
	text := walfile.AppendHistory(nil, 1, at, "number 2 was taken elsewhere")
	require.NoError(t, os.WriteFile(filepath.Join(g.upDir, walfile.HistoryName(3)), text, 0o600))
	g.upstream.Switch(transport.NextTimeline{TLI: 3, SwitchPoint: at})
	g.run()
	g.waitState(walrcv.Waiting)
	require.Equal(t, at, g.XLog.Flushed())
	require.FileExists(t, filepath.Join(g.Dir.Path, walfile.HistoryName(3)))
}

func TestHistoryThatDiffersIsRefused(t *testing.T) {
	g := newRig(t)
	at := g.wal.Pos()
	ours := walfile.AppendHistory(nil, 1, at-8000, "other")
	require.NoError(t, g.Dir.WriteHistory(2, ours))
	tli := g.promoteUpstream(at)
	g.heldUpTo(tli, at)
	err := g.Run()
	requireReported(t, err, protocol.CodeObjectNotInPrerequisiteState, "the upstream's timeline 2 is not this node's timeline 2", true)
	kept, err := os.ReadFile(filepath.Join(g.Dir.Path, walfile.HistoryName(2)))
	require.NoError(t, err)
	require.Equal(t, ours, kept)
}

func TestSameHistoryWithAnotherReasonWillDo(t *testing.T) {
	g := newRig(t)
	at := g.wal.Pos()
	require.NoError(t, g.Dir.WriteHistory(2, walfile.AppendHistory(nil, 1, at, "a reason of our own")))
	tli := g.promoteUpstream(at)
	g.heldUpTo(tli, at)
	g.upstream.Advance(at + 800)
	g.run()
	g.waitReply(flushedIs(at + 800))
}

func TestWALOnAnAbandonedBranchIsRefused(t *testing.T) {
	g := newRig(t)
	at := g.wal.Pos()
	g.heldUpTo(1, at)
	text := walfile.AppendHistory(nil, 1, at-8000, "promoted early")
	require.NoError(t, os.WriteFile(filepath.Join(g.upDir, walfile.HistoryName(2)), text, 0o600))
	g.upstream.Switch(transport.NextTimeline{TLI: 2, SwitchPoint: at - 8000})
	requireReported(t, g.Run(), protocol.CodeObjectNotInPrerequisiteState, "is not in the upstream's history", true)
	require.FileExists(t, filepath.Join(g.Dir.Path, walfile.HistoryName(2)), "for startup, which puts the fork aside")
	require.Equal(t, at, g.XLog.Flushed())
}

func TestHistoryFileUnderAnotherNameIsRefused(t *testing.T) {
	g := newRig(t)
	g.promoteUpstream(g.wal.Pos())
	g.Transport = &tamper{g.Transport, func(c transport.Conn) transport.Conn { return &misnaming{c} }}
	requireReported(t, g.Run(), protocol.CodeProtocolViolation, "unexpected file name", false)
	names, err := os.ReadDir(g.Dir.Path)
	require.NoError(t, err)
	require.Empty(t, names)
}

func flipByte(t *testing.T, path string, offset int64) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], offset)
	require.NoError(t, err)
	b[0] ^= 0x40
	_, err = f.WriteAt(b[:], offset)
	require.NoError(t, err)
}
