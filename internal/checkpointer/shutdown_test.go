package checkpointer

import (
	"os"
	"os/signal"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/procsignal"
	"waypost/internal/walsnd"
)

func (g *rig) store(r datadir.Remembered) {
	m, err := datadir.OpenMemory(g.DataDir, 0o600)
	require.NoError(g.t, err)
	defer m.Close()
	require.NoError(g.t, m.Store(r))
}

func TestShutdownWritesTheLastRestartpoint(t *testing.T) {
	g := newRig(t)
	g.run()
	g.published(seg(1))
	g.eventually("segments", func() bool { return g.Ckpt.SegmentsPrepared.Load() == 2 })
	g.stands(1, seg(1)+5000, seg(1)+4000)
	cp := g.XLog.Checkpoint()
	require.Zero(t, cp.RecordStart)
	g.send(unix.SIGUSR2)
	require.NoError(t, g.ended())
	require.Equal(t, controldata.ShutDownInRecovery, g.control().State)
	require.Equal(t, seg(1)+5000, g.control().MinRecoveryPoint)
	r := g.remembered()
	require.Equal(t, seg(1)+5000, r.Flushed)
	require.Equal(t, seg(1)+4000, r.CheckedStart)
}

func TestShutdownTakesACheckpointNotYetUsed(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.stands(1, seg(1)+5000, seg(1)+4000)
	g.checkpoint(seg(1) + 4000)
	require.NoError(t, g.shutdown())
	require.Equal(t, seg(1)+4000, g.control().CheckPoint)
	require.Equal(t, controldata.ShutDownInRecovery, g.control().State)
}

func TestShutdownBeforeStartupKnewTheWALTouchesNothing(t *testing.T) {
	g := newRig(t)
	before := g.control()
	g.run()
	g.send(unix.SIGUSR2)
	require.NoError(t, g.ended())
	require.Equal(t, before, g.control())
}

// The last restartpoint waits until no walsender takes commands any more: each has said so, or is gone.
func TestWalsendersStopTakingCommandsBeforeTheLastRestartpoint(t *testing.T) {
	told := make(chan os.Signal, 16)
	signal.Notify(told, unix.SIGUSR1)
	defer signal.Stop(told)

	g := newRig(t)
	g.published(seg(1))
	g.Procs[0].Join(os.Getpid(), procsignal.WalSender, 0) // all walsenders are this process
	for range 2 {
		walsnd.Claim(g.Snds, os.Getpid(), func(f *walsnd.Fields) { f.State = walsnd.Streaming })
	}
	g.run()
	g.eventually("segments", func() bool { return g.Ckpt.SegmentsPrepared.Load() == 2 })
	g.send(unix.SIGUSR2)
	<-told
	require.True(t, g.Procs[0].Take(procsignal.WalSndInitStopping))
	require.Equal(t, controldata.InArchiveRecovery, g.control().State)
	g.Snds[0].Update(func(f *walsnd.Fields) { f.State = walsnd.Stopping })
	require.Equal(t, controldata.InArchiveRecovery, g.control().State)
	g.Snds[1].Release()
	require.NoError(t, g.ended())
	require.Equal(t, controldata.ShutDownInRecovery, g.control().State)
	require.Empty(t, told, "each is told once")
}

func TestReloadTakesNewSettings(t *testing.T) {
	g := newRig(t)
	g.run()
	g.published(seg(1))
	g.eventually("two segments", func() bool { return g.Ckpt.SegmentsPrepared.Load() == 2 })
	g.set(guc.WalPrepareSegments, "4")
	g.send(unix.SIGHUP)
	g.eventually("four segments", func() bool { return g.Ckpt.SegmentsPrepared.Load() == 4 })
}
