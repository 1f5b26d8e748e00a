package checkpointer

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/controldata"
	"waypost/internal/guc"
	"waypost/xlog"
)

func TestFirstCheckpointGoesIntoPgControlAtOnce(t *testing.T) {
	g := newRig(t)
	g.run()
	g.published(seg(1))
	g.stands(1, seg(1)+5000, seg(1)+4000)
	g.checkpoint(seg(1) + 4000)
	g.eventually("a restartpoint", func() bool { return g.Ckpt.RestartpointLSN.Load() != 0 })
	c := g.control()
	require.Equal(t, seg(1)+4000, c.CheckPoint)
	require.Equal(t, seg(1)+4000, c.CheckPointCopy.Redo)
	require.Equal(t, controldata.InArchiveRecovery, c.State)
	require.Equal(t, seg(1)+5000, c.MinRecoveryPoint)
	require.EqualValues(t, 1, c.MinRecoveryPointTLI)
	g.eventually("the log tells", func() bool { return strings.Contains(g.log.String(), "recovery restart point at") })
	require.Contains(t, g.log.String(), "LOG:  restartpoint starting: first")
	require.Contains(t, g.log.String(), "LOG:  restartpoint complete: ")
}

func TestPgControldataPrintsARestartpoint(t *testing.T) {
	program := "/usr/lib/postgresql/15/bin/pg_controldata"
	_, err := os.Stat(program)
	require.NoError(t, err, "PostgreSQL 15 is needed (make setup)")
	g := newRig(t)
	g.published(seg(1))
	g.stands(1, seg(2)+5000, seg(2)+4000)
	g.checkpoint(seg(2) + 4000)
	g.once()
	out, err := exec.Command(program, g.DataDir).CombinedOutput()
	require.NoError(t, err, string(out))
	lines := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			lines[name] = strings.TrimSpace(value)
		}
	}
	require.Equal(t, "in archive recovery", lines["Database cluster state"])
	require.Equal(t, "0/200FA0", lines["Latest checkpoint location"])
	require.Equal(t, "0/200FA0", lines["Latest checkpoint's REDO location"])
	require.Equal(t, "0:1234", lines["Latest checkpoint's NextXID"])
	require.Equal(t, "0/201388", lines["Minimum recovery ending location"])
	require.NotContains(t, string(out), "WARNING")
}

func TestRestartpointsComeByTimeByVolumeAndOnRequest(t *testing.T) {
	g := newRig(t)
	g.set(guc.MaxWalSize, "10MB") // 10 segments; at 0.9 that is one restartpoint each 5
	g.Settings = g.conf.Load()
	g.published(seg(1))
	g.stands(1, seg(1)+5000, seg(1)+4000)
	g.checkpoint(seg(1) + 4000)
	g.once()
	reached := func() xlog.LSN { return xlog.LSN(g.Ckpt.RestartpointLSN.Load()) }
	require.Equal(t, seg(1)+4000, reached())

	g.stands(1, seg(3)+5000, seg(3)+4000)
	g.checkpoint(seg(3) + 4000)
	g.once()
	require.Equal(t, seg(1)+4000, reached(), "neither time nor volume calls for one")
	g.lastTime = g.lastTime.Add(-6 * time.Minute)
	g.once()
	require.Equal(t, seg(3)+4000, reached())

	g.stands(1, seg(7)+5000, seg(7)+4000)
	g.checkpoint(seg(7) + 4000)
	g.once()
	require.Equal(t, seg(3)+4000, reached())
	g.stands(1, seg(8)+5000, seg(8)+4000)
	g.once()
	require.Equal(t, seg(7)+4000, reached())

	g.checkpoint(seg(8) + 4000)
	g.send(unix.SIGINT)
	number := g.Ckpt.Request()
	g.once()
	require.Equal(t, seg(8)+4000, reached())
	require.Equal(t, number, g.Ckpt.Done.Load())
	for _, why := range []string{"first", "time", "wal", "immediate force"} {
		require.Contains(t, g.log.String(), "restartpoint starting: "+why)
	}

	// A request without a new checkpoint still makes what is known durable.
	g.stands(1, seg(8)+9000, seg(8)+8000)
	number = g.Ckpt.Request()
	g.once()
	require.Equal(t, number, g.Ckpt.Done.Load())
	require.Equal(t, seg(8)+9000, g.remembered().Flushed)
	require.Equal(t, seg(8)+9000, g.control().MinRecoveryPoint)
}

func TestRestartpointIsRememberedAcrossARestart(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.stands(1, seg(2)+5000, seg(2)+4000)
	g.checkpoint(seg(2) + 4000)
	g.once()
	next := newRig(t)
	next.DataDir = g.DataDir
	next.published(seg(2) + 5000)
	next.once()
	require.EqualValues(t, seg(2)+4000, next.Ckpt.RestartpointLSN.Load())
	require.EqualValues(t, seg(2)+4000, next.Ckpt.RestartpointRedo.Load())
	require.EqualValues(t, seg(2)+5000, next.Ckpt.RememberedFlush.Load())
}

func TestFailedRestartpointIsCountedAndTriedAgain(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.stands(1, seg(2)+5000, seg(2)+4000)
	g.checkpoint(seg(2) + 4000)
	path := g.DataDir + "/" + controldata.FileName
	require.NoError(t, os.Rename(path, path+".away"))
	number := g.Ckpt.Request()
	g.once()
	require.Equal(t, number, g.Ckpt.Failed.Load()+g.Ckpt.Done.Load())
	require.NotZero(t, g.Ckpt.Failed.Load())
	require.Contains(t, g.log.String(), "ERROR:  could not make a restartpoint")
	require.NoError(t, os.Rename(path+".away", path))
	number = g.Ckpt.Request()
	g.once()
	require.Equal(t, number, g.Ckpt.Failed.Load()+g.Ckpt.Done.Load())
	require.Equal(t, seg(2)+4000, g.control().CheckPoint)
}

func TestFullDiskCallsForARestartpoint(t *testing.T) {
	g := received(t, func(g *rig) { g.set(guc.WalPrepareSegments, "0") })
	g.lastRedo = seg(1) // there was one before
	cp := g.XLog.Checkpoint()
	why, _ := g.due(&cp, 0)
	require.Empty(t, why)
	g.full = true
	g.once()
	require.Equal(t, seg(8)+4000, g.control().CheckPoint)
	require.NotContains(t, g.segments(1), xlog.SegNo(7))
	require.Contains(t, g.log.String(), "restartpoint starting: disk full")
}
