package startup

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/layout"
	"waypost/internal/layout/layouttest"
	"waypost/internal/logging"
	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/pmsignal"
	"waypost/transport"
	"waypost/transport/transporttest"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

const segSize = xlog.MinSegSize

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// seg is the position of a segment's first byte. Logs begin with segment 1.
func seg(n xlog.SegNo) xlog.LSN { return segSize.Start(n) }

// rig is a startup process in the test's own: shared memory and the data directory are real; the postmaster is a list of
// what it was told, the upstream plays files, and the walreceiver is the test itself.
type rig struct {
	*Startup
	t     *testing.T
	areas layout.Areas
	upDir string
	up    *transporttest.Upstream
	log   *layouttest.Log
	conf  atomic.Pointer[guc.Settings] // what Reload finds

	mu         sync.Mutex
	told       []pmsignal.Reason
	terminated []int
	titles     []string
	result     chan error
}

// Send is the postmaster's ear.
func (g *rig) Send(r pmsignal.Reason) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.told = append(g.told, r)
	return nil
}

// Set is the title's.
func (g *rig) Set(activity string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.titles = append(g.titles, activity)
}

func (g *rig) wasTold() []pmsignal.Reason {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.told)
}

// newRig makes a data directory as `waypost init` does, that begins at the start of segment 1.
func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	for _, d := range []string{datadir.GlobalDir, datadir.WalDir} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, datadir.VersionFile), []byte("15\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, datadir.StandbySignal), nil, 0o600))
	control, err := controldata.New(walfile.V15, waltest.DefaultSystemID, segSize, 1)
	require.NoError(t, err)
	require.NoError(t, control.Write(dir, time.Now(), 0o600))

	g := &rig{t: t, log: &layouttest.Log{}, upDir: t.TempDir(), result: make(chan error, 1)}
	g.up = transporttest.NewUpstream(g.upDir, segSize, transport.SystemIdentity{SystemID: waltest.DefaultSystemID, TLI: 1, XLogPos: seg(1)})
	g.areas = layouttest.Areas(t, 4, 4)

	var transports transport.Registry
	require.NoError(t, transports.Register(transport.DefaultName, g.up))
	log := logging.New(g.log).Level(zerolog.InfoLevel)
	g.conf.Store(guc.New())
	g.set(guc.PrimaryConninfo, "host=upstream password=secret")
	g.set(guc.WalRetrieveRetryInterval, "10ms")
	g.Startup = &Startup{
		DataDir: dir, Perm: 0o600, Log: &log, Title: g, Settings: g.conf.Load(),
		Reload:     g.conf.Load,
		Postmaster: g, XLog: g.areas.XLog, WalRcv: g.areas.WalRcv, Ckpt: g.areas.Ckpt, Snds: g.areas.Snds,
		Stats: g.areas.Stats, Activity: &g.areas.Status[0],
		Transports: &transports,
		Terminate: func(pid int) error {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.terminated = append(g.terminated, pid)
			return nil
		},
	}
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: seg(1)})
	t.Cleanup(g.close)
	return g
}

func (g *rig) set(id guc.ID, text string) {
	g.t.Helper()
	next := g.conf.Load().Clone()
	require.NoError(g.t, next.SetID(id, text, guc.SourceFile))
	g.conf.Store(next)
}

func (g *rig) remember(r datadir.Remembered) {
	m, err := datadir.OpenMemory(g.DataDir, 0o600)
	require.NoError(g.t, err)
	defer m.Close()
	r.SystemID = waltest.DefaultSystemID
	require.NoError(g.t, m.Store(r))
}

func (g *rig) walDir() string { return filepath.Join(g.DataDir, datadir.WalDir) }

// holds writes a log's segments, and what was done to them, into pg_wal.
func (g *rig) holds(s *waltest.Segments) { s.WriteTo(g.t, g.walDir()) }

// found is what the walk finds and begin publishes.
func (g *rig) found() positions {
	g.t.Helper()
	require.NoError(g.t, g.begin(), g.log.String())
	x := g.XLog
	require.Equal(g.t, x.Written(), x.Flushed())
	return positions{end: x.Replayed(), vouched: xlog.LSN(x.VouchedUpto.Load()), resume: x.Written()}
}

type positions struct{ end, vouched, resume xlog.LSN }

// at is where nothing is in doubt.
func at(l xlog.LSN) positions { return positions{l, l, l} }

// run starts the main loop. It is stopped at the test's end, if it has not ended.
func (g *rig) run() {
	go func() { g.result <- g.Run() }()
	g.t.Cleanup(func() {
		g.stop.Store(true)
		g.XLog.WALAdvanced.Nudge(xlogctl.StartupBit)
		select {
		case <-g.result:
		case <-time.After(patience):
			g.t.Error("startup does not end")
		}
	})
}

// ended waits for the main loop's end.
func (g *rig) ended() error {
	g.t.Helper()
	select {
	case err := <-g.result:
		g.result <- nil // for the cleanup
		return err
	case <-time.After(patience):
		require.FailNow(g.t, "startup does not end", g.log.String())
		return nil
	}
}

func (g *rig) eventually(what string, cond func() bool) {
	g.t.Helper()
	require.Eventually(g.t, cond, patience, time.Millisecond, "%s; log:\n%s", what, g.log)
}

// comesUp is what a walreceiver does that was asked for; it says where it is to begin.
func (g *rig) comesUp() (tli xlog.TimeLineID, from xlog.LSN) {
	g.t.Helper()
	g.eventually("a walreceiver is asked for", func() bool { return g.WalRcv.State() == walrcv.Starting })
	g.WalRcv.Update(func(f *walrcv.Fields) {
		f.State, f.Pid = walrcv.Streaming, 4711
		tli, from = f.ReceiveStartTLI, f.ReceiveStart
	})
	return tli, from
}

// ends is what a walreceiver does last.
func (g *rig) ends() {
	g.WalRcv.Update(func(f *walrcv.Fields) { f.State, f.Pid = walrcv.Stopped, 0 })
	g.WalRcv.CountEnd()
	g.XLog.WALAdvanced.Signal()
}

// endsWhenTold ends the walreceiver as soon as it has been told to.
func (g *rig) endsWhenTold() {
	g.t.Helper()
	g.eventually("the walreceiver is told to end", func() bool { return g.WalRcv.State() == walrcv.Stopping })
	g.eventually("SIGTERM is sent", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.terminated) > 0
	})
	g.ends()
}

// receives is what a walreceiver does with WAL up to end: it writes and flushes it.
func (g *rig) receives(l *waltest.Log, end xlog.LSN) {
	g.receivesBytes(l.Options().TLI, l.Bytes(g.XLog.Flushed(), end))
}

func (g *rig) receivesBytes(tli xlog.TimeLineID, p []byte) {
	g.t.Helper()
	start := g.XLog.Flushed()
	w := walfile.NewSegmentWriter(walfile.Dir{Path: g.walDir(), SegSize: segSize}, tli, start)
	defer w.Close()
	require.NoError(g.t, w.Write(p, start))
	end, err := w.Flush()
	require.NoError(g.t, err)
	g.XLog.SetWritten(end)
	g.XLog.SetFlushed(end)
	g.XLog.WALAdvanced.Signal()
}

// serves lets the upstream send a log, and what was done to it, up to end.
func (g *rig) serves(s *waltest.Segments, end xlog.LSN) {
	s.WriteTo(g.t, g.upDir)
	g.up.Advance(end)
}

// path is where a segment is, or would be.
func (g *rig) path(tli xlog.TimeLineID, n xlog.SegNo) string {
	d := walfile.Dir{Path: g.walDir(), SegSize: segSize}
	return d.SegmentPath(tli, n)
}
