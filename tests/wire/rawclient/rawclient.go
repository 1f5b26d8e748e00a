// Package rawclient is a client that sends the bytes it is told to and shows the bytes that come back. It knows how
// messages are framed and nothing else of the protocol: what it shows is the server's doing alone.
package rawclient

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Message is one message from a server. Body has neither type nor length.
type Message struct {
	Type byte
	Body []byte
}

// Client is one connection.
type Client struct {
	conn    net.Conn
	r       *bufio.Reader
	timeout time.Duration
}

// Dial connects to a port of this machine. Every read and write after it fails when it takes longer than timeout.
func Dial(port int, timeout time.Duration) (*Client, error) {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), timeout)
	if err != nil {
		return nil, err
	}
	return &Client{conn, bufio.NewReaderSize(conn, 256<<10), timeout}, nil
}

// Close closes the connection without a word.
func (c *Client) Close() { _ = c.conn.Close() }

// CloseWrite tells the server that nothing more will come.
func (c *Client) CloseWrite() error { return c.conn.(*net.TCPConn).CloseWrite() }

// Send sends bytes as they are.
func (c *Client) Send(b []byte) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.timeout))
	_, err := c.conn.Write(b)
	return err
}

// Byte reads one byte, as the answer to an SSLRequest is.
func (c *Client) Byte() (byte, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(c.timeout))
	return c.r.ReadByte()
}

// ErrLost says that the connection was reset rather than closed.
var ErrLost = errors.New("connection lost")

// maxMessage is longer than any message of a test.
const maxMessage = 64 << 20

// Next reads one message; one of type '2' is an error in protocol 2's form, whole. io.EOF: the server has closed the connection.
func (c *Client) Next() (Message, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(c.timeout))
	var head [5]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return Message{}, readError(err)
	}
	if head[0] == 'E' && head[1] >= ' ' { // an error as protocol 2 has it: text up to a zero
		rest, err := c.r.ReadBytes(0)
		return Message{'2', append(head[:], rest...)}, readError(err)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 || n > maxMessage {
		return Message{}, fmt.Errorf("message %q says that it has %d bytes", head[0], n)
	}
	m := Message{head[0], make([]byte, n-4)}
	_, err := io.ReadFull(c.r, m.Body)
	return m, readError(err)
}

func readError(err error) error {
	var timeout net.Error
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.As(err, &timeout) && timeout.Timeout():
		return err
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// Startup is a startup packet of protocol version (3.0 is 196608) with names and values in turn.
func Startup(version uint32, parameters ...string) []byte {
	body := binary.BigEndian.AppendUint32(nil, version)
	for _, p := range parameters {
		body = append(append(body, p...), 0)
	}
	return Packet(append(body, 0))
}

// Packet puts the length before a message without a type.
func Packet(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}

// Typed is a message with a type.
func Typed(typ byte, body []byte) []byte { return append([]byte{typ}, Packet(body)...) }

// Query is a simple query, which replication commands are.
func Query(sql string) []byte { return Typed('Q', append([]byte(sql), 0)) }
