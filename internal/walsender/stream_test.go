package walsender_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/internal/walsender"
	"waypost/protocol"
	"waypost/xlog"
)

func newNode(t testing.TB, o backendtest.Options) *backendtest.Node {
	t.Helper()
	o.Replication = walsender.New
	return backendtest.New(t, o)
}

const segSize = xlog.LSN(backendtest.SegSize)

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

func TestStreamsWhatIsInFilesByteForByte(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	want := n.MakeSegments(1, 1, 4)
	end := segSize*4 + 12345
	n.SetEnd(end)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	got := collect(t, c, segSize, end)
	require.Equal(t, want[:end-segSize], got)
}

func TestStreamsFromTheLiveEnd(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	want := n.MakeSegments(1, 1, 2)
	n.SetEnd(segSize + 1000)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION PHYSICAL 0/100100 TIMELINE 1")
	c.Must('W')
	at := segSize + 0x100
	for _, size := range []xlog.LSN{1000 - 0x100, 1, 8192, 100, 16 * 1024, 16*1024 + 1, 128 * 1024, 300 * 1024, 600 * 1024} {
		n.SetEnd(at + size)
		require.Equal(t, want[at-segSize:][:size], collect(t, c, at, at+size))
		at += size
	}
}
