// Package backendtest runs client sessions in a test's own process, over real sockets, with a real shared-memory segment
// and real files. What a postmaster does for a session, Node does.
package backendtest

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend"
	"waypost/internal/child"
	"waypost/internal/guc"
	"waypost/internal/launch"
	"waypost/internal/layout"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
	"waypost/internal/proctitle"
	"waypost/internal/roles"
	"waypost/internal/scram"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/parser"
	"waypost/internal/sql/types"
	"waypost/internal/xlogctl"
	"waypost/shmem"
	"waypost/walfile"
	"waypost/xlog"
)

// SegSize is the segment size of a Node's WAL.
const SegSize = xlog.MinSegSize

// SystemID is a Node's system identifier.
const SystemID = 7300000000000000001

const children = 16

// Node is a data directory and a segment that sessions run on. Its WAL is random bytes: nobody here looks into it.
type Node struct {
	T       testing.TB
	Dir     string
	Segment *shmem.Segment
	layout.Areas
	Log *Log

	Replication backend.NewReplication
	Replaced    func() bool // backend.Server's

	mu   sync.Mutex
	used [children]bool
	hba  string // the rules as the postmaster would hand them on
	tls  []byte // tlsfiles.Files, likewise
}

// Options are what a Node can differ in.
type Options struct {
	WalSenders  int    // 4 if zero
	Config      string // lines for postgresql.conf
	HBA         string // pg_hba.conf; trust for all if empty
	Version     uint32 // server_version_num; 150018 if zero
	TLS         []byte // tlsfiles.Files, encoded; none if empty
	Replication backend.NewReplication
}

// New makes a node whose WAL is on timeline 1 and empty, at the start of segment 1.
func New(t testing.TB, o Options) *Node {
	t.Helper()
	n := &Node{T: t, Dir: t.TempDir(), Log: &Log{}, Replication: o.Replication}
	if o.WalSenders == 0 {
		o.WalSenders = 4
	}
	if o.Version == 0 {
		o.Version = 150018
	}
	if o.HBA == "" {
		o.HBA = "local all all trust\nhost all all all trust\nlocal replication all trust\nhost replication all all trust\n"
	}
	require.NoError(t, os.Mkdir(filepath.Join(n.Dir, "pg_wal"), 0o700))
	n.WriteFile("postgresql.conf", o.Config)
	n.WriteFile("pg_hba.conf", o.HBA)
	n.hba, n.tls = o.HBA, o.TLS
	n.WriteFile("pg_ident.conf", "")
	require.NoError(t, os.Mkdir(filepath.Join(n.Dir, "global"), 0o700))
	require.NoError(t, roles.Create(t.Context(), n.Dir, "postgres", ""))

	// A child that becomes a walsender signals the postmaster, which is this process.
	orders := make(chan os.Signal, 16)
	signal.Notify(orders, unix.SIGUSR1)
	t.Cleanup(func() { signal.Stop(orders) })

	segment, err := shmem.Create([]string{t.TempDir()}, "test", layout.New(children, o.WalSenders), 1)
	require.NoError(t, err)
	n.Segment = segment
	n.Areas, err = layout.Map(segment)
	require.NoError(t, err)
	layout.Init(&n.Areas)

	x := n.XLog
	x.SystemID.Store(SystemID)
	x.SegmentSize.Store(uint32(SegSize))
	x.SetServerVersion(strconv.Itoa(int(o.Version/10000))+"."+strconv.Itoa(int(o.Version%10000)), o.Version)
	x.State.Store(uint32(xlogctl.RecoveryStateArchive))
	x.TimelineID.Store(1)
	n.SetEnd(SegSize.Start(1))
	return n
}

// WriteFile writes a file of the data directory.
func (n *Node) WriteFile(name, text string) {
	n.T.Helper()
	require.NoError(n.T, os.WriteFile(filepath.Join(n.Dir, name), []byte(text), 0o600))
}

// Roles runs statements about roles as the superuser, postgres, that every Node has.
func (n *Node) Roles(statements ...string) {
	n.T.Helper()
	for _, sql := range statements {
		parsed, err := parser.Parse(sql)
		require.NoError(n.T, err, sql)
		set, err := roles.Load(n.Dir)
		require.NoError(n.T, err)
		boss := set.ByOID(roles.BootstrapOID)
		env := &roles.Env{DataDir: n.Dir, Current: boss, Session: boss, Text: sql, Types: &types.Env{Location: time.UTC},
			Iterations: scram.DefaultIterations, Databases: []string{"postgres"},
			Random:  func(b []byte) error { copy(b, sql); return nil },
			Setting: func(s *ast.Setting, _ bool) (string, error) { return s.Values[0].Text, nil }}
		_, _, err = roles.Exec(n.T.Context(), env, parsed[0].Stmt)
		require.NoError(n.T, err, sql)
	}
}

// WAL is the directory of segments.
func (n *Node) WAL() *walfile.Dir {
	return &walfile.Dir{Path: filepath.Join(n.Dir, "pg_wal"), SegSize: SegSize}
}

// SetEnd moves all positions to l.
func (n *Node) SetEnd(l xlog.LSN) {
	n.XLog.FlushedUpto.Store(uint64(l))
	n.XLog.ReplayedUpto.Store(uint64(l))
	n.XLog.SetWritten(l)
}

// MakeSegments makes count segments of random bytes on timeline tli, from number first on, and gives their bytes.
func (n *Node) MakeSegments(tli xlog.TimeLineID, first xlog.SegNo, count int) []byte {
	n.T.Helper()
	bytes := make([]byte, count*int(SegSize))
	rng := rand.NewChaCha8([32]byte{byte(tli), byte(first)})
	rng.Read(bytes)
	wal := n.WAL()
	for i := range count {
		part := bytes[i*int(SegSize):][:SegSize]
		require.NoError(n.T, os.WriteFile(wal.SegmentPath(tli, first+xlog.SegNo(i)), part, 0o600))
	}
	return bytes
}

// Session is one session that runs on a Node.
type Session struct {
	Process *child.Process
	Slot    int

	signals chan os.Signal
	done    chan struct{}
	err     error
}

// NewProcess gives what a child process of the node has, in a child slot of its own.
func (n *Node) NewProcess() *Session {
	n.T.Helper()
	settings := guc.New()
	require.NoError(n.T, settings.LoadFiles(n.Dir))
	s := &Session{Slot: n.takeSlot(), signals: make(chan os.Signal, 16), done: make(chan struct{})}
	s.Process = &child.Process{
		Kind: procsignal.Spare, ChildSlot: s.Slot, DataDir: n.Dir, Generation: 1, PostmasterStart: time.Now(),
		Settings: settings, Log: n.Log.logger(), Title: &proctitle.Title{}, Proc: &n.Procs[s.Slot], Activity: &n.Status[s.Slot],
		Segment: n.Segment, Areas: n.Areas, Signals: s.signals, HBA: n.hba,
		Secret: []byte("of this postmaster alone"), TLS: n.tls,
	}
	n.PM.MarkActive(s.Slot)
	s.Process.Proc.Join(os.Getpid(), procsignal.Spare, 0)
	return s
}

// Serve starts a session on a connected socket, which it takes over.
func (n *Node) Serve(fd int, cac launch.CAC) *Session {
	n.T.Helper()
	s := n.NewProcess()
	server := &backend.Server{
		Process: s.Process, Replication: n.Replication,
		Receive:  func() (int, launch.CAC, error) { return fd, cac, nil },
		Replaced: n.Replaced,
	}
	go func() {
		defer close(s.done)
		s.err = server.Run()
		if s.err != nil {
			logging.Event(&s.Process.Log, zerolog.FatalLevel, s.err)
		}
		s.Process.Proc.Leave()
		n.PM.MarkInactive(s.Slot)
		unix.Shutdown(fd, unix.SHUT_RDWR)
		n.freeSlot(s.Slot)
	}()
	return s
}

func (n *Node) takeSlot() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, used := range n.used {
		if !used {
			n.used[i] = true
			return i
		}
	}
	n.T.Fatal("no free child slot")
	return -1
}

func (n *Node) freeSlot(i int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.used[i] = false
}

// Signal sends the session a signal.
func (s *Session) Signal(sig unix.Signal) { s.signals <- sig }

// Deliver sends the session a signal that does not end it, and waits until it has been handled.
func (s *Session) Deliver(t testing.TB, sig unix.Signal) {
	t.Helper()
	s.signals <- sig
	s.signals <- unix.SIGUSR1 // of no reason: it is only taken once the other has been handled
	require.Eventually(t, func() bool { return len(s.signals) == 0 }, patience, time.Millisecond)
}

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Result waits for the session's end and gives what its process would end with: nil is exit code 0, an error is 1.
func (s *Session) Result(t testing.TB) error {
	t.Helper()
	select {
	case <-s.done:
		return s.err
	case <-time.After(10 * time.Second):
		t.Fatal("the session does not end")
		return nil
	}
}

// Log is a server log in memory.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) logger() zerolog.Logger { return logging.New(l).Level(zerolog.InfoLevel) }

// Write adds to the log.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// String is the log so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
