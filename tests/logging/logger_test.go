package logging

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// patience is how long anything may take that is waited for.
const patience = 30 * time.Second

// node is a relay whose log is looked at.
type node struct {
	*cluster.Waypost
	t *testing.T
	c *cluster.Cluster
}

func start(t *testing.T, settings map[string]string) *node {
	t.Helper()
	n := prepare(t, settings)
	n.Start()
	return n
}

func prepare(t *testing.T, settings map[string]string) *node {
	t.Helper()
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	all := map[string]string{"logging_collector": "on"}
	maps.Copy(all, settings)
	return &node{c.InitWaypost("relay", p.Conninfo(), cluster.WaypostOptions{Settings: all}), t, c}
}

// files are the log files whose names end so, oldest name first.
func (n *node) files(suffix string) []string {
	n.t.Helper()
	paths, err := filepath.Glob(filepath.Join(n.DataDir, "log", "*"+suffix))
	require.NoError(n.t, err)
	return paths
}

// text is what the log files whose names end so hold together.
func (n *node) text(suffix string) string {
	n.t.Helper()
	var b strings.Builder
	for _, path := range n.files(suffix) {
		part, err := os.ReadFile(path)
		if !os.IsNotExist(err) { // renamed since it was listed
			require.NoError(n.t, err)
		}
		b.Write(part)
	}
	return b.String()
}

func (n *node) waitText(suffix, pattern string) {
	n.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	cluster.EventuallyOK(n.t, patience, "the log says "+pattern, func() error {
		if text := n.text(suffix); !re.MatchString(text) {
			return fmt.Errorf("it says\n%s", text)
		}
		return nil
	})
}

// logger is the logger's pid.
func (n *node) logger() int {
	n.t.Helper()
	var pids []int
	cluster.Eventually(n.t, patience, "one logger runs", func() bool {
		pids = n.Pids("logger")
		return len(pids) == 1
	})
	return pids[0]
}

// halt stops a process and waits until all its threads stand still: until then one may still read what comes.
func (n *node) halt(pid int) {
	n.t.Helper()
	require.NoError(n.t, syscall.Kill(pid, syscall.SIGSTOP))
	cluster.Eventually(n.t, patience, "the process stands still", func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		require.NoError(n.t, err)
		for _, path := range threads {
			stat, err := os.ReadFile(path)
			_, state, _ := strings.Cut(string(stat), ") ")
			if err == nil && !strings.HasPrefix(state, "T") {
				return false
			}
		}
		return len(threads) > 0
	})
}

// wordy makes lines in the log: each connection that is refused says so.
func (n *node) wordy(times int, user string) {
	n.t.Helper()
	for range times {
		_, _, _ = n.c.RunCode(n.c.ClientProgram("psql"), "-X", "-c", "select 1",
			fmt.Sprintf("host=127.0.0.1 port=%d dbname=nothing user=%s", n.Port, user))
	}
}

func TestEverythingGoesToTheLogger(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_connections": "on", "log_timezone": "Europe/Berlin",
		"log_line_prefix": "%m [%p] %b %u@%d %r <%c> %l %q%a|"})
	n.waitText(".log", `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} CET \[\d+\] `+
		`postmaster @  <[0-9a-f]+\.[0-9a-f]+> \d+ LOG:  starting Waypost`)
	n.waitText(".log", `postmaster @  <.*> \d+ LOG:  database system is ready`)
	require.Contains(t, n.Process().LogText(), "redirecting log output to logging collector process")
	require.Contains(t, n.Process().LogText(), `HINT:  Future log output will appear in directory "log".`)
	require.NotContains(t, n.Process().LogText(), "database system is ready")
	n.wordy(1, "somebody")
	n.waitText(".log", `somebody@nothing 127\.0\.0\.1\(\d+\) <.*> \d+ \[unknown\]\|FATAL:  `)

	current, err := os.ReadFile(filepath.Join(n.DataDir, "current_logfiles"))
	require.NoError(t, err)
	require.Regexp(t, `^stderr log/postgresql-\d{4}-\d\d-\d\d_\d{6}\.log\n$`, string(current))
	info, err := os.Stat(n.files(".log")[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	pid := n.logger()
	n.Stop(cluster.Fast)
	n.waitText(".log", "database system is shut down$")
	cluster.Eventually(t, patience, "the logger ends last", func() bool { return syscall.Kill(pid, 0) != nil })
}

func TestLoggerIsStartedAgainAndNothingIsLost(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_connections": "on"})
	n.waitText(".log", "ready to accept")
	first := n.logger()
	file := n.files(".log")
	for round := range 3 {
		pid := n.logger()
		// Stopped, it takes nothing in: what is logged now stands in the pipe when it dies.
		n.halt(pid)
		n.wordy(5, fmt.Sprintf("round%d", round))
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		n.waitText(".log", fmt.Sprintf(`logger \(PID %d\) was terminated by signal 9`, pid))
		cluster.Eventually(t, patience, "each of the five has its line", func() bool {
			return len(regexp.MustCompile(fmt.Sprintf(`FATAL: .*"round%d"`, round)).FindAllString(n.text(".log"), -1)) == 5
		})
	}
	require.NotEqual(t, first, n.logger())
	require.Equal(t, file, n.files(".log"), "the next logger goes on in the same file")
	n.Stop(cluster.Fast)
}

func TestLoggerLivesThroughACrash(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	pid := n.logger()
	n.SignalKind("checkpointer", syscall.SIGKILL)
	n.waitText(".log", "all server processes terminated; reinitializing")
	n.WaitServing(patience)
	require.Equal(t, pid, n.logger())
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
		require.NoError(t, syscall.Kill(pid, sig))
	}
	n.Stop(cluster.Immediate)
	n.waitText(".log", "database system is shut down$")
	cluster.Eventually(t, patience, "the logger ends", func() bool { return syscall.Kill(pid, 0) != nil })
}

func TestLoggerOutlivesAKilledPostmaster(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	pid := n.logger()
	n.Process().Signal(syscall.SIGKILL)
	cluster.Eventually(t, patience, "the logger ends when all writers have gone", func() bool {
		return syscall.Kill(pid, 0) != nil
	})
	n.WaitReleased()
	n.Start() // which removes what is left
	n.Stop(cluster.Fast)
}

func TestRotationBySize(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_rotation_size": "4kB", "log_connections": "on", "log_min_messages": "debug1"})
	cluster.Eventually(t, patience, "there are several files", func() bool {
		n.wordy(4, "somebody")
		return len(n.files(".log")) >= 4
	})
	n.Stop(cluster.Fast)
	n.waitText(".log", "database system is shut down$")
	for _, path := range n.files(".log") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.LessOrEqual(t, len(text), 4096+64<<10)
		requireWholeLines(t, string(text))
	}
}

func requireWholeLines(t *testing.T, text string) {
	t.Helper()
	line := regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z]+ \[\d+\] [A-Z0-9]+:  |\t)`)
	for l := range strings.Lines(text) {
		require.Regexp(t, line, l)
		require.True(t, strings.HasSuffix(l, "\n"))
	}
}

func TestFixedNameIsRotatedBySizeAndReopenedOnRequest(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_rotation_size": "4kB", "log_filename": "waypost.log", "log_connections": "on",
		"log_file_mode": "0640"})
	cluster.Eventually(t, patience, "full files are moved aside", func() bool {
		n.wordy(4, "somebody")
		return len(n.files(".log")) >= 3
	})
	path := filepath.Join(n.DataDir, "log", "waypost.log")
	require.Contains(t, n.files(".log"), path)
	for _, file := range n.files(".log") {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode().Perm(), file)
	}
	require.NoError(t, os.Rename(path, path+".moved")) // as logrotate does
	require.NoError(t, syscall.Kill(n.logger(), syscall.SIGUSR1))
	cluster.Eventually(t, patience, "the file is there again", func() bool {
		n.wordy(1, "somebody")
		info, err := os.Stat(path)
		return err == nil && info.Size() > 0
	})
	n.c.WriteFile(filepath.Join(n.DataDir, "logrotate"), "") // as pg_ctl logrotate does
	n.Process().Signal(syscall.SIGUSR1)
	cluster.Eventually(t, patience, "the request is taken", func() bool {
		_, err := os.Stat(filepath.Join(n.DataDir, "logrotate"))
		return os.IsNotExist(err)
	})
	n.Stop(cluster.Fast)
}

func TestRotationOnReloadAndJSON(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_destination": "stderr,jsonlog", "log_connections": "on"})
	n.wordy(1, "somebody")
	n.waitText(".json", `"user":"somebody","dbname":"nothing".*"error_severity":"FATAL"`)
	n.waitText(".log", "somebody")
	var first map[string]any
	for line := range strings.Lines(n.text(".json")) {
		var event map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &event), line)
		for _, key := range []string{
			"timestamp", "pid", "session_id", "line_num", "session_start", "error_severity", "message", "backend_type",
		} {
			require.Contains(t, event, key, line)
		}
		if event["error_severity"] == "FATAL" && event["user"] == "somebody" {
			first = event
		}
	}
	require.NotNil(t, first)
	require.Equal(t, "127.0.0.1", first["remote_host"])
	require.IsType(t, float64(0), first["remote_port"])
	require.NotEmpty(t, first["state_code"])
	require.Equal(t, "client backend", first["backend_type"])
	current, err := os.ReadFile(filepath.Join(n.DataDir, "current_logfiles"))
	require.NoError(t, err)
	require.Regexp(t, `^stderr log/postgresql-\S+\.log\njsonlog log/postgresql-\S+\.json\n$`, string(current))

	n.Configure(map[string]string{"log_filename": "other-%Y.log", "log_directory": "log/sub", "log_destination": "jsonlog"})
	n.Reload()
	other := filepath.Join(n.DataDir, "log", "sub", fmt.Sprintf("other-%d.json", time.Now().UTC().Year()))
	cluster.Eventually(t, patience, "the new file is written to", func() bool {
		n.wordy(1, "another")
		text, err := os.ReadFile(other)
		return err == nil && strings.Contains(string(text), "another")
	})
	current, err = os.ReadFile(filepath.Join(n.DataDir, "current_logfiles"))
	require.NoError(t, err)
	require.Regexp(t, `^jsonlog log/sub/other-\d+\.json\n$`, string(current))
	n.Stop(cluster.Fast)
}

func TestLongEventsOfManyProcessesArriveWhole(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_connections": "on", "log_rotation_size": "0"})
	var clients []*cluster.Process
	for i := range 6 {
		statement := fmt.Sprintf("select nothing_%d_%s_end", i, strings.Repeat("x", 30_000))
		file := n.c.Path(fmt.Sprintf("s%d.sql", i))
		n.c.WriteFile(file, strings.Repeat(statement+";\n", 10))
		clients = append(clients, n.c.StartProgram(fmt.Sprintf("c%d", i), n.c.Dir, nil,
			n.c.ClientProgram("psql"), "-X", "-q", "-f", file, n.Conninfo()))
	}
	for _, c := range clients {
		c.Wait(patience)
	}
	n.Stop(cluster.Fast)
	n.waitText(".log", "database system is shut down$")
	text := n.text(".log")
	requireWholeLines(t, text)
	for i := range 6 {
		whole := fmt.Sprintf("STATEMENT:  select nothing_%d_%s_end", i, strings.Repeat("x", 30_000))
		require.Equal(t, 10, strings.Count(text, whole), "client %d", i)
	}
}

// TestStuckLoggerHoldsUpNobodyForLong: a logger that stands still fills the pipe, and then events are dropped and counted.
func TestStuckLoggerHoldsUpNobodyForLong(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_connections": "on"})
	n.waitText(".log", "ready to accept")
	pid := n.logger()
	n.halt(pid)
	statement := "select nothing_" + strings.Repeat("x", 100_000)
	conn, err := pgconn.Connect(t.Context(), n.Conninfo())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	fail := func(sql string) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := conn.Exec(ctx, sql).ReadAll()
		var e *pgconn.PgError
		require.ErrorAs(t, err, &e)
	}
	for range 40 { // 4 MB, where 1 MB has room at most
		fail(statement)
	}
	n.WaitServing(patience)
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	cluster.Eventually(t, patience, "the log says how many events it misses", func() bool {
		fail("select nothing")
		return regexp.MustCompile(`WARNING:  \d+ messages could not be logged`).MatchString(n.text(".log"))
	})
	n.Stop(cluster.Fast)
	requireWholeLines(t, n.text(".log"))
}

// TestStuckDiskHoldsUpNobody has a pipe that nobody reads for a log file: to open it stalls, as a dead disk does.
func TestStuckDiskHoldsUpNobody(t *testing.T) {
	t.Parallel()
	n := prepare(t, map[string]string{"log_filename": "waypost.log", "log_rotation_size": "0", "log_rotation_age": "0"})
	n.c.Mkdir("relay", "log")
	path := filepath.Join(n.DataDir, "log", "waypost.log")
	n.c.Run("mkfifo", path)
	n.Start()
	conn, err := pgconn.Connect(t.Context(), n.Conninfo())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	begun := time.Now()
	for i := range 40 {
		_, err := conn.Exec(t.Context(), fmt.Sprintf("select nothing_%d_%s_end", i, strings.Repeat("x", 100_000))).ReadAll()
		require.Error(t, err)
	}
	require.Less(t, time.Since(begun), 4*time.Second, "nobody waits out his patience")

	disk, err := os.OpenFile(path, os.O_RDWR, 0) // it is back
	require.NoError(t, err)
	defer disk.Close()
	var text strings.Builder
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for !strings.Contains(text.String(), "database system is shut down") {
			read, err := disk.Read(buf)
			if err != nil {
				return
			}
			text.Write(buf[:read])
		}
	}()
	n.Stop(cluster.Fast)
	select {
	case <-done:
	case <-time.After(patience):
		disk.Close()
		<-done
	}
	require.Contains(t, text.String(), "starting Waypost")
	requireWholeLines(t, text.String())
	for i := range 40 {
		require.Contains(t, text.String(), fmt.Sprintf("STATEMENT:  select nothing_%d_%s_end\n", i, strings.Repeat("x", 100_000)))
	}
}
