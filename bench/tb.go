package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// tb lets a program use tests/cluster, whose pieces report to a testing.TB. Methods that nothing calls here are left
// to the embedded nil, and panic.
type tb struct {
	testing.TB
	name string

	interrupted atomic.Bool

	mu       sync.Mutex
	failed   bool
	cleanups []func()

	cleaning sync.Mutex // whoever comes second waits until all is clean
}

// errFailed is what FailNow panics with: run recovers it.
var errFailed = errors.New("the benchmark failed")

// newTB also has an interrupt take everything down that was started.
func newTB(name string) *tb {
	t := &tb{name: name}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-interrupts
		signal.Stop(interrupts)
		t.interrupted.Store(true)
		t.cleanUp()
		os.Exit(1)
	}()
	return t
}

func (t *tb) Helper()      {}
func (t *tb) Name() string { return t.name }

func (t *tb) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

// Fail does nothing once the program is interrupted: that things fail then, as their servers end, is no news.
func (t *tb) Fail() {
	if t.interrupted.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
}

func (t *tb) FailNow() {
	t.Fail()
	if t.interrupted.Load() {
		select {} // until the one who takes everything down ends the program
	}
	panic(errFailed)
}

func (t *tb) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (t *tb) Errorf(format string, args ...any) {
	t.Fail()
	if !t.interrupted.Load() {
		t.Logf(format, args...)
	}
}

func (t *tb) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	t.FailNow()
}

func (t *tb) Fatal(args ...any) { t.Fatalf("%s", fmt.Sprintln(args...)) }

// Cleanup has f called at the end, the last one first.
func (t *tb) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

func (t *tb) cleanUp() {
	t.cleaning.Lock()
	defer t.cleaning.Unlock()
	for {
		t.mu.Lock()
		n := len(t.cleanups)
		if n == 0 {
			t.mu.Unlock()
			return
		}
		f := t.cleanups[n-1]
		t.cleanups = t.cleanups[:n-1]
		t.mu.Unlock()
		f()
	}
}
