// Package durable makes changes to files that a power cut does not undo: what returned without an error is on
// disk, name and all. It never logs and never tries a failed sync again: after a failed fsync the kernel may have
// thrown the data away and say "fine" the next time, so a SyncError is fatal to whoever gets one.
//
// Rules that the functions keep: a file's content is synced before its name points to it, and a name counts as
// there only after its directory was synced.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// SyncError says that fsync or fdatasync failed: nothing written to Path since its last good sync may be believed
// to be on disk.
type SyncError struct {
	Path string
	Err  error
}

func (e *SyncError) Error() string { return fmt.Sprintf("sync %q: %v", e.Path, e.Err) }
func (e *SyncError) Unwrap() error { return e.Err }

// SyncFailed marks the error; walfile's, which cannot import this package, has the same mark.
func (e *SyncError) SyncFailed() {}

// IsSyncError says whether err comes from a failed sync: bytes may be lost that were thought written.
func IsSyncError(err error) bool {
	var marked interface{ SyncFailed() }
	return errors.As(err, &marked)
}

// IsNoSpace says whether err means that the disk, or the user's part of it, is full.
func IsNoSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// Sync is fsync: content and everything about the file.
func Sync(f *os.File) error { return syncFd(f, unix.Fsync) }

// SyncData is fdatasync: content, and of the rest only what is needed to read it back (its length is).
func SyncData(f *os.File) error { return syncFd(f, unix.Fdatasync) }

func syncFd(f *os.File, call func(int) error) error {
	for {
		err := call(int(f.Fd()))
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return &SyncError{f.Name(), err}
		}
	}
}

// SyncPath is fsync of the file at path, whoever wrote it.
func SyncPath(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		f, err = os.Open(path)
	}
	if err != nil {
		return fmt.Errorf("open to sync: %w", err)
	}
	defer f.Close()
	return Sync(f)
}

// SyncDir is fsync of a directory: of the names in it, not of what they name.
func SyncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open directory to sync: %w", err)
	}
	defer f.Close()
	return Sync(f)
}

// Rename gives the file at from the name to, replacing what is there: synced before and after, so that after a
// power cut to is the whole old file or the whole new one. Both must be in one file system.
func Rename(from, to string) error {
	if err := SyncPath(from); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	if err := SyncDir(filepath.Dir(to)); err != nil {
		return err
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		return SyncDir(filepath.Dir(from))
	}
	return nil
}

// Unlink removes a file's name for good.
func Unlink(path string) error {
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	return SyncDir(filepath.Dir(path))
}

// WriteFile makes path hold data and nothing else, by way of a temporary file beside it: after a power cut path is
// as it was or holds all of data. What a failure leaves of the temporary file is removed.
func WriteFile(path string, data []byte, perm os.FileMode) error {
	temp := path + ".tmp"
	err := writeTemp(temp, data, perm)
	if err == nil {
		err = Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp) // best effort: the next WriteFile truncates it
	}
	return err
}

func writeTemp(temp string, data []byte, perm os.FileMode) error {
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return fmt.Errorf("write: %w", err)
	}
	if err := f.Close(); err != nil { // a full quota can show only now
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// Mkdir makes a directory whose name survives a power cut.
func Mkdir(path string, perm os.FileMode) error {
	if err := os.Mkdir(path, perm); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	return SyncDir(filepath.Dir(path))
}
