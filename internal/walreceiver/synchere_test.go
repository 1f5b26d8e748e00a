package walreceiver

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// scriptedFiles has its syncs answered by the test.
type scriptedFiles struct {
	written, flushed atomic.Uint64
	flush            func() error
}

func (f *scriptedFiles) Write([]byte, xlog.LSN) error { return nil }
func (f *scriptedFiles) Written() xlog.LSN            { return xlog.LSN(f.written.Load()) }
func (f *scriptedFiles) Flushed() xlog.LSN            { return xlog.LSN(f.flushed.Load()) }
func (f *scriptedFiles) Close() error                 { return nil }

func (f *scriptedFiles) Flush() (xlog.LSN, error) {
	to := f.written.Load()
	if err := f.flush(); err != nil {
		return 0, err
	}
	f.flushed.Store(to)
	return xlog.LSN(to), nil
}

func newScriptedSyncer(f *scriptedFiles) *syncer {
	s := &syncer{files: f, done: func(xlog.LSN) {}, took: func(time.Duration) {}, failed: func(error) {}}
	s.start()
	return s
}

func TestReceivingGoroutineSyncsOnlyWhereSyncsAreKnownToBeQuick(t *testing.T) {
	s := newScriptedSyncer(&scriptedFiles{flush: func() error { return nil }})
	require.False(t, s.quick(), "nothing is known yet")
	s.average.Store(int64(quickSync / 2))
	require.True(t, s.quick())
	s.average.Store(int64(quickSync))
	require.False(t, s.quick())
	s.stop()
	<-s.ended
}

func TestSyncHereDoesNotWaitForAnotherSync(t *testing.T) {
	began, end := make(chan bool), make(chan bool)
	f := &scriptedFiles{flush: func() error { began <- true; <-end; return nil }}
	s := newScriptedSyncer(f)
	f.written.Store(100)
	s.kick()
	<-began
	require.False(t, s.syncHere(), "one is under way")
	end <- true
	require.Eventually(t, func() bool { return f.Flushed() == 100 }, patience, time.Millisecond)
	f.written.Store(200)
	go func() { <-began; end <- true }()
	require.Eventually(t, s.syncHere, patience, time.Millisecond)
	require.EqualValues(t, 200, f.Flushed())
	s.stop()
	<-s.ended
}

func TestSyncThatFailsHereIsTheLast(t *testing.T) {
	syncs := 0
	f := &scriptedFiles{flush: func() error { syncs++; return errors.New("input/output error") }}
	failed := 0
	s := &syncer{files: f, done: func(xlog.LSN) { t.Error("told as done") }, took: func(time.Duration) {}, failed: func(error) { failed++ }}
	s.start()
	f.written.Store(100)
	require.Eventually(t, s.syncHere, patience, time.Millisecond)
	<-s.ended
	require.Error(t, s.err)
	require.True(t, s.syncHere())
	require.Equal(t, []int{1, 1}, []int{syncs, failed}, "nothing is synced after it")
}
