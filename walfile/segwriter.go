package walfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"waypost/xlog"
)

// SegmentWriter writes a timeline's log, in order, into the segment files of a directory.
//
// It knows two positions, Flushed ≤ Written: bytes before Written are in the files, where any process can read them;
// those before Flushed are on disk, and so are the names of their files. Both begin at the position that it was made
// with; what is before that is the caller's to vouch for.
//
// One goroutine may Write while another Flushes, and any may ask for the positions.
type SegmentWriter struct {
	dir Dir
	tli xlog.TimeLineID

	written, flushed atomic.Uint64

	// cur is the writing goroutine's: the segment that it wrote to last.
	cur *openSegment

	mu   sync.Mutex     // guards open
	open []*openSegment // not yet flushed to their end, oldest first

	flushing sync.Mutex // held by Flush; guards the rest
	batch    []*openSegment
	failed   error // the first failed sync
}

// openSegment is a segment that is being written.
type openSegment struct {
	f       *os.File
	fd      int // f's
	n       xlog.SegNo
	nameNew bool // the directory was not synced since it was opened; guarded by SegmentWriter.flushing
}

// NewSegmentWriter makes a writer of timeline tli's log that goes on at start. Close frees it.
func NewSegmentWriter(d Dir, tli xlog.TimeLineID, start xlog.LSN) *SegmentWriter {
	w := &SegmentWriter{dir: d, tli: tli}
	w.written.Store(uint64(start))
	w.flushed.Store(uint64(start))
	return w
}

// TLI is the timeline that is written.
func (w *SegmentWriter) TLI() xlog.TimeLineID { return w.tli }

// Written is the position up to which the files have the log.
func (w *SegmentWriter) Written() xlog.LSN { return xlog.LSN(w.written.Load()) }

// Flushed is the position up to which the log is durable.
func (w *SegmentWriter) Flushed() xlog.LSN { return xlog.LSN(w.flushed.Load()) }

// ErrNotContiguous says that bytes were to be written anywhere but at Written.
var ErrNotContiguous = errors.New("WAL is not contiguous")

// Write writes p at l, which must be Written. It may cross segments; one that does not exist is made, but only to be
// written from its start: no segment gets an unwritten head. After an error, Written tells how much was written; a
// disk that is full gives one that is ENOSPC, and the rest of p may be written when there is room.
func (w *SegmentWriter) Write(p []byte, l xlog.LSN) error {
	if at := w.Written(); at != l {
		return fmt.Errorf("write WAL at %v where %v was expected: %w", l, at, ErrNotContiguous)
	}
	for len(p) > 0 {
		s, err := w.segment(l)
		if err != nil {
			return fmt.Errorf("write WAL at %v: %w", l, err)
		}
		off := w.dir.SegSize.Offset(l)
		part := p
		if left := uint32(w.dir.SegSize) - off; uint64(len(part)) > uint64(left) {
			part = part[:left]
		}
		n, err := unix.Pwrite(s.fd, part, int64(off)) // File.WriteAt would not tell how much of a failed write was done
		switch {
		case err == unix.EINTR:
			continue
		case err == nil && n == 0:
			err = io.ErrShortWrite
		}
		if err != nil {
			return fmt.Errorf("write WAL at %v: %w", l, &fs.PathError{Op: "write", Path: s.f.Name(), Err: err})
		}
		l += xlog.LSN(n)
		p = p[n:]
		w.written.Store(uint64(l))
	}
	return nil
}

// segment gives the open segment that holds l.
func (w *SegmentWriter) segment(l xlog.LSN) (*openSegment, error) {
	n := w.dir.SegSize.SegNo(l)
	if w.cur != nil && w.cur.n == n {
		return w.cur, nil
	}
	f, err := w.openFile(n, w.dir.SegSize.Offset(l) == 0)
	if err != nil {
		return nil, err
	}
	w.cur = &openSegment{f: f, fd: int(f.Fd()), n: n, nameNew: true}
	w.mu.Lock()
	w.open = append(w.open, w.cur)
	w.mu.Unlock()
	return w.cur, nil
}

// openFile opens segment n's file, and makes it first where that is allowed and needed.
func (w *SegmentWriter) openFile(n xlog.SegNo, mayCreate bool) (*os.File, error) {
	path := w.dir.SegmentPath(w.tli, n)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) && mayCreate {
		if err := w.dir.Allocate(w.tli, n); err != nil && !errors.Is(err, ErrSegmentExists) {
			return nil, err
		}
		f, err = os.OpenFile(path, os.O_WRONLY, 0)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != int64(w.dir.SegSize) {
		err = fmt.Errorf("segment file %s has %d bytes, expected %d", path, info.Size(), w.dir.SegSize)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Flush makes durable what was written before the call, and gives the position reached. Writing may go on meanwhile.
// A *SyncError is final: Flushed stays where it is, and every later Flush fails with it.
func (w *SegmentWriter) Flush() (xlog.LSN, error) {
	w.flushing.Lock()
	defer w.flushing.Unlock()
	if w.failed != nil {
		return w.Flushed(), w.failed
	}
	target := w.Written()
	if target == w.Flushed() {
		return target, nil
	}
	w.mu.Lock()
	w.batch = append(w.batch[:0], w.open...)
	w.mu.Unlock()
	if err := w.syncBatch(); err != nil {
		w.failed = err
		return w.Flushed(), err
	}
	w.flushed.Store(uint64(target))
	w.dropFlushed(target)
	return target, nil
}

// syncBatch syncs the segments of the batch, and the directory if it may have got one of their names since.
func (w *SegmentWriter) syncBatch() error {
	names := false
	for _, s := range w.batch {
		if err := syncFile(s.f, unix.Fdatasync); err != nil {
			return err
		}
		names = names || s.nameNew
	}
	if !names {
		return nil
	}
	// Whoever made the file, perhaps another process, may not have come to sync its name yet.
	if err := w.dir.Sync(); err != nil {
		return err
	}
	for _, s := range w.batch {
		s.nameNew = false
	}
	return nil
}

// dropFlushed closes the segments that are written and flushed to their end: no Write comes back to them.
func (w *SegmentWriter) dropFlushed(flushed xlog.LSN) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.open) > 0 && w.dir.SegSize.Start(w.open[0].n+1) <= flushed {
		w.open[0].f.Close() // its bytes are on disk
		w.open = slices.Delete(w.open, 0, 1)
	}
}

// Close closes the files without flushing them. Nothing may be called at the same time or after.
func (w *SegmentWriter) Close() error {
	var first error
	for _, s := range w.open {
		if err := s.f.Close(); err != nil && first == nil {
			first = fmt.Errorf("close WAL segment: %w", err)
		}
	}
	w.open, w.cur = nil, nil
	return first
}
