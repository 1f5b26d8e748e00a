package walsender_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/launch"
	"waypost/internal/walsender"
	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/xlog"
)

func newNode(t testing.TB, o backendtest.Options) *backendtest.Node {
	t.Helper()
	o.Replication = walsender.New
	return backendtest.New(t, o)
}

const segSize = xlog.LSN(backendtest.SegSize)

// eventually waits for a condition that another goroutine brings about.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 10*time.Second, time.Millisecond, what)
}

// collect reads XLogData until the stream has reached to, and gives the bytes. Keepalives on the way are passed over.
func collect(t testing.TB, c *backendtest.Client, from, to xlog.LSN) []byte {
	t.Helper()
	var got []byte
	for at := from; at < to; {
		body := c.Must('d')
		if body[0] == 'k' {
			continue
		}
		var m protocol.XLogData
		require.NoError(t, protocol.DecodeXLogData(body, &m))
		require.Equal(t, at, m.Start, "messages follow each other")
		require.LessOrEqual(t, len(m.Data), 128*1024)
		require.GreaterOrEqual(t, m.WalEnd, at+xlog.LSN(len(m.Data)))
		got = append(got, m.Data...)
		at += xlog.LSN(len(m.Data))
	}
	return got
}

// mustKeepalive reads a keepalive.
func mustKeepalive(t testing.TB, c *backendtest.Client) protocol.Keepalive {
	t.Helper()
	var k protocol.Keepalive
	require.NoError(t, protocol.DecodeKeepalive(c.Must('d'), &k))
	return k
}

// streaming is a node with count segments of WAL up to end, and a client that has begun to stream from start.
func streaming(t testing.TB, o backendtest.Options, count int, start, end xlog.LSN) (*backendtest.Node, *backendtest.Client, []byte) {
	t.Helper()
	n := newNode(t, o)
	wal := n.MakeSegments(1, 1, count)
	n.SetEnd(end)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION " + start.String())
	c.Must('W')
	return n, c, wal
}

func TestStreamsWhatIsInFilesByteForByte(t *testing.T) {
	end := segSize*4 + 12345
	for _, network := range []string{"tcp", "unix"} {
		n := newNode(t, backendtest.Options{})
		want := n.MakeSegments(1, 1, 4)
		n.SetEnd(end)
		c := n.ConnectAs(network, launch.CACOK)
		c.StartReplication()
		c.Query("START_REPLICATION 0/100000")
		c.Must('W')
		require.Equal(t, want[:end-segSize], collect(t, c, segSize, end))
		eventually(t, "all to be counted", func() bool { return n.Snds[0].BytesSent.Load() == uint64(end-segSize) })
	}
}

func TestStreamsFromTheLiveEnd(t *testing.T) {
	n, c, want := streaming(t, backendtest.Options{}, 2, segSize+0x100, segSize+1000)
	at := segSize + 0x100
	for _, size := range []xlog.LSN{1000 - 0x100, 1, 8192, 8193, 100, 128 * 1024, 300 * 1024, 600 * 1024} {
		n.SetEnd(at + size)
		require.Equal(t, want[at-segSize:][:size], collect(t, c, at, at+size))
		at += size
	}
}

func TestMessagesEndAtPagesAndSegments(t *testing.T) {
	_, c, _ := streaming(t, backendtest.Options{}, 3, segSize+0x123, 3*segSize+77)
	for at, end := segSize+0x123, 3*segSize+77; at < end; {
		var m protocol.XLogData
		require.NoError(t, protocol.DecodeXLogData(c.Must('d'), &m))
		next := m.Start + xlog.LSN(len(m.Data))
		require.Equal(t, at, m.Start)
		require.Equal(t, end, m.WalEnd)
		require.True(t, next == next.PageStart() || next == end, "%v", next)
		require.Equal(t, backendtest.SegSize.SegNo(m.Start), backendtest.SegSize.SegNo(next-1), "a message stays in its segment")
		at = next
	}
}

func TestNothingIsSentThatIsNotFlushedWhereThatIsRequired(t *testing.T) {
	n, c, want := streaming(t, backendtest.Options{Config: "wal_sender_require_flush = on"}, 1, segSize, segSize+0x1000)
	require.Equal(t, want[:0x1000], collect(t, c, segSize, segSize+0x1000))
	n.XLog.SetWritten(segSize + 0x3000)
	// The answer to a status update comes behind whatever was sent before it.
	c.Reply(protocol.StandbyStatusUpdate{Write: segSize, ReplyRequested: true})
	require.Equal(t, segSize+0x1000, mustKeepalive(t, c).WalEnd)
	n.XLog.SetFlushed(segSize + 0x2000)
	n.XLog.WALAdvanced.Signal()
	require.Equal(t, want[0x1000:0x2000], collect(t, c, segSize+0x1000, segSize+0x2000))
}

func TestDoubtfulBytesAreNotSent(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	want := n.MakeSegments(1, 1, 1)
	n.XLog.VouchedUpto.Store(uint64(segSize + 0x1100))
	n.XLog.ResumedAt.Store(uint64(segSize + 0x2000))
	n.SetEnd(segSize + 0x3000)
	n.XLog.ReplayedUpto.Store(uint64(segSize + 0x1100))
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	require.Equal(t, want[:0x1100], collect(t, c, segSize, segSize+0x1100))
	c.Reply(protocol.StandbyStatusUpdate{ReplyRequested: true})
	mustKeepalive(t, c)
	n.XLog.ReplayedUpto.Store(uint64(segSize + 0x2800))
	n.XLog.WALAdvanced.Signal()
	require.Equal(t, want[0x1100:0x3000], collect(t, c, segSize+0x1100, segSize+0x3000))
}

func TestRepliesAreKeptInWalSnd(t *testing.T) {
	end := segSize + 0x2000
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, end)
	collect(t, c, segSize, end)
	c.Reply(protocol.StandbyStatusUpdate{Write: end, Flush: end - 1, Apply: end - 2, ReplyTime: 4711, ReplyRequested: true})
	k := mustKeepalive(t, c)
	require.False(t, k.ReplyRequested)
	require.Equal(t, end, k.WalEnd)
	f := n.Snds[0].Snapshot()
	require.Equal(t, []xlog.LSN{end, end, end - 1, end - 2}, []xlog.LSN{f.SentPtr, f.Write, f.Flush, f.Apply})
	require.EqualValues(t, 4711, f.ReplyTime)
	require.GreaterOrEqual(t, f.WriteLag, int64(0))
	require.EqualValues(t, 1, n.Snds[0].Replies.Load())

	// Hot standby feedback counts as a sign of life, and its time is kept.
	c.SendRaw(protocol.AppendHotStandbyFeedback(nil, &protocol.HotStandbyFeedback{ReplyTime: 4712}))
	eventually(t, "feedback taken in", func() bool { return n.Snds[0].Snapshot().ReplyTime == 4712 })
}

func TestStatesFollowTheStream(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.MakeSegments(1, 1, 8)
	n.SetEnd(9 * segSize)
	c := n.Connect()
	c.StartReplication("application_name", "standby1")
	snd := &n.Snds[0]
	f := snd.Snapshot()
	require.Equal(t, walsnd.Startup, f.State)
	require.Equal(t, "standby1", strings.TrimRight(string(f.Application[:]), "\x00"))
	require.Equal(t, "postgres", strings.TrimRight(string(f.User[:]), "\x00"))
	require.Equal(t, "127.0.0.1", strings.TrimRight(string(f.ClientAddr[:]), "\x00"))
	require.NotZero(t, f.ClientPort)
	require.NotZero(t, f.BackendStart)

	// The client reads nothing: its receive queue and our send queue cannot hold 8 MB.
	require.NoError(t, c.Conn.(interface{ SetReadBuffer(int) error }).SetReadBuffer(64*1024))
	c.Query("START_REPLICATION 0/100000")
	eventually(t, "catching up", func() bool { return snd.Snapshot().State == walsnd.Catchup })
	c.Must('W')
	collect(t, c, segSize, 9*segSize)
	eventually(t, "streaming", func() bool { return snd.Snapshot().State == walsnd.Streaming })
	require.EqualValues(t, 1, snd.Snapshot().TimelineID)
	c.Send('c', nil)
	require.Equal(t, "cCCZ", c.Until('Z'))
	require.Equal(t, walsnd.Startup, snd.Snapshot().State)
}

func TestCopyDoneEndsTheStreamAndCommandsGoOn(t *testing.T) {
	_, c, want := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	for range 3 {
		require.Equal(t, want[:100], collect(t, c, segSize, segSize+100))
		// What follows CopyDone at once is a command, and not lost.
		c.SendRaw(append([]byte{'c', 0, 0, 0, 4}, protocol.AppendQuery(nil, "SHOW port")...))
		c.Must('c')
		require.Equal(t, "START_STREAMING\x00", string(c.Must('C')))
		require.Equal(t, "START_REPLICATION\x00", string(c.Must('C')))
		c.Must('Z')
		require.Equal(t, "TDCZ", c.Until('Z'))
		c.Query("START_REPLICATION 0/100000")
		c.Must('W')
	}
}

func TestErrorInMidStreamLeavesTheSessionUsable(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	n.SetEnd(2*segSize + 100) // there is no second file
	collect(t, c, segSize+100, 2*segSize)
	e := c.MustFail()
	require.Equal(t, protocol.CodeUndefinedFile, e.Code)
	require.Equal(t, "requested WAL segment 000000010000000000000002 has already been removed", e.Message)
	c.Must('Z')
	// A standby may have a reply under way.
	c.Reply(protocol.StandbyStatusUpdate{Write: 1})
	c.Send('c', nil)
	c.Query("SHOW port")
	require.Equal(t, "TDCZ", c.Until('Z'))
	c.Query("IDENTIFY_SYSTEM")
	require.Equal(t, "TDCZ", c.Until('Z'))
}

func TestClientAheadOfUsWaitsInCopyMode(t *testing.T) {
	n, c, want := streaming(t, backendtest.Options{}, 2, segSize+0x5000, segSize+0x100)
	c.Reply(protocol.StandbyStatusUpdate{Write: segSize + 0x5000, ReplyRequested: true})
	mustKeepalive(t, c)
	require.Equal(t, walsnd.Catchup, n.Snds[0].Snapshot().State, "it is not up to date, it is ahead")
	n.SetEnd(segSize + 0x5000)
	eventually(t, "streaming", func() bool { return n.Snds[0].Snapshot().State == walsnd.Streaming })
	n.SetEnd(segSize + 0x6000)
	require.Equal(t, want[0x5000:0x6000], collect(t, c, segSize+0x5000, segSize+0x6000))
}

func TestClientAheadOfUsWaitsNoLongerThanTheTimeout(t *testing.T) {
	_, c, _ := streaming(t, backendtest.Options{Config: "wal_sender_timeout = 500ms"}, 1, segSize+0x5000, segSize+0x100)
	pinged := false
	for {
		m, err := c.Next()
		require.NoError(t, err)
		if m.Type == 'E' {
			e, err := protocol.DecodeErrorResponse(m.Body)
			require.NoError(t, err)
			require.Equal(t, "requested starting point 0/105000 is ahead of the WAL flush position of this server 0/100100", e.Message)
			break
		}
		require.Equal(t, byte('d'), m.Type)
		pinged = true
		c.Reply(protocol.StandbyStatusUpdate{Write: segSize + 0x5000})
	}
	require.True(t, pinged, "it was kept alive meanwhile")
	c.Must('Z')
}

func TestSegmentThatBecameShorterIsFoundBeforeTheMessageBegins(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.MakeSegments(1, 1, 1)
	require.NoError(t, os.Truncate(n.WAL().SegmentPath(1, 1), 5000))
	n.SetEnd(segSize + 0x8000)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	require.Equal(t, `WAL file "pg_wal/000000010000000000000001" is too short: 5000 bytes of 1048576`, c.MustFail().Message)
	c.Must('Z')
}

func TestFileCutWhileItIsSentEndsTheConnection(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	require.NoError(t, os.Truncate(n.WAL().SegmentPath(1, 1), 8192))
	n.SetEnd(segSize + 0x8000) // large enough to go by reference
	c.MustEnd()                // half a message, and nothing that could be taken for WAL
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "WAL segment 000000010000000000000001 became shorter while it was being sent")
}

func TestUnreadableSegmentIsAnError(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	require.NoError(t, os.Symlink("/dev/null/nothing", n.WAL().SegmentPath(1, 1)))
	n.SetEnd(segSize + 0x100)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	e := c.MustFail()
	require.Equal(t, protocol.CodeIOError, e.Code)
	require.Contains(t, e.Message, `could not open file "pg_wal/000000010000000000000001"`)
}

func TestReplacedSegmentIsOpenedAnew(t *testing.T) {
	for _, how := range []string{"SegmentsChanged", "NeedReload"} {
		n, c, want := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
		require.Equal(t, want[:100], collect(t, c, segSize, segSize+100))
		// The replacement has other bytes, so that one can see which file is read.
		other := make([]byte, segSize)
		for i := range other {
			other[i] = byte(i)
		}
		path := n.WAL().SegmentPath(1, 1)
		require.NoError(t, os.WriteFile(path+".new", other, 0o600))
		require.NoError(t, os.Rename(path+".new", path))
		if how == "NeedReload" {
			n.Snds[0].Update(func(f *walsnd.Fields) { f.NeedReload = 1 })
		} else {
			n.XLog.SegmentsChanged.Add(1)
		}
		n.SetEnd(segSize + 300)
		require.Equal(t, other[100:300], collect(t, c, segSize+100, segSize+300), how)
		require.Zero(t, n.Snds[0].Snapshot().NeedReload)
	}
}

func TestSigtermEndsAStreamWithItsReason(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	c.Session.Signal(unix.SIGTERM)
	require.Equal(t, protocol.CodeAdminShutdown, c.MustFail().Code)
	c.MustEnd()
	require.Error(t, c.Session.Result(t))
	require.Zero(t, n.Snds[0].Snapshot().Pid)
}

func TestSigtermDoesNotWaitForAClientThatDoesNotRead(t *testing.T) {
	n, c := stalled(t, backendtest.Options{})
	began := time.Now()
	c.Session.Signal(unix.SIGTERM)
	require.Error(t, c.Session.Result(t))
	require.Less(t, time.Since(began), 3*time.Second)
	require.Zero(t, n.Snds[0].Snapshot().Pid)
}

// stalled is a stream of 32 MB to a client that reads nothing, once the walsender cannot send any more.
func stalled(t *testing.T, o backendtest.Options) (*backendtest.Node, *backendtest.Client) {
	t.Helper()
	n := newNode(t, o)
	n.MakeSegments(1, 1, 32)
	n.SetEnd(33 * segSize)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	var last xlog.LSN
	still := 0
	eventually(t, "the client's queue to fill", func() bool {
		sent := n.Snds[0].Snapshot().SentPtr
		if sent != last || sent < segSize {
			still = 0
		}
		last = sent
		still++
		return still > 50
	})
	require.Less(t, last, 33*segSize)
	return n, c
}

// writeAt writes over the beginning of a file.
func writeAt(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
