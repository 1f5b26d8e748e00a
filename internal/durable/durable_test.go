package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestWriteFileReplacesWholeAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, WriteFile(path, []byte("a longer first content"), 0o600))
	require.NoError(t, WriteFile(path, []byte("second"), 0o600))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "second", string(got))
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, names, 1)
}

func TestRenameAcrossDirectoriesAndUnlink(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Mkdir(filepath.Join(dir, "a"), 0o700))
	require.NoError(t, Mkdir(filepath.Join(dir, "b"), 0o700))
	from, to := filepath.Join(dir, "a", "x"), filepath.Join(dir, "b", "y")
	require.NoError(t, WriteFile(from, []byte("1"), 0o600))
	require.NoError(t, Rename(from, to))
	require.NoFileExists(t, from)
	require.FileExists(t, to)
	require.NoError(t, Unlink(to))
	require.NoFileExists(t, to)
}

func TestErrorsNameThePath(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	for name, err := range map[string]error{"path": SyncPath(gone), "dir": SyncDir(gone), "rename": Rename(gone, gone+"2"),
		"unlink": Unlink(gone), "write": WriteFile(filepath.Join(gone, "f"), nil, 0o600), "mkdir": Mkdir(filepath.Join(gone, "f"), 0o700)} {
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		require.ErrorContains(t, err, gone, name)
		require.False(t, IsSyncError(err), name)
	}
}

func TestFailedSyncIsASyncError(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	for _, err := range []error{Sync(w), SyncData(w)} { // a pipe cannot be synced
		require.True(t, IsSyncError(err))
		require.ErrorIs(t, err, unix.EINVAL)
		require.ErrorContains(t, err, w.Name())
		require.False(t, IsNoSpace(err))
	}
	var s *SyncError
	require.ErrorAs(t, fmt.Errorf("flush: %w", Sync(w)), &s)
}

func TestFullDiskIsRecognised(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	_, err = full.Write([]byte("x"))
	require.True(t, IsNoSpace(err))
	require.True(t, IsNoSpace(&SyncError{"f", unix.EDQUOT}))
	require.False(t, IsNoSpace(errors.New("other")))
}
