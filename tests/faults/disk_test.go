package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/tests/cluster"
	"waypost/xlog"
)

// mount runs a mount command, which takes root's rights, or sudo's without a password.
func mount(t *testing.T, argv ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		argv = append([]string{"sudo", "-n"}, argv...)
	}
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	require.NoErrorf(t, err, "%q: %s\nA full disk can only be had by mounting a small one: run the tests as root, or where sudo asks for no password.", argv, out)
}

// TestFullDiskIsNeitherAcknowledgedNorHidden: pg_wal lies on a file system of a few megabytes. Once it is full, a commit
// that waits for the relay waits on, the relay disconnects, so that the primary sees it gone, and when there is room
// again everything goes on by itself.
func TestFullDiskIsNeitherAcknowledgedNorHidden(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	p := newPrimary(c, nil)
	w := c.InitWaypost("relay", p.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{"min_wal_size": "2MB", "wal_keep_size": "1GB"}})
	owner, err := os.Stat(w.WalDir())
	require.NoError(t, err)
	small := func(option string) {
		st := owner.Sys().(*syscall.Stat_t)
		mount(t, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("%s,mode=0700,uid=%d,gid=%d", option, st.Uid, st.Gid), "tmpfs", w.WalDir())
	}
	was, err := os.ReadDir(w.WalDir())
	require.NoError(t, err)
	c.Run("cp", "-a", w.WalDir(), w.WalDir()+".was")
	small("size=6m")
	t.Cleanup(func() { mount(t, "umount", "-l", w.WalDir()) })
	for _, e := range was {
		c.Run("cp", "-a", filepath.Join(w.WalDir()+".was", e.Name()), w.WalDir())
	}
	w.Start()
	r := &relay{Waypost: w, t: t, c: c, primary: p}
	w.WaitStreaming(patience)
	p.Configure(map[string]string{"synchronous_standby_names": "relay"})
	p.Reload()
	p.WaitFor(patience, "SELECT sync_state FROM pg_stat_replication", "sync")
	feed(p, 1000) // is acknowledged

	mark := r.logFrom()
	committed := make(chan error, 1)
	go func() {
		_, err := p.TryQuery("SELECT pg_logical_emit_message(true, 'waypost', repeat('x', 8000)) FROM generate_series(1, 2000)")
		committed <- err
	}()
	r.waitLog(mark, "could not write WAL at .*no space left on device")
	r.waitLog(mark, "HINT:  Make room in the file system of pg_wal")
	r.waitLog(mark, "disconnecting from the upstream, because there is no room for its WAL")
	// It tries again and again, and each time disconnects again: no process of the primary holds on to it for long.
	p.WaitFor(patience, "SELECT count(*) FROM pg_stat_replication", "0")
	r.waitLog(len(r.Process().LogText()), "disconnecting from the upstream, because there is no room for its WAL")
	select {
	case err := <-committed:
		t.Fatalf("the commit was acknowledged, though the relay has no room for it (%v)", err)
	default:
	}
	r.IdentifySystem() // what there is, is served

	mount(t, "mount", "-o", "remount,size=200m", w.WalDir())
	select {
	case err := <-committed:
		require.NoError(t, err)
	case <-time.After(patience):
		t.Fatal("the commit still waits after there is room again")
	}
	r.requireSame()
	r.requireHealthy()
	r.Stop(cluster.Fast)
}

// stoppedRelay makes a relay with a few segments, in which something was checked and remembered, and kills it.
func stoppedRelay(t *testing.T) (*relay, datadir.Remembered) {
	t.Helper()
	r := newRelay(t, nil)
	r.waitReplayed(feed(r.primary, 3<<20))
	r.primary.Exec("CHECKPOINT")
	r.waitReplayed(feed(r.primary, 200_000))
	r.Stop(cluster.Fast)
	m, ok, err := datadir.ReadRemembered(r.DataDir)
	require.NoError(t, err)
	require.True(t, ok)
	return r, m
}

// TestDamagedSegmentIsRepairedAtStart: the segment behind the remembered position is damaged while the node is down.
// The node must notice, serve, fetch what is bad again and have every byte right in the end.
func TestDamagedSegmentIsRepairedAtStart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		damage func(t *testing.T, path string, at int64)
	}{
		{"flipped", func(t *testing.T, path string, at int64) { flip(t, path, at) }},
		{"truncated", func(t *testing.T, path string, at int64) { require.NoError(t, os.Truncate(path, at)) }},
		{"emptied", func(t *testing.T, path string, _ int64) { require.NoError(t, os.Truncate(path, 0)) }},
		{"missing", func(t *testing.T, path string, _ int64) { require.NoError(t, os.Remove(path)) }},
		{"zeroed", func(t *testing.T, path string, at int64) {
			require.NoError(t, os.Truncate(path, at))
			require.NoError(t, os.Truncate(path, int64(segSize)))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, m := stoppedRelay(t)
			at := m.Flushed - 100
			tc.damage(t, filepath.Join(r.WalDir(), segmentName(at)), int64(at)%int64(segSize))
			mark := r.logFrom()
			r.Start()
			r.requireSame()
			require.Regexp(t, "(ERROR|WARNING|LOG):.*(damaged|missing)", r.Process().LogText()[mark:], "it has not been said")
			r.requireHealthy()
		})
	}
}

// flip changes one bit of a file.
func flip(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	require.NoError(t, err)
	b[0] ^= 4
	_, err = f.WriteAt(b[:], at)
	require.NoError(t, err)
}

// TestBitFlippedBelowTheFlushIsRepairedWhileItRuns: startup is held up for so long that flushed WAL can be damaged under
// it. What is bad is replaced by the upstream's, checked; the damaged file is kept for a look.
func TestBitFlippedBelowTheFlushIsRepairedWhileItRuns(t *testing.T) {
	t.Parallel()
	r := newRelay(t, nil)
	r.waitReplayed(feed(r.primary, 100_000))
	mark := r.logFrom()
	r.SignalKind("startup", unix.SIGSTOP)
	from := r.primary.FlushLSN()
	upto := feed(r.primary, 2<<20)
	r.eventually("all is flushed", func() error {
		flushed, err := xlog.ParseLSN(r.dump().XLogCtl.FlushedUpto)
		if err == nil && flushed < upto {
			err = fmt.Errorf("up to %s", flushed)
		}
		return err
	})
	bad := from + 1<<20
	flip(t, filepath.Join(r.WalDir(), segmentName(bad)), int64(bad)%int64(segSize))
	r.SignalKind("startup", unix.SIGCONT)
	r.waitLog(mark, "ERROR:.*WAL is damaged: record at")
	r.waitLog(mark, `has been replaced by a checked copy`)
	r.waitReplayed(upto)
	r.requireSame()
	requireDamagedKept(t, r.WalDir())
	r.requireHealthy()
}

// TestUnreadableSegmentIsSaidAndHarmsOnlyWhoWantsIt: a consumer that asks for it gets an error, everybody else goes on; a
// start that needs it is refused with the file's name, and works once the file can be read.
func TestUnreadableSegmentIsSaidAndHarmsOnlyWhoWantsIt(t *testing.T) {
	t.Parallel()
	r := newRelay(t, nil)
	from := r.IdentifySystem().Pos
	r.waitReplayed(feed(r.primary, 3<<20))
	w := watch(t, r.Port, r.primary.FlushLSN())
	ask := func(damage func(path string), want, code string) {
		t.Helper()
		path := filepath.Join(r.WalDir(), segmentName(from))
		damage(path)
		c := connect(t, r.Port)
		c.send(query("START_REPLICATION " + segSize.SegStart(from).String()))
		var e *serverError
		for e == nil {
			typ, body, err := c.next()
			require.NoErrorf(t, err, "the connection has ended without a word, want %q", want)
			if typ == 'E' {
				e = parseError(body)
			}
		}
		require.Contains(t, e.message, want)
		require.Equal(t, code, e.code)
	}
	name := segmentName(from)
	ask(func(path string) { require.NoError(t, os.Chmod(path, 0)) }, name, "42501")
	ask(func(path string) {
		require.NoError(t, os.Chmod(path, 0o600))
		require.NoError(t, os.Truncate(path, 0))
	}, name, "XX000")
	ask(func(path string) { require.NoError(t, os.Remove(path)) }, "requested WAL segment "+name+" has already been removed", "58P01")
	w.waitFor(feed(r.primary, 1000))
	r.requireHealthy()
	r.Stop(cluster.Fast)

	m, _, err := datadir.ReadRemembered(r.DataDir)
	require.NoError(t, err)
	needed := filepath.Join(r.WalDir(), segmentName(m.CheckedStart))
	require.NoError(t, os.Chmod(needed, 0))
	mark := r.logFrom()
	r.StartOnly()
	require.NotZero(t, r.Process().Wait(patience).ExitCode())
	require.Regexp(t, "FATAL:.*"+filepath.Base(needed)+".*permission denied", r.Process().LogText()[mark:])
	require.NoError(t, os.Chmod(needed, 0o600))
	r.Start()
	r.waitReplayed(feed(r.primary, 1000))
}

// TestDamagedControlFileEndsTheStartWithAdvice, and that nothing else in the directory is touched by the attempt.
func TestDamagedControlFileEndsTheStartWithAdvice(t *testing.T) {
	t.Parallel()
	r, _ := stoppedRelay(t)
	control := filepath.Join(r.DataDir, "global", "pg_control")
	good, err := os.ReadFile(control)
	require.NoError(t, err)
	for _, tc := range []struct {
		name   string
		damage func()
		says   string
	}{
		{"flipped", func() { flip(t, control, 100) }, "pg_control"},
		{"truncated", func() { require.NoError(t, os.Truncate(control, 100)) }, "pg_control"},
		{"empty", func() { require.NoError(t, os.Truncate(control, 0)) }, "pg_control"},
		{"missing", func() { require.NoError(t, os.Remove(control)) }, "pg_control"},
		{"unreadable", func() { require.NoError(t, os.Chmod(control, 0)) }, "pg_control.*permission denied"},
	} {
		mark := r.logFrom()
		tc.damage()
		r.StartOnly()
		require.NotZerof(t, r.Process().Wait(patience).ExitCode(), tc.name)
		require.Regexpf(t, "FATAL:.*"+tc.says, r.Process().LogText()[mark:], tc.name)
		require.NotContains(t, r.Process().LogText()[mark:], "goroutine ")
		require.NoError(t, os.RemoveAll(control))
		r.c.WriteFile(control, string(good))
	}
	r.Start()
	r.requireSame()
}

// TestDamagedMemoryOfTheFlushIsBridged: one of its two copies is enough; without either the node begins at its last
// restartpoint and says so.
func TestDamagedMemoryOfTheFlushIsBridged(t *testing.T) {
	t.Parallel()
	r, _ := stoppedRelay(t)
	file := filepath.Join(r.DataDir, datadir.RememberedFile)
	for _, at := range [][]int64{{100}, {4096 + 100}, {100, 4096 + 100}} {
		mark := r.logFrom()
		for _, a := range at {
			flip(t, file, a)
		}
		r.Start()
		r.requireSame()
		if len(at) == 2 {
			require.Contains(t, r.Process().LogText()[mark:],
				"WARNING:  the position up to which WAL was flushed is not known, beginning at the last restartpoint's record")
		}
		r.requireHealthy()
		r.Stop(cluster.Fast)
	}
}
