package walsender

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend"
	"waypost/internal/walsnd"
	"waypost/xlog"
)

// A supervisor that cannot get the turn closes the walsender in the middle of a message. Its element may be another
// process's at once, and what it holds by reference is known to the checkpointer up to that message only.
func TestNoMessageBeginsOnceTheWalSenderIsClosed(t *testing.T) {
	st := benchStream(t, "tcp")
	w := st.w
	ctl, snd := w.p.SndCtl, w.snd
	start := st.sentPtr
	sendMessages(t, st, maxSendSize, 1)
	require.Equal(t, uint64(start), snd.InFlightFrom.Load())

	w.Close()
	require.Equal(t, uint64(start+2*maxSendSize), ctl.AbandonedUpto.Load(), "a message that was being sent is covered")
	require.Zero(t, walsnd.Claim(w.p.Snds, 4711, func(*walsnd.Fields) {}))
	sent := st.sentPtr
	require.ErrorIs(t, st.sendChunk(sent+maxSendSize, sent+2*maxSendSize, st.clock.base), backend.ErrDone)
	require.Equal(t, sent, st.sentPtr)
	require.Zero(t, snd.InFlightFrom.Load(), "it is another process's now")
	st.in.written.Store(uint64(sent))
	st.settle()
	w.abandon()
	w.Close()
	require.Zero(t, snd.InFlightFrom.Load())
	require.EqualValues(t, 4711, snd.Snapshot().Pid)
	require.Less(t, xlog.LSN(ctl.AbandonedUpto.Load()), sent+2*maxSendSize)
}
