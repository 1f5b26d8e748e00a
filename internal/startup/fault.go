package startup

import (
	"errors"
	"time"

	"waypost/internal/durable"
	"waypost/walfile"
	"waypost/xlog"
)

// fault is a bad place in received WAL that could not be mended yet. Nothing past it is checked, nor reported as applied;
// receiving goes on.
type fault struct {
	at       xlog.LSN // the record; 0: there is none
	again    time.Time
	interval time.Duration
}

// The pause between two attempts to mend a fault grows from the one to the other.
const (
	firstAlarm = 5 * time.Second
	lastAlarm  = 10 * time.Minute
)

// pause is how long nothing is to be tried yet.
func (f *fault) pause(now time.Time) time.Duration {
	if f.at == 0 {
		return 0
	}
	return max(0, f.again.Sub(now))
}

// raise plans the next attempt.
func (f *fault) raise(at xlog.LSN, now time.Time) {
	if f.at != at {
		*f = fault{at: at, interval: firstAlarm}
	} else {
		f.interval = min(2*f.interval, lastAlarm)
	}
	f.again = now.Add(f.interval)
}

// damaged handles a record, below what was flushed, that is not good. It says so each time that it is called.
func (s *Startup) damaged(stop *walfile.Stop) error {
	s.XLog.CRCFailures.Add(1)
	if _, doubt := s.XLog.InDoubt(); doubt {
		return s.refetchDoubtful(stop)
	}
	if s.fault.at != stop.Record { // else it was counted before
		s.Stats.Waypost.CRCFailed.Add(xlog.Now())
	}
	s.Log.Error().Str("detail", stop.Error()+".").
		Msgf("WAL is damaged: record at %s on timeline %d; nothing past %s is applied", stop.Record, s.XLog.Timeline(), s.XLog.Replayed())
	s.replay.exhausted = 0 // this is no unfinished record
	if s.XLog.CorruptAt.Load() != uint64(stop.Record) {
		s.XLog.FaultAt.Store(uint64(stop.Record))
	}
	err := s.repair(stop)
	switch {
	case err == nil:
		s.fault = fault{}
		s.XLog.CorruptAt.Store(0)
		s.passFault()
		s.rereadReplay()
		return nil
	case durable.IsSyncError(err):
		return err
	case errors.Is(err, ErrStopped): // what else has gone wrong meanwhile matters no more
		return ErrStopped
	}
	e := s.Log.Error().Err(err)
	if errors.Is(err, errUpstreamSame) {
		// Only this is final enough to be shown to the world: the WAL is bad at its origin, or was on its way here.
		s.XLog.CorruptAt.Store(uint64(stop.Record))
		s.passFault() // the consumers have a right to what the upstream sends
		e = e.Str("hint", "The upstream's own standbys and its recovery would fail at this record, too. Take new base backups, and make this node anew.")
	}
	s.fault.raise(stop.Record, time.Now())
	e.Msgf("could not repair WAL at %s, trying again in %s", stop.Record, s.fault.interval)
	return nil
}

// passFault lets be sent what was held back for a fault.
func (s *Startup) passFault() {
	if s.XLog.FaultAt.Swap(0) != 0 {
		s.XLog.WALAdvanced.Signal()
	}
}

// refetchDoubtful throws away pages of an unfinished record that were found on disk at start and turn out not to be good:
// they were never vouched for, sent or reported. Streaming goes on from where the vouching ended.
func (s *Startup) refetchDoubtful(stop *walfile.Stop) error {
	s.Log.Warn().Str("detail", stop.Error()+".").
		Msgf("the unfinished record at %s was not all on disk, it is fetched again", stop.Record)
	if err := s.stopReceiver(); err == errReceiverStays {
		s.Log.Error().Err(err).Msg("could not fetch WAL again")
		s.fault.raise(stop.Record, time.Now())
		return nil
	} else if err != nil {
		return err
	}
	s.Stats.Waypost.Refetched.Add(xlog.Now())
	x := s.XLog
	// A record may end where streaming resumed: it was checked, and nothing checked is taken back.
	vouched := max(x.VouchedUpto.Load(), uint64(x.Replayed()))
	x.FlushedUpto.Store(vouched)
	x.WrittenUpto.Store(vouched)
	x.ResumedAt.Store(vouched)
	s.WalRcv.WrittenUpto.Store(vouched)
	s.fault = fault{}
	s.rereadReplay()
	return nil
}

// errUpstreamSame says that the upstream has the same bad bytes.
var errUpstreamSame = errors.New("the upstream has the same bytes")
