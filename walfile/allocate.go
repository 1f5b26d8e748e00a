package walfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"waypost/xlog"
)

// zeroBlock is what empty segments are filled with. Nobody writes to it.
var zeroBlock [256 << 10]byte

// Allocate makes segment n of timeline tli, filled with zeros and durable, name included, before it can be seen: it
// is built under a temporary name. ErrSegmentExists if there is one already, which is left as it is.
//
// The zeros are written, not only reserved, so that a later fdatasync of the segment has no metadata to write.
func (d *Dir) Allocate(tli xlog.TimeLineID, n xlog.SegNo) error {
	return d.build(tli, n, func(*os.File) error { return nil })
}

// Branch makes the segment of timeline child that holds switchPoint, where child left parent: the parent's bytes
// before switchPoint, then zeros; durable as Allocate's. ErrSegmentExists if there is one already.
func (d *Dir) Branch(child, parent xlog.TimeLineID, switchPoint xlog.LSN) error {
	n := d.SegSize.SegNo(switchPoint)
	return d.build(child, n, func(to *os.File) error {
		head := int64(d.SegSize.Offset(switchPoint))
		if head == 0 {
			return nil
		}
		from, err := os.Open(d.SegmentPath(parent, n))
		if err != nil {
			return fmt.Errorf("open the parent timeline's segment: %w", err)
		}
		defer from.Close()
		switch _, err := io.CopyN(to, from, head); {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("copy the parent timeline's segment: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return fmt.Errorf("copy the parent timeline's segment: %w", err)
		}
		return nil
	})
}

// Recycle gives a segment that is no longer needed a new name, for which its old content does not matter: a reader
// knows old pages by their address. The caller knows that nobody reads, or has on the way to a client, any of its
// bytes. ErrSegmentExists if the new name is taken.
func (d *Dir) Recycle(old Segment, tli xlog.TimeLineID, n xlog.SegNo) error {
	if err := renameNoReplace(d.SegmentPath(old.TLI, old.SegNo), d.SegmentPath(tli, n)); err != nil {
		return fmt.Errorf("recycle WAL segment: %w", err)
	}
	return d.Sync()
}

// build makes a segment under a temporary name, its beginning written by head, and puts it in place.
func (d *Dir) build(tli xlog.TimeLineID, n xlog.SegNo, head func(*os.File) error) error {
	path := d.SegmentPath(tli, n)
	if _, err := os.Lstat(path); err == nil {
		return ErrSegmentExists
	}
	f, err := d.createTemp()
	if err != nil {
		return err
	}
	defer d.dropTemp(f)
	if err := head(f); err != nil {
		return err
	}
	if err := fillZeros(f, int64(d.SegSize)); err != nil {
		return fmt.Errorf("fill new WAL segment: %w", err)
	}
	if err := syncFile(f, unix.Fsync); err != nil {
		return err
	}
	if err := renameNoReplace(f.Name(), path); err != nil {
		return fmt.Errorf("put new WAL segment in place: %w", err)
	}
	return d.Sync()
}

// fillZeros writes zeros from where f stands until it is size bytes long.
func fillZeros(f *os.File, size int64) error {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	for at < size {
		n, err := f.Write(zeroBlock[:min(size-at, int64(len(zeroBlock)))])
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// renameNoReplace renames a file, but not over another: then it gives ErrSegmentExists.
func renameNoReplace(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EEXIST):
		return ErrSegmentExists
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return linkNoReplace(from, to) // a file system that does not know the flag, such as NFS
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}

// linkNoReplace is renameNoReplace in two steps, of which the first cannot replace a file either. Only where there are no
// links, looking first is all that is left.
func linkNoReplace(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return ErrSegmentExists
	case !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EOPNOTSUPP):
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return ErrSegmentExists
	}
	return os.Rename(from, to)
}
