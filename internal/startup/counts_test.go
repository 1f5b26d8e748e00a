package startup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
	"waypost/internal/pgstat"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

func TestWhatIsCheckedIsCounted(t *testing.T) {
	g, l, _ := checked(t)
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	d := g.dirOf()
	found, err := walfile.Stats(d)
	require.NoError(t, err)
	total := found.Total()
	s := g.Stats
	require.Equal(t, total.Count, s.WAL.Records.Load())
	require.Equal(t, g.XLog.RecordsChecked.Load(), s.WAL.Records.Load())
	require.Equal(t, total.RecordBytes+total.ImageBytes, s.WAL.Bytes.Load())
	require.Equal(t, uint64(l.Pos()-seg(1)), s.Waypost.Checked.Bytes.Load())
	require.NotZero(t, s.Waypost.Checked.LastAt.Load())
	io := &s.IO[pgstat.IOStartup]
	require.NotZero(t, io.Reads.Load())
	require.GreaterOrEqual(t, io.ReadBytes.Load(), s.Waypost.Checked.Bytes.Load()-xlog.PageSize)
	require.Zero(t, s.Waypost.CRCFailed.Count.Load())
	require.Zero(t, io.ReadMicros.Load(), "track_wal_io_timing is off")
}

func TestReadsAreTimedWhereThatIsWanted(t *testing.T) {
	g := newRig(t)
	g.set(guc.TrackWalIoTiming, "on")
	g.Settings = g.conf.Load()
	g.found()
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(3))
	g.receives(l, l.Pos())
	_, err := g.replayFlushed()
	require.NoError(t, err)
	require.NotZero(t, g.Stats.IO[pgstat.IOStartup].ReadMicros.Load())
}

func (g *rig) dirOf() walfile.Dir { return walfile.Dir{Path: g.walDir(), SegSize: segSize} }

func TestPageImagesAreCounted(t *testing.T) {
	g := newRig(t)
	g.found()
	l := waltest.New(waltest.Options{})
	image := make([]byte, walfile.BlockSize)
	for range 3 {
		l.Append(walfile.NewRecord{Rmgr: walfile.RmgrXLOG, Info: 0xB0, Blocks: []walfile.NewBlock{{Image: image}}})
	}
	l.Filler(100)
	g.receives(l, l.Pos())
	_, err := g.replayFlushed()
	require.NoError(t, err)
	require.EqualValues(t, 3, g.Stats.WAL.FPI.Load())
	require.EqualValues(t, 4, g.Stats.WAL.Records.Load())
}

func TestUnfinishedRecordThatIsFetchedAgainIsCounted(t *testing.T) {
	l, end, cut, wrong := broken()
	g := newRig(t)
	g.run()
	g.comesUp()
	g.receivesBytes(1, wrong)
	g.replayedUpto(end)
	require.Zero(t, g.Stats.Waypost.Refetched.Count.Load())
	g.differs(cut - 300)
	g.comesUp()
	require.EqualValues(t, 1, g.Stats.Waypost.Refetched.Count.Load())
	require.NotZero(t, g.Stats.Waypost.Refetched.LastAt.Load())
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.Zero(t, g.Stats.Waypost.CRCFailed.Count.Load())
}
