package walsender

import (
	"sync"
	"time"

	"waypost/internal/datadir"
	"waypost/internal/pgstat"
	"waypost/xlog"
)

// tally is what of the WalSnd's own counters the node's statistics have already. Many walsenders would wear out the cache
// lines that they share there: each adds what it has sent at most once every pgstat.FlushEvery, and at its end. Every
// message is one read, be it into memory or of references to the file's pages.
type tally struct {
	mu              sync.Mutex
	bytes, messages uint64
	closed          bool
	at              time.Time // of the last flush; the sender's own
}

// flush adds what was sent since the last time. Any goroutine may call it; after last it does nothing.
func (w *WalSender) flush(now time.Time, last bool) {
	t := &w.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return // the WalSnd may be another's by now
	}
	t.closed = last
	bytes, messages := w.snd.BytesSent.Load()-t.bytes, w.snd.Messages.Load()-t.messages
	if messages == 0 {
		return
	}
	t.bytes += bytes
	t.messages += messages
	w.p.Stats.Waypost.Sent.Add(bytes, xlog.FromTime(now))
	io := &w.p.Stats.IO[pgstat.IOWalSender]
	io.Reads.Add(messages)
	io.ReadBytes.Add(bytes)
}

// flushCounts flushes if it is time to.
func (st *stream) flushCounts(now time.Time) {
	if st.counted && now.Sub(st.w.tally.at) >= pgstat.FlushEvery {
		st.w.flush(now, false)
		st.w.tally.at, st.counted = now, false
	}
}

// untilFlush is how long a sleep may be so that the next flush is not late; false where there is nothing to flush.
func (st *stream) untilFlush(now time.Time) (time.Duration, bool) {
	return max(0, pgstat.FlushEvery-now.Sub(st.w.tally.at)), st.counted
}

// saveWithin is how long the node's end may wait for its statistics to be saved: a disk that stands still must not hold it up.
const saveWithin = 2 * time.Second

// SaveLast saves the node's counters if this was its last walsender in a shutdown, when the checkpointer has left.
func (w *WalSender) SaveLast() {
	for i := range w.p.Snds {
		if w.p.Snds[i].Snapshot().Pid != 0 {
			return
		}
	}
	if !w.p.Stats.TakeLastSave() {
		return
	}
	saved := make(chan error, 1)
	go func() { saved <- w.save() }()
	select {
	case err := <-saved:
		if err != nil {
			w.p.Log.Warn().Err(err).Msg("could not save statistics")
		}
	case <-time.After(saveWithin):
		w.p.Log.Warn().Msgf("could not save statistics: the disk has not answered within %v", saveWithin)
	}
}

func (w *WalSender) save() error {
	mode, err := datadir.Check(w.p.DataDir)
	if err != nil {
		return err
	}
	return w.p.Stats.Save(w.p.DataDir, mode, w.p.XLog.SystemID.Load())
}
