package faults

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// TestConsumerThatStopsReadingIsEndedAndNobodyElseNotices: its connection is full, so that its walsender is in the middle
// of a send when wal_sender_timeout has passed.
func TestConsumerThatStopsReadingIsEndedAndNobodyElseNotices(t *testing.T) {
	t.Parallel()
	r := newRelay(t, map[string]string{"wal_sender_timeout": "2s"})
	from := r.IdentifySystem().Pos
	upto := feed(r.primary, 20<<20)
	r.waitReplayed(upto)
	mark := r.logFrom()

	deaf := stream(t, r.Port, segSize.SegStart(from))
	w := watch(t, r.Port, from)
	w.waitFor(upto)
	r.waitLog(mark, "terminating walsender process due to replication timeout")
	r.waitSenders(1)
	w.waitFor(feed(r.primary, 100_000))
	require.NoError(t, deaf.Close())
	r.requireHealthy()
}

// TestNonsenseInCopyModeEndsAsWithPostgreSQL sends the primary and the relay the same in the middle of a stream. Both must
// end the stream in the same way, and another stream goes on.
func TestNonsenseInCopyModeEndsAsWithPostgreSQL(t *testing.T) {
	t.Parallel()
	r := newRelay(t, nil)
	upto := r.primary.SwitchWAL()
	r.waitReplayed(upto)
	w := watch(t, r.Port, upto)

	huge := append([]byte{'r'}, bytes.Repeat([]byte{0xff}, 33)...)
	for _, tc := range []struct {
		name string
		send []byte
	}{
		{"unknown kind of CopyData", message('d', []byte("?nonsense"))},
		{"empty CopyData", message('d', nil)},
		{"status update cut off", message('d', statusUpdate(upto)[:20])},
		{"feedback cut off", message('d', []byte("h1234"))},
		{"Query", query("IDENTIFY_SYSTEM")},
		{"Bind", message('B', make([]byte, 10))},
		{"unknown message", message('!', nil)},
		{"impossible length", []byte{'d', 0, 0, 0, 0}},
		{"gigantic length", []byte{'d', 0xff, 0xff, 0xff, 0xff}},
		{"zeros", make([]byte, 100)},
		{"CopyFail", message('f', pairs("enough"))},
		{"Terminate", message('X', nil)},
		// These are taken without a word, so the copy is ended after them.
		{"absurd positions", append(message('d', huge), message('c', nil)...)},
		{"more in a status update than there should be", append(message('d', append(statusUpdate(upto), make([]byte, 100)...)), message('c', nil)...)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, outcome(t, r.primary.Port, upto, tc.send), outcome(t, r.Port, upto, tc.send))
		})
	}

	t.Run("half closed", func(t *testing.T) {
		c := stream(t, r.Port, upto)
		require.NoError(t, c.CloseWrite())
		require.Nil(t, c.mustClose())
	})
	t.Run("reset", func(t *testing.T) {
		c := stream(t, r.Port, segSize.SegStart(upto))
		require.NoError(t, c.SetLinger(0))
		require.NoError(t, c.Close())
	})
	r.waitSenders(1)
	w.waitFor(feed(r.primary, 1000))
	r.requireHealthy()
}

// outcome is what a server answers to bytes in the middle of a stream, up to the next command or the connection's end.
func outcome(t *testing.T, port int, from xlog.LSN, send []byte) []string {
	t.Helper()
	c := stream(t, port, from)
	c.send(send)
	var said []string
	for {
		typ, body, err := c.next()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			t.Fatalf("neither the end of the connection nor that of the copy after %v", patience)
		case err != nil:
			return append(said, "closed")
		case typ == 'Z':
			return append(said, "ready")
		case typ == 'E':
			// PostgreSQL words a zero byte as it is, which ends the text early.
			said = append(said, strings.ReplaceAll(parseError(body).Error(), `\x00"`, ""))
		case typ != 'd':
			said = append(said, string(typ))
		}
	}
}

// TestRefusedPositionsTellWhy: far ahead of what there is, and before what is kept.
func TestRefusedPositionsTellWhy(t *testing.T) {
	t.Parallel()
	r := newRelay(t, nil)
	end := r.IdentifySystem().Pos
	ask := func(l xlog.LSN) *serverError {
		c := connect(t, r.Port)
		c.send(query("START_REPLICATION " + l.String()))
		return c.mustFail()
	}
	e := ask(end + 10*xlog.LSN(segSize))
	require.Equal(t, "XX000", e.code)
	require.Contains(t, e.message, "is ahead of the WAL flush position of this server")
	e = ask(xlog.LSN(1))
	require.Equal(t, "58P01", e.code)
	require.Equal(t, "requested WAL segment 000000010000000000000000 has already been removed", e.message)
	r.requireHealthy()
}
