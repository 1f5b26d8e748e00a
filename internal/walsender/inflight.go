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

// Both are called with the turn to write, so that a session that the supervisor ends stores nothing any more.

// announce makes it known that bytes from sentPtr to to are about to be sent by reference.
func (st *stream) announce(to xlog.LSN) {
	st.settle()
	if st.refs.from == 0 {
		// The timeline first: InFlightFrom is what makes it count.
		st.w.snd.InFlightTLI.Store(uint32(st.line.id))
		st.refs.from = st.sentPtr
		st.w.snd.InFlightFrom.Store(uint64(st.refs.from))
	}
	st.refs.to = to
}

// settle takes back what the client has confirmed by now.
func (st *stream) settle() {
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
