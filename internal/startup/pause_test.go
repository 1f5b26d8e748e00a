package startup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

func (g *rig) pauseIs(want string) {
	g.t.Helper()
	g.eventually("replay is "+want, func() bool { return g.XLog.RecoveryPause().String() == want })
}

// checked is a running rig with WAL that was received and checked up to end, and more in the log.
func checked(t *testing.T) (g *rig, l *waltest.Log, end xlog.LSN) {
	g = newRig(t)
	g.run()
	g.comesUp()
	l = waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 3*xlog.PageSize + 800)
	end = l.Pos()
	g.receives(l, end)
	g.replayedUpto(end)
	l.FillTo(seg(2) + 5*xlog.PageSize + 800)
	return g, l, end
}

func TestNothingPastAPauseIsReplayedAndReceivingGoesOn(t *testing.T) {
	g, l, end := checked(t)
	require.Equal(t, "not paused", g.XLog.RecoveryPause().String())
	g.XLog.SetRecoveryPause(true)
	g.pauseIs("paused")
	g.XLog.SetRecoveryPause(true)
	require.Equal(t, xlogctl.Paused, g.XLog.RecoveryPause(), "it is so already")
	g.eventually("the wait is shown", func() bool { return g.Activity.Waiting() == activity.RecoveryPause })

	g.receives(l, l.Pos())
	require.Equal(t, l.Pos(), g.XLog.Sendable(false), "clients get what comes")
	require.Equal(t, l.Pos(), g.XLog.Reportable(), "and the upstream hears of it")
	// A walreceiver that ends is replaced: that takes several rounds of the main loop.
	g.ends()
	g.comesUp()
	require.Equal(t, end, g.XLog.Replayed())
	require.Contains(t, g.log.String(), "recovery has paused")
	require.Contains(t, g.log.String(), "Execute pg_wal_replay_resume() to continue.")

	g.XLog.SetRecoveryPause(false)
	require.Equal(t, xlogctl.NotPaused, g.XLog.RecoveryPause())
	g.replayedUpto(l.Pos())
	g.eventually("waits for more", func() bool { return g.Activity.Waiting() == activity.RecoveryWalStream })
}

func TestPauseIsMadeWhereReplayIsBusy(t *testing.T) {
	g := newRig(t)
	g.found()
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 2*publishEvery + 5000)
	g.receives(l, l.Pos())
	g.WalRcv.Update(func(f *walrcv.Fields) { f.State = walrcv.Streaming })
	g.XLog.VouchedUpto.Store(g.XLog.ResumedAt.Load()) // nothing is in doubt
	g.XLog.SetRecoveryPause(true)
	require.ErrorIs(t, g.readRecords(g.XLog.Flushed()), errPauseAsked)
	at := g.XLog.Replayed()
	require.Greater(t, at, seg(1)+publishEvery-1)
	require.Less(t, at, l.Pos())
	for range 3 {
		_, err := g.round()
		require.NoError(t, err)
		require.Equal(t, at, g.XLog.Replayed())
	}
	require.Equal(t, xlogctl.Paused, g.XLog.RecoveryPause())
	g.XLog.SetRecoveryPause(false)
	_, err := g.round()
	require.NoError(t, err)
	require.Equal(t, l.Pos(), g.XLog.Replayed())
}

// What is in doubt is not sent, nor reported, before a record was checked across it: a pause must not prolong that.
func TestPauseWaitsUntilNothingIsInDoubt(t *testing.T) {
	g := newRig(t)
	g.run()
	g.comesUp()
	g.XLog.SetRecoveryPause(true)
	l := waltest.New(waltest.Options{})
	_, end := l.Filler(2000)
	g.receives(l, end-100)
	g.pauseIs("pause requested")
	g.receives(l, end)
	g.replayedUpto(end)
	g.pauseIs("paused")
	require.Equal(t, end, g.XLog.Reportable())
}

func TestBytesThatComeIntoDoubtDuringAPauseAreFetchedAgainNevertheless(t *testing.T) {
	l, end, cut, wrong := broken()
	g := newRig(t)
	g.run()
	g.comesUp()
	g.receivesBytes(1, wrong[:end-seg(1)])
	g.replayedUpto(end)
	g.XLog.SetRecoveryPause(true)
	g.pauseIs("paused")
	g.receivesBytes(1, wrong[end-seg(1):])
	g.differs(cut - 300)
	_, from := g.comesUp()
	require.Equal(t, end, from)
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	g.pauseIs("paused")
	require.Equal(t, l.Pos(), g.XLog.Sendable(false))
}

func TestShutdownEndsAPause(t *testing.T) {
	g, _, _ := checked(t)
	g.XLog.SetRecoveryPause(true)
	g.pauseIs("paused")
	g.stop.Store(true)
	g.XLog.WALAdvanced.Nudge(xlogctl.StartupBit)
	require.ErrorIs(t, g.ended(), ErrStopped)
}
