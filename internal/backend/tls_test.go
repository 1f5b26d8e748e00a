package backend_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/launch"
	"waypost/internal/tlsfiles"
	"waypost/internal/tlsfiles/tlstest"
	"waypost/protocol"
)

// secure is a node that speaks TLS, and what its clients need.
type secure struct {
	*backendtest.Node
	ca     *tlstest.CA
	client *tls.Config
}

// newSecure makes one; change may change what the postmaster has read.
func newSecure(t *testing.T, o backendtest.Options, change func(c *tlsfiles.Settings, ca *tlstest.CA, dir string)) *secure {
	t.Helper()
	ca := tlstest.NewCA(t, "root")
	server := ca.Issue(t, "server")
	dir := t.TempDir()
	c := &tlsfiles.Settings{
		CertFile: tlstest.Write(t, dir, "server.crt", server.CertPEM()),
		KeyFile:  tlstest.Write(t, dir, "server.key", server.KeyPEM(t)), Ciphers: "HIGH", MinVersion: "TLSv1.2",
	}
	if change != nil {
		change(c, ca, dir)
	}
	files, _, err := c.Load()
	require.NoError(t, err)
	o.TLS = files.Encode()
	return &secure{newNode(t, o), ca, &tls.Config{RootCAs: tlstest.Pool(ca), ServerName: "localhost"}}
}

// encrypted is a connection that has begun to speak TLS by an SSLRequest.
func (n *secure) encrypted(t *testing.T) *backendtest.Client {
	t.Helper()
	c := n.Connect()
	require.Equal(t, "S", c.SSLRequest())
	_, err := c.Encrypt(n.client)
	require.NoError(t, err)
	return c
}

func TestSessionOverTLS(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		n := newSecure(t, backendtest.Options{}, nil)
		n.client.MaxVersion = version
		c := n.encrypted(t)
		c.Start("user", "postgres", "replication", "true")
		c.Until('Z')
		c.Query("SHOW server_version")
		_, rows, _ := c.Rows()
		require.Len(t, rows, 1)
		f := n.Status[c.Session.Slot].Snapshot()
		require.EqualValues(t, 1, f.SSL)
		require.Equal(t, map[uint16]string{tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}[version], text(f.SSLVersion))
		require.Contains(t, text(f.SSLCipher), "GCM")
		require.Contains(t, []int32{128, 256}, f.SSLBits)
		require.Empty(t, text(f.SSLClientDN))
		c.Send('X', nil)
		require.NoError(t, c.Session.Result(t))
		_, err := c.Next()
		require.Equal(t, io.EOF, err, "the end was announced: a client can tell it from a cut")
	}
}

func text(b [64]byte) string {
	s, _, _ := strings.Cut(string(b[:]), "\x00")
	return s
}

func TestDirectTLSNeedsItsALPN(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	n.client.NextProtos = []string{"postgresql"}
	c := n.Connect()
	conn, err := c.Encrypt(n.client)
	require.NoError(t, err)
	require.Equal(t, "postgresql", conn.ConnectionState().NegotiatedProtocol)
	require.Equal(t, "N", c.SSLRequest(), "it is encrypted already")
	c.Start("user", "postgres", "replication", "true")
	c.Until('Z')

	n.client.NextProtos = nil
	c = n.Connect()
	_, err = c.Encrypt(n.client)
	require.NoError(t, err)
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(),
		"LOG:  received direct SSL connection request without ALPN protocol negotiation extension")

	n.client.NextProtos = []string{"http/1.1"}
	c = n.Connect()
	_, err = c.Encrypt(n.client)
	require.ErrorContains(t, err, "no application protocol")
}

func TestEncryptionIsNegotiatedOnce(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	for _, code := range []protocol.ProtocolVersion{protocol.SSLRequestCode, protocol.GSSENCRequestCode} {
		c := n.encrypted(t)
		c.SendRaw(backendtest.StartupPacket(uint32(code)))
		e := c.MustFail()
		require.Equal(t, protocol.CodeFeatureNotSupported, e.Code)
		require.Contains(t, e.Message, "unsupported frontend protocol 1234.")
	}
	// GSSAPI is refused, and TLS may still be asked for.
	c := n.Connect()
	c.SendRaw(backendtest.StartupPacket(uint32(protocol.GSSENCRequestCode)))
	var answer [1]byte
	_, err := io.ReadFull(c, answer[:])
	require.NoError(t, err)
	require.Equal(t, "N", string(answer[:]))
	require.Equal(t, "S", c.SSLRequest())
	// A client that begins to speak TLS after it was told that there is none is a client that makes mistakes.
	c = n.Connect()
	c.SendRaw(backendtest.StartupPacket(uint32(protocol.GSSENCRequestCode)))
	_, err = io.ReadFull(c, answer[:])
	require.NoError(t, err)
	c.SendRaw([]byte("\x16\x03\x01\x00\xc4\x01"))
	c.MustEnd()
	require.Contains(t, n.Log.String(), "invalid length of startup packet")
}

func TestThereIsNoTLSWithoutACertificateOrOnAUnixSocket(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	require.Equal(t, "N", n.Connect().SSLRequest())
	s := newSecure(t, backendtest.Options{}, nil)
	c := s.ConnectAs("unix", launch.CACOK)
	require.Equal(t, "N", c.SSLRequest())
	c.Start("user", "postgres", "replication", "true")
	c.Until('Z')
	require.Zero(t, s.Status[c.Session.Slot].Snapshot().SSL)
}

func TestDataInClearBehindAnSSLRequestIsRefused(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	c := n.Connect()
	c.SendRaw(append(backendtest.StartupPacket(uint32(protocol.SSLRequestCode)),
		backendtest.StartupPacket(3<<16, "user", "postgres", "replication", "true")...))
	var answer [1]byte
	_, err := io.ReadFull(c, answer[:])
	require.NoError(t, err)
	require.Equal(t, "S", string(answer[:]))
	e := c.MustFail()
	require.Equal(t, protocol.CodeProtocolViolation, e.Code)
	require.Equal(t, "received unencrypted data after SSL request", e.Message)
	c.MustEnd()
}

func TestHalfAHandshakeDoesNotOutlastAuthenticationTimeout(t *testing.T) {
	n := newSecure(t, backendtest.Options{Config: "authentication_timeout = 1s"}, nil)
	for _, half := range []string{"", "\x16", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"} {
		c := n.Connect()
		require.Equal(t, "S", c.SSLRequest())
		began := time.Now()
		if half != "" {
			c.SendRaw([]byte(half))
		}
		require.NoError(t, c.Session.Result(t))
		require.Less(t, time.Since(began), 5*time.Second)
		require.NotContains(t, n.Log.String(), "SSL")
	}
}

func TestFailedHandshakesAreLoggedAndHarmNobody(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(c *tlsfiles.Settings, ca *tlstest.CA, dir string)
		client func(c *tls.Config)
		log    string
		hint   string
	}{
		{"version", func(c *tlsfiles.Settings, _ *tlstest.CA, _ string) { c.MinVersion = "TLSv1.3" },
			func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
			"could not accept SSL connection: unsupported protocol",
			"This may indicate that the client does not support any SSL protocol version between "},
		{"cipher", func(c *tlsfiles.Settings, _ *tlstest.CA, _ string) { c.Ciphers = "AES256" },
			func(c *tls.Config) {
				c.MaxVersion = tls.VersionTLS12
				c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
			}, "could not accept SSL connection: no shared cipher", ""},
		{"trust", nil, func(c *tls.Config) { c.RootCAs = x509.NewCertPool() },
			"could not accept SSL connection: alert bad certificate", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newSecure(t, backendtest.Options{}, tc.change)
			tc.client(n.client)
			c := n.Connect()
			require.Equal(t, "S", c.SSLRequest())
			_, err := c.Encrypt(n.client)
			require.Error(t, err)
			c.Close()
			require.NoError(t, c.Session.Result(t))
			require.Contains(t, n.Log.String(), "LOG:  "+tc.log)
			require.Contains(t, n.Log.String(), tc.hint)
		})
	}
	n := newSecure(t, backendtest.Options{}, nil)
	for _, tc := range []struct{ bytes, log string }{
		{"", "could not accept SSL connection: EOF detected"},
		{"\x16\x03\x01\x02\x00\x01\x00", "could not accept SSL connection: EOF detected"},
		{"GET / HTTP/1.1\r\n\r\n", "could not accept SSL connection: wrong version number"},
	} {
		c := n.Connect()
		require.Equal(t, "S", c.SSLRequest())
		c.SendRaw([]byte(tc.bytes))
		require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
		require.NoError(t, c.Session.Result(t))
		require.Contains(t, n.Log.String(), tc.log)
	}
}

func TestClientCertificateIsSeen(t *testing.T) {
	var revoked, good, stranger *tlstest.Pair
	n := newSecure(t, backendtest.Options{}, func(c *tlsfiles.Settings, ca *tlstest.CA, dir string) {
		revoked, good = ca.Issue(t, "revoked"), ca.Issue(t, "good")
		stranger = tlstest.NewCA(t, "stranger").Issue(t, "stranger")
		c.CAFile = tlstest.Write(t, dir, "ca.crt", ca.CertPEM())
		c.CRLFile = tlstest.Write(t, dir, "crl", ca.CRL(t, time.Now().Add(time.Hour), revoked))
	})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		n.client.MaxVersion = version
		n.client.Certificates = []tls.Certificate{good.TLS()}
		c := n.encrypted(t)
		c.Start("user", "postgres", "replication", "true")
		c.Until('Z')
		f := n.Status[c.Session.Slot].Snapshot()
		require.Equal(t, "/CN=good", text(f.SSLClientDN))
		require.Equal(t, "/CN=root", text(f.SSLIssuerDN))
		require.Equal(t, good.Cert.SerialNumber.String(), text(f.SSLSerial))

		for _, bad := range []struct {
			pair *tlstest.Pair
			log  string
		}{
			{revoked, "Client certificate verification failed at depth 0: certificate revoked."},
			{stranger, "Client certificate verification failed at depth 0: unable to get local issuer certificate."},
		} {
			// crypto/tls would show none that the server's list of authorities does not name.
			n.client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				pair := bad.pair.TLS()
				return &pair, nil
			}
			c = n.Connect()
			require.Equal(t, "S", c.SSLRequest())
			if _, err := c.Encrypt(n.client); err == nil { // 1.3's clients have done their part before they are judged
				_, err = c.Next()
				require.ErrorContains(t, err, "remote error: tls: ")
			}
			require.NoError(t, c.Session.Result(t))
			require.Contains(t, n.Log.String(), "LOG:  could not accept SSL connection: certificate verify failed")
			require.Contains(t, n.Log.String(), bad.log)
		}
		n.client.GetClientCertificate = nil
		n.client.Certificates = nil
		c = n.encrypted(t)
		c.Start("user", "postgres", "replication", "true")
		c.Until('Z')
		require.Empty(t, text(n.Status[c.Session.Slot].Snapshot().SSLClientDN))
	}
}

func TestNameThatEndsEarlyIsRefused(t *testing.T) {
	var bad *tlstest.Pair
	n := newSecure(t, backendtest.Options{}, func(c *tlsfiles.Settings, ca *tlstest.CA, dir string) {
		bad = ca.Issue(t, "postgres\x00.example.com")
		c.CAFile = tlstest.Write(t, dir, "ca.crt", ca.CertPEM())
	})
	n.client.Certificates = []tls.Certificate{bad.TLS()}
	c := n.encrypted(t)
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "SSL certificate's common name contains embedded null")
}

func TestCancelRequestOverTLSIsTaken(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	c := n.encrypted(t)
	c.SendRaw(backendtest.StartupPacket(uint32(protocol.CancelRequestCode), "\x40\x00\x00\x00\x01\x02\x03")) // NUL ends each
	require.NoError(t, c.Session.Result(t))
	require.NotContains(t, n.Log.String(), "FATAL")
}

func TestSigtermIsToldOverTLS(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	c := n.encrypted(t)
	c.Start("user", "postgres", "replication", "true")
	c.Until('Z')
	c.Session.Signal(unix.SIGTERM)
	e := c.MustFail()
	require.Equal(t, "terminating connection due to administrator command", e.Message)
	_, err := c.Next()
	require.Equal(t, io.EOF, err)
	<-c.Session.Done()
	require.Empty(t, c.Session.Process.TLS, "no session keeps the files")
}

// A client may ask for new keys at any time. The answer is written by the goroutine that reads.
func TestClientMayAskForNewKeys(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	c := n.Connect()
	require.Equal(t, "S", c.SSLRequest())
	talk(t, c, "-tls1_3", startup, "K", sync, "K", sync)
	require.NoError(t, c.Session.Result(t))
	require.NotContains(t, n.Log.String(), "SSL error")
}

// Before it is let in, a client has no reason to ask for new keys over and over.
func TestStrangerMayNotAskForNewKeysForEver(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	c := n.Connect()
	require.Equal(t, "S", c.SSLRequest())
	talk(t, c, "-tls1_3", "K", "K", "K", "K", "K", "K", "K", "K", "K")
	select {
	case <-c.Session.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("it was answered nine times")
	}
	require.Contains(t, n.Log.String(), "SSL error: the client asks for new keys too often")
	c = n.Connect()
	require.Equal(t, "S", c.SSLRequest())
	talk(t, c, "-tls1_3", append([]string{startup}, slices.Repeat([]string{"K", sync}, 20)...)...)
	require.NoError(t, c.Session.Result(t))
}

func TestRenegotiationEndsTheSessionAlone(t *testing.T) {
	n := newSecure(t, backendtest.Options{}, nil)
	c := n.Connect()
	require.Equal(t, "S", c.SSLRequest())
	talk(t, c, "-tls1_2", startup, "R")
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "LOG:  SSL error: ")
}

const (
	startup = "startup"
	sync    = "S\x00\x00\x00\x04"
)

// talk has OpenSSL's own client say all that, which can do things that crypto/tls cannot: K asks for new keys, R for
// another handshake. After everything else it waits for ReadyForQuery.
func talk(t *testing.T, c *backendtest.Client, version string, say ...string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	cmd := exec.Command("openssl", "s_client", "-connect", l.Addr().String(), version)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	var out backendtest.Log
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer in.Close()
	client, err := l.Accept()
	require.NoError(t, err)
	defer client.Close()
	go func() {
		io.Copy(client, c.Conn)
		client.Close()
	}()
	go func() {
		io.Copy(c.Conn, client)
		c.Conn.Close()
	}()
	ready, orders := 0, 0
	for _, word := range say {
		switch word {
		case "K", "R":
			_, err = in.Write([]byte(word + "\n"))
			require.NoError(t, err)
			what := map[string]string{"K": "KEYUPDATE", "R": "RENEGOTIATING"}[word]
			orders++ // s_client takes an order together with what it reads behind it, so it must have been alone
			require.Eventually(t, func() bool { return strings.Count(out.String(), what) == orders }, 10*time.Second, time.Millisecond)
			if word == "R" {
				require.Error(t, <-ended, "it is not done")
			}
			continue
		case startup:
			word = string(backendtest.StartupPacket(3<<16, "user", "postgres", "replication", "true"))
		}
		ready++
		_, err = in.Write([]byte(word))
		require.NoError(t, err)
		require.Eventuallyf(t, func() bool { return strings.Count(out.String(), "Z\x00\x00\x00\x05I") == ready },
			10*time.Second, time.Millisecond, "after %q", word)
	}
}
