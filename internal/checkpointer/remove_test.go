package checkpointer

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
	"waypost/internal/walsnd"
	"waypost/xlog"
)

// received makes a node that has received segments 1 to 9 and is in the tenth, with a checkpoint in the eighth.
func received(t *testing.T, setup func(g *rig)) *rig {
	g := newRig(t)
	g.set(guc.MinWalSize, "2MB")
	if setup != nil {
		setup(g)
	}
	g.Settings = g.conf.Load()
	g.published(seg(1))
	g.once()
	g.holds(1, 1, 10)
	g.stands(1, seg(10)+5000, seg(10)+4000)
	g.Ckpt.SegmentBegun(11, 1)
	g.once()
	g.checkpoint(seg(8) + 4000)
	return g
}

func TestOldSegmentsAreRecycledAsFarAsUsefulThenRemoved(t *testing.T) {
	g := received(t, func(g *rig) { g.set(guc.WalPrepareSegments, "0"); g.set(guc.MinWalSize, "4MB") })
	g.once()
	require.Equal(t, []xlog.SegNo{8, 9, 10, 11, 12, 13, 14}, g.segments(1))
	require.EqualValues(t, 4, g.Ckpt.SegmentsRecycled.Load())
	require.EqualValues(t, 3, g.Ckpt.SegmentsRemoved.Load())
	require.EqualValues(t, 8, g.Ckpt.RemovedUpto.Load())
	b, err := os.ReadFile(g.path(1, 11))
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{1}, int(segSize)), b, "the oldest is recycled first")
	require.Contains(t, g.log.String(), "3 removed, 4 recycled")
}

func TestWalKeepSizeIsKeptForClients(t *testing.T) {
	g := received(t, func(g *rig) { g.set(guc.WalKeepSize, "5MB") })
	g.once()
	require.Equal(t, []xlog.SegNo{5, 6, 7, 8, 9, 10, 11, 12}, g.segments(1))
	require.EqualValues(t, 5, g.Ckpt.RemovedUpto.Load())

	g = received(t, func(g *rig) { g.set(guc.WalKeepSize, "50MB") })
	g.once()
	require.Contains(t, g.segments(1), xlog.SegNo(1))
}

func TestSegmentsThatARestartWouldReadAreKept(t *testing.T) {
	g := received(t, nil)
	g.XLog.LastReplayedReadRecPtr.Store(0)
	require.NoError(t, g.memory.Close())
	g.memory = nil
	g.wal = nil
	r := g.remembered()
	r.CheckedStart = seg(3) + 40
	g.store(r)
	g.once()
	require.Equal(t, xlog.SegNo(3), g.segments(1)[0])

	g = received(t, nil)
	g.XLog.ReplayedUpto.Store(uint64(seg(5) + 10)) // what is not checked yet
	g.once()
	require.Equal(t, xlog.SegNo(5), g.segments(1)[0])
}

func TestSegmentWithBytesInFlightIsUnlinkedAndNeverWrittenOver(t *testing.T) {
	g := received(t, func(g *rig) { g.set(guc.WalPrepareSegments, "0") })
	g.Snds[2].InFlightFrom.Store(uint64(seg(3) + 77))
	stalled, err := os.Open(g.path(1, 3))
	require.NoError(t, err)
	defer stalled.Close()
	g.once()
	require.EqualValues(t, 2, g.Ckpt.SegmentsRecycled.Load(), "those that end before")
	require.EqualValues(t, 5, g.Ckpt.SegmentsRemoved.Load())
	for n := xlog.SegNo(11); n <= 12; n++ {
		old, err := os.ReadFile(g.path(1, n))
		require.NoError(t, err)
		require.Less(t, old[0], byte(3))
		require.NoError(t, os.WriteFile(g.path(1, n), bytes.Repeat([]byte{0xEE}, int(segSize)), 0o600)) // the stream
	}
	b := make([]byte, segSize)
	_, err = stalled.ReadAt(b, 0)
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{3}, int(segSize)), b, "the stalled client gets what it was sent")
}

// A connection can outlive its walsender: what the kernel still has of it is said in AbandonedUpto.
func TestSegmentThatAnEndedConnectionMayHoldIsNotRecycled(t *testing.T) {
	g := received(t, func(g *rig) { g.set(guc.WalPrepareSegments, "0") })
	g.SndCtl.Abandon(seg(3) + 77)
	g.once()
	for n := xlog.SegNo(11); n <= 12; n++ {
		if old, err := os.ReadFile(g.path(1, n)); err == nil {
			require.Greater(t, old[0], byte(3), "only segments that begin after it are written over")
		}
	}
	require.EqualValues(t, 7, g.Ckpt.SegmentsRecycled.Load()+g.Ckpt.SegmentsRemoved.Load())
}

func TestSegmentThatHasAnotherNameIsNotWrittenOver(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "archived")
	g := received(t, func(g *rig) { g.set(guc.MinWalSize, "4MB") })
	require.NoError(t, os.Link(g.path(1, 1), kept))
	g.once()
	require.NotContains(t, g.segments(1), xlog.SegNo(1))
	b, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{1}, int(segSize)), b)
	for _, n := range g.segments(1) {
		a, err := os.Stat(g.path(1, n))
		require.NoError(t, err)
		info, err := os.Stat(kept)
		require.NoError(t, err)
		require.False(t, os.SameFile(a, info), "it waits to be written over as segment %d", n)
	}
}

func TestWALOfEarlierGenerationsIsNotRecycled(t *testing.T) {
	g := newRig(t)
	g.published(seg(5) + 100)
	g.holds(1, 1, 10)
	g.stands(1, seg(10)+5000, seg(10)+4000)
	g.Ckpt.SegmentBegun(11, 1)
	g.once()
	g.checkpoint(seg(8) + 4000)
	g.set(guc.WalPrepareSegments, "0")
	g.Settings = g.conf.Load()
	g.once()
	require.EqualValues(t, 5, g.Ckpt.SegmentsRemoved.Load(), "their clients' connections may outlive their walsenders")
	require.EqualValues(t, 2, g.Ckpt.SegmentsRecycled.Load())
}

func TestNothingIsRecycledWhereThatIsOff(t *testing.T) {
	g := received(t, func(g *rig) { g.set(guc.WalRecycle, "off") })
	g.once()
	require.Zero(t, g.Ckpt.SegmentsRecycled.Load())
	require.EqualValues(t, 7, g.Ckpt.SegmentsRemoved.Load())
}

func TestOtherFilesAreTheDBAs(t *testing.T) {
	g := received(t, nil)
	names := []string{"00000001000000000000000000000001.partial", "000000010000000000000002.damaged", "00000002.history", "notes.txt"}
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(g.DataDir, "pg_wal", name), nil, 0o600))
	}
	g.once()
	for _, name := range names {
		require.FileExists(t, filepath.Join(g.DataDir, "pg_wal", name))
	}
	require.NotContains(t, g.segments(1), xlog.SegNo(2))
}

func TestPositionThatIsRemovedIsSaidBeforeItIsGone(t *testing.T) {
	g := received(t, nil)
	g.once()
	for _, n := range g.segments(1) {
		require.GreaterOrEqual(t, uint64(n), g.Ckpt.RemovedUpto.Load())
	}
	require.Equal(t, walsnd.Startup, g.Snds[0].Snapshot().State)
}
