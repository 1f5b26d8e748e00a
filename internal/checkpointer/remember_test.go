package checkpointer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/xlog"
)

func TestFinishedSegmentIsRememberedDurably(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.stands(1, seg(1)+5000, seg(1)+4000)
	g.once()
	require.Equal(t, seg(1), g.remembered().Flushed, "no segment is finished")

	g.Ckpt.SegmentBegun(3, 1)
	require.Equal(t, soonSleep, g.once(), "the sync is still under way")
	g.stands(1, seg(2)+100, seg(2)+40)
	g.once()
	r := g.remembered()
	require.Equal(t, seg(2)+100, r.Flushed)
	require.Equal(t, seg(2)+40, r.CheckedStart)
	require.EqualValues(t, 1, r.Timeline)
	require.EqualValues(t, seg(2)+100, g.Ckpt.RememberedFlush.Load())
}

func TestBytesInDoubtAreNotRemembered(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.XLog.VouchedUpto.Store(uint64(seg(2) + 300))
	g.XLog.ResumedAt.Store(uint64(seg(3)))
	g.stands(1, seg(3)+500, seg(2)+40)
	g.XLog.ReplayedUpto.Store(uint64(seg(2) + 300))
	g.once()
	require.Equal(t, seg(2)+300, g.remembered().Flushed)
}

func TestNoCheckedRecordLeavesTheOldStart(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.stands(1, seg(3)+500, 0)
	g.once()
	require.Equal(t, datadir.Remembered{SystemID: g.XLog.SystemID.Load(), Timeline: 1, CheckedStart: seg(1), Flushed: seg(3) + 500,
		WrittenAt: g.remembered().WrittenAt}, g.remembered())
}

func TestWhatWasFlushedOnceIsNeverForgotten(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.stands(1, seg(4)+500, seg(4)+40)
	g.once()
	g.stands(1, seg(2)+500, seg(2)+40) // after damage was found
	require.NoError(t, g.remember())
	r := g.remembered()
	require.Equal(t, seg(4)+500, r.Flushed)
	require.Equal(t, seg(2)+40, r.CheckedStart)
}

func TestRememberedPositionSurvivesATornWrite(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	var before datadir.Remembered
	for n := xlog.SegNo(2); n < 6; n++ {
		before = g.remembered()
		g.stands(1, seg(n)+500, seg(n)+40)
		g.once()
	}
	path := filepath.Join(g.DataDir, datadir.RememberedFile)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	last := g.remembered()
	require.NotEqual(t, before, last)
	for cut := 0; cut < 64; cut += 8 {
		for _, slot := range []int{0, 4096} {
			torn := append([]byte(nil), whole...)
			clear(torn[slot+cut : slot+512])
			require.NoError(t, os.WriteFile(path, torn, 0o600))
			require.Contains(t, []datadir.Remembered{before, last}, g.remembered())
		}
	}
}

// After a failed sync the kernel may show bytes that the disk does not have, until they are written once more.
func TestDistrustLastsUntilAllIsOverwritten(t *testing.T) {
	g := newRig(t)
	g.store(datadir.Remembered{SystemID: 1, Timeline: 1, CheckedStart: seg(1), Flushed: seg(1) + 500, Distrust: true})
	g.holds(1, 1, 3)
	g.published(seg(1) + 500)
	g.once()
	for n := xlog.SegNo(2); n <= 3; n++ {
		g.stands(1, seg(n)+500, seg(n)+40)
		g.once()
		require.Equal(t, seg(n)+500, g.remembered().Flushed)
		require.True(t, g.remembered().Distrust)
	}
	g.stands(1, seg(4), seg(3)+40)
	g.once()
	require.False(t, g.remembered().Distrust)
}
