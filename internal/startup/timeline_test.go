package startup

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/walrcv"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// waits is what a walreceiver does at the end of its timeline, with the history files that it has fetched.
func (g *rig) waits(histories map[xlog.TimeLineID][]byte) {
	dir := walfile.Dir{Path: g.walDir(), SegSize: segSize}
	for tli, text := range histories {
		require.NoError(g.t, dir.WriteHistory(tli, text))
	}
	g.WalRcv.Update(func(f *walrcv.Fields) { f.State = walrcv.Waiting })
	g.XLog.WALAdvanced.Signal()
}

// goesOn waits for startup's word where to.
func (g *rig) goesOn() (tli xlog.TimeLineID, from xlog.LSN) {
	g.t.Helper()
	g.eventually("the walreceiver is told where to go on", func() bool { return g.WalRcv.State() == walrcv.Restarting })
	g.WalRcv.Update(func(f *walrcv.Fields) {
		f.State = walrcv.Streaming
		tli, from = f.ReceiveStartTLI, f.ReceiveStart
	})
	return tli, from
}

// promotion is a log, the point at which timeline 2 leaves it, and timeline 2's log.
func promotion() (old *waltest.Log, at xlog.LSN, next *waltest.Log, history []byte) {
	old = waltest.New(waltest.Options{})
	old.FillTo(seg(2) + 3*xlog.PageSize + 1000)
	at = old.Pos()
	next = old.Branch(2)
	next.CheckPoint(true)
	next.FillTo(seg(4) + 7000)
	return old, at, next, walfile.AppendHistory(nil, 1, at, "no recovery target specified")
}

func TestNewTimelineIsFollowed(t *testing.T) {
	old, at, next, history := promotion()
	g := newRig(t)
	g.run()
	g.comesUp()
	g.receives(old, at)
	g.waits(map[xlog.TimeLineID][]byte{2: history})
	tli, from := g.goesOn()
	require.EqualValues(t, 2, tli)
	require.Equal(t, at, from)
	require.EqualValues(t, 2, g.XLog.Timeline())
	require.EqualValues(t, 1, g.XLog.PrevTimeline.Load())
	head, err := os.ReadFile(g.path(2, 2))
	require.NoError(t, err)
	require.Len(t, head, int(segSize))
	require.Equal(t, old.Bytes(seg(2), at), head[:at-seg(2)], "the segment begins with the parent's bytes")
	g.receives(next, next.Pos())
	g.replayedUpto(next.Pos())
	require.EqualValues(t, 2, g.XLog.LastReplayedTLI.Load())
	require.EqualValues(t, 2, g.Ckpt.NextTLI.Load())
	require.NotContains(t, g.log.String(), "ERROR")
}

func TestRestartGoesOnOnTheTimelineThatWasReached(t *testing.T) {
	old, at, next, history := promotion()
	for name, c := range map[string]struct {
		held       *waltest.Segments
		remembered datadir.Remembered
		want       xlog.LSN
		tli        xlog.TimeLineID
	}{
		"the switch was remembered":     {old.Segments().Add(next.Segments()), datadir.Remembered{Timeline: 2, CheckedStart: seg(1), Flushed: next.Pos()}, next.Pos(), 2},
		"the switch was not remembered": {old.Segments().Add(next.Segments()), datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: seg(2)}, next.Pos(), 2},
		"the new segment was not made":  {old.Segments(), datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: seg(2)}, at, 2},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.holds(c.held)
			require.NoError(t, (&walfile.Dir{Path: g.walDir(), SegSize: segSize}).WriteHistory(2, history))
			g.remember(c.remembered)
			p := g.found()
			require.Equal(t, c.want, p.end)
			require.Equal(t, c.want, p.resume)
			require.Equal(t, c.tli, g.XLog.Timeline())
			require.FileExists(t, g.path(2, 2))
		})
	}
}

// A server that is promoted when its WAL ends within a record leaves the timeline at the end of the last page that it has of
// it, and declares the record void at the start of the new one.
func TestTimelineThatWasLeftWithinARecordIsFollowed(t *testing.T) {
	for name, begin := range map[string]xlog.LSN{"in mid-segment": seg(2) + 3*xlog.PageSize + 1000, "at a segment's end": seg(3) - 2*xlog.PageSize + 1000} {
		t.Run(name, func(t *testing.T) {
			old := waltest.New(waltest.Options{})
			old.FillTo(begin)
			old.Unfinished(5*xlog.PageSize, 1)
			at := old.Pos()
			next := old.Branch(2)
			next.Overwrite()
			next.CheckPoint(true)
			next.FillTo(seg(4) + 7000)
			history := walfile.AppendHistory(nil, 1, at, "no recovery target specified")
			dir := walfile.Dir{SegSize: segSize}

			g := newRig(t)
			dir.Path = g.walDir()
			g.holds(old.Segments().Add(next.Segments()))
			require.NoError(t, dir.WriteHistory(2, history))
			g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: seg(2)})
			p := g.found()
			require.Equal(t, positions{next.Pos(), next.Pos(), next.Pos()}, p, "what was held before the restart is held after it")
			require.EqualValues(t, 2, g.XLog.Timeline())

			g = newRig(t)
			g.run()
			g.comesUp()
			g.receives(old, at)
			g.waits(map[xlog.TimeLineID][]byte{2: history})
			tli, from := g.goesOn()
			require.EqualValues(t, 2, tli)
			require.Equal(t, at, from)
			g.receives(next, next.Pos())
			g.replayedUpto(next.Pos())
			require.NotContains(t, g.log.String(), "ERROR")
		})
	}
}

func TestRestOfTheOldTimelineIsFetchedFirst(t *testing.T) {
	old, at, _, history := promotion()
	s := old.Segments()
	held := seg(2) + 8000
	clear(s.At(1, held))
	g := newRig(t)
	g.holds(s)
	require.NoError(t, (&walfile.Dir{Path: g.walDir(), SegSize: segSize}).WriteHistory(2, history))
	p := g.found()
	require.LessOrEqual(t, p.resume, held)
	require.EqualValues(t, 1, g.XLog.Timeline())
	require.NoFileExists(t, g.path(2, 2))
	require.Less(t, p.end, at)
}

func TestTwoTimelinesAreFollowedOneAfterTheOther(t *testing.T) {
	old, at, next, history := promotion()
	at2 := next.Pos()
	third := next.Branch(3)
	third.CheckPoint(true)
	g := newRig(t)
	g.run()
	g.comesUp()
	g.receives(old, at)
	g.waits(map[xlog.TimeLineID][]byte{2: history, 3: walfile.AppendHistory(history, 2, at2, "again")})
	tli, _ := g.goesOn()
	require.EqualValues(t, 2, tli)
	g.receives(next, at2)
	g.waits(nil)
	tli, from := g.goesOn()
	require.EqualValues(t, 3, tli)
	require.Equal(t, at2, from)
	g.receives(third, third.Pos())
	g.replayedUpto(third.Pos())
}

func TestForkIsRefusedAndNothingIsOverwritten(t *testing.T) {
	old, _, _, _ := promotion()
	early := walfile.AppendHistory(nil, 1, old.Pos()-5000, "no recovery target specified")
	g := newRig(t)
	g.run()
	g.comesUp()
	g.receives(old, old.Pos())
	g.waits(map[xlog.TimeLineID][]byte{2: early})
	tli, from := g.goesOn()
	require.EqualValues(t, 1, tli, "it stays where it is")
	require.Equal(t, old.Pos(), from)
	require.Contains(t, g.log.String(), "timeline 2 cannot be followed")
	require.NoFileExists(t, g.path(2, 2))
}

func TestTimelineIsKeptWhereTheDBASaysSo(t *testing.T) {
	old, at, _, history := promotion()
	g := newRig(t)
	g.set(guc.RecoveryTargetTimeline, "current")
	g.Settings = g.conf.Load()
	g.run()
	g.comesUp()
	g.receives(old, at)
	g.waits(map[xlog.TimeLineID][]byte{2: history})
	tli, from := g.goesOn()
	require.EqualValues(t, 1, tli)
	require.Equal(t, at, from)
}

func TestSegmentOfTheNewTimelineWithAnotherHeadIsRefused(t *testing.T) {
	old, at, next, history := promotion()
	g := newRig(t)
	s := old.Segments().Add(next.Segments())
	s.At(2, seg(2)+500)[0] ^= 1
	g.holds(s)
	require.NoError(t, (&walfile.Dir{Path: g.walDir(), SegSize: segSize}).WriteHistory(2, history))
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: at})
	require.ErrorContains(t, g.begin(), "differs from its parent timeline's")
}
