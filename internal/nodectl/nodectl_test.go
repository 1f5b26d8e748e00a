package nodectl

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
)

func TestStartStatusReloadStop(t *testing.T) {
	for _, mode := range []Mode{Smart, Fast, Immediate} {
		r := newRig(t, goodServer)
		requireCode(t, 3, r.Status(), "")
		require.Equal(t, "waypost: no server running\n", r.printed())

		pid := r.start()
		require.Regexp(t, `^waiting for server to start\.\.\.\.* done\nserver started\n$`, r.printed())
		sid, err := unix.Getsid(pid)
		require.NoError(t, err)
		require.Equal(t, pid, sid, "the terminal's signals do not reach it")

		require.NoError(t, r.Status())
		require.Equal(t, "waypost: server is running (PID: "+strconv.Itoa(pid)+")\n"+r.Program+` "-D" "`+r.Dir+"\"\n", r.printed())

		require.NoError(t, r.Reload())
		require.Equal(t, "server signaled\n", r.printed())
		require.Eventually(t, func() bool { return containsLine(r.logText(), "reloaded") }, time.Minute, 10*time.Millisecond)

		require.NoError(t, r.Stop(mode))
		require.Regexp(t, `^waiting for server to shut down\.\.\.\.* done\nserver stopped\n$`, r.printed())
		want := map[Mode]string{Smart: "ended by TERM", Fast: "ended by INT", Immediate: "ended by QUIT"}[mode]
		require.True(t, containsLine(r.logText(), want))
		requireCode(t, 3, r.Status(), "")
	}
}

func TestSilenceAndNoWaiting(t *testing.T) {
	r := newRig(t, goodServer)
	r.Silent = true
	r.start()
	require.NoError(t, r.Stop(Fast))
	require.Empty(t, r.printed())

	r.Silent, r.Wait = false, false
	require.NoError(t, r.Start(r.log, ""))
	require.Equal(t, "server starting\n", r.printed())
	require.Eventually(t, func() bool { pid, err := r.pid(1); return err == nil && pid != 0 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, r.Stop(Fast))
	require.Equal(t, "server shutting down\n", r.printed())
	require.Eventually(t, func() bool { pid, err := r.pid(1); return err == nil && pid == 0 }, time.Minute, 10*time.Millisecond)
}

func TestCommandsWithoutADataDirectory(t *testing.T) {
	r := newRig(t, goodServer)
	for _, c := range []struct{ dir, message string }{
		{filepath.Join(r.Dir, "none"), "does not exist"},
		{filepath.Join(r.Dir, "PG_VERSION", "x"), "could not access directory"},
		{t.TempDir(), "is not a data directory"},
	} {
		r.Dir = c.dir
		requireCode(t, 4, r.Status(), c.message)
		for _, command := range r.commands() {
			requireCode(t, 1, command(), c.message)
		}
	}
	r.Dir = ""
	requireCode(t, 1, r.Status(), "PGDATA")
}

// commands are all that act on a node.
func (r *rig) commands() []func() error {
	return []func() error{
		func() error { return r.Start(r.log, "") },
		func() error { return r.Stop(Fast) },
		func() error { return r.Restart(Fast, r.log, "") },
		r.Reload, r.Promote,
	}
}

func TestCommandsWithoutAServer(t *testing.T) {
	r := newRig(t, goodServer)
	for _, command := range []func() error{func() error { return r.Stop(Fast) }, r.Reload, r.Promote} {
		requireCode(t, 1, command(), "postmaster.pid\" does not exist\nIs server running?")
	}
}

func TestPromotionIsRefused(t *testing.T) {
	r := newRig(t, goodServer)
	r.start()
	requireCode(t, 1, r.Promote(), "cannot promote server")
	require.NoFileExists(t, r.path(datadir.PromoteSignal))
	require.NoError(t, r.Status())
}

func TestPidFileThatMakesNoSense(t *testing.T) {
	r := newRig(t, goodServer)
	for _, text := range []string{"", "nonsense\n"} {
		r.write(datadir.PidFile, text)
		requireCode(t, 1, r.Status(), "lock file")
		requireCode(t, 1, r.Stop(Fast), "lock file")
	}
}

// deadPid is the pid of a process that has just ended.
func deadPid(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	require.NoError(t, cmd.Run())
	return cmd.Process.Pid
}

func TestServerThatDiedWithoutAWord(t *testing.T) {
	r := newRig(t, goodServer)
	dead := strconv.Itoa(deadPid(t))
	r.write(datadir.PidFile, dead+"\n")
	requireCode(t, 3, r.Status(), "")
	requireCode(t, 1, r.Stop(Fast), "could not send stop signal (PID: "+dead+"): No such process")
	requireCode(t, 1, r.Reload(), "could not send reload signal")

	require.NoError(t, r.Start(r.log, ""))
	require.Contains(t, r.err.String(), "another server might be running")
}

func TestPidOfOurOwnIsNotAServer(t *testing.T) {
	r := newRig(t, goodServer)
	for _, pid := range []int{os.Getpid(), os.Getppid()} {
		r.write(datadir.PidFile, strconv.Itoa(pid)+"\n")
		requireCode(t, 3, r.Status(), "")
	}
	require.NoError(t, os.Remove(r.path(datadir.PidFile)))
}

func TestServerThatDiesWhileItIsStoppedIsNotCalledStopped(t *testing.T) {
	r := newRig(t, `#!/bin/sh
trap 'kill -9 $$' INT
printf '%s\n%s\n%s\n5432\n/tmp\nlocalhost\n1 1\nready   \n' $$ "$2" $(date +%s) > "$2/postmaster.pid"
while :; do sleep 0.1; done
`)
	r.start()
	requireCode(t, 1, r.Stop(Fast), "server does not shut down\nIt has died")
	require.Contains(t, r.printed(), " failed\n")
}

func TestFailedStartShowsTheEndOfTheLogOfThisStart(t *testing.T) {
	r := newRig(t, "#!/bin/sh\necho 'FATAL:  no luck today'\nexit 1\n")
	require.NoError(t, os.WriteFile(r.log, []byte("FATAL:  of yesterday\n"), 0o600))
	err := r.Start(r.log, "")
	requireCode(t, 1, err, "could not start server")
	require.ErrorContains(t, err, "FATAL:  no luck today")
	require.NotContains(t, err.Error(), "yesterday")
	require.Contains(t, r.printed(), " stopped waiting\n")
}

func TestFailuresBeforeTheServerRuns(t *testing.T) {
	r := newRig(t, goodServer)
	requireCode(t, 1, r.Start(filepath.Join(r.Dir, "none", "log"), ""), "could not open log file")
	require.NoError(t, os.Remove(r.Program))
	requireCode(t, 1, r.Start(r.log, ""), "could not start server")
}

const slowServer = `#!/bin/sh
trap 'touch "$2/interrupted"; exit 1' INT
touch "$2/begun"
while :; do sleep 0.02; done
`

func (r *rig) exists(name string) bool {
	_, err := os.Lstat(r.path(name))
	return err == nil
}

func TestStartThatTakesTooLong(t *testing.T) {
	r := newRig(t, `#!/bin/sh
echo $$ > "$2/mine"
exec sleep 600
`)
	r.Timeout = 500 * time.Millisecond
	// A postmaster.pid that is somebody else's does not count, however ready it is.
	r.write(datadir.PidFile, strconv.Itoa(deadPid(t))+"\n/x\n"+strconv.FormatInt(time.Now().Unix(), 10)+"\n5432\n/tmp\nlocalhost\n1 1\nready   \n")
	requireCode(t, 1, r.Start(r.log, ""), "server did not start in time")
	require.Contains(t, r.printed(), " stopped waiting\n")
	require.Eventually(t, func() bool { return r.exists("mine") }, time.Minute, 10*time.Millisecond)
	text, err := os.ReadFile(r.path("mine"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(string(text[:len(text)-1]))
	require.NoError(t, err)
	require.NoError(t, unix.Kill(pid, unix.SIGKILL))
}

func TestInterruptDuringTheStartEndsTheServer(t *testing.T) {
	r := newRig(t, slowServer)
	outcome := make(chan error)
	go func() { outcome <- r.Start(r.log, "") }()
	require.Eventually(t, func() bool { return r.exists("begun") }, time.Minute, 10*time.Millisecond)
	require.NoError(t, unix.Kill(os.Getpid(), unix.SIGINT))
	requireCode(t, 1, <-outcome, "could not start server")
	require.True(t, r.exists("interrupted"))
}

func TestSmartStopThatTakesTooLongGivesAHint(t *testing.T) {
	r := newRig(t, `#!/bin/sh
trap '' TERM
printf '%s\n%s\n%s\n5432\n/tmp\nlocalhost\n1 1\nready   \n' $$ "$2" $(date +%s) > "$2/postmaster.pid"
while :; do sleep 0.05; done
`)
	pid := r.start()
	r.Timeout = 300 * time.Millisecond
	requireCode(t, 1, r.Stop(Smart), "server does not shut down\nHINT:")
	require.NoError(t, unix.Kill(pid, unix.SIGKILL))
	require.Eventually(t, func() bool { return !alive(pid) }, time.Minute, 10*time.Millisecond)
}

func TestLogIsReadableAsTheDataDirectoryIs(t *testing.T) {
	for dirPerm, want := range map[os.FileMode]os.FileMode{0o700: 0o600, 0o750: 0o640} {
		r := newRig(t, goodServer)
		require.NoError(t, os.Chmod(r.Dir, dirPerm))
		r.start()
		info, err := os.Stat(r.log)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().Perm())
	}
}
