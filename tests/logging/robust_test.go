package logging

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// TestReloadHarmsNoYoungLogger: orders that come while a logger starts wait for it.
func TestReloadHarmsNoYoungLogger(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	n.waitText(".log", "ready to accept")
	for range 3 {
		pid := n.logger()
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		cluster.Eventually(t, patience, "another logger runs, and has for a while", func() bool {
			n.Process().Signal(syscall.SIGHUP)
			pids := n.Pids("logger")
			return len(pids) == 1 && pids[0] != pid && age(t, pids[0]) > 500*time.Millisecond
		})
	}
	n.Configure(map[string]string{"log_filename": "other.log"})
	n.Reload()
	n.wordy(1, "somebody")
	n.waitText("other.log", "somebody")
	n.Stop(cluster.Fast)
	text := n.text(".log")
	require.Equal(t, 3, strings.Count(text, "was terminated by signal 9"))
	require.Equal(t, 3, strings.Count(text, "was terminated by signal"))
}

// age is how long ago a process began.
func age(t *testing.T, pid int) time.Duration {
	t.Helper()
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return 0
	}
	return time.Since(info.ModTime())
}

// TestBurstAfterAStandstillLosesNothing: all that waited in the pipe fills many files of one name at once.
func TestBurstAfterAStandstillLosesNothing(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_filename": "w.log", "log_rotation_size": "64kB"})
	n.waitText(".log", "ready to accept")
	pid := n.logger()
	n.halt(pid)
	conn, err := pgconn.Connect(t.Context(), n.Conninfo())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	for i := range 9 {
		_, err := conn.Exec(t.Context(), fmt.Sprintf("select nothing_%d_%s_end", i, strings.Repeat("x", 100_000))).ReadAll()
		require.Error(t, err)
	}
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	n.Stop(cluster.Fast)
	n.waitText(".log", "database system is shut down$")
	text := n.text(".log")
	for i := range 9 {
		require.Equal(t, 1, strings.Count(text, fmt.Sprintf("STATEMENT:  select nothing_%d_x", i)), "statement %d", i)
	}
	require.Greater(t, len(n.files(".log")), 1)
}

// TestWhatClientsSendIsLoggedWithinBounds: whole events of a bounded length, whoever says what.
func TestWhatClientsSendIsLoggedWithinBounds(t *testing.T) {
	t.Parallel()
	n := start(t, map[string]string{"log_destination": "stderr,jsonlog", "log_line_prefix": "%m [%p] %u@%d "})
	conn, err := pgconn.Connect(t.Context(), n.Conninfo())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), "select '"+strings.Repeat("\x01", 5<<20)+"' from nothing").ReadAll()
	require.Error(t, err)
	config, err := pgconn.ParseConfig(n.Conninfo())
	require.NoError(t, err)
	config.User, config.Database = "u\n2026-01-01 00:00:00.000 UTC [1] FATAL:  forged", "d\x1b[2J"
	_, err = pgconn.ConnectConfig(t.Context(), config)
	require.Error(t, err)
	n.waitText(".log", `u\\x0a2026-01-01 00:00:00\.000 UTC \[1\] FATAL:  forged@d\\x1b\[2J FATAL:  `)
	n.Stop(cluster.Fast)
	n.waitText(".log", "database system is shut down$")
	require.Contains(t, n.text(".log"), " bytes more)\n")
	require.NotContains(t, n.text(".log"), "\x1b")
	for line := range strings.Lines(n.text(".json")) {
		require.True(t, json.Valid([]byte(line)), "%.200s", line)
	}
}

// TestOneUnwritableFormLeavesTheOther: no file can be made at the path of the JSON log.
func TestOneUnwritableFormLeavesTheOther(t *testing.T) {
	t.Parallel()
	n := prepare(t, map[string]string{"log_destination": "stderr,jsonlog", "log_filename": "w.log"})
	n.c.Mkdir("relay", "log")
	n.c.Mkdir("relay", "log", "w.json")
	n.Start()
	n.waitText("w.log", "ready to accept")
	n.wordy(1, "somebody")
	n.waitText("w.log", `open log file "log/w.json"`)
	n.waitText("w.log", `"somebody"`)
	require.NoError(t, os.Remove(filepath.Join(n.DataDir, "log", "w.json")))
	n.wordy(1, "another")
	n.waitText("w.json", `another`)
	n.waitText("w.json", `ready to accept`)
	n.Stop(cluster.Fast)
}
