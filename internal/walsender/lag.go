package walsender

import (
	"sync"
	"time"

	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/xlog"
)

// lagSamples is the size of the ring. PostgreSQL's has 8192 samples, 128 kB; when the ring is full, the slowest reader
// falls back to its oldest sample, so a small ring only makes a long lag coarser between its two ends.
const lagSamples = 512

// noLag says that no lag could be measured.
const noLag = -1

// lagSample says when we saw that WAL reaches up to lsn.
type lagSample struct {
	lsn xlog.LSN
	at  time.Time
}

// overflowed marks a reader whose next sample has been pushed out of the ring and is kept aside.
const overflowed = -1

// lagTracker remembers when positions were reached here, and tells how long ago that was when the client reports them
// written, flushed and applied (PostgreSQL's LagTracker). Times are monotonic, so a step of the clock is no lag.
type lagTracker struct {
	mu      sync.Mutex
	ring    []lagSample // made with the first sample
	head    int         // where the next sample goes
	lastLSN xlog.LSN
	readers [walsnd.NumSyncRepWaitModes]lagReader
}

// lagReader is how far one kind of position has come.
type lagReader struct {
	next     int       // its next sample in the ring, or overflowed
	aside    lagSample // the next sample, when overflowed
	lastRead lagSample // zero time: none that is of use for interpolation
}

// write remembers that WAL reaches up to lsn now.
func (t *lagTracker) write(lsn xlog.LSN, now time.Time) {
	if lsn == t.lastLSN { // only the sender writes it
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastLSN = lsn
	if t.ring == nil {
		t.ring = make([]lagSample, lagSamples)
	}
	next := (t.head + 1) % len(t.ring)
	for i := range t.readers {
		if r := &t.readers[i]; r.next == next {
			r.aside = t.ring[next]
			r.next = overflowed
		}
	}
	t.ring[t.head] = lagSample{lsn, now}
	t.head = next
}

// read gives the lags in microseconds that a reply tells of, noLag for each that it tells nothing of.
func (t *lagTracker) read(m *protocol.StandbyStatusUpdate, now time.Time) (lag [walsnd.NumSyncRepWaitModes]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, lsn := range [...]xlog.LSN{
		walsnd.SyncRepWaitWrite: m.Write, walsnd.SyncRepWaitFlush: m.Flush, walsnd.SyncRepWaitApply: m.Apply,
	} {
		lag[i] = noLag
		if at := t.reached(&t.readers[i], lsn); !at.IsZero() && !at.After(now) {
			lag[i] = now.Sub(at).Microseconds()
		}
	}
	return lag
}

// reached is when WAL up to lsn, or the sample before it, was there; the zero time if no new sample has been passed and
// none can be guessed.
func (t *lagTracker) reached(r *lagReader, lsn xlog.LSN) time.Time {
	if t.ring == nil {
		return time.Time{}
	}
	var at time.Time
	if r.next == overflowed {
		if r.aside.lsn > lsn {
			return r.aside.at
		}
		at = r.aside.at
		r.lastRead = r.aside
		r.next = (t.head + 1) % len(t.ring)
	}
	for r.next != t.head && t.ring[r.next].lsn <= lsn {
		r.lastRead = t.ring[r.next]
		at = r.lastRead.at
		r.next = (r.next + 1) % len(t.ring)
	}
	last := r.lastRead
	if r.next == t.head {
		// All is read: the last sample says nothing about the next burst of WAL.
		r.lastRead.at = time.Time{}
		return at
	}
	if !at.IsZero() {
		return at
	}
	next := t.ring[r.next]
	switch {
	case last.at.IsZero():
		// Nothing before it to go by: what the lag would be if the next sample were reached now.
		return next.at
	case lsn < last.lsn || last.at.After(next.at):
		// Positions go back when a timeline changes.
		return time.Time{}
	}
	// A position that is stuck between two samples has a lag that grows: guess when we were there.
	share := float64(lsn-last.lsn) / float64(next.lsn-last.lsn)
	return last.at.Add(time.Duration(share * float64(next.at.Sub(last.at))))
}
