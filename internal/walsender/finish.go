package walsender

import (
	"time"

	"waypost/internal/backend"
	"waypost/protocol"
	"waypost/xlog"
)

// pingPause is the shortest time between two requests for a reply in the last cycle. A standby confirms by itself once it
// has flushed; only a pg_receivewal has to be asked, and once is enough for it.
const pingPause = 50 * time.Millisecond

// finish ends the last cycle once the client has confirmed all there is: its flush position where it reports one, else
// its write position. A client ahead of us counts as caught up. Until then it asks for replies.
func (st *stream) finish(now time.Time) (over bool, err error) {
	if st.shutdownConfirmed() {
		// The bare end of the copy: no CopyDone and no ReadyForQuery, as PostgreSQL ends it.
		st.ctl = protocol.AppendCommandComplete(st.ctl[:0], "COPY 0")
		if err := st.sendControl(st.ctl); err != nil {
			return true, err
		}
		return true, backend.ErrDone
	}
	if st.shutdownExpired(now) {
		return true, errShutdownTimeout()
	}
	if now.Sub(st.clock.lastPing) >= pingPause && !st.doneSent {
		return false, st.keepalive(true)
	}
	return false, nil
}

// shutdownExpired says whether the last cycle has taken all the time that it may.
func (st *stream) shutdownExpired(now time.Time) bool {
	since := st.w.lastCycle.Load()
	return since != nil && st.shutdownTimeout > 0 && now.Sub(*since) >= st.shutdownTimeout
}

func (st *stream) shutdownConfirmed() bool {
	f := st.w.snd.Snapshot()
	confirmed := f.Flush
	if confirmed == xlog.InvalidLSN {
		confirmed = f.Write
	}
	return confirmed >= st.sentPtr
}

// untilNextPing is how long the last cycle may sleep.
func (st *stream) untilNextPing(now time.Time) time.Duration {
	d := pingPause - now.Sub(st.clock.lastPing)
	if st.clock.pinging.Load() || st.doneSent {
		// Asked already, or too late to ask: what the client says wakes us.
		d = time.Second
	}
	if since := st.w.lastCycle.Load(); st.shutdownTimeout > 0 && since != nil {
		d = min(d, st.shutdownTimeout-now.Sub(*since))
	}
	return max(0, d)
}
