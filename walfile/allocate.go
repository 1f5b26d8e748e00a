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
	return d.build(tli, n, how{fill: fillZeros, durable: true})
}

// Reserve makes segment n of timeline tli of space that the file system has set aside, which reads as zeros: quick, but the
// first sync of what is written to it has that to note. With durable, the segment is as durable as Allocate's; without, only
// a later sync of file and directory makes it so. ErrSegmentExists if there is one already, which is left as it is.
//
// A file system that cannot set space aside gets zeros, if the segment is to be durable, else a file with holes: then it
// shows only later that there is no room.
func (d *Dir) Reserve(tli xlog.TimeLineID, n xlog.SegNo, durable bool) error {
	return d.build(tli, n, how{durable: durable, fill: func(f *os.File, size int64) error {
		err := unix.Fallocate(int(f.Fd()), 0, 0, size)
		switch {
		case !errors.Is(err, unix.EOPNOTSUPP):
			return err
		case durable:
			return fillZeros(f, size)
		}
		return f.Truncate(size)
	}})
}

// how a segment is made.
type how struct {
	head    func(*os.File) error        // writes its beginning; may be nil
	fill    func(*os.File, int64) error // makes the rest of so many bytes in all
	durable bool
}

// Branch makes the segment of timeline child that holds switchPoint, where child left parent: the parent's bytes
// before switchPoint, then zeros; durable as Allocate's. ErrSegmentExists if there is one already.
func (d *Dir) Branch(child, parent xlog.TimeLineID, switchPoint xlog.LSN) error {
	n := d.SegSize.SegNo(switchPoint)
	return d.build(child, n, how{fill: fillZeros, durable: true, head: func(to *os.File) error {
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
	}})
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

// build makes a segment under a temporary name and puts it in place.
func (d *Dir) build(tli xlog.TimeLineID, n xlog.SegNo, h how) error {
	path := d.SegmentPath(tli, n)
	if _, err := os.Lstat(path); err == nil {
		return ErrSegmentExists
	}
	f, err := d.createTemp()
	if err != nil {
		return err
	}
	defer d.dropTemp(f)
	if h.head != nil {
		if err := h.head(f); err != nil {
			return err
		}
	}
	if err := h.fill(f, int64(d.SegSize)); err != nil {
		return fmt.Errorf("fill new WAL segment: %w", err)
	}
	if h.durable {
		if err := syncFile(f, unix.Fsync); err != nil {
			return err
		}
	}
	if err := renameNoReplace(f.Name(), path); err != nil || !h.durable {
		return inPlace(err)
	}
	return d.Sync()
}

func inPlace(err error) error {
	if err != nil {
		return fmt.Errorf("put new WAL segment in place: %w", err)
	}
	return nil
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
