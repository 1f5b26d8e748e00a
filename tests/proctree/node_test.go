// Package proctree tests the postmaster's rules on its built binary, with stand-ins for its children: states, signals,
// exit codes, crashes, and who may have the data directory.
package proctree

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/internal/shmdump"
	"waypost/pmsignal"
	"waypost/tests/cluster"
)

const patience = 20 * time.Second

// programs are the children's executables.
var programs = []string{"startup", "walreceiver", "checkpointer", "walsender"}

// node is a postmaster with stand-ins for its children.
type node struct {
	*cluster.Process
	c    *cluster.Cluster
	dir  string
	port int
	env  []string
	bin  string
}

func newNode(t *testing.T, settings string, env ...string) *node {
	t.Helper()
	c := cluster.New(t)
	n := &node{c: c, dir: c.Mkdir("node"), port: c.FreePort(), bin: c.Mkdir("bin")}
	n.env = append(env, "FAKE_TRACE="+c.Path("trace"))
	require.NoError(t, os.Chmod(n.dir, 0o700))
	installPrograms(t, c, n.bin)
	c.Mkdir("node", "global")
	c.Mkdir("node", "pg_wal")
	c.WriteFile(filepath.Join(n.dir, "PG_VERSION"), "17\n")
	c.WriteFile(filepath.Join(n.dir, datadir.RolesFile), "") // no stand-in reads it
	c.WriteFile(filepath.Join(n.dir, "pg_hba.conf"), "host all all 127.0.0.1/32 trust\n")
	c.WriteFile(filepath.Join(n.dir, "postgresql.conf"), fmt.Sprintf(
		"port = %d\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\n%s\n", n.port, c.Dir, settings))
	return n
}

// installPrograms puts the real postmaster and the stand-ins where they find each other.
func installPrograms(t *testing.T, c *cluster.Cluster, bin string) {
	t.Helper()
	copyFile(t, c.WaypostProgram("postmaster"), filepath.Join(bin, "postmaster"))
	fake := filepath.Join(t.TempDir(), "fakechild")
	out, err := exec.Command("go", "build", "-o", fake, "./fakechild").CombinedOutput()
	require.NoError(t, err, string(out))
	copyFile(t, fake, filepath.Join(bin, "logger")) // which must be there, and is not started
	for _, p := range programs {
		copyFile(t, fake, filepath.Join(bin, p))
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, b, 0o755))
	require.NoError(t, os.Chmod(to, 0o755))
}

func (n *node) start() {
	n.c.T.Helper()
	n.Process = n.c.StartProgram("postmaster", n.c.Dir, n.env, filepath.Join(n.bin, "postmaster"), "-D", n.dir)
}

// startServing starts the node and waits for PM_HOT_STANDBY with all children up.
func (n *node) startServing() {
	n.c.T.Helper()
	n.start()
	n.waitServing(1)
}

// waitServing waits until the generation serves and all its children have come up: a signal that a test sends to one
// before that would kill it.
func (n *node) waitServing(generation uint64) {
	n.c.T.Helper()
	n.eventually("generation serves", func() bool {
		d := n.dump()
		return d != nil && d.Segment.Generation == generation && n.statusLine() == "ready   " && n.pid("walreceiver") != 0 &&
			allUp(d, len(n.Children()))
	})
}

// allUp says whether as many children as there are processes have marked themselves active.
func allUp(d *shmdump.Dump, processes int) bool {
	active := 0
	for _, c := range d.PMSignal.Children {
		if c.State == pmsignal.Active.String() || c.State == pmsignal.WalSender.String() {
			active++
		}
	}
	return active == processes
}

func (n *node) eventually(what string, cond func() bool) {
	n.c.T.Helper()
	cluster.Eventually(n.c.T, patience, what, cond)
}

// dump reads the segment; nil while there is none.
func (n *node) dump() *shmdump.Dump {
	s, err := shmdump.Open(n.dir)
	if err != nil {
		return nil
	}
	defer s.Close()
	d, err := shmdump.Read(s)
	if err != nil {
		return nil
	}
	return d
}

// pid gives a living child of the program, 0 if there is none.
func (n *node) pid(program string) int {
	for _, p := range n.Children() {
		if p.Exe == program {
			return p.PID
		}
	}
	return 0
}

func (n *node) statusLine() string {
	b, err := os.ReadFile(filepath.Join(n.dir, "postmaster.pid"))
	if err != nil {
		return ""
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) < 8 {
		return ""
	}
	return lines[7]
}

// states are the states that the log says the node went through, from its start.
func (n *node) states() []string {
	var list []string
	for _, m := range regexp.MustCompile(`state changed from \w+ to (\w+)`).FindAllStringSubmatch(n.LogText(), -1) {
		list = append(list, m[1])
	}
	return list
}

// signals are the lines of the trace that tell of a program's signals.
func (n *node) signals(program string) string {
	b, err := os.ReadFile(n.c.Path("trace"))
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(n.c.T, err)
	var list []string
	for _, line := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(line, program+" ") {
			list = append(list, strings.Join(strings.Fields(line)[2:], " "))
		}
	}
	return strings.Join(list, "; ")
}

// exitCode waits for the postmaster's end.
func (n *node) exitCode() int {
	n.c.T.Helper()
	return n.Wait(patience).ExitCode()
}

// requireNothingLeft checks what a node must not leave behind.
func (n *node) requireNothingLeft() {
	n.c.T.Helper()
	require.NoFileExists(n.c.T, filepath.Join(n.dir, "postmaster.pid"))
	info, err := os.Stat(n.dir)
	require.NoError(n.c.T, err)
	left, err := filepath.Glob(fmt.Sprintf("/dev/shm/waypost.%d.*", info.Sys().(*syscall.Stat_t).Ino))
	require.NoError(n.c.T, err)
	require.Empty(n.c.T, left)
	sockets, err := filepath.Glob(n.c.Path(".s.PGSQL.*"))
	require.NoError(n.c.T, err)
	require.Empty(n.c.T, sockets)
}

// client is a connection to a stand-in of a backend.
type client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func (n *node) connect() *client {
	n.c.T.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.port))
	require.NoError(n.c.T, err)
	n.c.T.Cleanup(func() { conn.Close() })
	require.NoError(n.c.T, conn.SetDeadline(time.Now().Add(patience)))
	return &client{n.c.T, conn, bufio.NewReader(conn)}
}

// send gives a command without waiting for an answer.
func (c *client) send(command string) {
	c.t.Helper()
	_, err := fmt.Fprintln(c.conn, command)
	require.NoError(c.t, err)
}

// do gives a command and waits until it is done.
func (c *client) do(command string) {
	c.t.Helper()
	c.send(command)
	line, err := c.r.ReadString('\n')
	require.NoError(c.t, err)
	require.Equal(c.t, "done\n", line)
}

// requireClosed waits until the other side has ended.
func (c *client) requireClosed() {
	c.t.Helper()
	_, err := c.r.ReadByte()
	require.Error(c.t, err)
	require.False(c.t, os.IsTimeout(err), "still connected")
}

// walSender is a client whose backend has marked itself as a walsender.
func (n *node) walSender() *client {
	c := n.connect()
	c.do("walsender")
	return c
}
