package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/durable"
)

// Lock is one postmaster's hold on its data directory.
type Lock struct {
	dir  *os.File // its flock is the lock
	path string
	pid  int
}

// Acquire locks a data directory and writes its postmaster.pid, without the lines that are not known yet: socket
// directory, listen address, shared memory, status. info.DataDir is the directory, absolute.
//
// It refuses with an *Error (F0001) when another postmaster, or a child that one left behind, holds the lock, and
// when postmaster.pid names a live process at work in this directory: a PostgreSQL, which knows nothing of the
// lock. A pid that belongs to some other process by now is no obstacle.
func Acquire(info PidInfo, perm os.FileMode) (*Lock, error) {
	dir, err := os.Open(info.DataDir)
	if err != nil {
		return nil, fileError(fmt.Sprintf("could not open directory %q", info.DataDir), err)
	}
	l := &Lock{dir: dir, path: filepath.Join(info.DataDir, PidFile), pid: info.Pid}
	if err := l.acquire(info, perm); err != nil {
		dir.Close()
		return nil, err
	}
	return l, nil
}

func (l *Lock) acquire(info PidInfo, perm os.FileMode) error {
	if err := flockAfterOrphans(l.dir, info.DataDir); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return refusal(info.DataDir)
		}
		return fileError(fmt.Sprintf("could not lock directory %q", info.DataDir), err)
	}
	refuse := func(pid int) error { return refusalDataDir(l.path, pid, info.DataDir) }
	if err := clearStale(l.path, refuse); err != nil {
		return err
	}
	return create(l.path, info, perm)
}

// orphansEnd is how long the children of a postmaster that has died may take to notice and end.
const orphansEnd = time.Second

// flockAfterOrphans takes the flock. Where it is held although no postmaster lives, its children are about to end: a node
// that is started again right after a crash waits for them instead of refusing.
func flockAfterOrphans(f *os.File, dir string) error {
	for deadline := time.Now().Add(orphansEnd); ; time.Sleep(5 * time.Millisecond) {
		err := flock(f)
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(deadline) {
			return err
		}
		if info, readErr := ReadPidFile(dir); readErr == nil && atWork(info) {
			return err
		}
	}
}

// refusal tells a second postmaster who was first: the one in postmaster.pid, or only what it left behind.
func refusal(dir string) error {
	info, err := ReadPidFile(dir)
	if err == nil && atWork(info) {
		return refusalDataDir(filepath.Join(dir, PidFile), info.Pid, dir)
	}
	return &Error{SQLSTATE: codeLockFileExists, Message: fmt.Sprintf("data directory %q is still in use", dir),
		Hint: fmt.Sprintf("Terminate any old server processes associated with data directory %q.", dir)}
}

func refusalDataDir(path string, pid int, dir string) error {
	return &Error{SQLSTATE: codeLockFileExists, Message: fmt.Sprintf("lock file %q already exists", filepath.Base(path)),
		Hint: fmt.Sprintf("Is another postmaster (PID %d) running in data directory %q?", pid, dir)}
}

// clearStale removes a lock file that no live server stands behind; where one does, it gives what refuse makes of
// its pid. Call it with the flock held that goes with the file.
func clearStale(path string, refuse func(pid int) error) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileError(fmt.Sprintf("could not read lock file %q", path), err)
	}
	// An empty or unreadable file is the remnant of a crash.
	if info, err := parsePidFile(string(text)); err == nil && atWork(info) {
		return refuse(info.Pid)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		e := fileError(fmt.Sprintf("could not remove old lock file %q", path), err)
		e.Hint = "No server uses it any more. Remove it by hand and try again."
		return e
	}
	return nil
}

// atWork says whether the server that wrote a lock file may still run: its pid lives, is not our own or an
// ancestor's (after a reboot they often are the same), and the process stands in the file's data directory, as
// every PostgreSQL does. Where that cannot be seen, it counts as a server.
func atWork(info PidInfo) bool {
	if info.Pid == os.Getpid() || info.Pid == os.Getppid() || !alive(info.Pid) {
		return false
	}
	cwd, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", info.Pid))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	dir, err := os.Stat(info.DataDir)
	return err == nil && os.SameFile(cwd, dir)
}

// alive says whether a process of ours has this pid. Another user's process is not the server: it could not have
// written the file.
func alive(pid int) bool { return unix.Kill(pid, 0) == nil }

// flock takes f's lock or fails with EWOULDBLOCK.
func flock(f *os.File) error {
	fd := int(f.Fd())
	return ignoringEINTR(func() error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
}

func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// create writes a new lock file; somebody who made one in the meantime keeps it.
func create(path string, info PidInfo, perm os.FileMode) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return fileError(fmt.Sprintf("could not create lock file %q", path), err)
	}
	_, err = f.Write(info.head())
	if err == nil {
		err = durable.Sync(f)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(path) // best effort: it would be found to be stale
		return fileError(fmt.Sprintf("could not write lock file %q", path), err)
	}
	return nil
}

// File is the descriptor that holds the lock. Every child inherits it (exec.Cmd.ExtraFiles), so that the directory
// stays locked until the last of them is gone. It belongs to the Lock.
func (l *Lock) File() *os.File { return l.dir }

// SetLine writes one line of postmaster.pid.
func (l *Lock) SetLine(n Line, text string) error { return setLine(l.path, n, text) }

// SetStatus writes the status line.
func (l *Lock) SetStatus(s Status) error { return l.SetLine(LineStatus, string(s)) }

// SetShmem writes the lines about shared memory: a key and an id as PostgreSQL has them, and Waypost's file.
func (l *Lock) SetShmem(key, id uint64, path string) error {
	if err := l.SetLine(LineShmemKey, fmt.Sprintf("%9d %9d", key, id)); err != nil {
		return err
	}
	return l.SetLine(LineShmemPath, path)
}

// Recheck says whether postmaster.pid is still ours. A postmaster that finds it gone or another's shuts down at
// once, as PostgreSQL does, looking about once a minute: somebody has removed its directory, or means it to end.
// A file that cannot be read for another reason counts as ours.
func (l *Lock) Recheck() error {
	text, err := os.ReadFile(l.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return fileError(fmt.Sprintf("could not open file %q", l.path), err)
	case err != nil:
		return nil
	}
	if pid, err := parsePid(string(text)); err != nil || pid != l.pid {
		return &Error{SQLSTATE: codeLockFileExists, Message: fmt.Sprintf("lock file %q contains wrong PID: %d instead of %d", l.path, pid, l.pid)}
	}
	return nil
}

// Release removes postmaster.pid, if it is still ours, and lets go of the lock. A child that still has the
// descriptor keeps the directory locked.
func (l *Lock) Release() error {
	defer l.dir.Close()
	if l.Recheck() != nil {
		return nil
	}
	if err := os.Remove(l.path); err != nil {
		return fileError(fmt.Sprintf("could not remove file %q", l.path), err)
	}
	return nil
}
