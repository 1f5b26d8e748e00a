package checkpointer

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/layout"
	"waypost/internal/layout/layouttest"
	"waypost/internal/logging"
	"waypost/internal/xlogctl"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

const segSize = xlog.MinSegSize

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

func seg(n xlog.SegNo) xlog.LSN { return segSize.Start(n) }

// rig is a checkpointer in the test's own process. Shared memory and the data directory are real; startup and the
// walreceiver are the test.
type rig struct {
	*Checkpointer
	t      *testing.T
	areas  layout.Areas
	log    *layouttest.Log
	conf   atomic.Pointer[guc.Settings] // what Reload finds
	result chan error
}

// newRig makes a node that begins at the start of segment 1.
func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	for _, d := range []string{datadir.GlobalDir, datadir.WalDir} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o700))
	}
	control, err := controldata.New(walfile.V15, waltest.DefaultSystemID, segSize, 1)
	require.NoError(t, err)
	require.NoError(t, control.Write(dir, time.Now(), 0o600))
	m, err := datadir.OpenMemory(dir, 0o600)
	require.NoError(t, err)
	require.NoError(t, m.Store(datadir.Remembered{SystemID: waltest.DefaultSystemID, Timeline: 1, CheckedStart: seg(1), Flushed: seg(1)}))
	require.NoError(t, m.Close())

	g := &rig{t: t, log: &layouttest.Log{}, result: make(chan error, 1)}
	g.areas = layouttest.Areas(t, 4, 4)
	log := logging.New(g.log).Level(zerolog.InfoLevel)
	g.conf.Store(guc.New())
	g.Checkpointer = &Checkpointer{
		DataDir: dir, Mode: datadir.ModeFor(0o700), Log: &log, Settings: g.conf.Load(), Reload: g.conf.Load,
		XLog: g.areas.XLog, Ckpt: g.areas.Ckpt, SndCtl: g.areas.SndCtl, Snds: g.areas.Snds, Procs: g.areas.Procs,
		Stats: g.areas.Stats, Activity: &g.areas.Status[0],
	}
	t.Cleanup(g.close)
	return g
}

func (g *rig) set(id guc.ID, text string) {
	g.t.Helper()
	next := g.conf.Load().Clone()
	require.NoError(g.t, next.SetID(id, text, guc.SourceFile))
	g.conf.Store(next)
}

// published is what startup does when it knows the WAL: nothing is held before at.
func (g *rig) published(at xlog.LSN) {
	x := g.XLog
	x.SystemID.Store(waltest.DefaultSystemID)
	x.SegmentSize.Store(uint32(segSize))
	x.State.Store(uint32(xlogctl.RecoveryStateArchive))
	x.VouchedUpto.Store(uint64(at))
	x.ResumedAt.Store(uint64(at))
	g.stands(1, at, 0)
	g.Ckpt.SegmentBegun(segSize.SegNo(at), 1)
}

// stands puts all positions at one place, the last record checked at another.
func (g *rig) stands(tli xlog.TimeLineID, at, record xlog.LSN) {
	x := g.XLog
	x.TimelineID.Store(uint32(tli))
	x.LastReplayedReadRecPtr.Store(uint64(record))
	x.LastReplayedTLI.Store(uint32(tli))
	x.WrittenUpto.Store(uint64(at))
	x.FlushedUpto.Store(uint64(at))
	x.ReplayedUpto.Store(uint64(at))
}

// checkpoint is what startup does when it has read a checkpoint record at a segment's start.
func (g *rig) checkpoint(record xlog.LSN) {
	body := walfile.CheckPoint{Redo: record, TLI: 1, PrevTLI: 1, FullPageWrites: true, WALLevel: walfile.Replica,
		NextXid: 1234, NextOID: 24576, NextMulti: 1, OldestXid: 722, OldestXidDB: 1, OldestMulti: 1, OldestMultiDB: 1, Time: 1_800_000_000}
	cp := xlogctl.Checkpoint{RecordStart: record, RecordEnd: record + 120, Redo: record, TimelineID: 1,
		Time: xlog.FromTime(time.Unix(body.Time, 0))}
	cp.Length = uint32(copy(cp.Raw[:], body.Append(nil, walfile.V15)))
	g.XLog.SetCheckpoint(&cp)
	g.Ckpt.Latch.Set()
}

// holds makes segments with something in them.
func (g *rig) holds(tli xlog.TimeLineID, from, to xlog.SegNo) {
	for n := from; n <= to; n++ {
		require.NoError(g.t, os.WriteFile(g.path(tli, n), bytes.Repeat([]byte{byte(n)}, int(segSize)), 0o600))
	}
}

func (g *rig) dir() walfile.Dir {
	return walfile.Dir{Path: filepath.Join(g.DataDir, datadir.WalDir), SegSize: segSize}
}

func (g *rig) path(tli xlog.TimeLineID, n xlog.SegNo) string {
	d := g.dir()
	return d.SegmentPath(tli, n)
}

// segments are the numbers of the segments there are, of one timeline.
func (g *rig) segments(tli xlog.TimeLineID) (list []xlog.SegNo) {
	d := g.dir()
	all, err := d.Segments()
	require.NoError(g.t, err)
	for _, s := range all {
		if s.TLI == tli {
			list = append(list, s.SegNo)
		}
	}
	return list
}

func (g *rig) remembered() datadir.Remembered {
	r, ok, err := datadir.ReadRemembered(g.DataDir)
	require.NoError(g.t, err)
	require.True(g.t, ok)
	return r
}

func (g *rig) control() *controldata.ControlFile {
	c, err := controldata.Read(g.DataDir)
	require.NoError(g.t, err)
	return c
}

// once lets the main loop go round one time.
func (g *rig) once() time.Duration {
	g.t.Helper()
	g.Ckpt.Latch.Reset()
	sleep, err := g.round()
	require.NoError(g.t, err)
	return sleep
}

// run starts the main loop. It is stopped at the test's end, if it has not ended.
func (g *rig) run() {
	go func() { g.result <- g.Run() }()
	g.t.Cleanup(func() {
		g.send(unix.SIGUSR2)
		select {
		case <-g.result:
		case <-time.After(patience):
			g.t.Error("the checkpointer does not end")
		}
	})
}

func (g *rig) ended() error {
	g.t.Helper()
	select {
	case err := <-g.result:
		g.result <- nil // for the cleanup
		return err
	case <-time.After(patience):
		require.FailNow(g.t, "the checkpointer does not end", g.log.String())
		return nil
	}
}

func (g *rig) send(sig os.Signal) {
	c := make(chan os.Signal, 1)
	c <- sig
	close(c)
	g.HandleSignals(c)
}

func (g *rig) eventually(what string, cond func() bool) {
	g.t.Helper()
	require.Eventually(g.t, cond, patience, time.Millisecond, "%s; log:\n%s", what, g.log)
}

// count is how often the log says something.
func (g *rig) count(what string) int { return strings.Count(g.log.String(), what) }
