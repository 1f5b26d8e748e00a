package walsender

import "waypost/xlog"

// inFlight is the WAL that the connection may still hold by reference to file pages. As long as a page is referred to,
// a write to it changes what the client will read; so the checkpointer only unlinks a segment that reaches past
// WalSnd.InFlightFrom, and never writes to it.
//
// When is a reference given up? Not when the kernel says that the peer has acknowledged the bytes (SIOCOUTQ): over the
// loopback device, and between containers of one host, it is our own pages that then wait in the peer's receive queue
// (TestAcknowledgedBytesStillReferToTheFile). Certain is only what the client has said itself: bytes that it reports written
// have been read. A client that reports nothing has segments unlinked instead of recycled, which costs little.
//
// The order against the checkpointer:
//
//	walsender                            checkpointer
//	stores InFlightFrom                  stores RemovedUpto
//	looks at RemovedUpto                 looks at InFlightFrom
//	sends, or gives up                   unlinks, or recycles
//
// Both stores come before both looks in every order that atomics allow, so at least one of the two sees the other.
type inFlight struct {
	from xlog.LSN // 0: nothing
	to   xlog.LSN // end of the last bytes sent by reference
}

// All are called with the turn to write. But a supervisor that does not get the turn in time ends the session all the same,
// perhaps in the middle of a message. What counts then is WalSender.references: once Close has had it nothing is stored any
// more, into what may be another process's element, and no message begins of which Close did not know.

// announce makes it known that bytes from sentPtr to to are about to be sent by reference. False: the walsender has been
// closed, and they must not be.
func (st *stream) announce(to xlog.LSN) bool {
	w := st.w
	w.references.Lock()
	defer w.references.Unlock()
	if w.closed {
		return false
	}
	st.settleLocked()
	if st.refs.from == 0 {
		// The timeline first: InFlightFrom is what makes it count.
		w.snd.InFlightTLI.Store(uint32(st.line.id))
		st.refs.from = st.sentPtr
		w.snd.InFlightFrom.Store(uint64(st.refs.from))
	}
	st.refs.to = to
	return true
}

// settle takes back what the client has confirmed by now.
func (st *stream) settle() {
	st.w.references.Lock()
	defer st.w.references.Unlock()
	if !st.w.closed {
		st.settleLocked()
	}
}

// forget takes everything back: what was announced turned out to be sent as copies.
func (st *stream) forget() {
	st.w.references.Lock()
	defer st.w.references.Unlock()
	if !st.w.closed {
		st.refs = inFlight{}
		st.w.snd.InFlightFrom.Store(0)
	}
}

// abandon gives up what a stream before this one has left in flight: the client may have asked for another without having
// read all of it, and the new one counts anew.
func (w *WalSender) abandon() {
	w.references.Lock()
	defer w.references.Unlock()
	if !w.closed {
		w.abandonLocked()
	}
}

// abandonLocked has the checkpointer spare what the connection may hold, for as long as the node runs: nobody will look
// after it any more. A message that is being sent is not in SentPtr yet.
func (w *WalSender) abandonLocked() {
	if w.snd.InFlightFrom.Load() != 0 {
		w.p.SndCtl.Abandon(w.snd.Snapshot().SentPtr + maxSendSize)
		w.snd.InFlightFrom.Store(0)
	}
}

func (st *stream) settleLocked() {
	if st.refs.from == 0 {
		return
	}
	written := xlog.LSN(st.in.written.Load())
	switch {
	case written >= st.refs.to:
		st.refs = inFlight{}
	case written > st.refs.from:
		st.refs.from = written
	default:
		return
	}
	st.w.snd.InFlightFrom.Store(uint64(st.refs.from))
}
