package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/tests/cluster"
)

// node is a real node that `waypost` itself starts and stops.
type node struct {
	*cluster.Waypost
	c   *cluster.Cluster
	t   *testing.T
	log string
}

func newNode(t *testing.T) *node {
	t.Helper()
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	n := &node{Waypost: c.InitWaypost("hub", p.Conninfo(), cluster.WaypostOptions{}), c: c, t: t, log: c.Path("hub.log")}
	t.Cleanup(func() {
		if code, _, _ := n.Tool("status"); code == 0 {
			n.Tool("stop", "-m", "immediate")
		}
	})
	return n
}

func (n *node) requireTool(code int, command string, args ...string) (output string) {
	n.t.Helper()
	got, stdout, stderr := n.Tool(command, args...)
	require.Equalf(n.t, code, got, "waypost %s %q\n%s%s%s", command, args, stdout, stderr, n.logText())
	return stdout + stderr
}

func (n *node) logText() string {
	text, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (n *node) pid() int {
	n.t.Helper()
	info, err := datadir.ReadPidFile(n.DataDir)
	require.NoError(n.t, err)
	return info.Pid
}

func (n *node) requireIsReady(code int) {
	n.t.Helper()
	got, stdout, _ := n.c.RunCode(n.c.ClientProgram("pg_isready"), "-h", "127.0.0.1", "-p", strconv.Itoa(n.Port))
	require.Equal(n.t, code, got, stdout)
}

func TestNodeIsStartedAskedAndStopped(t *testing.T) {
	n := newNode(t)
	require.Contains(t, n.requireTool(3, "status"), "no server running")
	n.requireIsReady(2)
	require.Contains(t, n.requireTool(0, "start", "-l", n.log), " done\nserver started\n")
	n.requireIsReady(0)
	status := n.requireTool(0, "status")
	require.Contains(t, status, fmt.Sprintf("server is running (PID: %d)\n", n.pid()))
	require.Contains(t, status, fmt.Sprintf(`"-D" "%s"`, n.DataDir))

	// A second start does not get in, and does no harm.
	first := n.pid()
	output := n.requireTool(1, "start", "-l", n.c.Path("second.log"))
	require.Contains(t, output, "another server might be running")
	require.Contains(t, output, `lock file "postmaster.pid" already exists`)
	require.Equal(t, first, n.pid())
	require.Contains(t, n.requireTool(1, "promote"), "cannot promote server")
	n.IdentifySystem()

	n.requireTool(0, "restart", "-m", "immediate", "-l", n.log)
	require.NotEqual(t, first, n.pid())
	n.IdentifySystem()
	require.Contains(t, n.requireTool(0, "stop", "-m", "fast"), " done\nserver stopped\n")
	n.requireTool(3, "status")
	n.requireTool(1, "stop")
	n.requireIsReady(2)
}

func (n *node) awaitLog(part string) {
	n.t.Helper()
	cluster.EventuallyOK(n.t, time.Minute, "the log has "+part, func() error {
		if !strings.Contains(n.logText(), part) {
			return errors.New("it has not")
		}
		return nil
	})
}

func TestReloadIsHeardOfInTheLog(t *testing.T) {
	n := newNode(t)
	n.requireTool(0, "start", "-l", n.log)
	n.Configure(map[string]string{"wal_keep_size": "77MB"})
	require.Equal(t, "server signaled\n", n.requireTool(0, "reload"))
	n.awaitLog(`parameter "wal_keep_size" changed to "77MB"`)
	n.Configure(map[string]string{"wal_keep_size": "78MB"})
	code, _, _ := n.c.RunCode(n.c.WaypostProgram("waypost"), "kill", "HUP", strconv.Itoa(n.pid()))
	require.Zero(t, code)
	n.awaitLog(`parameter "wal_keep_size" changed to "78MB"`)
	n.requireTool(0, "stop")
}

func TestPgCtlWorksOnANode(t *testing.T) {
	n := newNode(t)
	pgCtl := func(code int, args ...string) string {
		t.Helper()
		got, stdout, stderr := n.c.RunCode(append([]string{n.c.ClientProgram("pg_ctl"), "-D", n.DataDir}, args...)...)
		require.Equal(t, code, got, stdout+stderr)
		return stdout + stderr
	}
	pgCtl(3, "status")
	for _, mode := range []string{"smart", "fast", "immediate"} {
		n.requireTool(0, "start", "-l", n.log)
		require.Contains(t, pgCtl(0, "status"), fmt.Sprintf("server is running (PID: %d)", n.pid()))
		pgCtl(0, "reload")
		require.Contains(t, pgCtl(0, "stop", "-m", mode), "server stopped")
		n.requireTool(3, "status")
	}
	n.awaitLog("received SIGHUP")
	code, stdout, stderr := n.c.RunCode(n.c.ClientProgram("pg_controldata"), n.DataDir)
	require.Zero(t, code)
	require.NotContains(t, stdout+stderr, "WARNING")
}

func TestStartThatFailsSaysWhy(t *testing.T) {
	n := newNode(t)
	n.Configure(map[string]string{"max_wal_senders": "many"})
	output := n.requireTool(1, "start", "-l", n.log)
	require.Contains(t, output, " stopped waiting\n")
	require.Contains(t, output, "max_wal_senders")
	n.requireTool(3, "status")
}

func TestArgumentsReachThePostmasterAndSurviveARestart(t *testing.T) {
	n := newNode(t)
	n.requireTool(0, "start", "-l", n.log, "-o", `-c cluster_name="it's a hub" -c log_connections=on`)
	n.requireTool(0, "restart", "-l", n.log)
	require.Contains(t, n.requireTool(0, "status"), `"-c" "cluster_name=it's a hub" "-c" "log_connections=on"`)
	n.requireTool(0, "stop")
}

func TestDataDirectoryIsTakenFromTheEnvironment(t *testing.T) {
	c := cluster.New(t)
	waypost := c.WaypostProgram("waypost")
	for dir, want := range map[string]int{"": 1, c.Path("none"): 4} {
		code, _, stderr := c.RunCode("env", "PGDATA="+dir, waypost, "status")
		require.Equal(t, want, code, stderr)
	}
}

func TestInitThatIsInterruptedLeavesNothing(t *testing.T) {
	c := cluster.New(t)
	// Nobody ever answers there.
	port := c.FreePort()
	silent := listenSilently(t, port)
	dir := c.Path("hub")
	type outcome struct {
		code   int
		stderr string
	}
	outcomes := make(chan outcome)
	pidFile := c.Path("pid")
	go func() {
		code, _, stderr := c.RunCode("sh", "-c", `echo $$ >"$0"; exec "$@"`, pidFile, c.WaypostProgram("waypost"), "init", "-D", dir,
			"--upstream", fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=disable", port))
		outcomes <- outcome{code, stderr}
	}()
	require.Eventually(t, func() bool { return silent() > 0 }, time.Minute, 10*time.Millisecond)
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGINT))
	got := <-outcomes
	require.Equal(t, 1, got.code)
	require.Equal(t, "waypost: error: interrupted\n", got.stderr)
	_, err = os.Lstat(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestInitPrintsWhatItDoesAndHowToStart(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	dir := c.Path("a hub")
	waypost := c.WaypostProgram("waypost")
	out := c.Run(waypost, "init", "-D", dir, "--upstream", p.Conninfo(), "-g", "-c", "port=5433", "--wal-keep-size", "1GB")
	require.Contains(t, out, "writing control file ... ok\n")
	require.Contains(t, out, fmt.Sprintf("    %s start -D '%s' -l logfile\n", waypost, dir))
	info, err := os.Stat(filepath.Join(dir, "global"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o750), info.Mode().Perm())

	code, _, stderr := c.RunCode(waypost, "init", "-D", dir, "--upstream", p.Conninfo())
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "not empty")
	require.Contains(t, stderr, "waypost: hint: ")
}
