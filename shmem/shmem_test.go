package shmem

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type counters struct {
	Lock  Spinlock
	Value uint32
	Hits  atomic.Uint64
	Name  [16]byte
}

var counterArea = Area[counters]{Name: "Counters"}

type wakeups struct {
	There Latch
	Back  Latch
	Moved Broadcast
	N     atomic.Uint64
}

var wakeArea = Area[wakeups]{Name: "Wakeups"}

func newSegment(t *testing.T) *Segment {
	t.Helper()
	l := NewLayout()
	counterArea.Reserve(l, 3)
	wakeArea.Reserve(l, 1)
	s, err := Create([]string{t.TempDir()}, "test", l, 7)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSegmentRoundTrip(t *testing.T) {
	s := newSegment(t)
	all, err := counterArea.MapArray(s)
	require.NoError(t, err)
	require.Len(t, all, 3)
	all[2].Value = 42
	SetString(all[1].Name[:], "a name that is far too long")

	again, err := OpenReadOnly(s.Path())
	require.NoError(t, err)
	defer again.Close()
	require.EqualValues(t, 7, again.Generation())
	require.Equal(t, os.Getpid(), again.PostmasterPID())
	require.WithinDuration(t, time.Now(), again.CreatedAt().Time(), time.Minute)
	same, err := counterArea.MapArray(again)
	require.NoError(t, err)
	require.EqualValues(t, 42, same[2].Value)
	require.Equal(t, "a name that is ", String(same[1].Name[:]))
	require.Equal(t, []string{"Counters", "Wakeups"}, []string{again.Areas()[0].Name, again.Areas()[1].Name})
}

func TestAnotherLayoutIsRefused(t *testing.T) {
	s := newSegment(t)
	type renamed struct {
		Lock  Spinlock
		Other uint32
		Hits  atomic.Uint64
		Name  [16]byte
	}
	_, err := Area[renamed]{Name: "Counters"}.Map(s)
	require.ErrorIs(t, err, ErrLayout)
	_, err = Area[counters]{Name: "Missing"}.Map(s)
	require.ErrorIs(t, err, ErrLayout)
}

func TestPointersAreNeverShared(t *testing.T) {
	require.Panics(t, func() { Area[struct{ P *int32 }]{Name: "p"}.Reserve(NewLayout(), 1) })
	require.Panics(t, func() { Area[struct{ S []byte }]{Name: "s"}.Reserve(NewLayout(), 1) })
	require.Panics(t, func() { Area[struct{ N int }]{Name: "n"}.Reserve(NewLayout(), 1) })
	require.Panics(t, func() { Area[struct{ S string }]{Name: "t"}.Reserve(NewLayout(), 1) })
}

func TestDamagedSegmentIsRefused(t *testing.T) {
	good, err := os.ReadFile(newSegment(t).Path())
	require.NoError(t, err)
	for name, damage := range map[string]func([]byte) []byte{
		"magic":     func(b []byte) []byte { b[0] ^= 1; return b },
		"version":   func(b []byte) []byte { b[8]++; return b },
		"areas":     func(b []byte) []byte { b[13] = 1; return b },
		"truncated": func(b []byte) []byte { return b[:len(b)-4096] },
		"empty":     func([]byte) []byte { return nil },
	} {
		path := filepath.Join(t.TempDir(), "waypost."+name)
		require.NoError(t, os.WriteFile(path, damage(append([]byte(nil), good...)), 0o600))
		_, err := OpenReadOnly(path)
		require.ErrorIs(t, err, ErrLayout, name)
	}
	// An index entry that points outside is found when its area is asked for.
	bad := append([]byte(nil), good...)
	bad[headerLength+32+4] = 1
	path := filepath.Join(t.TempDir(), "waypost.index")
	require.NoError(t, os.WriteFile(path, bad, 0o600))
	s, err := OpenReadOnly(path)
	require.NoError(t, err)
	defer s.Close()
	_, err = counterArea.Map(s)
	require.ErrorIs(t, err, ErrLayout)
}

func TestFullDirectoryFallsBackToTheNext(t *testing.T) {
	l := NewLayout()
	counterArea.Reserve(l, 1)
	dir := t.TempDir()
	s, err := Create([]string{filepath.Join(dir, "missing"), dir}, "x", l, 1)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "waypost.x"), s.Path())
	require.NoError(t, s.Remove())
	require.NoError(t, s.Close())
	_, err = Create([]string{filepath.Join(dir, "missing")}, "x", l, 1)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOnlyOurStaleFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	ours, other := filepath.Join(dir, "waypost.1.2.3"), filepath.Join(dir, "PostgreSQL.1")
	for _, p := range []string{ours, other} {
		require.NoError(t, os.WriteFile(p, nil, 0o600))
		require.NoError(t, RemoveStale(p))
	}
	require.NoFileExists(t, ours)
	require.FileExists(t, other)
	require.NoError(t, RemoveStale(ours))
}

func TestSpinlockExcludes(t *testing.T) {
	c, err := counterArea.Map(newSegment(t))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10000 {
				c.Lock.Lock()
				c.Value++
				c.Lock.Unlock()
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 80000, c.Value)
	require.False(t, c.Lock.Held())
}

func TestPeekDoesNotWaitForADeadHolder(t *testing.T) {
	c, err := counterArea.Map(newSegment(t))
	require.NoError(t, err)
	c.Value = 5
	c.Lock.Lock()
	require.EqualValues(t, 5, Peek(&c.Lock, &c.Value))
}

func TestLatchSetBeforeWaitIsNotLost(t *testing.T) {
	w, err := wakeArea.Map(newSegment(t))
	require.NoError(t, err)
	w.There.Set()
	require.True(t, w.There.Wait(Forever))
	w.There.Reset()
	began := time.Now()
	require.False(t, w.There.Wait(20*time.Millisecond))
	require.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond)
}

// Every waiter sees every value at least as new as the one it was woken for, whatever the interleaving.
func TestBroadcastLosesNoWake(t *testing.T) {
	w, err := wakeArea.Map(newSegment(t))
	require.NoError(t, err)
	const last = 20000
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for {
				seq := w.Moved.Seq()
				if w.N.Load() == last {
					return
				}
				w.Moved.Wait(seq, 1<<i, Forever)
			}
		})
	}
	for n := range uint64(last) {
		w.N.Store(n + 1)
		w.Moved.Signal()
	}
	wg.Wait()
	require.Zero(t, w.Moved.Waiters())
}

func TestNudgeWakesOnlyItsBits(t *testing.T) {
	w, err := wakeArea.Map(newSegment(t))
	require.NoError(t, err)
	woken := make(chan int, 2)
	for i := range 2 {
		seq := w.Moved.Seq()
		go func() {
			w.Moved.Wait(seq, 1<<i, Forever)
			woken <- i
		}()
	}
	require.Eventually(t, func() bool { return w.Moved.Waiters() == 2 }, time.Second, time.Millisecond)
	require.Eventually(t, func() bool { // until the sleeper is really asleep
		w.Moved.Nudge(2)
		select {
		case i := <-woken:
			return i == 1
		default:
			return false
		}
	}, time.Second, time.Millisecond)
	require.EqualValues(t, 1, w.Moved.Waiters())
	w.Moved.Signal()
	require.Eventually(t, func() bool {
		w.Moved.Signal()
		return len(woken) == 1
	}, time.Second, time.Millisecond)
}

// Two processes meet over an inherited descriptor, as the postmaster's children do.
func TestLatchBetweenProcesses(t *testing.T) {
	s := newSegment(t)
	w, err := wakeArea.Map(s)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=TestHelperPong")
	cmd.Env = append(os.Environ(), "WAYPOST_PONG=1")
	cmd.ExtraFiles = []*os.File{s.File()}
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	for range pongs {
		w.There.Set()
		require.True(t, w.Back.Wait(10*time.Second))
		w.Back.Reset()
	}
	require.NoError(t, cmd.Wait())
	require.EqualValues(t, pongs, w.N.Load())
}

const pongs = 1000

func TestHelperPong(t *testing.T) {
	if os.Getenv("WAYPOST_PONG") == "" {
		return // the other process of TestLatchBetweenProcesses, nothing by itself
	}
	s, err := Attach(3)
	require.NoError(t, err)
	w, err := wakeArea.Map(s)
	require.NoError(t, err)
	for range pongs {
		require.True(t, w.There.Wait(10*time.Second))
		w.There.Reset()
		w.N.Add(1)
		w.Back.Set()
	}
}

func BenchmarkLatchSetReset(b *testing.B) {
	var l Latch
	for b.Loop() {
		l.Set()
		l.Reset()
	}
}

func BenchmarkBroadcastNobodyWaits(b *testing.B) {
	var w Broadcast
	for b.Loop() {
		w.Signal()
	}
}
