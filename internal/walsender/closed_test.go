package walsender

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend"
	"waypost/internal/pgstat"
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

// A file that nobody reads stands for a disk that stands still.
func TestDiskThatStandsStillDoesNotHoldUpTheLastWalSender(t *testing.T) {
	st := benchStream(t, "tcp")
	w := st.w
	require.NoError(t, os.Chmod(w.p.DataDir, 0o700))
	require.NoError(t, os.MkdirAll(filepath.Join(w.p.DataDir, pgstat.Dir), 0o700))
	stuck := filepath.Join(w.p.DataDir, pgstat.FileName) + ".tmp"
	require.NoError(t, unix.Mkfifo(stuck, 0o600))
	t.Cleanup(func() { // let it go on, to its end
		f, err := os.OpenFile(stuck, os.O_RDWR, 0)
		require.NoError(t, err)
		require.Eventually(t, func() bool { _, err := os.Stat(stuck); return err != nil }, 20*time.Second, time.Millisecond)
		f.Close()
	})
	w.p.Stats.LeaveToSenders()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		w.Close()
		w.SaveLast()
	}()
	require.Eventually(t, func() bool { return w.snd.Snapshot().Pid == 0 }, 20*time.Second, time.Millisecond)
	w.abandon() // whoever else is on the way out is not held up either
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		require.Fail(t, "still waiting for the disk")
	}
}
