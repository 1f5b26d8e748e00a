package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// WaypostOptions says how a node differs from the usual one.
type WaypostOptions struct {
	InitArgs []string          // further arguments of `waypost init`
	Settings map[string]string // beyond, or instead of, those of every node
}

// Waypost is a Waypost node run from the built binaries.
type Waypost struct {
	c       *Cluster
	Name    string
	DataDir string
	Port    int

	proc   *Process
	inode  uint64 // of the data directory, which names its shared memory
	killed bool   // Kill9 was the last word: nobody has cleaned up
}

// NewWaypost makes a relay of upstream (a conninfo), starts it and waits until it
// takes connections. Its application name upstream is name.
func (c *Cluster) NewWaypost(name, upstream string, opts WaypostOptions) *Waypost {
	c.T.Helper()
	w := c.InitWaypost(name, upstream, opts)
	w.Start()
	return w
}

// InitWaypost makes a relay without starting it.
func (c *Cluster) InitWaypost(name, upstream string, opts WaypostOptions) *Waypost {
	c.T.Helper()
	w := &Waypost{c: c, Name: name, DataDir: c.Path(name), Port: c.FreePort()}
	c.T.Cleanup(w.requireNoSharedMemory) // runs once every process of it has been ended
	argv := []string{
		c.WaypostProgram("waypost"), "init", "-D", w.DataDir,
		"--upstream", upstream + " application_name=" + name, "--port", strconv.Itoa(w.Port), "-U", "postgres",
	}
	c.Run(append(argv, opts.InitArgs...)...)
	w.inode = inode(c.T, w.DataDir)
	settings := map[string]string{
		"listen_addresses":             "127.0.0.1",
		"unix_socket_directories":      c.Dir,
		"wal_retrieve_retry_interval":  "200ms",
		"wal_receiver_status_interval": "1s",
	}
	maps.Copy(settings, opts.Settings)
	w.Configure(settings)
	return w
}

// Configure appends settings to postgresql.conf; they need a reload or restart.
func (w *Waypost) Configure(settings map[string]string) {
	w.c.T.Helper()
	w.c.appendFile(filepath.Join(w.DataDir, "postgresql.conf"), settingLines(settings))
}

// Start starts the node and waits until it takes connections.
func (w *Waypost) Start() {
	w.c.T.Helper()
	w.StartOnly()
	w.WaitServing(startTimeout)
}

// StartOnly starts the postmaster and does not wait.
func (w *Waypost) StartOnly() {
	w.c.T.Helper()
	w.startWith(nil)
}

// startWith starts the postmaster under a wrapper, such as strace.
func (w *Waypost) startWith(wrapper []string) {
	w.c.T.Helper()
	w.killed = false
	w.proc = w.c.start(spec{
		name: w.Name, dir: w.DataDir, orphaned: syscall.SIGQUIT,
		argv: append(wrapper, w.c.WaypostProgram("postmaster"), "-D", w.DataDir),
	})
}

// WaitServing waits until a replication connection is answered.
func (w *Waypost) WaitServing(timeout time.Duration) {
	w.c.T.Helper()
	EventuallyOK(w.c.T, timeout, w.Name+" takes replication connections", func() error {
		if !w.proc.Running() {
			w.c.T.Fatalf("%s ended while it was starting: %v", w.Name, w.proc.cmd.ProcessState)
		}
		_, err := w.TryIdentifySystem()
		return err
	})
}

// Running says whether the postmaster runs.
func (w *Waypost) Running() bool { return w.proc != nil && w.proc.Running() }

// Process is the postmaster.
func (w *Waypost) Process() *Process { return w.proc }

// WalDir is the directory of the WAL segments.
func (w *Waypost) WalDir() string { return filepath.Join(w.DataDir, "pg_wal") }

// Conninfo is how clients of this machine reach the node.
func (w *Waypost) Conninfo() string { return conninfo(w.Port) }

// Stop shuts the node down by a signal and waits for its good end.
func (w *Waypost) Stop(mode Mode) {
	w.c.T.Helper()
	w.proc.Signal(mode.signal())
	state := w.proc.Wait(stopTimeout)
	if mode != Immediate {
		require.Zerof(w.c.T, state.ExitCode(), "%s: %v", w.Name, state)
	}
}

// Restart stops the node fast and starts it again.
func (w *Waypost) Restart() {
	w.c.T.Helper()
	w.Stop(Fast)
	w.Start()
}

// Kill9 ends the postmaster and all its children at once with SIGKILL, and waits
// until none is left.
func (w *Waypost) Kill9() {
	w.c.T.Helper()
	w.killed = true
	w.proc.KillTree()
	w.WaitReleased()
}

// WaitReleased waits until no process of the node is left. Only the lock that all of
// them hold can tell: one may have been launched since anybody looked, and one that is
// a zombie may have threads that still run.
func (w *Waypost) WaitReleased() {
	w.c.T.Helper()
	dir, err := os.Open(w.DataDir)
	require.NoError(w.c.T, err)
	defer dir.Close()
	EventuallyOK(w.c.T, endTimeout, "nobody holds the data directory of "+w.Name, func() error {
		return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	})
}

// Reload has the node read its configuration again.
func (w *Waypost) Reload() { w.proc.Signal(syscall.SIGHUP) }

// Pids are the pids of the node's children that run this executable
// ("walreceiver"); "postmaster" gives the postmaster's own.
func (w *Waypost) Pids(executable string) []int {
	if executable == "postmaster" {
		return []int{w.proc.PID}
	}
	var pids []int
	for _, p := range w.proc.Children() {
		if p.Exe == executable {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

// SignalKind sends sig to every child that runs this executable. There must be one.
func (w *Waypost) SignalKind(executable string, sig syscall.Signal) {
	w.c.T.Helper()
	pids := w.Pids(executable)
	require.NotEmptyf(w.c.T, pids, "%s has no %s", w.Name, executable)
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil {
			require.ErrorIs(w.c.T, err, syscall.ESRCH)
		}
	}
}

// Title is the process title of the node's first child that runs this executable, "" if there is none.
func (w *Waypost) Title(executable string) string {
	for _, p := range w.proc.Children() {
		if p.Exe == executable {
			return p.Title
		}
	}
	return ""
}

// WaitStreaming waits until the walreceiver's title says that it streams.
func (w *Waypost) WaitStreaming(timeout time.Duration) {
	w.c.T.Helper()
	EventuallyOK(w.c.T, timeout, w.Name+" streams from its upstream", func() error {
		title := w.Title("walreceiver")
		if !strings.Contains(title, "streaming") {
			return fmt.Errorf("the walreceiver's title is %q", title)
		}
		return nil
	})
}

// System is what IDENTIFY_SYSTEM answers.
type System struct {
	Identifier string
	Timeline   xlog.TimeLineID
	Pos        xlog.LSN // up to which the server would send now
}

// TryIdentifySystem asks a new replication connection.
func (w *Waypost) TryIdentifySystem() (System, error) { return identifySystem(w.Port) }

// IdentifySystem asks a new replication connection.
func (w *Waypost) IdentifySystem() System {
	w.c.T.Helper()
	s, err := w.TryIdentifySystem()
	require.NoErrorf(w.c.T, err, "IDENTIFY_SYSTEM of %s", w.Name)
	return s
}

func identifySystem(port int) (System, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, conninfo(port)+" replication=true")
	if err != nil {
		return System{}, err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, "IDENTIFY_SYSTEM").ReadAll()
	if err != nil {
		return System{}, err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) < 3 {
		return System{}, fmt.Errorf("IDENTIFY_SYSTEM: not one row of three columns and more: %v", results)
	}
	row := textRows(results[0])[0]
	timeline, err := strconv.ParseUint(row[1], 10, 32)
	if err != nil {
		return System{}, fmt.Errorf("IDENTIFY_SYSTEM: timeline: %w", err)
	}
	pos, err := xlog.ParseLSN(row[2])
	if err != nil {
		return System{}, fmt.Errorf("IDENTIFY_SYSTEM: position: %w", err)
	}
	return System{Identifier: row[0], Timeline: xlog.TimeLineID(timeline), Pos: pos}, nil
}

// WaitPos waits until the node would send up to lsn.
func (w *Waypost) WaitPos(timeout time.Duration, lsn xlog.LSN) {
	w.c.T.Helper()
	EventuallyOK(w.c.T, timeout, fmt.Sprintf("%s has WAL up to %s", w.Name, lsn), func() error {
		s, err := w.TryIdentifySystem()
		if err == nil && s.Pos < lsn {
			err = fmt.Errorf("it has up to %s", s.Pos)
		}
		return err
	})
}

// Shmdump is what `shmdump` prints for people.
func (w *Waypost) Shmdump() string {
	w.c.T.Helper()
	return w.c.Run(w.c.WaypostProgram("shmdump"), "-D", w.DataDir)
}

// ShmdumpJSON decodes what `shmdump --json` prints into v.
func (w *Waypost) ShmdumpJSON(v any) {
	w.c.T.Helper()
	out := w.c.Run(w.c.WaypostProgram("shmdump"), "-D", w.DataDir, "--json")
	require.NoErrorf(w.c.T, json.Unmarshal([]byte(out), v), "shmdump --json prints:\n%s", out)
}

// Tool runs `waypost command -D <data directory> args` and gives its exit code and output.
func (w *Waypost) Tool(command string, args ...string) (code int, stdout, stderr string) {
	w.c.T.Helper()
	return w.c.RunCode(append([]string{w.c.WaypostProgram("waypost"), command, "-D", w.DataDir}, args...)...)
}
