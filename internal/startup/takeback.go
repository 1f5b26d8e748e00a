package startup

import (
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/walsnd"
	"waypost/xlog"
)

// takeBackUnfinished looks at what the last walreceiver, which has ended, has found to differ from the upstream. In an
// unfinished record no CRC would ever tell: its rest cannot come before the difference is gone. Such a record holds nothing
// that anybody was promised, so what is held of it is taken back and fetched again. A difference in a record that was checked
// stays, and the upstream stays refused. It says whether something was taken back.
//
// Only when all that is held was read, and the reader wants more, is what it stands in known to be an unfinished record.
// Until then nothing is done: the next walreceiver finds the same difference.
func (s *Startup) takeBackUnfinished() bool {
	x := s.XLog
	at, replayed, flushed := xlog.LSN(x.DiffersAt.Load()), x.Replayed(), x.Flushed()
	if at == 0 || s.fault.at != 0 || s.replay.exhausted != flushed || at < replayed || at >= flushed {
		return false
	}
	from, doubt := x.InDoubt()
	switch {
	case doubt && at >= from: // found at start, or fetched again and wrong again: nobody has been given any of it
	case !s.replay.begun:
		return false // the rest of a record whose beginning is not here: it was flushed once, and nothing says where it ends
	case s.history.TLIOf(replayed) != x.Timeline():
		return false // a stream begins on one timeline, and must not write another's WAL into its files
	default:
		from = replayed
	}
	from = max(from, replayed) // a record may end where streaming resumed: it was checked
	s.Log.Warn().Str("detail", "It differs from the upstream's at "+at.String()+".").
		Msgf("the unfinished record at %s is fetched again from %s", replayed, from)
	s.Stats.Waypost.Refetched.Add(xlog.Now())
	believed := x.Sendable(false)
	x.TakeBack(from)
	s.WalRcv.WrittenUpto.Store(uint64(from))
	if believed > from {
		s.endSendersPast(from)
	}
	s.replay.exhausted = 0
	s.rereadReplay()
	return true
}

// endSendersPast ends the connections of those who may have been sent what was taken back from l on. Had they stayed, their
// clients would get the right bytes behind the wrong ones without a word. When they come again, they are sent nothing past l
// before it was checked, and begin where they find out by themselves: a standby and pg_receivewal at the start of the
// segment, a relay with the last page it holds, which differs from ours by then and makes it do as we do.
//
// SentPtr moves after the sending, by no more than a segment.
func (s *Startup) endSendersPast(l xlog.LSN) {
	for i := range s.Snds {
		f := s.Snds[i].Snapshot()
		if f.Pid == 0 || f.State == walsnd.Startup || f.SentPtr+xlog.LSN(s.dir.SegSize) <= l {
			continue
		}
		if err := s.Terminate(int(f.Pid)); err != nil && err != unix.ESRCH {
			s.Log.Warn().Err(err).Msgf("could not end walsender %d, which has sent WAL that is fetched again", f.Pid)
		}
	}
}

// retryAfterTakeBack is at once the first time. If the upstream, or what stands between, gives out wrong bytes again and
// again, the usual pause is made.
func (r *receiver) retryAfterTakeBack(now time.Time) {
	if r.failures <= 1 {
		r.again = now
	}
}
