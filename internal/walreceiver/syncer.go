package walreceiver

import (
	"runtime"
	"sync/atomic"
	"time"

	"waypost/shmem"
	"waypost/xlog"
)

// syncer makes written WAL durable on a goroutine of its own, so that receiving goes on meanwhile. A kick starts a sync of
// all that is written by then; one that comes during a sync starts the next. It belongs to one stream.
//
// Kicks go by a futex and not a channel: that wakes the one thread, without the Go scheduler starting another to look
// for more work, which costs more than the wake where commits are many and processors few.
type syncer struct {
	files walFiles
	// done is called, on the syncing goroutine, after each sync that moved the flushed position.
	done func(flushed xlog.LSN)
	// failed is called once, instead of done: nothing is synced after it.
	failed func(error)
	// took is told how long each sync was.
	took func(time.Duration)

	kicked   shmem.Latch
	stopping atomic.Bool
	progress chan struct{} // has one element after a sync, for waitBelow
	ended    chan struct{} // closed when the goroutine is done
	average  atomic.Int64  // of recent syncs, ns; 0: none yet
	err      error         // why it failed; set before ended is closed
}

func (s *syncer) start() {
	s.progress = make(chan struct{}, 1)
	s.ended = make(chan struct{})
	go s.run()
}

func (s *syncer) run() {
	defer close(s.ended)
	for {
		s.kicked.Reset()
		last := s.stopping.Load()
		if err := s.sync(); err != nil {
			s.err = err
			s.failed(err)
			return
		}
		if last {
			return
		}
		// Without this the Go scheduler's monitor takes the goroutine, which only ever goes from one system call to the
		// next, for one that runs too long, and keeps looking at it every 20 µs.
		runtime.Gosched()
		s.kicked.Wait(shmem.Forever)
	}
}

// sync syncs what is written, if anything is that was not synced.
func (s *syncer) sync() error {
	before := s.files.Flushed()
	if s.files.Written() == before {
		return nil
	}
	began := time.Now()
	flushed, err := s.files.Flush()
	if err != nil {
		return err
	}
	elapsed := time.Since(began)
	if old := s.average.Load(); old == 0 {
		s.average.Store(int64(elapsed))
	} else {
		s.average.Store((old*7 + int64(elapsed)) / 8)
	}
	s.took(elapsed)
	s.done(flushed)
	select {
	case s.progress <- struct{}{}:
	default:
	}
	return nil
}

// kick starts a sync.
func (s *syncer) kick() { s.kicked.Set() }

// stop has everything synced that is written, and then ends the goroutine; ended tells when. No Write may come after it.
func (s *syncer) stop() {
	s.stopping.Store(true)
	s.kick()
}

// waitBelow waits until less than limit bytes are written and not synced, or the syncer has failed. It bounds what a disk
// slower than the network leaves unsynced.
func (s *syncer) waitBelow(limit xlog.LSN) {
	for s.files.Written()-s.files.Flushed() >= limit {
		s.kick()
		select {
		case <-s.progress:
		case <-s.ended:
			return
		}
	}
}
