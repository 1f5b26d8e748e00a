package proctree

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

func TestKilledChildRestartsTheNodeWithAFreshSegment(t *testing.T) {
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, "")
			n.startServing()
			sender := n.walSender()
			before := n.dump().Segment.Path
			require.NoError(t, syscall.Kill(n.pid(program), syscall.SIGKILL))
			n.waitServing(2)
			sender.requireClosed()
			n.walSender().do("as before")
			require.NoFileExists(t, before)
			require.Contains(t, n.LogText(), "terminating any other active server processes")
			require.Contains(t, n.LogText(), "all server processes terminated; reinitializing")
			n.Signal(syscall.SIGINT)
			require.Zero(t, n.exitCode())
			n.requireNothingLeft()
		})
	}
}

// Which exit codes harm others is a table in the design; this is the table.
func TestExitCodes(t *testing.T) {
	for _, k := range []struct {
		program string
		code    string
		crash   bool
	}{
		{"walreceiver", "0", false}, {"walreceiver", "1", false}, {"walreceiver", "2", true}, {"walreceiver", "3", true},
		{"startup", "1", true}, {"startup", "2", true},
		{"checkpointer", "0", true}, {"checkpointer", "1", true},
	} {
		t.Run(k.program+" "+k.code, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, "")
			n.startServing()
			n.c.WriteFile(filepath.Join(n.dir, "FAKE_EXIT."+k.program), k.code)
			pid := n.pid(k.program)
			require.NoError(t, syscall.Kill(pid, syscall.SIGHUP))
			n.eventually("it ends", func() bool { return n.pid(k.program) != pid })
			if k.crash {
				n.eventually("crash is seen", func() bool {
					d := n.dump()
					return d != nil && d.Segment.Generation == 2
				})
			} else {
				n.walSender().do("all is well")
				require.NotContains(t, n.LogText(), "terminating any other")
			}
		})
	}
}

func TestBackendExitCodes(t *testing.T) {
	for _, k := range []struct {
		command string
		crash   bool
	}{{"exit 0", false}, {"exit 1", false}, {"exit 2", true}, {"panic", true}} {
		for _, mark := range []string{"stay", "walsender"} {
			t.Run(mark+" "+k.command, func(t *testing.T) {
				t.Parallel()
				n := newNode(t, "")
				n.startServing()
				c := n.connect()
				c.do(mark)
				c.send(k.command)
				c.requireClosed()
				if k.crash {
					n.waitServing(2)
				} else {
					n.walSender().do("all is well")
					require.EqualValues(t, 1, n.dump().Segment.Generation)
				}
			})
		}
	}
}

func TestStartupThatFailsAtStartIsNotTriedAgain(t *testing.T) {
	n := newNode(t, "", "FAKE_STARTUP=exit 1")
	n.start()
	require.Equal(t, 1, n.exitCode())
	require.Contains(t, n.LogText(), "aborting startup due to startup process failure")
	n.requireNothingLeft()
}

// The same once PM_RECOVERY has begun, where a FATAL that repeats itself would otherwise have the node restart for ever.
func TestStartupThatFailsInRecoveryIsNotTriedAgain(t *testing.T) {
	n := newNode(t, "", "FAKE_STARTUP=recovery exit 1")
	n.start()
	require.Equal(t, 1, n.exitCode())
	require.Contains(t, n.states(), "PM_RECOVERY")
	require.Contains(t, n.LogText(), "aborting startup due to startup process failure")
	n.requireNothingLeft()
}

func TestCrashWhileStoppingEndsTheNode(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	backend := n.connect()
	backend.do("stay")
	n.Signal(syscall.SIGTERM)
	n.eventually("shutdown begins", func() bool { return n.statusLine() == "stopping" })
	require.NoError(t, syscall.Kill(n.pid("checkpointer"), syscall.SIGKILL))
	require.Equal(t, 1, n.exitCode())
	require.Contains(t, n.LogText(), "abnormal database system shutdown")
	n.requireNothingLeft()
}

func TestRestartAfterCrashOff(t *testing.T) {
	n := newNode(t, "restart_after_crash = off")
	n.startServing()
	require.NoError(t, syscall.Kill(n.pid("checkpointer"), syscall.SIGKILL))
	require.Equal(t, 1, n.exitCode())
	n.requireNothingLeft()
}

func TestChildrenEndWithin100msOfTheirPostmaster(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	n.walSender()
	children := n.Children()
	require.GreaterOrEqual(t, len(children), 4)
	n.Signal(syscall.SIGKILL)
	n.Wait(patience)
	began := time.Now()
	cluster.Eventually(t, patience, "children end", func() bool {
		for _, c := range children {
			if cluster.Alive(c.PID) {
				return false
			}
		}
		return true
	})
	require.Less(t, time.Since(began), 100*time.Millisecond)
	// What it left behind can still be looked at, and is taken away by the next start.
	left := n.dump()
	require.NotNil(t, left)
	require.False(t, left.Segment.PostmasterAlive)
	n.startServing()
	require.NoFileExists(t, left.Segment.Path)
}

func TestSecondPostmasterIsRefused(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	second := func() string {
		p := n.c.StartProgram("second", n.c.Dir, n.env, filepath.Join(n.bin, "postmaster"), "-D", n.dir, "-p", "1")
		require.Equal(t, 1, p.Wait(patience).ExitCode())
		return p.LogText()
	}
	require.Contains(t, second(), `lock file "postmaster.pid" already exists`)
	// Without the file, with a stale one, with one of a process that lives but is another: the lock alone decides.
	pidFile := filepath.Join(n.dir, "postmaster.pid")
	for _, text := range []string{"", "999999\n" + n.dir + "\n", "1\n/elsewhere\n"} {
		n.c.WriteFile(pidFile, text)
		require.Contains(t, second(), "in use")
	}
}

func TestSecondPostmasterLeavesTheFirstOnesFilesAlone(t *testing.T) {
	n := newNode(t, "")
	external := n.c.Path("external.pid")
	n.c.WriteFile(filepath.Join(n.dir, "postgresql.auto.conf"), "external_pid_file = '"+external+"'\n")
	n.startServing()
	info, err := os.Stat(external)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode(), "it is for others to read")
	socket := n.c.Path(".s.PGSQL." + itoa(n.port))
	second := n.c.StartProgram("second", n.c.Dir, n.env, filepath.Join(n.bin, "postmaster"), "-D", n.dir)
	require.Equal(t, 1, second.Wait(patience).ExitCode())
	for _, path := range []string{external, socket, socket + ".lock", filepath.Join(n.dir, "postmaster.pid"), n.dump().Segment.Path} {
		require.FileExists(t, path)
	}
	n.Signal(syscall.SIGINT)
	require.Zero(t, n.exitCode())
	require.NoFileExists(t, external)
}

func TestReusedPidDoesNotKeepTheNodeFromStarting(t *testing.T) {
	n := newNode(t, "")
	other := n.c.StartProgram("other", n.c.Dir, nil, "sleep", "1000")
	n.c.WriteFile(filepath.Join(n.dir, "postmaster.pid"), itoa(other.PID)+"\n"+n.dir+"\n1\n5432\n\n\n\nready   \n")
	n.startServing()
	other.Signal(syscall.SIGKILL)
}
