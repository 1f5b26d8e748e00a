// Package layouttest gives tests what a process has from its postmaster, without one: the shared areas, and a log to read
// back. It is for tests alone.
package layouttest

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/layout"
	"waypost/shmem"
)

// Areas makes a segment in a temporary directory and maps its areas. It stays mapped, as in a process: a goroutine that
// hangs may come back when the test is over.
func Areas(t testing.TB, children, walSenders int) layout.Areas {
	t.Helper()
	s, err := shmem.Create([]string{t.TempDir()}, "test", layout.New(children, walSenders), 1)
	require.NoError(t, err)
	a, err := layout.Map(s)
	require.NoError(t, err)
	layout.Init(&a)
	return a
}

// Log is a place to log to that may be read meanwhile.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends; any goroutine may call it.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
