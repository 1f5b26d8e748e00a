package walreceiver

import (
	"time"

	"waypost/internal/activity"
	"waypost/internal/pgstat"
	"waypost/xlog"
)

// counts is what the receiving goroutine has counted and not yet added to the node's statistics. It adds it up where it
// writes what was gathered: once for many messages, with the time that was taken for the last of them.
type counts struct {
	received uint64 // bytes
	writes   uint64
	written  uint64        // bytes
	writing  time.Duration // time that it took, with track_wal_io_timing
}

// flush adds what was counted to the statistics.
func (c *counts) flush(s *pgstat.Stats, now time.Time) {
	if c.received == 0 && c.writes == 0 {
		return
	}
	at := xlog.FromTime(now)
	s.Waypost.Received.Add(c.received, at)
	if c.writes > 0 {
		s.Waypost.Written.Add(c.written, at)
		s.WAL.Write.Add(c.writes)
		io := &s.IO[pgstat.IOWalReceiver]
		io.Writes.Add(c.writes)
		io.WriteBytes.Add(c.written)
		if us := uint64(c.writing.Microseconds()); us > 0 {
			s.WAL.WriteMicros.Add(us)
			io.WriteMicros.Add(us)
		}
	}
	*c = counts{}
}

// countSync counts one sync. Its time is measured in any case, to find out how quick syncs are.
func (r *Receiver) countSync(took time.Duration) {
	us := uint64(took.Microseconds())
	r.WalRcv.Syncs.Add(1)
	r.WalRcv.SyncMicros.Add(us)
	r.Stats.WAL.Sync.Add(1)
	r.Stats.WAL.SyncMicros.Add(us)
	io := &r.Stats.IO[pgstat.IOWalReceiver]
	io.Fsyncs.Add(1)
	io.FsyncMicros.Add(us)
}

// shownFiles shows that the process waits for a sync, whichever goroutine does it.
type shownFiles struct {
	walFiles
	activity *activity.Status
}

func (f *shownFiles) Flush() (xlog.LSN, error) {
	f.activity.StartOther(activity.WALSync)
	defer f.activity.EndOther()
	return f.walFiles.Flush()
}

// whileWaiting runs f, for which the process waits, and shows that it does. It is the receiving goroutine's.
func (r *Receiver) whileWaiting(e activity.WaitEvent, f func() error) error {
	r.Activity.StartWait(e)
	defer r.Activity.EndWait()
	return f()
}
