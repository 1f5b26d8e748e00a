package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"waypost/xlog"
)

// client is a connection to a server of either kind, on loopback, as user postgres, whom the server trusts. It blocks
// in read(2) and does no more than it must, so that what is measured is the server.
type client struct {
	// discards has the kernel throw streamed WAL away. Else it is copied into memory, which takes longer than a
	// server needs to send it.
	discards bool

	fd  int
	pid int // of the server's process, as BackendKeyData has it
	buf []byte
	in  []byte // of buf: read, not used yet

	sent     xlog.LSN // end of the WAL that has come
	messages int      // XLogData messages that have come
}

// clientBuffer is large enough to take a whole XLogData message (PostgreSQL's hold 128 KB at most) by one read.
const clientBuffer = 256 << 10

// silence is how long a client waits for the server's next byte before it gives up.
const silence = 60 * time.Second

// dial connects to a server on loopback and waits until it is ready for queries. A replication connection is a
// physical one.
func dial(port int, replication bool) (*client, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &client{fd: fd, buf: make([]byte, clientBuffer)}
	if err := c.start(port, replication); err != nil {
		c.close()
		return nil, fmt.Errorf("connect to port %d: %w", port, err)
	}
	return c, nil
}

func (c *client) start(port int, replication bool) error {
	timeout := unix.NsecToTimeval(silence.Nanoseconds())
	if err := unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	if err := unix.Connect(c.fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	parameters := "user\x00postgres\x00database\x00postgres\x00"
	if replication {
		parameters = "user\x00postgres\x00replication\x00true\x00"
	}
	const version3 = 3 << 16
	packet := binary.BigEndian.AppendUint32(nil, uint32(8+len(parameters)+1))
	packet = binary.BigEndian.AppendUint32(packet, version3)
	packet = append(packet, parameters...)
	if err := c.write(append(packet, 0)); err != nil {
		return err
	}
	_, err := c.untilReady()
	return err
}

// query runs one simple query and gives its rows.
func (c *client) query(sql string) ([][]string, error) {
	if err := c.write(queryMessage(sql)); err != nil {
		return nil, err
	}
	return c.untilReady()
}

func queryMessage(sql string) []byte {
	m := binary.BigEndian.AppendUint32([]byte{'Q'}, uint32(4+len(sql)+1))
	return append(append(m, sql...), 0)
}

// identify gives the position of IDENTIFY_SYSTEM.
func (c *client) identify() (xlog.LSN, error) {
	rows, err := c.query("IDENTIFY_SYSTEM")
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 || len(rows[0]) < 3 {
		return 0, fmt.Errorf("IDENTIFY_SYSTEM: not one row of three columns and more: %q", rows)
	}
	return xlog.ParseLSN(rows[0][2])
}

// startReplication begins streaming at from.
func (c *client) startReplication(from xlog.LSN) error {
	if err := c.write(queryMessage("START_REPLICATION " + from.String())); err != nil {
		return err
	}
	for {
		kind, body, err := c.message()
		if err != nil {
			return err
		}
		switch kind {
		case 'W':
			c.sent = from
			return nil
		case 'E':
			return serverError(body)
		}
	}
}

// stream receives WAL, which begins where the last of it ended, until it has come up to, or past, upto. Each piece of
// WAL, as the reads happened to cut it, is given to each where that is not nil, and may be used until that returns.
func (c *client) stream(upto xlog.LSN, each func(wal []byte)) error {
	for c.sent < upto {
		left, err := c.copyData()
		if err != nil {
			return err
		}
		for left > 0 {
			if c.discards && len(c.in) == 0 {
				if err := c.discard(left); err != nil {
					return err
				}
				break
			}
			if len(c.in) == 0 {
				if err := c.read(c.mostOf(left)); err != nil {
					return err
				}
			}
			n := min(left, len(c.in))
			if each != nil {
				each(c.in[:n])
			}
			c.in = c.in[n:]
			left -= n
		}
	}
	return nil
}

// headerLen is a copy-both message's beginning: the frame, and XLogData's kind and three numbers.
const headerLen = 5 + 1 + 3*8

// copyData reads up to the beginning of the next message's WAL and gives its length: 0 for a keepalive.
func (c *client) copyData() (wal int, err error) {
	if err := c.need(6); err != nil {
		return 0, err
	}
	length := int(binary.BigEndian.Uint32(c.in[1:]))
	switch {
	case c.in[0] == 'd' && c.in[5] == 'w':
	case c.in[0] == 'd' && c.in[5] == 'k':
		return 0, c.keepalive()
	default:
		kind, body, err := c.message()
		if err == nil && kind == 'E' {
			err = serverError(body)
		} else if err == nil {
			err = fmt.Errorf("message %q in copy mode", kind)
		}
		return 0, err
	}
	if err := c.need(headerLen); err != nil {
		return 0, err
	}
	at := xlog.LSN(binary.BigEndian.Uint64(c.in[6:]))
	if at != c.sent {
		return 0, fmt.Errorf("WAL comes from %s on where %s was due", at, c.sent)
	}
	wal = length + 1 - headerLen
	c.in = c.in[headerLen:]
	c.sent += xlog.LSN(wal)
	c.messages++
	return wal, nil
}

// keepalive takes a keepalive and answers it where that is wanted.
func (c *client) keepalive() error {
	_, body, err := c.message()
	if err != nil {
		return err
	}
	if wanted := body[len(body)-1] == 1; !wanted {
		return nil
	}
	reply := binary.BigEndian.AppendUint32([]byte{'d'}, 4+1+4*8+1)
	reply = append(reply, 'r')
	for range 3 {
		reply = binary.BigEndian.AppendUint64(reply, uint64(c.sent))
	}
	reply = binary.BigEndian.AppendUint64(reply, uint64(xlog.Now()))
	return c.write(append(reply, 0))
}

// untilReady reads up to ReadyForQuery and gives the rows that come before it.
func (c *client) untilReady() (rows [][]string, err error) {
	for {
		kind, body, err := c.message()
		if err != nil {
			return nil, err
		}
		switch kind {
		case 'K':
			c.pid = int(binary.BigEndian.Uint32(body))
		case 'D':
			rows = append(rows, dataRow(body))
		case 'E':
			return nil, serverError(body)
		case 'Z':
			return rows, nil
		}
	}
}

func dataRow(body []byte) []string {
	row := make([]string, binary.BigEndian.Uint16(body))
	body = body[2:]
	for i := range row {
		n := int32(binary.BigEndian.Uint32(body))
		body = body[4:]
		if n > 0 {
			row[i] = string(body[:n])
			body = body[n:]
		}
	}
	return row
}

func serverError(body []byte) error {
	for field := range strings.SplitSeq(string(body), "\x00") {
		if text, ok := strings.CutPrefix(field, "M"); ok {
			return fmt.Errorf("the server says: %s", text)
		}
	}
	return errors.New("the server sends an error without a message")
}

// message reads one whole message. The body is good until the next read.
func (c *client) message() (kind byte, body []byte, err error) {
	if err := c.need(5); err != nil {
		return 0, nil, err
	}
	length := int(binary.BigEndian.Uint32(c.in[1:]))
	if err := c.need(1 + length); err != nil {
		return 0, nil, err
	}
	kind, body = c.in[0], c.in[5:1+length]
	c.in = c.in[1+length:]
	return kind, body, nil
}

// need reads until n bytes at least are there.
func (c *client) need(n int) error {
	if n > len(c.buf) {
		return fmt.Errorf("message of %d bytes", n)
	}
	for len(c.in) < n {
		if err := c.read(c.mostOf(n - len(c.in))); err != nil {
			return err
		}
	}
	return nil
}

// mostOf is how much to read where n bytes are needed: all that is there, unless what follows is to be discarded.
func (c *client) mostOf(n int) int {
	if c.discards {
		return n
	}
	return clientBuffer
}

// discard has the kernel drop n bytes unseen.
func (c *client) discard(n int) error {
	for n > 0 {
		got, _, err := unix.Recvfrom(c.fd, c.buf[:min(n, len(c.buf))], unix.MSG_TRUNC|unix.MSG_WAITALL)
		if err := readOutcome(got, err); err != nil {
			return err
		}
		n -= max(got, 0)
	}
	return nil
}

// read adds what one read gives, most bytes at most, and moves what is left to the buffer's beginning where there is
// no room behind it.
func (c *client) read(most int) error {
	if len(c.in) == 0 {
		c.in = c.buf[:0]
	} else if cap(c.in) < headerLen || len(c.in) == cap(c.in) {
		c.in = c.buf[:copy(c.buf, c.in)]
	}
	n, err := unix.Read(c.fd, c.in[len(c.in):min(len(c.in)+most, cap(c.in))])
	if err := readOutcome(n, err); err != nil {
		return err
	}
	c.in = c.in[:len(c.in)+max(n, 0)]
	return nil
}

// readOutcome judges the outcome of a read of any kind. One that was interrupted has read nothing (n is -1 then).
func readOutcome(n int, err error) error {
	switch {
	case errors.Is(err, unix.EINTR):
		return nil
	case errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("the server says nothing for %v", silence)
	case err != nil:
		return err
	case n == 0:
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (c *client) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(c.fd, b)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// terminate says good bye, which a server in copy mode need not hear, and closes.
func (c *client) terminate() {
	_ = c.write([]byte{'X', 0, 0, 0, 4})
	c.close()
}

func (c *client) close() { _ = unix.Close(c.fd) }

// shutdown ends the connection under a read of another goroutine, which then fails, and closes it.
func (c *client) shutdown() { _ = unix.Shutdown(c.fd, unix.SHUT_RDWR) }
