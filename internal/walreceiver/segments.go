package walreceiver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"waypost/internal/ckptctl"
	"waypost/walfile"
	"waypost/xlog"
)

// segments sees to it that the file of a segment is there when its first byte comes. As a rule the checkpointer has made
// it: zero-filled and synced. Where it has not, the space is reserved here, which is quick; the first sync of the segment
// then takes longer, for it has the reservation to write, and the directory.
type segments struct {
	dir  walfile.Dir
	tli  xlog.TimeLineID
	ckpt *ckptctl.Ctl
}

// begin is called before the first byte of segment n is written.
func (s *segments) begin(n xlog.SegNo) error {
	err := s.ensure(n)
	s.ckpt.SegmentBegun(n+1, s.tli)
	return err
}

func (s *segments) ensure(n xlog.SegNo) error {
	path := s.dir.SegmentPath(s.tli, n)
	switch _, err := os.Lstat(path); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for WAL segment: %w", err)
	}
	s.ckpt.SegmentsMissed.Add(1)
	return s.reserve(path)
}

// reserve makes a segment of unwritten space under a temporary name and puts it in place, unless the checkpointer has
// meanwhile. Nothing is synced: SegmentWriter.Flush syncs file and directory before it vouches for any of it.
func (s *segments) reserve(path string) error {
	temp := filepath.Join(s.dir.Path, fmt.Sprintf("xlogtemp.%d", os.Getpid()))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("create temporary WAL file: %w", err)
	}
	defer os.Remove(temp) // its name is gone already if it was put in place
	defer f.Close()
	if err := f.Chmod(cmp.Or(s.dir.Perm, 0o600)); err != nil {
		return fmt.Errorf("create temporary WAL file: %w", err)
	}
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(s.dir.SegSize)); err != nil {
		if !errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("reserve space for WAL segment: %w", err)
		}
		if err := f.Truncate(int64(s.dir.SegSize)); err != nil { // a file with holes: room is found out later
			return fmt.Errorf("size WAL segment: %w", err)
		}
	}
	err = unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	switch {
	case err == nil || errors.Is(err, unix.EEXIST):
		return nil
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS): // a file system that does not know the flag
		err = os.Link(temp, path)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return nil
		}
	}
	return fmt.Errorf("put WAL segment in place: %w", err)
}
