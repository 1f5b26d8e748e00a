package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
)

func inode(t testing.TB, path string) uint64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t).Ino
}

// SharedMemory are the node's shared-memory files that exist: one while it runs.
func (w *Waypost) SharedMemory() []string {
	w.c.T.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/dev/shm/waypost.%d.*", w.inode))
	require.NoError(w.c.T, err)
	return files
}

// requireNoSharedMemory is for the end. What a killed node left would be removed by
// its next start, which is not to come; anything else is a leak.
func (w *Waypost) requireNoSharedMemory() {
	if w.killed {
		if info, err := datadir.ReadPidFile(w.DataDir); err == nil {
			_ = os.Remove(info.ShmemPath)
		}
	}
	left := w.SharedMemory()
	assert.Emptyf(w.c.T, left, "%s leaves shared memory behind", w.Name)
	for _, path := range left {
		_ = os.Remove(path)
	}
}
