package walsender

import (
	"time"

	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/xlog"
)

// statusUpdate takes a standby's reply over into WalSnd.
func (r *receiver) statusUpdate(m *protocol.StandbyStatusUpdate) {
	st := r.st
	now := time.Now()
	st.clock.heard(now)
	lag := st.lag.read(m, now)
	repeated := m.Write == r.prev.Write && m.Flush == r.prev.Flush && m.Apply == r.prev.Apply
	r.prev = *m
	st.w.update(func(f *walsnd.Fields) {
		// A standby that has replayed everything and says so twice is idle: a lag measured earlier would mislead.
		forget := repeated && m.Apply == f.SentPtr && m.Flush == f.SentPtr
		f.Write, f.Flush, f.Apply = m.Write, m.Flush, m.Apply
		setLag(&f.WriteLag, lag[walsnd.SyncRepWaitWrite], forget)
		setLag(&f.FlushLag, lag[walsnd.SyncRepWaitFlush], forget)
		setLag(&f.ApplyLag, lag[walsnd.SyncRepWaitApply], forget)
		f.ReplyTime = m.ReplyTime
	})
	r.confirm(m.Write)
	if m.ReplyRequested {
		r.wantsReply.Store(true)
	}
	if m.ReplyRequested || st.w.lastCycle.Load() != nil {
		st.w.nudge()
	}
}

// setLag stores a lag in microseconds, -1 for one that could not be measured.
func setLag(field *int64, lag int64, forget bool) {
	if lag != noLag || forget {
		*field = lag
	}
}

// confirm takes in that the client has written up to l, and so has read it. A standby whose connection is new reports what
// it had written before, even where it has asked for some of that again; it is only with a second position that it
// speaks of what it got from us.
func (r *receiver) confirm(l xlog.LSN) {
	switch {
	case !r.firstSeen:
		r.firstSeen, r.first = true, l
	case l != r.first:
		r.trusted = true
	}
	if r.trusted {
		r.written.Store(uint64(l))
	}
}

// hotStandbyFeedback is noted; nothing here holds rows back for a standby's queries.
func (r *receiver) hotStandbyFeedback(m *protocol.HotStandbyFeedback) {
	r.st.clock.heard(time.Now())
	r.st.w.update(func(f *walsnd.Fields) { f.ReplyTime = m.ReplyTime })
}
