package checkpointer

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/durable"
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

// No generation follows a shutdown that could be told.
func TestSyncThatFailsAtShutdownIsRememberedForTheNextStart(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.stands(1, seg(1)+5000, seg(1)+4000)
	g.rememberedFileCannotBeSynced()
	g.stop.Store(true)
	require.True(t, durable.IsSyncError(g.Run()))
	require.True(t, g.remembered().Distrust)
}

// rememberedFileCannotBeSynced puts something that knows no sync behind the descriptor that the checkpointer holds.
func (g *rig) rememberedFileCannotBeSynced() {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(g.t, err)
	defer null.Close()
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(g.t, err)
	for _, fd := range fds {
		if path, _ := os.Readlink("/proc/self/fd/" + fd.Name()); path == filepath.Join(g.DataDir, datadir.RememberedFile) {
			n, err := strconv.Atoi(fd.Name())
			require.NoError(g.t, err)
			require.NoError(g.t, unix.Dup3(int(null.Fd()), n, unix.O_CLOEXEC))
			return
		}
	}
	require.Fail(g.t, "the file is not open")
}
