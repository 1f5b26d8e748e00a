package walreceiver

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"waypost/internal/layout"
	"waypost/internal/layout/layouttest"
	"waypost/internal/logging"
	"waypost/internal/walrcv"
	"waypost/protocol"
	"waypost/shmem"
	"waypost/transport"
	"waypost/transport/transporttest"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

const segSize = xlog.MinSegSize

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// rig is a walreceiver in the test's own process: shared memory and pg_wal are real, the upstream plays files.
type rig struct {
	*Receiver
	t        testing.TB
	areas    layout.Areas
	wal      *waltest.Log // what the upstream has
	upDir    string
	upstream *transporttest.Upstream
	logged   *layouttest.Log
	version  transport.ServerVersion // as it was remembered
	distrust int
	result   chan error
}

// newRig makes a node without WAL whose upstream has a few segments of it, none of which it sends before Advance.
func newRig(t testing.TB) *rig {
	g := &rig{t: t, upDir: t.TempDir(), logged: &layouttest.Log{}, result: make(chan error, 1)}
	g.wal = waltest.New(waltest.Options{})
	g.wal.FillTo(segSize.Start(4) + 24*1000)
	g.upstream = transporttest.NewUpstream(g.upDir, segSize, transport.SystemIdentity{
		SystemID: waltest.DefaultSystemID, TLI: 1, XLogPos: segSize.Start(1),
	})
	g.publishUpstream()

	g.areas = layouttest.Areas(t, 4, 4)
	g.areas.XLog.SystemID.Store(waltest.DefaultSystemID)
	g.areas.XLog.SegmentSize.Store(uint32(segSize))
	g.areas.XLog.State.Store(1)

	walDir := filepath.Join(t.TempDir(), "pg_wal")
	require.NoError(t, os.Mkdir(walDir, 0o700))
	g.Receiver = &Receiver{
		PID: os.Getpid(), WALVersion: walfile.V15,
		Dir:  walfile.Dir{Path: walDir, SegSize: segSize},
		XLog: g.areas.XLog, WalRcv: g.areas.WalRcv, Ckpt: g.areas.Ckpt, Stats: g.areas.Stats, Activity: &g.areas.Status[0],
		Transport: g.upstream, ApplicationName: "walreceiver",
		OpenFiles: openSegmentWriter,
		Distrust:  func() error { g.distrust++; return nil },
		RememberVersion: func(v transport.ServerVersion) error {
			g.version = v
			return nil
		},
		SetTitle: func([]byte) {},
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	log := logging.New(g.logged).Level(zerolog.DebugLevel)
	g.logger.Store(&log)
	g.Receiver.settings.Store(&settings{statusInterval: time.Hour, timeout: time.Hour})
	g.heldUpTo(1, segSize.Start(1))
	return g
}

// publishUpstream writes the upstream's WAL into its directory.
func (g *rig) publishUpstream() { g.wal.Segments().WriteTo(g.t, g.upDir) }

// heldUpTo makes the node hold the upstream's WAL up to end, flushed and checked, and asks for a walreceiver there.
func (g *rig) heldUpTo(tli xlog.TimeLineID, end xlog.LSN) {
	first := segSize.Start(1)
	if tli > 1 {
		first = segSize.SegStart(end) // as far back as the upstream's log goes after Branch
	}
	for at := first; at < end; at = segSize.SegStart(at) + xlog.LSN(segSize) {
		file := make([]byte, segSize)
		copy(file, g.wal.Bytes(at, min(end, at+xlog.LSN(segSize))))
		require.NoError(g.t, os.WriteFile(g.Dir.SegmentPath(tli, segSize.SegNo(at)), file, 0o600))
	}
	x := g.XLog
	x.TimelineID.Store(uint32(tli))
	for _, p := range []interface{ Store(uint64) }{&x.WrittenUpto, &x.FlushedUpto, &x.ReplayedUpto, &x.VouchedUpto, &x.ResumedAt} {
		p.Store(uint64(end))
	}
	g.ask(walrcv.Starting, tli, end)
}

// ask does what startup does when it wants a walreceiver, or wants the one that waits to go on.
func (g *rig) ask(state walrcv.State, tli xlog.TimeLineID, start xlog.LSN) {
	g.WalRcv.Update(func(f *walrcv.Fields) {
		f.State = state
		f.ReceiveStart, f.ReceiveStartTLI = start, tli
		if f.ReceivedTLI != tli {
			f.FlushedUpto, f.ReceivedTLI = start, tli
		}
		shmem.SetString(f.Conninfo[:], "host=upstream password=secret")
	})
	g.WalRcv.Latch().Set()
}

// run starts the process. The test must see it end, with ended.
func (g *rig) run() {
	go func() { g.result <- g.Run() }()
	g.t.Cleanup(func() {
		g.Stop()
		select {
		case <-g.result:
		case <-time.After(patience):
			g.t.Error("the walreceiver does not end")
		}
	})
}

// ended waits for the process's end, and gives its error.
func (g *rig) ended() error {
	g.t.Helper()
	select {
	case err := <-g.result:
		g.result <- nil // for the cleanup
		return err
	case <-time.After(patience):
		require.FailNow(g.t, "the walreceiver does not end", g.logged.String())
	}
	return nil
}

// eventually waits for a condition.
func (g *rig) eventually(what string, ok func() bool) {
	g.t.Helper()
	require.Eventually(g.t, ok, patience, time.Millisecond, what)
}

func (g *rig) waitFlushed(l xlog.LSN) {
	g.t.Helper()
	g.eventually("flushed up to "+l.String(), func() bool { return g.XLog.Flushed() >= l })
}

func (g *rig) waitState(s walrcv.State) {
	g.t.Helper()
	g.eventually(s.String(), func() bool { return g.WalRcv.State() == s })
}

type reply = protocol.StandbyStatusUpdate

// waitReply waits until the upstream has got a reply like that.
func (g *rig) waitReply(ok func(reply) bool) reply {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := g.upstream.WaitReply(ctx, ok)
	require.NoError(g.t, err)
	return r
}

func flushedIs(l xlog.LSN) func(reply) bool { return func(r reply) bool { return r.Flush == l } }

// requireHeld compares the node's files with the upstream's WAL, and what lies after it with zeros.
func (g *rig) requireHeld(tli xlog.TimeLineID, from, to xlog.LSN) {
	g.t.Helper()
	got := make([]byte, to-from)
	r := walfile.NewSegmentReader(g.Dir)
	defer r.Close()
	_, err := r.ReadAt(got, tli, from)
	require.NoError(g.t, err)
	require.True(g.t, bytes.Equal(g.wal.Bytes(from, to), got), "bytes held differ from the upstream's")
	rest := make([]byte, segSize.SegStart(to)+xlog.LSN(segSize)-to)
	if segSize.Offset(to) != 0 {
		_, err = r.ReadAt(rest, tli, to)
		require.NoError(g.t, err)
		require.True(g.t, bytes.Equal(make([]byte, len(rest)), rest), "something was written after the end")
	}
}

// tamper is a connection that changes what an honest one gives.
type tamper struct {
	transport.Transport
	conn func(transport.Conn) transport.Conn
}

func (t *tamper) Connect(ctx context.Context, conninfo string, o transport.ConnectOptions) (transport.Conn, error) {
	c, err := t.Transport.Connect(ctx, conninfo, o)
	if err != nil {
		return nil, err
	}
	return t.conn(c), nil
}

// tampered is such a connection; nil functions change nothing.
type tampered struct {
	transport.Conn
	receive func(time.Time) (transport.Event, error)
	pending func() bool
	version *transport.ServerVersion
	send    func([]byte) error
	closed  func()
}

func (c *tampered) Send(msg []byte, deadline time.Time) error {
	if c.send != nil {
		return c.send(msg)
	}
	return c.Conn.Send(msg, deadline)
}

func (c *tampered) Receive(deadline time.Time) (transport.Event, error) {
	if c.receive != nil {
		return c.receive(deadline)
	}
	return c.Conn.Receive(deadline)
}

func (c *tampered) Pending() bool {
	if c.pending != nil {
		return c.pending()
	}
	return c.Conn.Pending()
}

func (c *tampered) ServerVersion() transport.ServerVersion {
	if c.version != nil {
		return *c.version
	}
	return c.Conn.ServerVersion()
}

func (c *tampered) Close() error {
	if c.closed != nil {
		c.closed()
	}
	return c.Conn.Close()
}

// tamperWith lets change see, and change, each connection.
func (g *rig) tamperWith(change func(*tampered)) {
	g.Transport = &tamper{g.Transport, func(c transport.Conn) transport.Conn {
		t := &tampered{Conn: c}
		change(t)
		return t
	}}
}

// files is a SegmentWriter whose calls a test can hold up or fail.
type files struct {
	walFiles
	write func(p []byte, l xlog.LSN) error
	flush func() (xlog.LSN, error)
}

func (f *files) Write(p []byte, l xlog.LSN) error {
	if f.write != nil {
		return f.write(p, l)
	}
	return f.walFiles.Write(p, l)
}

func (f *files) Flush() (xlog.LSN, error) {
	if f.flush != nil {
		return f.flush()
	}
	return f.walFiles.Flush()
}

// filesWith lets change see, and change, the files of each stream.
func (g *rig) filesWith(change func(*files)) { g.filesOfTimeline(0, change) }

// filesOfTimeline is filesWith for the streams of one timeline.
func (g *rig) filesOfTimeline(only xlog.TimeLineID, change func(*files)) {
	g.OpenFiles = func(d walfile.Dir, tli xlog.TimeLineID, start xlog.LSN) walFiles {
		f := &files{walFiles: openSegmentWriter(d, tli, start)}
		if only == 0 || only == tli {
			change(f)
		}
		return f
	}
}

// heldUpFlush makes every Flush wait for a permission.
func (g *rig) heldUpFlush() (begun chan struct{}, permit chan struct{}) {
	begun, permit = make(chan struct{}, 1000), make(chan struct{}, 1000)
	g.filesWith(func(f *files) {
		f.flush = func() (xlog.LSN, error) {
			begun <- struct{}{}
			<-permit
			return f.walFiles.Flush()
		}
	})
	return begun, permit
}

// recording notes what streams were asked for.
type recording struct {
	transport.Conn
	asked *askedList
}

func (c *recording) StartStreaming(ctx context.Context, o transport.StreamOptions) (transport.StartResult, error) {
	c.asked.mu.Lock()
	c.asked.list = append(c.asked.list, o)
	c.asked.mu.Unlock()
	return c.Conn.StartStreaming(ctx, o)
}

// misnaming gives history files a name that leads elsewhere.
type misnaming struct{ transport.Conn }

func (c *misnaming) ReadTimelineHistoryFile(ctx context.Context, tli xlog.TimeLineID) (transport.HistoryFile, error) {
	f, err := c.Conn.ReadTimelineHistoryFile(ctx, tli)
	f.Name = "../" + f.Name
	return f, err
}

type askedList struct {
	mu   sync.Mutex
	list []transport.StreamOptions
}

func (a *askedList) starts() []xlog.LSN {
	a.mu.Lock()
	defer a.mu.Unlock()
	var starts []xlog.LSN
	for _, o := range a.list {
		starts = append(starts, o.StartPoint)
	}
	return starts
}

// asked records what streams are asked for.
func (g *rig) asked() *askedList {
	a := &askedList{}
	g.Transport = &tamper{g.Transport, func(c transport.Conn) transport.Conn { return &recording{c, a} }}
	return a
}
