package startup

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/pmsignal"
	"waypost/shmem"
	"waypost/xlog"
)

// receiver is what startup knows of the walreceivers that it asks for.
type receiver struct {
	wanted   bool      // one was asked for and has not been seen to end
	asked    time.Time // when one was last asked for
	from     xlog.LSN  // where it was to begin
	failures int       // how many in a row have ended without having flushed anything
	again    time.Time // not to be asked for before
	settings upstream  // what it was asked for with
	mute     bool      // that there is no upstream has been said
}

// upstream is the settings that a walreceiver must be replaced for.
type upstream struct {
	conninfo, slot string
	tempSlot       bool
}

func (s *Startup) upstream() upstream {
	u := upstream{conninfo: s.Settings.String(guc.PrimaryConninfo), slot: s.Settings.String(guc.PrimarySlotName)}
	u.tempSlot = u.slot == "" && s.Settings.Bool(guc.WalReceiverCreateTempSlot)
	return u
}

// startupTimeout is how long a walreceiver may take to come up (WALRCV_STARTUP_TIMEOUT).
const startupTimeout = 10 * time.Second

// maxPause bounds, in units of wal_retrieve_retry_interval, the pause that grows with failures.
const maxPause = 4

func (s *Startup) retryInterval() time.Duration {
	return s.Settings.Duration(guc.WalRetrieveRetryInterval)
}

// superviseReceiver sees to it that there is a walreceiver. It may be called at any time, and says when to call it again
// if nothing wakes us before: a walreceiver that ends or waits signals WALAdvanced.
func (s *Startup) superviseReceiver(now time.Time) (time.Duration, error) {
	switch s.WalRcv.State() {
	case walrcv.Stopped:
		return s.askAgain(now)
	case walrcv.Starting:
		if left := s.receiver.asked.Add(startupTimeout).Sub(now); left > 0 {
			return left, nil
		}
		s.giveUpStarting()
		return 0, nil
	case walrcv.Waiting:
		return s.retryInterval(), s.switchTimeline(now)
	case walrcv.Stopping, walrcv.Restarting:
		return time.Second, nil
	}
	return shmem.Forever, nil
}

// giveUpStarting takes back a request that nobody has answered, so that it can be made again.
func (s *Startup) giveUpStarting() {
	s.WalRcv.Update(func(f *walrcv.Fields) {
		if f.State == walrcv.Starting {
			f.State = walrcv.Stopped
		}
	})
	s.receiver.wanted = false
	s.receiver.again = time.Time{}
}

// askAgain asks for a walreceiver, as soon as the pause after the last one allows it.
func (s *Startup) askAgain(now time.Time) (time.Duration, error) {
	r := &s.receiver
	if r.wanted {
		r.wanted = false
		s.receiverEnded(now)
	}
	if left := r.again.Sub(now); left > 0 {
		return left, nil
	}
	u := s.upstream()
	if problem := u.problem(); problem != "" {
		if !r.mute {
			r.mute = true
			s.Log.Warn().Str("hint", "Set primary_conninfo and reload.").Msg(problem)
		}
		return shmem.Forever, nil
	}
	r.mute = false
	return startupTimeout, s.askForReceiver(u, now)
}

// problem says why no walreceiver can be asked for; "" for no reason.
func (u upstream) problem() string {
	switch {
	case u.conninfo == "":
		return "primary_conninfo is not set, no WAL is received"
	case len(u.conninfo) >= walrcv.MaxConninfo:
		return fmt.Sprintf("primary_conninfo is longer than %d bytes, no WAL is received", walrcv.MaxConninfo-1)
	case len(u.slot) >= walrcv.NameLen:
		return fmt.Sprintf("primary_slot_name is longer than %d bytes, no WAL is received", walrcv.NameLen-1)
	}
	return ""
}

// receiverEnded decides how long to pause: not at all after one that has received something for longer than
// wal_retrieve_retry_interval, and longer and longer after those that did not.
func (s *Startup) receiverEnded(now time.Time) {
	r := &s.receiver
	if s.XLog.Flushed() > r.from {
		r.failures = 0
	} else {
		r.failures++
	}
	tookBack := s.takeBackUnfinished()
	if !tookBack && r.failures > 0 {
		s.resumeBehindSegment()
	}
	r.again = r.asked.Add(s.retryInterval() * time.Duration(min(max(r.failures, 1), maxPause)))
	if tookBack {
		r.retryAfterTakeBack(now)
	}
	if r.settings != s.upstream() {
		r.again = now
	}
}

// resumeBehindSegment serves an upstream that does not have a segment any more whose last page we hold, as it seems, but do
// not vouch for: the slot that kept the segment let go when we reported its end. The page is taken for good then; if it is
// not, the record's CRC will tell, since nothing of it has been vouched for.
func (s *Startup) resumeBehindSegment() {
	x := s.XLog
	resumed := xlog.LSN(x.ResumedAt.Load())
	next := s.dir.SegSize.SegStart(resumed) + xlog.LSN(s.dir.SegSize)
	if _, doubt := x.InDoubt(); s.receiver.failures < 2 || !doubt || x.Flushed() != resumed || resumed.PageStart()+xlog.PageSize != next {
		return
	}
	x.ResumedAt.Store(uint64(next))
	x.WrittenUpto.Store(uint64(next))
	x.FlushedUpto.Store(uint64(next))
	s.Log.Info().Msgf("the page at %s seems to be complete; streaming resumes at %s", resumed.PageStart(), next)
}

// askForReceiver fills WalRcvData, then signals the postmaster (RequestXLogStreaming).
func (s *Startup) askForReceiver(u upstream, now time.Time) error {
	tli, at := s.XLog.Timeline(), s.XLog.Flushed()
	temp := uint8(0)
	if u.tempSlot {
		temp = 1
	}
	s.XLog.DiffersAt.Store(0)
	s.WalRcv.Update(func(f *walrcv.Fields) {
		shmem.SetString(f.Conninfo[:], u.conninfo)
		shmem.SetString(f.Slotname[:], u.slot)
		f.IsTempSlot, f.ReadyToDisplay = temp, 0
		f.ReceiveStart, f.ReceiveStartTLI = at, tli
		if f.ReceivedTLI != tli || f.FlushedUpto != at {
			f.FlushedUpto, f.LatestChunkStart, f.ReceivedTLI = at, at, tli
		}
		f.StartTime = xlog.FromTime(now)
		f.State = walrcv.Starting
	})
	s.receiver.wanted, s.receiver.asked, s.receiver.from, s.receiver.settings = true, now, at, u
	return s.Postmaster.Send(pmsignal.StartWalReceiver)
}

// receiverSettingsChanged replaces the walreceiver if it was asked for with other settings than there are now.
func (s *Startup) receiverSettingsChanged() {
	r := &s.receiver
	now, was := s.upstream(), r.settings
	if now == was {
		return
	}
	r.again, r.failures, r.mute = time.Time{}, 0, false
	if !r.wanted {
		return
	}
	name := "primary_conninfo"
	if now.conninfo == was.conninfo {
		name = "primary_slot_name"
	}
	s.Log.Info().Msgf("parameter %q changed, shutting down walreceiver", name)
	if err := s.signalReceiver(); err != nil {
		s.Log.Error().Err(err).Msg("could not stop the walreceiver")
	}
}

// signalReceiver tells the walreceiver to end, or takes back the request for one that has not come up.
func (s *Startup) signalReceiver() error {
	pid := 0
	s.WalRcv.Update(func(f *walrcv.Fields) {
		switch f.State {
		case walrcv.Starting:
			f.State = walrcv.Stopped // one that comes up now sees that it is not wanted
		case walrcv.Streaming, walrcv.Waiting, walrcv.Restarting:
			f.State = walrcv.Stopping
			pid = int(f.Pid)
		case walrcv.Stopping:
			pid = int(f.Pid)
		}
	})
	if pid == 0 {
		return nil
	}
	if err := s.Terminate(pid); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("signal walreceiver: %w", err)
	}
	return nil
}

// stopTimeout is how long a walreceiver may take to end. Its last act is to flush, which a busy disk can make long.
const stopTimeout = time.Minute

var errReceiverStays = errors.New("walreceiver does not end")

// stopReceiver ends the walreceiver and waits until it is gone: after it nobody writes WAL.
func (s *Startup) stopReceiver() error {
	if err := s.signalReceiver(); err != nil {
		return err
	}
	deadline := time.Now().Add(stopTimeout)
	s.Activity.StartWait(activity.WalReceiverExit)
	defer s.Activity.EndWait()
	for {
		seq := s.XLog.WALAdvanced.Seq()
		switch {
		case s.WalRcv.State() == walrcv.Stopped:
			s.receiver.wanted = false
			s.receiver.again = time.Time{}
			return nil
		case s.stop.Load():
			return ErrStopped
		case time.Now().After(deadline):
			return errReceiverStays
		}
		s.XLog.WALAdvanced.Wait(seq, xlogctl.StartupBit, 100*time.Millisecond)
	}
}
