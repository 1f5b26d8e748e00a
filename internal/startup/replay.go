package startup

import (
	"time"

	"waypost/internal/invariants"
	"waypost/internal/xlogctl"
	"waypost/shmem"
	"waypost/walfile"
	"waypost/xlog"
)

// replay is how far startup has come with reading and checking. "Replayed" is PostgreSQL's word; there are no tables here
// to apply anything to.
type replay struct {
	begun   bool     // the reader stands on a record
	from    xlog.LSN // else: where the first one is to be looked for
	last    lastRecord
	records uint64 // checked and not published yet
	counts  counts
	commit  bool // one of them is a commit whose client waits for it to be applied

	// exhausted is the flushed position up to which all was read, without a fault: what lies between replayed and it is an
	// unfinished record.
	exhausted xlog.LSN

	told   xlog.LSN  // what the upstream has been told, or will be by the walreceiver as soon as it runs
	tellAt time.Time // when it is to hear of more; zero if there is no more
}

// publishEvery bounds, in bytes, how long replayed lags behind what was checked while there is more to check.
const publishEvery = 1 << 20

// idleAfter is how long there must be nothing to read before the title says so.
const idleAfter = 5 * time.Second

// beginReplay makes replay go on where the walk has ended.
func (s *Startup) beginReplay(found *endOfWAL) {
	s.replay = replay{begun: found.last.start != 0, from: found.from, last: found.last, records: s.replay.records, counts: s.replay.counts,
		told: found.end}
	s.XLog.LastReplayedReadRecPtr.Store(uint64(found.last.start))
	s.XLog.LastReplayedTLI.Store(uint32(found.last.tli))
	s.XLog.ReplayedUpto.Store(uint64(found.end))
	s.reader = walfile.NewReader(s.src, s.readerOptions(found.history, 0))
	s.rereadReplay()
}

// rereadReplay makes the reader read anew from the files whatever comes after the last record checked.
func (s *Startup) rereadReplay() {
	s.src.Forget()
	s.reader.Reread()
	if s.replay.begun {
		s.reader.Begin(s.replay.last.next, s.replay.last.start)
	}
}

// replayFlushed checks what was flushed and not checked yet, and says when to call it again if nothing wakes us before.
func (s *Startup) replayFlushed() (time.Duration, error) {
	if s.standStill() {
		return s.replyOwed(), nil
	}
	if wait := s.fault.pause(time.Now()); wait > 0 {
		return wait, nil
	}
	flushed := s.XLog.Flushed()
	if flushed == s.XLog.Replayed() {
		return s.exhaust(flushed), nil
	}
	s.reader.SetLimit(flushed)
	err := s.readRecords(flushed)
	s.publishReplayed(flushed)
	if err == errPauseAsked {
		return 0, nil
	}
	if walfile.IsStop(err, walfile.NeedMore) {
		return s.exhaust(flushed), nil
	}
	stop, err := s.asStop(s.reader, err)
	if err != nil {
		return 0, err
	}
	return 0, s.damaged(stop)
}

// exhaust is for the moment when all that is flushed was read without a fault: one that was met before has healed. It says
// when to look again.
func (s *Startup) exhaust(flushed xlog.LSN) time.Duration {
	s.replay.exhausted = flushed
	s.fault = fault{}
	return shorter(s.showWaiting(), s.replyOwed())
}

// readRecords checks record after record until it meets the end or a fault; its error is never nil.
func (s *Startup) readRecords(flushed xlog.LSN) error {
	r := &s.replay
	if !r.begun {
		if _, err := position(s.reader, r.from, s.dir.SegSize); err != nil {
			return err
		}
	}
	published := s.XLog.Replayed()
	for again := false; ; {
		rec, err := s.reader.Next()
		if err != nil {
			if walfile.IsStop(err, walfile.NeedMore) || again {
				return err
			}
			// The walreceiver may have replaced bytes that were in doubt since they were read: read once more.
			again = true
			s.src.Forget()
			continue
		}
		again = false
		if !r.begun {
			if err := s.rememberFirst(rec, flushed); err != nil {
				return err
			}
		}
		r.begun = true
		r.last = lastRecordOf(rec)
		s.observe(rec)
		if r.commit || r.last.next-published > publishEvery {
			s.publishReplayed(flushed)
			published = r.last.next
			if s.XLog.RecoveryPause() != xlogctl.NotPaused {
				return errPauseAsked
			}
		}
	}
}

// publishReplayed publishes how far records were checked, as far as that is flushed: after a segment switch the next
// record starts where nothing may have been received yet.
func (s *Startup) publishReplayed(flushed xlog.LSN) {
	r, x := &s.replay, s.XLog
	to := min(r.last.next, flushed)
	if !r.begun || to <= x.Replayed() {
		return
	}
	invariants.Check(to <= x.Flushed(), "replayed ≤ flushed")
	_, doubted := x.InDoubt()
	now := time.Now()
	x.RecordsChecked.Add(r.records)
	r.records = 0
	s.flushCounts(to-x.Replayed(), now)
	x.LastReplayedReadRecPtr.Store(uint64(r.last.start))
	x.LastReplayedTLI.Store(uint32(r.last.tli))
	x.ReplayedUpto.Store(uint64(to))
	if fault := xlog.LSN(x.FaultAt.Load()); fault != 0 && fault < to {
		s.passFault() // it was found at start, or the disk could not read it, and now it can
	}
	if doubted {
		if _, still := x.InDoubt(); !still {
			x.WALAdvanced.Signal() // what was in doubt may be sent and reported now
		}
	}
	if r.commit {
		r.commit = false
		s.pace.waitedFor(now)
		s.tell(to)
	}
	s.setTitle("recovering " + walfile.SegmentNameAt(r.last.tli, r.last.start, s.dir.SegSize))
}

// replyWithin is how late the upstream may hear that records were checked which no client of its waits for. The walreceiver's
// reports on what it has flushed say it anyway; one more at each of these moments would cost both sides for nothing.
const replyWithin = 5 * time.Millisecond

// replyOwed sees to it that the upstream hears of what was checked: of a commit that a client waits for at once.
func (s *Startup) replyOwed() time.Duration {
	r := &s.replay
	replayed := s.XLog.Replayed()
	if replayed == r.told {
		return shmem.Forever
	}
	now := time.Now()
	if r.tellAt.IsZero() {
		r.tellAt = now.Add(replyWithin)
	}
	if left := r.tellAt.Sub(now); left > 0 {
		return left
	}
	s.tell(replayed)
	return shmem.Forever
}

// tell has the walreceiver report.
func (s *Startup) tell(replayed xlog.LSN) {
	s.replay.told, s.replay.tellAt = replayed, time.Time{}
	s.WalRcv.ForceReply()
}

// showWaiting says how long replay has nothing to do, and after idleAfter shows in the title what it waits for.
func (s *Startup) showWaiting() time.Duration {
	now := time.Now()
	replayed := s.XLog.Replayed()
	if replayed != s.idle.at {
		s.idle = idle{at: replayed, since: now}
	}
	if left := s.idle.since.Add(idleAfter).Sub(now); left > 0 {
		return left
	}
	s.setTitle("waiting for " + walfile.SegmentNameAt(s.XLog.Timeline(), replayed, s.dir.SegSize))
	return shmem.Forever
}

// idle is since when replay has stood where.
type idle struct {
	at    xlog.LSN
	since time.Time
}
