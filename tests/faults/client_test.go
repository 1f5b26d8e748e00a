package faults

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/xlog"
)

// client speaks the protocol byte by byte, well or badly.
type client struct {
	*net.TCPConn
	t  *testing.T
	in *bufio.Reader
}

func dial(t *testing.T, port int) *client {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	c := &client{TCPConn: conn.(*net.TCPConn), t: t, in: bufio.NewReader(conn)}
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return c
}

func (c *client) send(b []byte) {
	c.t.Helper()
	_, err := c.Write(b)
	require.NoError(c.t, err)
}

// packet is a startup packet, with its length before it.
func packet(version uint32, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(binary.BigEndian.AppendUint32(b, version), body...)
}

// pairs are a startup packet's parameters.
func pairs(params ...string) []byte {
	var b []byte
	for _, p := range params {
		b = append(append(b, p...), 0)
	}
	return append(b, 0)
}

func message(typ byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{typ}, uint32(4+len(body))), body...)
}

func query(sql string) []byte { return message('Q', append([]byte(sql), 0)) }

const version3 = 3 << 16

var replication = pairs("user", "postgres", "replication", "true", "application_name", "client")

// next reads one message. The error is io.EOF or a reset where the server has closed.
func (c *client) next() (typ byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return 0, nil, err
	}
	body = make([]byte, binary.BigEndian.Uint32(head[1:])-4)
	_, err = io.ReadFull(c.in, body)
	return head[0], body, err
}

// serverError is an ErrorResponse.
type serverError struct{ severity, code, message, detail string }

func (e *serverError) Error() string { return e.severity + " " + e.code + ": " + e.message }

func parseError(body []byte) *serverError {
	e := &serverError{}
	for _, field := range strings.Split(string(body), "\x00") {
		if field == "" {
			continue
		}
		switch field[0] {
		case 'V':
			e.severity = field[1:]
		case 'C':
			e.code = field[1:]
		case 'M':
			e.message = field[1:]
		case 'D':
			e.detail = field[1:]
		}
	}
	return e
}

// until reads messages up to one of the type and gives its body; an ErrorResponse is an error unless asked for.
func (c *client) until(want byte) ([]byte, error) {
	for {
		typ, body, err := c.next()
		switch {
		case err != nil:
			return nil, err
		case typ == want:
			return body, nil
		case typ == 'E':
			return nil, parseError(body)
		}
	}
}

func (c *client) must(want byte) []byte {
	c.t.Helper()
	body, err := c.until(want)
	require.NoErrorf(c.t, err, "waiting for %q", want)
	return body
}

// mustFail reads up to an ErrorResponse.
func (c *client) mustFail() *serverError {
	c.t.Helper()
	return parseError(c.must('E'))
}

// mustClose reads until the server closes, and gives the last error that it sent before, nil for none.
func (c *client) mustClose() *serverError {
	c.t.Helper()
	var last *serverError
	for {
		typ, body, err := c.next()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			c.t.Fatalf("the server has not closed the connection within %v", patience)
		case err != nil:
			return last
		case typ == 'E':
			last = parseError(body)
		}
	}
}

// connect opens a replication session.
func connect(t *testing.T, port int) *client {
	t.Helper()
	c := dial(t, port)
	c.send(packet(version3, replication))
	c.must('Z')
	return c
}

// stream opens a replication session and starts streaming.
func stream(t *testing.T, port int, from xlog.LSN) *client {
	t.Helper()
	c := connect(t, port)
	c.send(query("START_REPLICATION " + from.String()))
	c.must('W')
	return c
}

// watcher is a well-behaved consumer: it answers keepalives and reports what it has, until its connection ends.
type watcher struct {
	t      *testing.T
	reach  chan xlog.LSN // its end, whenever that moves; only the newest counts
	closed chan error
	end    xlog.LSN
}

// watch starts a watcher at a position.
func watch(t *testing.T, port int, from xlog.LSN) *watcher {
	t.Helper()
	c := stream(t, port, from)
	require.NoError(t, c.SetDeadline(time.Time{}))
	w := &watcher{t: t, reach: make(chan xlog.LSN, 1), closed: make(chan error, 1), end: from}
	go func() { w.closed <- w.run(c, from) }()
	return w
}

func (w *watcher) run(c *client, end xlog.LSN) error {
	for {
		body, err := c.until('d')
		if err != nil {
			return err
		}
		switch body[0] {
		case 'w':
			var x protocol.XLogData
			if err := protocol.DecodeXLogData(body, &x); err != nil {
				return err
			}
			if x.Start != end {
				return fmt.Errorf("XLogData at %s, want %s", x.Start, end)
			}
			end += xlog.LSN(len(x.Data))
			select {
			case <-w.reach:
			default:
			}
			w.reach <- end
		case 'k':
		default:
			return fmt.Errorf("unknown message %q in the stream", body[0])
		}
		if _, err := c.Write(message('d', statusUpdate(end))); err != nil {
			return err
		}
	}
}

// statusUpdate reports one position for all.
func statusUpdate(l xlog.LSN) []byte {
	b := []byte{'r'}
	for range 3 {
		b = binary.BigEndian.AppendUint64(b, uint64(l))
	}
	return append(b, make([]byte, 9)...)
}

// waitFor waits until the watcher has everything up to l. Its connection must not end before.
func (w *watcher) waitFor(l xlog.LSN) {
	w.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for w.end < l {
		select {
		case w.end = <-w.reach:
		case err := <-w.closed:
			w.t.Fatalf("the stream that was to go on ended: %v", err)
		case <-timeout.C:
			w.t.Fatalf("the stream has come to %s, not to %s", w.end, l)
		}
	}
}
