package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// SocketLock is the lock on one Unix-domain socket: a file beside it, the socket's path with ".lock", in
// PostgreSQL's format, and a flock on that file for as long as the postmaster lives. It is not handed to children.
type SocketLock struct {
	f    *os.File
	path string
}

// LockSocket takes the lock on the socket at path. It refuses, with an *Error (F0001), while another server has it.
// Once it is held, whatever lies at path itself is nobody's and may be removed.
func LockSocket(path string, info PidInfo) (*SocketLock, error) {
	const tries = 100 // rivals may come in between; something that cannot be removed must not hold us for ever
	lock := path + ".lock"
	for try := 1; ; try++ {
		f, err := createLocked(lock, info)
		if err == nil {
			return &SocketLock{f, lock}, nil
		}
		if !errors.Is(err, fs.ErrExist) || try == tries {
			return nil, err
		}
		if err := clearSocketLock(lock, path); err != nil {
			return nil, err
		}
	}
}

// createLocked makes the lock file elsewhere and gives it its name only once its content and its flock are there,
// so that nobody ever sees one without.
func createLocked(lock string, info PidInfo) (*os.File, error) {
	temp := fmt.Sprintf("%s.%d", lock, info.Pid)
	os.Remove(temp) // of an earlier process with our pid; if it stays, create says why
	if err := create(temp, info, 0o600); err != nil {
		return nil, err
	}
	defer os.Remove(temp) // has its real name by then, or is not needed
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return nil, fileError(fmt.Sprintf("could not open lock file %q", temp), err)
	}
	if err = flock(f); err == nil {
		err = os.Link(temp, lock)
	}
	if err != nil {
		f.Close()
		return nil, fileError(fmt.Sprintf("could not create lock file %q", lock), err)
	}
	return f, nil
}

// clearSocketLock refuses if the lock file is in use, and removes a stale one. It removes only the file that it
// holds the flock of.
func clearSocketLock(lock, socket string) error {
	f, err := os.OpenFile(lock, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileError(fmt.Sprintf("could not open lock file %q", lock), err)
	}
	defer f.Close()
	refuse := func(pid int) error {
		return &Error{SQLSTATE: codeLockFileExists, Message: fmt.Sprintf("lock file %q already exists", lock),
			Hint: fmt.Sprintf("Is another postmaster (PID %d) using socket file %q?", pid, socket)}
	}
	if err := flock(f); errors.Is(err, unix.EWOULDBLOCK) {
		text, _ := os.ReadFile(lock)     // gone by now: the refusal names pid 0
		pid, _ := parsePid(string(text)) // likewise
		return refuse(pid)
	} else if err != nil {
		return fileError(fmt.Sprintf("could not lock file %q", lock), err)
	}
	if !named(f, lock) {
		return nil
	}
	return clearStale(lock, refuse)
}

// named says whether path still is f's name.
func named(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// Touch keeps cleaners of /tmp from removing the file; PostgreSQL does it about once an hour.
func (l *SocketLock) Touch(now time.Time) error {
	if err := os.Chtimes(l.path, now, now); err != nil {
		return fmt.Errorf("touch socket lock file: %w", err)
	}
	return nil
}

// Release removes the lock file, if it is still ours, and lets go of the lock.
func (l *SocketLock) Release() error {
	defer l.f.Close()
	if !named(l.f, l.path) {
		return nil
	}
	if err := os.Remove(l.path); err != nil {
		return fileError(fmt.Sprintf("could not remove file %q", l.path), err)
	}
	return nil
}
