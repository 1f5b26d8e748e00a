package walsender

import (
	"time"

	"waypost/internal/activity"
	"waypost/internal/backend"
	"waypost/internal/guc"
	"waypost/internal/invariants"
	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/xlog"
)

// stream is one START_REPLICATION, from CopyBothResponse to the end of the copy. Its fields are the sender's, but for in,
// which the receiver fills, and lag, which both use.
type stream struct {
	w    *WalSender
	conn *backend.Conn
	line *timeline
	seg  segment
	buf  []byte // header, and up to copyLimit bytes of WAL of a message that is sent by copying
	ctl  []byte // keepalives and CopyDone

	copyLimit int
	sentPtr   xlog.LSN // WAL up to here has been sent
	ahead     bool     // the client asked for WAL that we do not have yet, and waits
	caughtUp  bool     // the last look found nothing more to send
	doneSent  bool     // CopyDone is out: the timeline has ended
	streaming bool     // the state STREAMING was reached
	bulk      bool     // the client is so far behind that its connection was prepared for bulk sending
	refs      inFlight
	counted   bool // something was sent that the node's statistics do not have yet
	blocked   bool // it is shown that the client does not take what is being sent
	title     []byte

	in    receiver
	lag   lagTracker
	clock clock

	requireFlush    bool
	shutdownTimeout time.Duration
	updateTitle     bool
}

func newStream(w *WalSender, start xlog.LSN, line *timeline) *stream {
	st := &stream{
		w: w, conn: w.s.Conn, line: line, seg: segment{fd: -1},
		copyLimit: copyLimit, buf: make([]byte, protocol.XLogDataHeaderLen+copyLimit),
		sentPtr: start,
	}
	st.in.st = st
	st.in.done = make(chan struct{})
	st.configure()
	return st
}

// configure takes the settings that the loop needs over.
func (st *stream) configure() {
	set := st.w.p.Settings
	st.requireFlush = set.Bool(guc.WalSenderRequireFlush)
	st.shutdownTimeout = set.Duration(guc.WalSenderShutdownTimeout)
	st.updateTitle = set.Bool(guc.UpdateProcessTitle)
	st.clock.timeout.Store(int64(set.Duration(guc.WalSenderTimeout)))
}

// close leaves the connection to the session, and waits for nothing: the receiver may sleep in its read. The session's
// next read takes over from it.
func (st *stream) close() {
	st.seg.close()
	st.conn.EndBulk()
	st.conn.GiveUp = nil
	st.conn.Handover()
	st.w.s.Await(st.in.done)
}

// run streams. end is up to where WAL could be sent when the command came.
func (st *stream) run(end xlog.LSN) error {
	st.clock.start()
	start := st.sentPtr
	st.w.update(func(f *walsnd.Fields) { // before the receiver stores what the client says
		f.SentPtr = start
		f.TimelineID = st.line.id
		f.Write, f.Flush, f.Apply = 0, 0, 0
	})
	go st.in.run()
	st.conn.GiveUp = st.giveUp
	if !st.line.historic && st.sentPtr > end {
		if st.sentPtr-end > xlog.LSN(st.w.wal.SegSize) {
			return aheadOfUs(st.sentPtr, end)
		}
		st.ahead = true
	}
	return st.loop()
}

// loop sends what there is, and sleeps when there is nothing. Each round looks at everything, so that a wake for one thing
// serves all.
func (st *stream) loop() error {
	advanced := &st.w.p.XLog.WALAdvanced
	for {
		seq := advanced.Seq() // what moves after this ends the sleep below
		if st.w.s.TakeReload() {
			st.configure()
		}
		st.tellStopping()
		if over, err := st.look(); over {
			return err
		}
		now := time.Now()
		if err := st.send(now); err != nil {
			return err
		}
		if err := st.answer(); err != nil {
			return err
		}
		if st.caughtUp {
			if over, err := st.whenCaughtUp(now); over {
				return err
			}
		}
		if err := st.keepTime(now); err != nil {
			return err
		}
		st.flushCounts(now)
		if st.caughtUp {
			st.w.p.Activity.StartWait(activity.WalSenderMain)
			advanced.Wait(seq, st.w.bit, st.sleep())
			st.w.p.Activity.EndWait()
		}
	}
}

// look takes in what the receiver, or a cancel request, has to say. Over: the stream has ended, in good order if err is nil.
// A client that is stuck in a message has to take the rest of it before it can be told of the cancel request.
func (st *stream) look() (over bool, err error) {
	if canceled := st.w.canceled.Load(); canceled != nil {
		return true, canceled
	}
	switch {
	case st.in.ended.Load() != nil:
		return true, *st.in.ended.Load()
	case !st.in.copyDone.Load():
		return false, nil
	case !st.doneSent:
		return true, st.sendControl(protocol.AppendCopyDone(st.ctl[:0]))
	}
	return true, nil
}

// send sends at most one message, and finds out whether there is more to send.
func (st *stream) send(now time.Time) error {
	if st.doneSent {
		st.caughtUp = true
		return nil
	}
	end, err := st.sendUpto()
	if err != nil {
		return err
	}
	// When a position comes back as written, the lag is counted from now: the moment when we saw that WAL reaches so far.
	st.lag.write(end, now)
	if st.line.historic && st.line.validUpto <= st.sentPtr {
		st.seg.close()
		st.doneSent = true
		st.caughtUp = true
		return st.sendControl(protocol.AppendCopyDone(st.ctl[:0]))
	}
	if end <= st.sentPtr {
		st.caughtUp = true
		st.ahead = st.ahead && end < st.sentPtr
		return nil
	}
	st.ahead = false
	if !st.bulk && end-st.sentPtr >= bulkSize {
		st.bulk = true
		st.conn.BeginBulk()
	}
	to := chunkEnd(st.sentPtr, end, st.w.wal.SegSize)
	// The end of a historic timeline is not rest: CopyDone is next.
	st.caughtUp = to == end && !st.line.historic
	if invariants.Enabled {
		invariants.Check(to > st.sentPtr && to <= end, "a message stays within what may be sent")
	}
	if err := st.sendChunk(to, end, now); err != nil {
		return err
	}
	st.counted = true
	if st.blocked {
		st.blocked = false
		st.w.p.Activity.EndWait()
	}
	st.showProgress()
	return nil
}

// sendUpto is up to where WAL may be sent on the stream's timeline, which may turn out to have ended.
func (st *stream) sendUpto() (xlog.LSN, error) {
	if st.line.historic {
		return st.line.validUpto, nil
	}
	end, tli := st.w.sendable(st.requireFlush)
	if tli == st.line.id {
		return end, nil
	}
	// A position read before the change may lie past the switch point, so it does not count.
	line, err := st.w.historic(st.line.id, tli)
	if err != nil {
		return 0, err
	}
	*st.line = line
	return line.validUpto, nil
}

// answer sends the keepalive that a client has asked for.
func (st *stream) answer() error {
	if !st.in.wantsReply.Load() || !st.in.wantsReply.Swap(false) || st.doneSent {
		return nil
	}
	return st.keepalive(false)
}

// whenCaughtUp moves the state on, and ends the stream if it is the last cycle.
func (st *stream) whenCaughtUp(now time.Time) (over bool, err error) {
	if st.bulk {
		st.bulk = false
		st.conn.EndBulk()
	}
	if !st.streaming && !st.ahead && !st.doneSent {
		st.streaming = true
		st.w.update(func(f *walsnd.Fields) {
			if f.State == walsnd.Catchup {
				f.State = walsnd.Streaming
			}
		})
	}
	if st.refs.from != 0 {
		st.conn.Acquire()
		st.settle()
		st.conn.Release()
	}
	if st.w.lastCycle.Load() == nil {
		return false, nil
	}
	return st.finish(now)
}

// keepalive tells the client where we are, and asks for an answer if reply is true.
func (st *stream) keepalive(reply bool) error {
	m := protocol.Keepalive{WalEnd: st.sentPtr, SendTime: xlog.Now(), ReplyRequested: reply}
	if reply {
		st.clock.pinged(time.Now())
	}
	st.ctl = protocol.AppendKeepalive(st.ctl[:0], &m)
	return st.sendControl(st.ctl)
}

func (st *stream) sendControl(b []byte) error {
	st.conn.Acquire()
	defer st.conn.Release()
	_, err := st.conn.Write(b)
	return err
}

// tellStopping lets the checkpointer know that we take no more commands; its shutdown checkpoint waits for that.
func (st *stream) tellStopping() {
	if st.w.stopping.Load() {
		st.w.setState(walsnd.Stopping)
	}
}

// giveUp is asked while the client does not take what is being sent. Such a client must not hold up the shutdown
// checkpoint, and with it SIGUSR2, from which the time counts that it has.
func (st *stream) giveUp() error {
	if !st.blocked {
		st.blocked = true
		st.w.p.Activity.StartWait(activity.WalSenderWriteData)
	}
	st.tellStopping()
	if ended := st.in.ended.Load(); ended != nil && *ended != nil {
		return *ended
	}
	now := time.Now()
	if st.clock.expired(now) {
		return errReplicationTimeout()
	}
	if st.shutdownExpired(now) {
		return errShutdownTimeout()
	}
	return nil
}

func (st *stream) showProgress() {
	if !st.updateTitle {
		return
	}
	st.title = st.sentPtr.Append(append(st.title[:0], "streaming "...))
	st.w.p.Title.SetBytes(st.title)
}

// errShutdownTimeout ends a walsender whose client has not confirmed the last WAL in the time that shutdown allows.
func errShutdownTimeout() error {
	return &protocol.Error{
		Severity: protocol.SeverityWarning, Code: protocol.CodeAdminShutdown, LogOnly: true,
		Message: "terminating walsender process due to replication shutdown timeout",
		Detail:  "The client may not have received all write-ahead log.",
	}
}

func errReplicationTimeout() error {
	return &protocol.Error{
		Severity: protocol.SeverityLog, Code: protocol.CodeConnectionFailure, LogOnly: true,
		Message: "terminating walsender process due to replication timeout",
	}
}
