package walreceiver

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"waypost/internal/activity"
	"waypost/internal/xlogctl"
	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

// When a sync is started although more waits in the socket.
const (
	syncAfterBytes = 1 << 20
	syncAfter      = time.Millisecond
)

// writeReportWorth is how long a sync must take for a report of the written position to be sent ahead of it. Where syncs are
// quicker the report of the flush says the same a moment later, and each report costs the upstream a wake and a lock.
const writeReportWorth = 500 * time.Microsecond

// maxUnsynced is how many segments' worth of WAL may be written and not synced before receiving waits for the disk.
const maxUnsynced = 4

// stream is one run of WAL on one timeline: from START_REPLICATION to the end of the copy. Three goroutines work on it:
//
//	receiving   reads from the connection, writes, kicks the syncer, watches the clock. It is the one that run runs on
//	syncing     syncer: syncs, publishes the flushed position, reports it
//	reporting   sends reports that startup asks for, and those that are due
type stream struct {
	r    *Receiver
	conn transport.Conn
	tli  xlog.TimeLineID

	writer    *writer
	overlap   overlap
	syncer    *syncer
	reporter  *reporter
	positions *positions

	// Of the receiving goroutine.
	heardAt    time.Time // when something came last
	pinged     bool      // since then, the upstream was asked for a sign of life
	deadline   time.Time // of the next Receive
	unkicked   int       // bytes received since the last kick
	unkickedAt time.Time // when the first of them came
	message    message   // the XLogData message whose piece came last
	drained    bool      // nothing more waited in the socket at the last look
	writeDue   time.Time // when the written position is to be reported, if no sync has been by then; zero: it need not be

	// replyAt is the position that must be flushed before the reply that the upstream has asked for; 0: none is owed.
	replyAt atomic.Uint64

	failed atomic.Pointer[error]      // what the syncing goroutine ended of
	unsent atomic.Pointer[brokenSend] // the first report that could not be sent

	reporting sync.WaitGroup
	over      atomic.Bool // the reporting goroutine is to end
}

// brokenSend is a send that failed. Receiving goes on for lastWords: there may be WAL in the socket, and the upstream may
// have said why it closed the connection.
type brokenSend struct {
	err   error
	until time.Time
}

const lastWords = time.Second

// run receives until the upstream ends the stream, and then has everything synced and reported. A nil error means that
// the copy has ended in order; shutdown, that the upstream did it because it is going down.
func (s *stream) run() (shutdown bool, err error) {
	s.syncer.start()
	s.reporting.Add(1)
	go s.reportOnDemand()
	defer s.stopReporting()

	s.heardAt = time.Now()
	if !s.r.feedbackSent {
		s.r.feedbackSent = true
		s.sent(s.reporter.noFeedback())
	}
	shutdown, err = s.receive()
	return shutdown, s.finish(err)
}

// receive is the receiving goroutine's loop.
func (s *stream) receive() (shutdown bool, err error) {
	s.setDeadline()
	s.drained = true
	for {
		if s.drained { // else Receive does not wait
			s.r.Activity.StartWait(activity.WalReceiverMain)
		}
		ev, err := s.conn.Receive(s.nextLook())
		if s.drained {
			s.r.Activity.EndWait()
		}
		if err != nil {
			if err = s.notReceived(err); err != nil {
				return false, err
			}
			s.drained = true
			continue
		}
		now := time.Now()
		s.heardAt, s.pinged = now, false
		switch ev.Kind {
		case transport.EndOfCopy:
			return ev.Shutdown, nil
		case transport.NoEvent:
			if err := s.settle(now); err != nil {
				return false, err
			}
			s.drained = true
			continue
		}
		if err := s.take(&ev, now); err != nil {
			return false, err
		}
		// Where the stream never pauses, no Receive is ever interrupted.
		if err := s.ordered(now); err != nil {
			return false, err
		}
	}
}

// ordered says whether another goroutine wants the stream to end.
func (s *stream) ordered(now time.Time) error {
	if err := s.r.stopRequested(); err != nil {
		return err
	}
	if err := s.failed.Load(); err != nil {
		return *err
	}
	if b := s.unsent.Load(); b != nil && !now.Before(b.until) {
		return b.err
	}
	return nil
}

// take handles one event, and writes what is gathered as soon as nothing more waits.
func (s *stream) take(ev *transport.Event, now time.Time) error {
	s.r.heard(ev.End, ev.SendTime, xlog.FromTime(now))
	switch ev.Kind {
	case transport.XLogData:
		if err := s.judgeAge(ev, now); err != nil {
			return err
		}
		if err := s.takeData(ev, now); err != nil {
			return err
		}
	case transport.Keepalive:
		if ev.ReplyRequested {
			if err := s.settle(now); err != nil {
				return err
			}
			s.replyAfterFlush()
			return nil
		}
	default:
		return errorf(protocol.CodeProtocolViolation, "unexpected %v in the WAL stream", ev.Kind)
	}
	if s.drained = !s.conn.Pending(); s.drained {
		return s.settle(now)
	}
	if s.unkicked >= syncAfterBytes || s.unkicked > 0 && now.Sub(s.unkickedAt) >= syncAfter {
		return s.writeAndKick(now)
	}
	return nil
}

// message is what tells an XLogData message from the next; the transport gives it out piece by piece.
type message struct {
	end   xlog.LSN
	sent  xlog.TimestampTz
	began time.Time // when its first piece came
}

// judgeAge ends the stream where a message does not come to its end, because bytes of it were lost. What is taken for the rest
// of its WAL is what the upstream says next: on an idle one keepalives, which would be signs of life for hours.
func (s *stream) judgeAge(ev *transport.Event, now time.Time) error {
	if ev.End != s.message.end || ev.SendTime != s.message.sent {
		s.message = message{ev.End, ev.SendTime, now}
		return nil
	}
	timeout := s.r.settings.Load().timeout
	if age := now.Sub(s.message.began); timeout > 0 && age >= timeout && ev.SendTime != 0 {
		return errorf(protocol.CodeConnectionFailure, "terminating walreceiver due to timeout").
			withDetail("A message that began to come %v ago has not come to its end (wal_receiver_timeout is %v).",
				age.Round(time.Millisecond), timeout)
	}
	return nil
}

func (s *stream) takeData(ev *transport.Event, now time.Time) error {
	data, err := s.overlap.check(ev.Start, ev.Data)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return nil
	}
	start := ev.Start + xlog.LSN(len(ev.Data)-len(data))
	if expected := s.writer.end(); start != expected {
		return &transport.DiscontinuityError{Expected: expected, Got: start}
	}
	// No upstream sends WAL past the end that it tells of (one that tells of none gives something lower): the message's length
	// is wrong, and this is what came after it.
	if end := start + xlog.LSN(len(data)); end > ev.End && ev.End >= ev.Start {
		return errorf(protocol.CodeProtocolViolation, "invalid WAL message received from primary").
			withDetail("It has WAL up to %v, and says that the upstream's WAL ends at %v.", end, ev.End)
	}
	if s.unkicked == 0 {
		s.unkickedAt = now
	}
	s.unkicked += len(data)
	s.r.WalRcv.BytesReceived.Add(uint64(len(data)))
	s.writer.counts.received += uint64(len(data))
	return s.writer.add(data)
}

// settle is for the moment when nothing more waits in the socket: everything is written, and a sync begins.
func (s *stream) settle(now time.Time) error {
	if s.unkicked == 0 {
		return nil
	}
	if s.syncer.quick() {
		done, err := s.writeAndSync(now)
		if done || err != nil {
			return err
		}
	}
	if err := s.writeAndKick(now); err != nil {
		return err
	}
	slow := s.syncer.average.Load() > int64(writeReportWorth)
	if slow || !s.writeDue.IsZero() && !now.Before(s.writeDue) {
		s.reportWrite()
	} else if s.writeDue.IsZero() {
		s.writeDue = now.Add(writeReportWorth)
	}
	return nil
}

// reportWrite reports the written position, unless a sync has told it meanwhile.
func (s *stream) reportWrite() {
	s.writeDue = time.Time{}
	s.sent(s.reporter.report(ifMoved))
}

// writeAndSync writes what is gathered, tells who waits for it, and syncs; false where a sync is under way that did not begin
// late enough.
func (s *stream) writeAndSync(now time.Time) (done bool, err error) {
	if err := s.writer.writeGathered(); err != nil {
		return false, err
	}
	s.positions.setWritten(s.writer.files.Written())
	s.writer.counts.flush(s.r.Stats, now)
	if !s.syncer.syncHere() {
		return false, nil
	}
	s.unkicked, s.writeDue = 0, time.Time{}
	return true, nil
}

// writeAndKick writes what is gathered and starts a sync of it.
func (s *stream) writeAndKick(now time.Time) error {
	if err := s.writer.writeGathered(); err != nil {
		return err
	}
	s.syncer.kick() // before the publishing, which costs a system call where somebody waits
	s.unkicked = 0
	s.positions.setWritten(s.writer.files.Written())
	s.writer.counts.flush(s.r.Stats, now)
	s.syncer.waitBelow(maxUnsynced * xlog.LSN(s.writer.segsize))
	return nil
}

// replyAfterFlush answers the upstream's question once all that was written before it is flushed.
func (s *stream) replyAfterFlush() {
	s.replyAt.Store(uint64(s.writer.files.Written()))
	s.replyIfOwed(s.writer.files.Flushed())
}

func (s *stream) replyIfOwed(flushed xlog.LSN) {
	at := s.replyAt.Load()
	if at != 0 && uint64(flushed) >= at && s.replyAt.CompareAndSwap(at, 0) {
		s.sent(s.reporter.report(always))
	}
}

// synced runs on the syncing goroutine after each sync.
func (s *stream) synced(flushed xlog.LSN) {
	s.r.Stats.Waypost.Flushed.Add(uint64(s.positions.setFlushed(flushed)), xlog.FromTime(s.syncer.syncedAt))
	s.replyIfOwed(flushed)
	s.sent(s.reporter.report(ifMoved))
	bits := uint32(xlogctl.StartupBit | xlogctl.CheckpointerBit)
	if s.r.settings.Load().requireFlush {
		bits = ^uint32(0)
	}
	s.r.XLog.WALAdvanced.Nudge(bits)
	s.r.showStreaming(flushed)
}

// sent takes note of how a send went, on any goroutine.
func (s *stream) sent(err error) {
	if err != nil && s.unsent.CompareAndSwap(nil, &brokenSend{err, time.Now().Add(lastWords)}) {
		s.conn.Interrupt()
	}
}

// fail ends the stream from the syncing goroutine.
func (s *stream) fail(err error) {
	s.failed.CompareAndSwap(nil, &err)
	s.conn.Interrupt()
}

// notReceived judges an error of Receive; nil: go on.
func (s *stream) notReceived(err error) error {
	switch {
	case errors.Is(err, transport.ErrDeadline):
		return s.nothingCame(time.Now())
	case errors.Is(err, transport.ErrInterrupted):
		if err := s.ordered(time.Now()); err != nil {
			return err
		}
		if err := s.r.stillInRecovery(); err != nil {
			return err
		}
		s.setDeadline() // the settings may have changed
		return nil
	}
	return upstreamError("could not receive data from WAL stream", err)
}

// watchClock runs when nothing has come for a while. All of it goes by the monotonic clock.
func (s *stream) watchClock(now time.Time) error {
	defer s.setDeadline()
	timeout := s.r.settings.Load().timeout
	if timeout <= 0 {
		return nil
	}
	silence := now.Sub(s.heardAt)
	if silence >= timeout {
		return errorf(protocol.CodeConnectionFailure, "terminating walreceiver due to timeout").
			withDetail("The upstream has sent nothing for %v (wal_receiver_timeout is %v).",
				silence.Round(time.Millisecond), timeout)
	}
	if silence >= timeout/2 && !s.pinged {
		s.pinged = true
		s.sent(s.reporter.ping())
	}
	return nil
}

// nextLook is when Receive is to come back if nothing comes.
func (s *stream) nextLook() time.Time {
	switch {
	case s.unkicked > 0:
		return s.unkickedAt.Add(syncAfter)
	case s.unsent.Load() != nil:
		return s.unsent.Load().until
	case !s.writeDue.IsZero():
		return s.writeDue
	}
	return s.deadline
}

// nothingCame does what nextLook wanted it for.
func (s *stream) nothingCame(now time.Time) error {
	switch {
	case s.unkicked > 0: // more seemed to wait, but it is only half a message
		return s.settle(now)
	case s.unsent.Load() != nil:
		return s.ordered(now)
	case !s.writeDue.IsZero():
		s.reportWrite()
		return nil
	}
	return s.watchClock(now)
}

// setDeadline sets when the clock must be looked at next. It is not set anew with every message, because setting a
// socket's deadline costs: one that comes too early only costs a look.
func (s *stream) setDeadline() {
	timeout := s.r.settings.Load().timeout
	switch {
	case timeout <= 0:
		s.deadline = time.Time{}
	case s.pinged:
		s.deadline = s.heardAt.Add(timeout)
	default:
		s.deadline = s.heardAt.Add(timeout / 2)
	}
}

// reportOnDemand is the reporting goroutine.
func (s *stream) reportOnDemand() {
	defer s.reporting.Done()
	latch := s.r.WalRcv.Latch()
	for {
		latch.Reset()
		if s.over.Load() {
			return
		}
		u := ifMoved
		if s.r.WalRcv.TakeForceReply() {
			u = ifNews
		}
		if err := s.reporter.report(u); err != nil {
			s.sent(err)
			return
		}
		latch.Wait(s.reporter.untilDue())
	}
}

func (s *stream) stopReporting() {
	s.over.Store(true)
	s.r.WalRcv.Latch().Set()
	s.reporting.Wait()
}

// finish has everything that came synced, and tells the upstream where that leaves us. cause is why receiving ended.
func (s *stream) finish(cause error) error {
	if !isDiskFull(cause) {
		if err := s.writer.writeGathered(); err != nil {
			cause = err
		}
	}
	if isDiskFull(cause) {
		// Not one word more to the upstream: it must not take a node that cannot keep WAL for a healthy one.
		s.conn.Close()
		s.r.log().Warn().Msg("disconnecting from the upstream, because there is no room for its WAL")
	}
	s.positions.setWritten(s.writer.files.Written())
	s.writer.counts.flush(s.r.Stats, time.Now())
	s.awaitSyncer()
	if s.syncer.err != nil {
		return s.r.syncFailed(s.syncer.err)
	}
	if cause == nil || errors.Is(cause, errStopped) {
		// The last word of an orderly end. An upstream that has closed the connection needs none.
		_ = s.reporter.report(ifNews)
	}
	return cause
}

// awaitSyncer waits for the last sync, as long as it takes: the kernel tells of a sync that fails only once, so whoever went
// on without that word would vouch for what the disk does not have. Reports that do not get through are Stop's to break off.
func (s *stream) awaitSyncer() {
	s.syncer.stop()
	<-s.syncer.ended
}
