package backendtest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/launch"
	"waypost/protocol"
)

// Client is a scripted client.
type Client struct {
	net.Conn
	Session *Session

	t  testing.TB
	in []byte
}

// patience is how long a client waits for what must come.
const patience = 10 * time.Second

// Connect opens a TCP connection over the loopback and has a session serve it.
func (n *Node) Connect() *Client { return n.ConnectAs("tcp", launch.CACOK) }

// ConnectAs opens a connection by "tcp" or "unix", as the postmaster would take it in the state cac.
func (n *Node) ConnectAs(network string, cac launch.CAC) *Client {
	n.T.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = n.T.TempDir() + "/s"
	}
	l, err := net.Listen(network, address)
	require.NoError(n.T, err)
	defer l.Close()
	conn, err := net.Dial(network, l.Addr().String())
	require.NoError(n.T, err)
	accepted, err := l.Accept()
	require.NoError(n.T, err)
	file := fileOf(n.T, accepted)
	accepted.Close()
	n.T.Cleanup(func() { conn.Close() })
	// The session's descriptor is a copy that only it uses.
	c := &Client{Conn: conn, t: n.T, Session: n.Serve(int(file.Fd()), cac)}
	n.T.Cleanup(func() {
		conn.Close()
		<-c.Session.Done()
		file.Close()
	})
	return c
}

func fileOf(t testing.TB, c net.Conn) *os.File {
	t.Helper()
	type filer interface{ File() (*os.File, error) }
	f, err := c.(filer).File()
	require.NoError(t, err)
	return f
}

// SSLRequest asks for TLS and gives the answer.
func (c *Client) SSLRequest() string {
	c.t.Helper()
	c.SendRaw(StartupPacket(uint32(protocol.SSLRequestCode)))
	var answer [1]byte
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.ReadFull(c, answer[:])
	require.NoError(c.t, err)
	return string(answer[:])
}

// Encrypt does the client's part of a handshake; all that follows goes through it. What the server thinks of the client's
// certificate may show with the first read only.
func (c *Client) Encrypt(config *tls.Config) (*tls.Conn, error) {
	conn := tls.Client(c.Conn, config)
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if err := conn.Handshake(); err != nil {
		return nil, err
	}
	c.Conn = conn
	return conn, conn.SetDeadline(time.Time{})
}

// Start sends a startup packet of protocol 3.0 with names and values in turn.
func (c *Client) Start(parameters ...string) { c.SendRaw(StartupPacket(3<<16, parameters...)) }

// StartReplication sends the startup packet of a replication client and reads up to ReadyForQuery.
func (c *Client) StartReplication(parameters ...string) {
	c.t.Helper()
	c.Start(append([]string{"user", "postgres", "replication", "true"}, parameters...)...)
	require.Contains(c.t, c.Until('Z'), "R")
}

// StartupPacket is a startup packet of any version.
func StartupPacket(version uint32, parameters ...string) []byte {
	body := be32(nil, version)
	for _, p := range parameters {
		body = append(append(body, p...), 0)
	}
	if len(parameters) > 0 {
		body = append(body, 0)
	}
	return append(be32(nil, uint32(len(body)+4)), body...)
}

func be32(b []byte, v uint32) []byte { return append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v)) }

// SendRaw sends bytes as they are.
func (c *Client) SendRaw(b []byte) {
	c.t.Helper()
	_, err := c.Write(b)
	require.NoError(c.t, err)
}

// Send sends a message.
func (c *Client) Send(typ byte, body []byte) {
	c.t.Helper()
	c.SendRaw(append(be32([]byte{typ}, uint32(len(body)+4)), body...))
}

// Query sends a simple query.
func (c *Client) Query(sql string) {
	c.t.Helper()
	c.SendRaw(protocol.AppendQuery(nil, sql))
}

// Reply sends a standby status update.
func (c *Client) Reply(m protocol.StandbyStatusUpdate) {
	c.t.Helper()
	c.SendRaw(protocol.AppendStandbyStatusUpdate(nil, &m))
}

// Message is one message from the server.
type Message struct {
	Type byte
	Body []byte
}

// Next gives the next message; io.EOF at the end.
func (c *Client) Next() (Message, error) {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return Message{}, err
	}
	head, err := c.take(5)
	if err != nil {
		return Message{}, err
	}
	n := int(head[1])<<24 | int(head[2])<<16 | int(head[3])<<8 | int(head[4])
	typ := head[0]
	body, err := c.take(n - 4)
	return Message{typ, body}, err
}

func (c *Client) take(n int) ([]byte, error) {
	for len(c.in) < n {
		var b [64 * 1024]byte
		m, err := c.Read(b[:])
		c.in = append(c.in, b[:m]...)
		if err != nil && len(c.in) < n {
			if errors.Is(err, io.EOF) && len(c.in) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	out := append([]byte{}, c.in[:n]...)
	c.in = c.in[n:]
	return out, nil
}

// Must gives the next message, which must be of the type.
func (c *Client) Must(typ byte) []byte {
	c.t.Helper()
	m, err := c.Next()
	require.NoError(c.t, err)
	require.Equalf(c.t, string(rune(typ)), string(rune(m.Type)), "message %q", m.Body)
	return m.Body
}

// Until reads messages up to one of the type, and gives the types of all of them.
func (c *Client) Until(typ byte) string {
	c.t.Helper()
	types := ""
	for {
		m, err := c.Next()
		require.NoErrorf(c.t, err, "after messages %q", types)
		types += string(rune(m.Type))
		if m.Type == typ {
			return types
		}
	}
}

// MustFail reads an ErrorResponse.
func (c *Client) MustFail() *protocol.Error {
	c.t.Helper()
	e, err := protocol.DecodeErrorResponse(c.Must('E'))
	require.NoError(c.t, err)
	return e
}

// MustEnd waits for the server to close the connection, with nothing more sent.
func (c *Client) MustEnd() {
	c.t.Helper()
	m, err := c.Next()
	require.Errorf(c.t, err, "message %q %q", string(rune(m.Type)), m.Body)
	require.Falsef(c.t, errors.Is(err, os.ErrDeadlineExceeded), "the connection stays open")
}

// Rows reads a result up to ReadyForQuery: the columns' names, the rows' values ("NULL" for NULL), and the tags.
func (c *Client) Rows() (names []string, rows [][]string, tags []string) {
	c.t.Helper()
	for {
		m, err := c.Next()
		require.NoError(c.t, err)
		switch m.Type {
		case 'T':
			names = columnNames(m.Body)
		case 'D':
			values, err := protocol.DecodeDataRow(m.Body, nil)
			require.NoError(c.t, err)
			row := make([]string, len(values))
			for i, v := range values {
				row[i] = "NULL"
				if v != nil {
					row[i] = string(v)
				}
			}
			rows = append(rows, row)
		case 'C':
			tag, err := protocol.DecodeCommandComplete(m.Body)
			require.NoError(c.t, err)
			tags = append(tags, tag)
		case 'Z':
			return names, rows, tags
		default:
			c.t.Fatalf("unexpected message %q %q", string(rune(m.Type)), m.Body)
		}
	}
}

func columnNames(body []byte) []string {
	var names []string
	for rest := string(body[2:]); rest != ""; {
		name, after, _ := strings.Cut(rest, "\x00")
		names = append(names, name)
		rest = after[18:]
	}
	return names
}
