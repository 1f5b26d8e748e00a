package walreceiver

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"waypost/shmem"
	"waypost/xlog"
)

// quickSync is how long syncs may take on average for the receiving goroutine to do them.
const quickSync = 500 * time.Microsecond

// syncer makes written WAL durable on a goroutine of its own, so that receiving goes on meanwhile. A kick starts a sync of
// all that is written by then; one that comes during a sync starts the next. It belongs to one stream.
//
// Where syncs are quick and nothing more waits in the socket, the receiving goroutine syncs by itself instead (syncHere): to
// wake another thread and be told of its end would cost more than what comes meanwhile is worth, and what does come is
// then written and synced together.
//
// Kicks go by a futex and not a channel: that wakes the one thread, without the Go scheduler starting another to look
// for more work, which costs more than the wake where commits are many and processors few.
type syncer struct {
	files walFiles
	// done is called, on the goroutine that synced, after each sync that moved the flushed position.
	done func(flushed xlog.LSN)
	// failed is called once, instead of done: nothing is synced after it.
	failed func(error)
	// took is told how long each sync was.
	took func(time.Duration)

	mu       sync.Mutex // held while syncing; guards err and syncedAt
	syncedAt time.Time  // when the last sync was over
	kicked   shmem.Latch
	stopping atomic.Bool
	progress chan struct{} // has one element after a sync, for waitBelow
	ended    chan struct{} // closed when the goroutine is done
	average  atomic.Int64  // of recent syncs, ns; 0: none yet
	err      error         // why it failed; final once ended is closed
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
		s.mu.Lock()
		ok := s.syncOnce()
		s.mu.Unlock()
		if !ok || last {
			return
		}
		// Without this the Go scheduler's monitor takes the goroutine, which only ever goes from one system call to the
		// next, for one that runs too long, and keeps looking at it every 20 µs.
		runtime.Gosched()
		s.kicked.Wait(shmem.Forever)
	}
}

// quick says whether a sync is over before it is worth doing anything else meanwhile.
func (s *syncer) quick() bool {
	average := s.average.Load()
	return average > 0 && average < int64(quickSync)
}

// syncHere syncs on the calling goroutine, the receiving one; false where a sync is under way already, and a kick is called
// for. A failure is told as any other, and ends the goroutine at its next kick.
func (s *syncer) syncHere() bool {
	if !s.mu.TryLock() {
		return false
	}
	defer s.mu.Unlock()
	if !s.syncOnce() {
		s.kick()
	}
	return true
}

// syncOnce syncs unless a sync has failed before, and says whether none has.
func (s *syncer) syncOnce() bool {
	if s.err != nil {
		return false
	}
	if s.err = s.sync(); s.err != nil {
		s.failed(s.err)
		return false
	}
	return true
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
	s.syncedAt = began.Add(elapsed)
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
