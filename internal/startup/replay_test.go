package startup

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/internal/walrcv"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

func (g *rig) replayedUpto(l xlog.LSN) {
	g.t.Helper()
	g.eventually("WAL up to "+l.String()+" is checked", func() bool { return g.XLog.Replayed() == l })
}

func TestNothingIsReportedBeforeTheFirstRecordIsRemembered(t *testing.T) {
	g := newRig(t)
	g.run()
	g.comesUp()
	l := waltest.New(waltest.Options{})
	first, end := l.Filler(2000)
	g.receives(l, end-100)
	require.Equal(t, seg(1), g.XLog.Reportable(), "no record is complete")
	require.Equal(t, seg(1), g.XLog.Sendable(false))

	g.receives(l, end)
	g.replayedUpto(end)
	require.Equal(t, end, g.XLog.Reportable())
	r, ok, err := datadir.ReadRemembered(g.DataDir)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, first, r.CheckedStart)
	require.Equal(t, end, r.Flushed)
}

func TestRecordsAreCheckedBehindTheStream(t *testing.T) {
	g := newRig(t)
	g.run()
	tli, from := g.comesUp()
	require.EqualValues(t, 1, tli)
	require.Equal(t, seg(1), from)

	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 3*xlog.PageSize + 800)
	held := l.Pos()
	l.Filler(500)
	cut := l.Pos() - 100 // in the middle of a record
	g.receives(l, cut)
	g.replayedUpto(held)
	require.Less(t, g.XLog.Replayed(), g.XLog.Flushed())

	at := time.Date(2026, 11, 20, 6, 0, 0, 123000, time.UTC)
	commit, end := l.Commit(700, at)
	g.WalRcv.TakeForceReply()
	g.receives(l, end)
	g.replayedUpto(end)
	require.Equal(t, at, g.XLog.LastXact())
	require.EqualValues(t, commit, g.XLog.LastReplayedReadRecPtr.Load())
	require.EqualValues(t, end, g.XLog.LastXactEnd.Load())
	require.NotZero(t, g.XLog.RecordsChecked.Load())
	g.eventually("the upstream is told", g.WalRcv.TakeForceReply)

	g.Ckpt.Latch.Reset()
	cp, end := l.CheckPoint(false)
	g.receives(l, end)
	g.replayedUpto(end)
	require.Equal(t, cp, g.XLog.Checkpoint().RecordStart)
	require.True(t, g.Ckpt.Latch.IsSet(), "the checkpointer hears of it")

	l.FillTo(seg(4) + 5000)
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	g.mu.Lock()
	defer g.mu.Unlock()
	require.Contains(t, g.titles, "recovering 000000010000000000000001")
	require.Contains(t, g.titles, "recovering 000000010000000000000004")
	require.NotContains(t, g.log.String(), "ERROR")
}

// A client that waits for its commit to be applied hears of it at once, however much WAL comes behind it.
func TestCommitThatIsWaitedForIsReportedBeforeWhatFollows(t *testing.T) {
	g := newRig(t)
	g.found()
	l := waltest.New(waltest.Options{})
	main := binary.LittleEndian.AppendUint64(nil, uint64(xlog.Now()))
	main = binary.LittleEndian.AppendUint32(main, 1<<29) // XACT_COMPLETION_APPLY_FEEDBACK
	_, end := l.Append(walfile.NewRecord{Rmgr: walfile.RmgrTransaction, Info: 0x80, Xid: 700, Main: main})
	l.FillTo(seg(1) + 10*xlog.PageSize)
	g.receives(l, l.Pos())

	rec := mustNext(t, g, l)
	g.observe(rec)
	g.replay.begun, g.replay.last = true, lastRecordOf(rec)
	require.False(t, g.WalRcv.TakeForceReply())
	g.publishReplayed(g.XLog.Flushed())
	require.Equal(t, end, g.XLog.Replayed())
	require.True(t, g.WalRcv.TakeForceReply())
	_, err := g.replayFlushed()
	require.NoError(t, err)
	require.Equal(t, l.Pos(), g.XLog.Replayed())
	require.False(t, g.WalRcv.TakeForceReply(), "nobody waits for the rest")
}

func mustNext(t *testing.T, g *rig, l *waltest.Log) *walfile.Record {
	g.reader.SetLimit(l.Pos())
	_, err := position(g.reader, seg(1), segSize)
	require.NoError(t, err)
	rec, err := g.reader.Next()
	require.NoError(t, err)
	return rec
}

// After a segment switch the next record starts where nothing may have been received yet.
func TestReplayedIsNeverBeyondFlushed(t *testing.T) {
	g := newRig(t)
	g.run()
	g.comesUp()
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 5000)
	_, end := l.Switch()
	for _, upto := range []xlog.LSN{end, end + 9000, seg(2)} {
		g.receives(l, upto)
		g.replayedUpto(upto)
	}
	l.Filler(100)
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
}

func TestPagesInDoubtAreVouchedForOnceTheirRecordIsChecked(t *testing.T) {
	l, want := unfinished()
	g := newRig(t)
	s := l.Segments()
	clear(s.At(1, want.resume+500))
	g.holds(s)
	g.run()
	_, from := g.comesUp()
	require.Equal(t, want.resume, from)
	require.Equal(t, want.vouched, g.XLog.Reportable())
	require.Equal(t, want.vouched, g.XLog.Sendable(false))
	l.Filler(500)
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.Equal(t, l.Pos(), g.XLog.Reportable())
	require.Equal(t, l.Pos(), g.XLog.Sendable(false))
	require.Zero(t, g.XLog.CRCFailures.Load())
}

// unfinished is a log that ends with a long record, and where things stand when its last two pages are missing.
func unfinished() (*waltest.Log, positions) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 5*xlog.PageSize + 4000)
	end := l.Pos()
	l.Filler(4 * xlog.PageSize)
	return l, positions{end, end, end.PageStart() + 2*xlog.PageSize}
}

func TestPagesInDoubtThatAreBadAreFetchedAgain(t *testing.T) {
	l, want := unfinished()
	g := newRig(t)
	s := l.Segments()
	clear(s.At(1, want.resume+500))
	s.At(1, want.end+xlog.PageSize)[77] ^= 1 // what a torn write might leave
	g.holds(s)
	g.run()
	_, from := g.comesUp()
	require.Equal(t, want.resume, from)
	l.Filler(500)
	g.receives(l, l.Pos())
	g.endsWhenTold()
	_, from = g.comesUp()
	require.Equal(t, want.vouched, from)
	require.Equal(t, want.vouched, g.XLog.Flushed())
	require.Equal(t, want.end, g.XLog.Replayed())
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.Contains(t, g.log.String(), "WARNING:  the unfinished record at "+want.end.String())
	require.NotContains(t, g.log.String(), "ERROR")
}

func TestReplayFindsItsFirstRecordBehindTheRestOfAnother(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) - 4000)
	l.Filler(5 * xlog.PageSize)
	first := l.Pos()
	l.FillTo(seg(2) + 20*xlog.PageSize)
	g := newRig(t)
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(2), Flushed: seg(2)})
	g.run()
	_, from := g.comesUp()
	require.Equal(t, seg(2), from)
	g.receives(l, seg(2)+2*xlog.PageSize)
	g.receives(l, first+8)
	require.Equal(t, seg(2), g.XLog.Replayed())
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.NotContains(t, g.log.String(), "ERROR")
}

func TestSIGTERMEndsTheProcess(t *testing.T) {
	g := newRig(t)
	g.run()
	g.comesUp()
	g.send(unix.SIGTERM)
	require.ErrorIs(t, g.ended(), ErrStopped)
	require.Equal(t, walrcv.Streaming, g.WalRcv.State(), "the walreceiver is the postmaster's to stop")
}

func TestPromotionIsRefused(t *testing.T) {
	g := newRig(t)
	g.run()
	g.send(unix.SIGUSR2)
	g.eventually("it says no", func() bool { return contains(g.log.String(), "promote request refused") })
}
