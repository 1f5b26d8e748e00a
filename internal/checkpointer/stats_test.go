package checkpointer

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/internal/pgstat"
	"waypost/internal/walsnd"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// saved is what the file has, as the next start would take it in.
func (g *rig) saved() *pgstat.Stats {
	g.t.Helper()
	s := &pgstat.Stats{}
	require.NoError(g.t, s.Restore(g.DataDir, waltest.DefaultSystemID, xlog.Now()))
	return s
}

func TestCountersAreSavedAtShutdownAndRestoredAtStart(t *testing.T) {
	g := newRig(t)
	g.run()
	g.published(seg(1))
	g.eventually("segments", func() bool { return g.Ckpt.SegmentsPrepared.Load() == 2 })
	g.Stats.Waypost.Received.Add(1000, 5)
	g.send(unix.SIGUSR2)
	require.NoError(t, g.ended())
	require.EqualValues(t, 1000, g.saved().Waypost.Received.Bytes.Load())

	next := newRig(t)
	require.NoError(t, os.CopyFS(filepath.Join(next.DataDir, pgstat.Dir), os.DirFS(filepath.Join(g.DataDir, pgstat.Dir))))
	next.Stats.Waypost.Received.Add(1, 6) // somebody was faster
	next.published(seg(1))
	next.once()
	require.EqualValues(t, 1001, next.Stats.Waypost.Received.Bytes.Load())
	require.Equal(t, g.Stats.WAL.Reset.At.Load(), next.Stats.WAL.Reset.At.Load())
	require.NotZero(t, next.Stats.WAL.Reset.At.Load())
	next.once()
	require.EqualValues(t, 1001, next.Stats.Waypost.Received.Bytes.Load(), "once only")
}

func TestCountersAreSavedAtEachRestartpointAndNowAndThen(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	require.NoFileExists(t, filepath.Join(g.DataDir, pgstat.FileName))
	g.Stats.WAL.Records.Add(7)
	g.stands(1, seg(1)+5000, seg(1)+4000)
	g.checkpoint(seg(1) + 4000)
	g.once()
	require.EqualValues(t, 7, g.saved().WAL.Records.Load())

	g.Stats.WAL.Records.Add(1)
	g.once()
	require.EqualValues(t, 7, g.saved().WAL.Records.Load(), "not at each round")
	g.Checkpointer.saved.at = time.Now().Add(-saveStatsEvery)
	g.once()
	require.EqualValues(t, 8, g.saved().WAL.Records.Load())
}

func TestWalSendersThatGoOnSaveLast(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.Snds[1].Update(func(f *walsnd.Fields) { f.Pid, f.State = 4711, walsnd.Stopping })
	require.NoError(t, g.shutdown())
	require.NotZero(t, g.saved().WAL.Reset.At.Load(), "should they be killed")
	require.True(t, g.Stats.TakeLastSave(), "it is the walsender's to save")

	g = newRig(t)
	g.published(seg(1))
	g.once()
	require.NoError(t, g.shutdown())
	require.False(t, g.Stats.TakeLastSave(), "it is done")
	require.NotZero(t, g.saved().WAL.Reset.At.Load())
}

func TestDamagedStatisticsAreNoReasonNotToStart(t *testing.T) {
	g := newRig(t)
	require.NoError(t, os.Mkdir(filepath.Join(g.DataDir, pgstat.Dir), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(g.DataDir, pgstat.FileName), []byte("nonsense"), 0o600))
	g.published(seg(1))
	g.once()
	require.Contains(t, g.log.String(), "WARNING:  could not restore statistics")
	require.FileExists(t, filepath.Join(g.DataDir, pgstat.DamagedName))
	require.NotZero(t, g.Stats.WAL.Reset.At.Load())
}

func TestStatisticsThatCannotBeSavedStopNobody(t *testing.T) {
	g := newRig(t)
	require.NoError(t, os.WriteFile(filepath.Join(g.DataDir, pgstat.Dir), nil, 0o600)) // no directory
	g.published(seg(1))
	g.once()
	g.saveStats()
	g.saveStats()
	require.Equal(t, 1, g.count("could not save statistics"))
	require.NoError(t, g.shutdown())
}

func TestRestartpointsAndSegmentsAreCounted(t *testing.T) {
	g := newRig(t)
	g.set(guc.TrackWalIoTiming, "on")
	g.Checkpointer.Settings = g.conf.Load()
	g.published(seg(1))
	g.stands(1, seg(1)+5000, seg(1)+4000)
	g.checkpoint(seg(1) + 4000)
	g.once() // the first one seen
	s := &g.Stats.Checkpointer
	require.EqualValues(t, 1, s.RestartpointsReq.Load())
	require.EqualValues(t, 1, s.RestartpointsDone.Load())
	require.NotZero(t, s.SyncMicros.Load())
	require.EqualValues(t, 2, s.SegmentsPrepared.Load())
	io := &g.Stats.IO[pgstat.IOCheckpointer]
	require.EqualValues(t, 2, io.InitWrites.Load())
	require.EqualValues(t, 2, io.InitFsyncs.Load())
	require.EqualValues(t, 2*segSize, io.InitWriteBytes.Load())
	require.NotZero(t, io.InitWriteMicros.Load())

	g.stands(1, seg(1)+9000, seg(1)+8000)
	g.checkpoint(seg(1) + 8000)
	g.Checkpointer.lastTime = time.Now().Add(-time.Hour)
	g.once()
	require.EqualValues(t, 1, s.RestartpointsTimed.Load())
	require.EqualValues(t, 2, s.RestartpointsDone.Load())
	require.Zero(t, s.RestartpointsFailed.Load())

	require.NoError(t, os.Remove(filepath.Join(g.DataDir, "global", "pg_control")))
	g.Ckpt.Request()
	g.once()
	require.EqualValues(t, 2, s.RestartpointsReq.Load())
	require.EqualValues(t, 1, s.RestartpointsFailed.Load())
	require.EqualValues(t, 2, s.RestartpointsDone.Load())
}

func TestCheckpointerShowsThatItWaits(t *testing.T) {
	g := newRig(t)
	g.run()
	g.published(seg(1))
	g.eventually("it waits", func() bool { return g.Activity.Waiting() == activity.CheckpointerMain })
}
