package walsender_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/xlog"
)

// letGo does what a checkpointer does with segment no: it says that the segment is removed, then looks at what is in
// flight, and recycles the file (writes over it) only where nobody can see that. It says whether it did.
func letGo(t *testing.T, n *backendtest.Node, no xlog.SegNo) (recycled bool) {
	t.Helper()
	n.Ckpt.RemovedUpto.Store(uint64(no) + 1)
	inUse := backendtest.SegSize.Start(no) < xlog.LSN(n.SndCtl.AbandonedUpto.Load())
	for i := range n.Snds {
		from := xlog.LSN(n.Snds[i].InFlightFrom.Load())
		inUse = inUse || from != 0 && from < backendtest.SegSize.Start(no+1)
	}
	path := n.WAL().SegmentPath(1, no)
	if inUse {
		require.NoError(t, os.Remove(path))
		return false
	}
	require.NoError(t, writeAt(path, make([]byte, segSize)))
	return true
}

func TestSegmentInFlightIsNotOverwrittenUnderAStalledClient(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	want := n.MakeSegments(1, 1, 32)
	n.SetEnd(33 * segSize)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	got := collect(t, c, segSize, 2*segSize-128*1024)
	// The client has read most of segment 1 and now stops; the rest of it, and more, is on its way by reference.
	eventually(t, "the walsender to get ahead", func() bool { return n.Snds[0].Snapshot().SentPtr > 2*segSize })
	require.Equal(t, uint64(segSize), n.Snds[0].InFlightFrom.Load())
	require.EqualValues(t, 1, n.Snds[0].InFlightTLI.Load())
	require.False(t, letGo(t, n, 1))
	at := segSize + xlog.LSN(len(got))
	got = append(got, collect(t, c, at, 2*segSize)...)
	require.True(t, bytes.Equal(want[:segSize], got))
}

func TestConfirmedSegmentMayBeRecycled(t *testing.T) {
	end := 3 * segSize
	n, c, want := streaming(t, backendtest.Options{}, 2, segSize, end)
	require.Equal(t, want, collect(t, c, segSize, end))
	snd := &n.Snds[0]
	require.Equal(t, uint64(segSize), snd.InFlightFrom.Load(), "read, but the client has not said so")
	// Where it was before it connected, and then what it got from us.
	c.Reply(protocol.StandbyStatusUpdate{Write: segSize})
	c.Reply(protocol.StandbyStatusUpdate{Write: 2*segSize + 0x100})
	n.XLog.WALAdvanced.Signal()
	eventually(t, "half to be settled", func() bool {
		n.XLog.WALAdvanced.Signal()
		return snd.InFlightFrom.Load() == uint64(2*segSize+0x100)
	})
	require.True(t, letGo(t, n, 1))
	c.Reply(protocol.StandbyStatusUpdate{Write: end})
	eventually(t, "all to be settled", func() bool {
		n.XLog.WALAdvanced.Signal()
		return snd.InFlightFrom.Load() == 0
	})
}

// A standby that has WAL up to the end of segment 2 asks for segment 2 again, to have it whole, and reports at first what
// it had before.
func TestFirstReportConfirmsNothingThatWeSent(t *testing.T) {
	end := 3 * segSize
	n, c, _ := streaming(t, backendtest.Options{}, 2, 2*segSize, end)
	for range 3 {
		c.Reply(protocol.StandbyStatusUpdate{Write: end})
	}
	collect(t, c, 2*segSize, end)
	// The answer shows that all replies were taken in.
	c.Reply(protocol.StandbyStatusUpdate{Write: end, ReplyRequested: true})
	mustKeepalive(t, c)
	n.XLog.WALAdvanced.Signal()
	n.SetEnd(end) // and that the sender has looked since
	require.Equal(t, uint64(2*segSize), n.Snds[0].InFlightFrom.Load())
}

func TestWhatAnEndedConnectionLeavesIsNotOverwritten(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	want := n.MakeSegments(1, 1, 32)
	n.SetEnd(33 * segSize)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	eventually(t, "some WAL to be on its way", func() bool { return n.Snds[0].Snapshot().SentPtr >= segSize+128*1024 })
	// The process dies; what it has sent is still in the client's queue.
	c.Session.Signal(15)
	require.Error(t, c.Session.Result(t))
	require.Zero(t, n.Snds[0].InFlightFrom.Load())
	require.False(t, letGo(t, n, 1))
	c.Must('W')
	var got []byte
	for {
		m, err := c.Next()
		if err != nil || m.Type != 'd' {
			break
		}
		got = append(got, m.Body[25:]...)
	}
	require.NotEmpty(t, got)
	require.True(t, bytes.Equal(want[:len(got)], got))
}

func TestSmallMessagesLeaveNothingInFlight(t *testing.T) {
	n, c, want := streaming(t, backendtest.Options{}, 1, segSize, segSize+8192)
	require.Equal(t, want[:8192], collect(t, c, segSize, segSize+8192))
	require.Zero(t, n.Snds[0].InFlightFrom.Load())
}

func TestRemovedSegmentIsNotSentEvenIfItsFileIsStillOpen(t *testing.T) {
	for _, size := range []xlog.LSN{100, 100 * 1024} { // copied, and by reference
		n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
		collect(t, c, segSize, segSize+100)
		n.Ckpt.RemovedUpto.Store(2)
		n.SetEnd(segSize + 100 + size)
		e := c.MustFail()
		require.Equal(t, protocol.CodeUndefinedFile, e.Code)
		require.Equal(t, "requested WAL segment 000000010000000000000001 has already been removed", e.Message)
		c.Must('Z')
	}
}

// A client may ask for another stream while all of the first one is still on its way.
func TestSecondStreamLeavesWhatTheFirstHasInFlightAlone(t *testing.T) {
	const part = 512 * 1024
	n, c, want := streaming(t, backendtest.Options{}, 4, segSize, segSize+part)
	snd := &n.Snds[0]
	eventually(t, "all to be on its way", func() bool { return snd.Snapshot().SentPtr == segSize+part })
	require.Equal(t, uint64(segSize), snd.InFlightFrom.Load())
	c.Send('c', nil)
	eventually(t, "the first stream to end", func() bool { return snd.Snapshot().State == walsnd.Startup })
	n.SetEnd(4*segSize + part)
	c.Query("START_REPLICATION " + (4 * segSize).String())
	eventually(t, "the second stream to begin", func() bool { return snd.InFlightFrom.Load() == uint64(4*segSize) })
	require.False(t, letGo(t, n, 1))
	require.Equal(t, want[:part], collect(t, c, segSize, segSize+part))
}
