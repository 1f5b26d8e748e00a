package walsender_test

import (
	"bytes"
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/tlsfiles"
	"waypost/internal/tlsfiles/tlstest"
	"waypost/protocol"
	"waypost/xlog"
)

// secureNode is a node that speaks TLS, and how its clients do.
func secureNode(t testing.TB, o backendtest.Options) (*backendtest.Node, *tls.Config) {
	t.Helper()
	ca := tlstest.NewCA(t, "root")
	server := ca.Issue(t, "server")
	dir := t.TempDir()
	files, _, err := (&tlsfiles.Settings{
		CertFile: tlstest.Write(t, dir, "server.crt", server.CertPEM()),
		KeyFile:  tlstest.Write(t, dir, "server.key", server.KeyPEM(t)), Ciphers: "HIGH",
	}).Load()
	require.NoError(t, err)
	o.TLS = files.Encode()
	return newNode(t, o), &tls.Config{RootCAs: tlstest.Pool(ca), ServerName: "localhost"}
}

// secureStream is a client that streams over TLS from start.
func secureStream(t testing.TB, n *backendtest.Node, config *tls.Config, start xlog.LSN) *backendtest.Client {
	t.Helper()
	c := n.Connect()
	require.Equal(t, "S", c.SSLRequest())
	_, err := c.Encrypt(config)
	require.NoError(t, err)
	c.StartReplication()
	c.Query("START_REPLICATION " + start.String())
	c.Must('W')
	return c
}

func TestStreamsOverTLSByteForByte(t *testing.T) {
	end := segSize*9 + 12345
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		n, config := secureNode(t, backendtest.Options{})
		config.MaxVersion = version
		want := n.MakeSegments(1, 1, 10)
		n.SetEnd(end)
		c := secureStream(t, n, config, segSize)
		require.True(t, bytes.Equal(want[:end-segSize], collect(t, c, segSize, end)))
		// And from the live end, in messages of all kinds of sizes.
		for at := end; len(want) > int(at-segSize)+300*1024; {
			for _, size := range []xlog.LSN{1, 100, 8192, 8193, 128 * 1024} {
				n.SetEnd(at + size)
				require.True(t, bytes.Equal(want[at-segSize:][:size], collect(t, c, at, at+size)))
				at += size
			}
			end = at
		}
		require.Eventually(t, func() bool { return n.Snds[0].InFlightFrom.Load() == 0 }, 10*time.Second, time.Millisecond,
			"what is encrypted refers to no file, once the sender is back")
		c.Reply(protocol.StandbyStatusUpdate{Write: end, ReplyRequested: true})
		require.Equal(t, end, mustKeepalive(t, c).WalEnd)
	}
}

// The client ends the copy and goes on with commands in one piece: whoever reads next must get what crypto/tls has
// decrypted already.
func TestCommandsBehindACopyOverTLSAreNotLost(t *testing.T) {
	n, config := secureNode(t, backendtest.Options{})
	n.MakeSegments(1, 1, 1)
	n.SetEnd(segSize + 1000)
	c := secureStream(t, n, config, segSize)
	collect(t, c, segSize, segSize+1000)
	for range 20 {
		b := protocol.AppendCopyDone(nil)
		b = protocol.AppendQuery(b, "IDENTIFY_SYSTEM")
		b = protocol.AppendQuery(b, "START_REPLICATION 0/100000")
		c.SendRaw(b)
		c.Must('c')
		require.Equal(t, "CCZ", c.Until('Z'))
		require.Equal(t, "TDCZ", c.Until('Z'))
		c.Must('W')
		collect(t, c, segSize, segSize+1000)
	}
}

func TestEndOfATimelineHandsTheConnectionOverTLS(t *testing.T) {
	n, config := secureNode(t, backendtest.Options{})
	n.MakeSegments(2, 1, 2)
	at := segSize + 0x8000
	n.WriteFile("pg_wal/00000002.history", "1\t"+at.String()+"\ttest\n")
	n.XLog.TimelineID.Store(2)
	n.SetEnd(2 * segSize)
	c := n.Connect()
	require.Equal(t, "S", c.SSLRequest())
	_, err := c.Encrypt(config)
	require.NoError(t, err)
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000 TIMELINE 1")
	c.Must('W')
	collect(t, c, segSize, at)
	c.Must('c')
	c.SendRaw(protocol.AppendQuery(protocol.AppendCopyDone(nil), "IDENTIFY_SYSTEM"))
	require.Equal(t, "TDCCZ", c.Until('Z'))
	require.Equal(t, "TDCZ", c.Until('Z'))
}

func TestClientThatReadsNothingOverTLSIsGivenUp(t *testing.T) {
	n, config := secureNode(t, backendtest.Options{Config: "wal_sender_timeout = 500ms"})
	n.MakeSegments(1, 1, 64)
	n.SetEnd(65 * segSize)
	c := secureStream(t, n, config, segSize)
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "terminating walsender process due to replication timeout")
}

func TestSigtermEndsAStalledStreamOverTLS(t *testing.T) {
	n, config := secureNode(t, backendtest.Options{})
	n.MakeSegments(1, 1, 64)
	n.SetEnd(65 * segSize)
	c := secureStream(t, n, config, segSize)
	eventually(t, "the stream to stall", func() bool {
		was := n.Snds[0].BytesSent.Load()
		time.Sleep(20 * time.Millisecond)
		return was > 0 && n.Snds[0].BytesSent.Load() == was
	})
	began := time.Now()
	c.Session.Signal(unix.SIGTERM)
	require.Error(t, c.Session.Result(t))
	require.Less(t, time.Since(began), 3*time.Second)
}

func TestLastCycleOverTLSEndsTheCopy(t *testing.T) {
	n, config := secureNode(t, backendtest.Options{})
	want := n.MakeSegments(1, 1, 1)
	n.SetEnd(segSize + 5000)
	c := secureStream(t, n, config, segSize)
	require.Equal(t, want[:5000], collect(t, c, segSize, segSize+5000))
	c.Session.Signal(unix.SIGUSR2)
	mustKeepalive(t, c)
	c.Reply(protocol.StandbyStatusUpdate{Write: segSize + 5000, Flush: segSize + 5000})
	mustEndWithCopy0(t, c)
}
