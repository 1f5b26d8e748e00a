package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
)

// tb lets a program use tests/cluster, whose pieces report to a testing.TB. Methods that nothing calls here are left
// to the embedded nil, and panic.
type tb struct {
	testing.TB
	name string

	mu       sync.Mutex
	failed   bool
	cleanups []func()
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

func (t *tb) Fail() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
}

func (t *tb) FailNow() {
	t.Fail()
	panic(errFailed)
}

func (t *tb) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (t *tb) Errorf(format string, args ...any) {
	t.Logf(format, args...)
	t.Fail()
}

func (t *tb) Fatalf(format string, args ...any) {
	t.Logf(format, args...)
	t.FailNow()
}

func (t *tb) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	t.FailNow()
}

// Cleanup has f called at the end, the last one first.
func (t *tb) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

func (t *tb) cleanUp() {
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
