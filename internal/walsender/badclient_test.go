package walsender_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

func TestNonsenseInCopyMode(t *testing.T) {
	for _, tc := range []struct {
		name, bytes string
		fatal       string // what the client is told as the session ends
		err         string // what it is told, and the session goes on
		log         string // what only the log has, and the session ends with 0
	}{
		{"a query", "Q\x00\x00\x00\x0dSELECT 1\x00", `invalid standby message type "Q"`, "", ""},
		{"an unknown type", "?\x00\x00\x00\x04", `invalid standby message type "?"`, "", ""},
		{"CopyFail", "f\x00\x00\x00\x05\x00", `invalid standby message type "f"`, "", ""},
		{"an unknown reply", "d\x00\x00\x00\x05z", "", "", `unexpected message type "z"`},
		{"an empty reply", "d\x00\x00\x00\x04", "", "no data left in message", ""},
		{"half a reply", "d\x00\x00\x00\x0dr12345678", "", "insufficient data left in message", ""},
		{"half a feedback", "d\x00\x00\x00\x0dh12345678", "", "insufficient data left in message", ""},
		{"an impossible length", "d\x00\x00\x00\x01", "", "", "unexpected EOF on standby connection"},
		{"a huge length", "d\xff\xff\xff\xff", "", "", "unexpected EOF on standby connection"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
			collect(t, c, segSize, segSize+100)
			c.SendRaw([]byte(tc.bytes))
			switch {
			case tc.fatal != "":
				e := c.MustFail()
				require.Equal(t, protocol.Error{Severity: "FATAL", Code: "08P01", Message: tc.fatal}, *e)
				c.MustEnd()
				require.Error(t, c.Session.Result(t))
			case tc.err != "":
				e := c.MustFail()
				require.Equal(t, protocol.Error{Severity: "ERROR", Code: "08P01", Message: tc.err}, *e)
				c.Must('Z')
				c.Query("SHOW port")
				require.Equal(t, "TDCZ", c.Until('Z'))
			default:
				c.MustEnd()
				require.NoError(t, c.Session.Result(t))
				require.Contains(t, n.Log.String(), "LOG:  "+tc.log)
			}
		})
	}
}

func TestTerminateEndsAStreamSilently(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	c.Send('X', nil)
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
	require.Empty(t, n.Log.String())
}

func TestHalfClosedClientIsGone(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "LOG:  unexpected EOF on standby connection")
}

func TestClientThatClosesInMidMessageIsGone(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	c.SendRaw([]byte("d\x00\x00\x00\x26r123"))
	require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "LOG:  unexpected EOF on standby connection")
}

func TestResetWhileWalIsBeingSentIsNoCrash(t *testing.T) {
	n, c := stalled(t, backendtest.Options{})
	require.NoError(t, c.Conn.(*net.TCPConn).SetLinger(0))
	require.NoError(t, c.Close())
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "LOG:  ")
	require.Zero(t, n.Snds[0].Snapshot().Pid)
}

func TestResetWhileIdleIsNoCrash(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	require.NoError(t, c.Conn.(*net.TCPConn).SetLinger(0))
	require.NoError(t, c.Close())
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "unexpected EOF on standby connection")
}
