package walreceiver

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"waypost/internal/activity"
	"waypost/internal/durable"
	"waypost/protocol"
	"waypost/xlog"
)

// walFiles is where the WAL goes: walfile.SegmentWriter, whose contract it has. Write is the receiving goroutine's, Flush
// the syncing one's.
type walFiles interface {
	Write(p []byte, l xlog.LSN) error
	Flush() (xlog.LSN, error)
	Written() xlog.LSN
	Flushed() xlog.LSN
	Close() error
}

// gatherSize is how much WAL from small messages is gathered before it is written; directSize is what is worth a write of its own.
const (
	gatherSize = 128 << 10
	directSize = 16 << 10
)

// writer takes the WAL in the pieces in which it comes and hands it on in few and large writes. It belongs to the
// receiving goroutine.
type writer struct {
	files   walFiles
	segsize xlog.SegSize
	// begin is called before the first byte of a segment is written.
	begin  func(n xlog.SegNo) error
	writes *atomic.Uint64 // counts the writes
	// timing says whether they are timed.
	timing   func() bool
	activity *activity.Status
	counts   counts

	begun    xlog.SegNo // the last segment that begin was called for
	hasBegun bool
	buf      []byte // gathered and not yet written: the bytes from written on
}

// end is the position of the first byte that has not come yet.
func (w *writer) end() xlog.LSN { return w.files.Written() + xlog.LSN(len(w.buf)) }

// add takes the next piece. It keeps nothing of p.
func (w *writer) add(p []byte) error {
	if len(p) < directSize && len(w.buf)+len(p) <= gatherSize {
		w.buf = append(w.buf, p...)
		return nil
	}
	if err := w.writeGathered(); err != nil {
		return err
	}
	return w.write(p)
}

// writeGathered writes what add has kept back.
func (w *writer) writeGathered() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *writer) write(p []byte) error {
	for len(p) > 0 {
		at := w.files.Written()
		if n := w.segsize.SegNo(at); !w.hasBegun || n != w.begun {
			if err := w.begin(n); err != nil {
				return writeError(at, err)
			}
			w.begun, w.hasBegun = n, true
		}
		part := p[:min(len(p), int(uint32(w.segsize)-w.segsize.Offset(at)))]
		if err := w.writePart(part, at); err != nil {
			return writeError(at, err)
		}
		p = p[len(part):]
	}
	return nil
}

// writePart writes what lies in one segment.
func (w *writer) writePart(p []byte, at xlog.LSN) error {
	var began time.Time
	if w.timing() {
		began = time.Now()
	}
	w.activity.StartWait(activity.WALWrite)
	err := w.files.Write(p, at)
	w.activity.EndWait()
	if !began.IsZero() {
		w.counts.writing += time.Since(began)
	}
	w.writes.Add(1)
	w.counts.writes++
	w.counts.written += uint64(w.files.Written() - at)
	return err
}

// diskFullError says that there is no room for the WAL that comes.
type diskFullError struct{ *reportedError }

func (e *diskFullError) Unwrap() error { return e.reportedError }

func isDiskFull(err error) bool {
	var full *diskFullError
	return errors.As(err, &full)
}

func writeError(at xlog.LSN, err error) error {
	if !durable.IsNoSpace(err) {
		e := errorf(protocol.CodeIOError, "could not write WAL at %v: %v", at, err)
		e.err = err
		return e
	}
	e := errorf(protocol.CodeDiskFull, "could not write WAL at %v: %v", at, err).
		withHint("Make room in the file system of pg_wal. The node connects again by itself and goes on from there.")
	e.err = fmt.Errorf("write WAL: %w", err)
	return &diskFullError{e}
}
