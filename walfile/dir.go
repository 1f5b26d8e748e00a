package walfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"waypost/xlog"
)

// Dir is a directory of segment files, such as pg_wal. Its methods are safe for concurrent use, also by several
// processes.
type Dir struct {
	Path    string
	SegSize xlog.SegSize
	Perm    fs.FileMode // of new files; 0 stands for 0600
}

// ErrSegmentExists says that a segment could not be put in place because there is one of that name.
var ErrSegmentExists = errors.New("segment exists already")

// SyncError says that bytes, or a name, could not be made durable. After it, nobody knows which of them are on disk,
// and asking again proves nothing: whoever relies on the file must end, or fetch the bytes anew.
type SyncError struct {
	Path string
	Err  error
}

func (e *SyncError) Error() string { return fmt.Sprintf("sync %s: %v", e.Path, e.Err) }

// Unwrap gives the operating system's error.
func (e *SyncError) Unwrap() error { return e.Err }

// SyncFailed marks the error for those who do not ask which package it comes from.
func (e *SyncError) SyncFailed() {}

// SegmentPath is the path of timeline tli's segment n.
func (d *Dir) SegmentPath(tli xlog.TimeLineID, n xlog.SegNo) string {
	return filepath.Join(d.Path, SegmentName(tli, n, d.SegSize))
}

func (d *Dir) perm() fs.FileMode {
	if d.Perm == 0 {
		return 0o600
	}
	return d.Perm
}

// Sync makes the directory's names durable. An error is a *SyncError.
func (d *Dir) Sync() error { return syncPath(d.Path, unix.Fsync) }

// SyncSegment makes a segment's bytes durable, whoever wrote them. An error is a *SyncError, also if there is no such
// file.
func (d *Dir) SyncSegment(tli xlog.TimeLineID, n xlog.SegNo) error {
	return syncPath(d.SegmentPath(tli, n), unix.Fdatasync)
}

func syncPath(path string, sync func(int) error) error {
	f, err := os.Open(path)
	if err != nil {
		return &SyncError{Path: path, Err: err}
	}
	defer f.Close()
	return syncFile(f, sync)
}

func syncFile(f *os.File, sync func(int) error) error {
	for {
		switch err := sync(int(f.Fd())); err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &SyncError{Path: f.Name(), Err: err}
		}
	}
}

// Segment is a segment file found in a Dir.
type Segment struct {
	TLI   xlog.TimeLineID
	SegNo xlog.SegNo
}

// Segments lists the segment files, in the order of their names: by timeline, then by number. Partial ones do not
// count.
func (d *Dir) Segments() ([]Segment, error) {
	entries, err := os.ReadDir(d.Path)
	if err != nil {
		return nil, fmt.Errorf("list WAL segments: %w", err)
	}
	var list []Segment
	for _, e := range entries {
		if tli, n, err := ParseSegmentName(e.Name(), d.SegSize); err == nil {
			list = append(list, Segment{tli, n})
		}
	}
	return list, nil
}

// History reads timeline tli's history file. A timeline without one counts as one without ancestors, as in
// PostgreSQL.
func (d *Dir) History(tli xlog.TimeLineID) (*History, error) {
	if tli == 1 {
		return NewHistory(1), nil
	}
	text, err := os.ReadFile(filepath.Join(d.Path, HistoryName(tli)))
	if errors.Is(err, fs.ErrNotExist) {
		return NewHistory(tli), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read timeline history: %w", err)
	}
	return ParseHistory(tli, text)
}

// WriteHistory puts timeline tli's history file in place, durably; one that is there is replaced.
func (d *Dir) WriteHistory(tli xlog.TimeLineID, text []byte) error {
	f, err := d.createTemp()
	if err != nil {
		return err
	}
	defer d.dropTemp(f)
	if _, err := f.Write(text); err != nil {
		return fmt.Errorf("write timeline history: %w", err)
	}
	if err := syncFile(f, unix.Fsync); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(d.Path, HistoryName(tli))); err != nil {
		return fmt.Errorf("put timeline history in place: %w", err)
	}
	return d.Sync()
}

// createTemp makes a file with a temporary name, which PostgreSQL, too, would know for one.
func (d *Dir) createTemp() (*os.File, error) {
	f, err := os.CreateTemp(d.Path, tempPrefix+strconv.Itoa(os.Getpid())+".*")
	if err != nil {
		return nil, fmt.Errorf("create temporary WAL file: %w", err)
	}
	if d.perm() == 0o600 {
		return f, nil
	}
	if err := f.Chmod(d.perm()); err != nil {
		d.dropTemp(f)
		return nil, fmt.Errorf("create temporary WAL file: %w", err)
	}
	return f, nil
}

// dropTemp closes a temporary file and removes its name, which is gone already if it was put in place.
func (d *Dir) dropTemp(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}
