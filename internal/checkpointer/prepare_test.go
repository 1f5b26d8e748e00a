package checkpointer

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/xlog"
)

func TestNothingIsDoneBeforeStartupKnowsTheWAL(t *testing.T) {
	g := newRig(t)
	require.Equal(t, idleSleep, g.once())
	require.Empty(t, g.segments(1))
}

func TestSegmentsAreReadyBeforeTheStreamNeedsThem(t *testing.T) {
	g := newRig(t)
	g.run()
	g.published(seg(1))
	for begun := xlog.SegNo(0); begun < 5; begun++ {
		g.Ckpt.SegmentBegun(begun+1, 1)
		want := []xlog.SegNo{}
		for n := xlog.SegNo(1); n <= begun+2; n++ {
			want = append(want, n)
		}
		g.eventually("two segments are ready", func() bool { return g.Ckpt.SegmentsPrepared.Load() == uint64(begun)+2 })
		require.Equal(t, want, g.segments(1))
	}
	for n := xlog.SegNo(1); n <= 6; n++ {
		b, err := os.ReadFile(g.path(1, n))
		require.NoError(t, err)
		require.Equal(t, make([]byte, segSize), b)
	}
	require.Empty(t, g.temps())
}

func (g *rig) temps() []string {
	left, err := filepath.Glob(filepath.Join(g.DataDir, "pg_wal", "xlogtemp*"))
	require.NoError(g.t, err)
	return left
}

func TestNewTimelineGetsSegmentsOfItsOwn(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.Ckpt.SegmentBegun(2, 7)
	g.once()
	require.Equal(t, []xlog.SegNo{2, 3}, g.segments(7))
}

// A segment that somebody else has made meanwhile is never written over, in whichever way it is made.
func TestSegmentThatIsThereIsLeftAlone(t *testing.T) {
	for _, zero := range []string{"on", "off"} {
		g := newRig(t)
		g.set(guc.WalInitZero, zero)
		g.Settings = g.conf.Load()
		g.holds(1, 1, 1)
		g.published(seg(1))
		g.once()
		require.Equal(t, []xlog.SegNo{1, 2}, g.segments(1))
		b, err := os.ReadFile(g.path(1, 1))
		require.NoError(t, err)
		require.Equal(t, bytes.Repeat([]byte{1}, int(segSize)), b)
		require.EqualValues(t, 1, g.Ckpt.SegmentsPrepared.Load())
		require.NoError(t, g.wal.Reserve(1, 9, true))
		require.Error(t, g.wal.Reserve(1, 9, true))
		require.NoError(t, g.makeSegment(1, 9))
		require.Empty(t, g.temps())
	}
}

func TestFastStreamGetsSpaceInsteadOfZeros(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	p.observe(5, now)
	require.False(t, p.fast(), "nothing is known yet")
	p.observe(6, now.Add(3*time.Second))
	require.False(t, p.fast())
	p.observe(16, now.Add(4*time.Second))
	require.True(t, p.fast())
	p.observe(16, now.Add(40*time.Second))
	require.True(t, p.fast(), "no segment, no news")
	p.observe(17, now.Add(100*time.Second))
	require.False(t, p.fast())

	g := newRig(t)
	g.published(seg(1))
	g.once()
	require.NoError(t, g.wal.Reserve(1, 5, true))
	b, err := os.ReadFile(g.path(1, 5))
	require.NoError(t, err)
	require.Equal(t, make([]byte, segSize), b)
	var st unix.Stat_t
	require.NoError(t, unix.Stat(g.path(1, 5), &st))
	require.GreaterOrEqual(t, st.Blocks*512, int64(segSize), "the space is set aside")
}

func TestSegmentThatCannotBeMadeIsTriedAgain(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	_, err := g.open()
	require.NoError(t, err)
	path := g.wal.Path
	g.wal.Path = filepath.Join(path, "gone")
	sleep, err := g.prepare()
	require.NoError(t, err)
	require.Equal(t, retrySleep, sleep)
	require.Contains(t, g.log.String(), "WARNING:  could not prepare WAL segment 000000010000000000000001")
	g.wal.Path = path
	g.once()
	require.Equal(t, []xlog.SegNo{1, 2}, g.segments(1))
}

func TestFullDiskIsSaidOnceNotAtEachTry(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	_, err := g.open()
	require.NoError(t, err)
	full := &os.PathError{Op: "write", Path: "xlogtemp", Err: unix.ENOSPC}
	g.warnNotPrepared(1, 1, full)
	g.warnNotPrepared(1, 1, full)
	require.Equal(t, 1, strings.Count(g.log.String(), "WARNING:  could not prepare WAL segment"))
}
