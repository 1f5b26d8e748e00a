package backend

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// stallCheck is how often a write that the client does not take looks whether it should go on. It is the socket's
// SO_SNDTIMEO: a write sleeps in the kernel and needs no poll of its own.
const stallCheck = 200 * time.Millisecond

// ErrTimeout says that the deadline for what the client sends has passed.
var ErrTimeout = errors.New("timeout waiting for the client")

// ErrHandover ends a read whose reader was told, by Handover, that another goroutine reads from now on. Nothing is lost.
var ErrHandover = errors.New("another goroutine reads the connection")

// Conn is a client's socket, used by its bare descriptor: package net would cost an idle session memory, and a wake
// by way of its poller a microsecond or two.
//
// One goroutine at a time reads. Writers take the turn (Acquire) for each whole message, so that whoever has the turn
// stands between two messages; after a write has failed in the middle of one, Broken says so and nothing more is sent.
type Conn struct {
	fd   int
	Peer Peer

	turn   chan struct{} // holds one element while a message is being written
	broken error         // the first failed write; owned by the turn's holder

	// GiveUp is asked every stallCheck while the client does not take a write; an error ends the write. Set by the goroutine
	// that writes.
	GiveUp func() error

	bulk *bulkPipe // nil: bulk sending was not begun, or cannot be had; the writing goroutine's

	deadline atomic.Pointer[time.Time] // for reads; nil for none. Who sets it may wait for another goroutine to hand over

	// Set once, by the session, before it knows who the client is; nil without TLS.
	tls   *encryption
	state *TLSState

	handover atomic.Bool
	stash    []byte // what a read had got when it was told to hand over
}

// NewConn takes the descriptor of a connected stream socket over.
func NewConn(fd int) (*Conn, error) {
	peer, err := peerOf(fd)
	if err != nil {
		return nil, err
	}
	c := &Conn{fd: fd, Peer: peer, turn: make(chan struct{}, 1)}
	// The postmaster's end may have been made non-blocking, and that goes with the descriptor.
	if err := unix.SetNonblock(fd, false); err != nil {
		return nil, fmt.Errorf("set the client's socket to blocking mode: %w", err)
	}
	tv := unix.NsecToTimeval(int64(stallCheck))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &tv); err != nil {
		return nil, fmt.Errorf("set SO_SNDTIMEO: %w", err)
	}
	if !peer.Local() {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return nil, fmt.Errorf("set TCP_NODELAY: %w", err)
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
			return nil, fmt.Errorf("set SO_KEEPALIVE: %w", err)
		}
	}
	return c, nil
}

// Keepalive are TCP's own means against a peer that has gone without a word; zero leaves the system's default.
type Keepalive struct {
	Idle, Interval, UserTimeout time.Duration
	Count                       int
}

// SetKeepalive sets them. It does nothing on a Unix-domain socket.
func (c *Conn) SetKeepalive(k Keepalive) error {
	if c.Peer.Local() {
		return nil
	}
	for _, o := range [...]struct {
		name          string
		option, value int
	}{
		{"TCP_KEEPIDLE", unix.TCP_KEEPIDLE, int(k.Idle / time.Second)},
		{"TCP_KEEPINTVL", unix.TCP_KEEPINTVL, int(k.Interval / time.Second)},
		{"TCP_KEEPCNT", unix.TCP_KEEPCNT, k.Count},
		{"TCP_USER_TIMEOUT", unix.TCP_USER_TIMEOUT, int(k.UserTimeout / time.Millisecond)},
	} {
		if o.value == 0 {
			continue
		}
		if err := unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, o.option, o.value); err != nil {
			return fmt.Errorf("set %s to %d: %w", o.name, o.value, err)
		}
	}
	return nil
}

// Close closes the socket.
func (c *Conn) Close() error { return unix.Close(c.fd) }

// SetDeadline bounds all reads to come, however small the pieces are in which the client sends; the zero time lifts it.
func (c *Conn) SetDeadline(t time.Time) {
	if t.IsZero() {
		c.deadline.Store(nil)
	} else {
		c.deadline.Store(&t)
	}
}

// Deadline is what SetDeadline has set; the zero time for none.
func (c *Conn) Deadline() time.Time {
	if t := c.deadline.Load(); t != nil {
		return *t
	}
	return time.Time{}
}

// Read reads what is there, waiting for the first byte. Errors: io.EOF, ErrTimeout, ErrHandover, or the socket's.
func (c *Conn) Read(b []byte) (int, error) {
	if len(c.stash) > 0 {
		n := copy(b, c.stash)
		c.stash = c.stash[n:]
		return n, nil
	}
	var n int
	var err error
	if c.tls == nil {
		n, err = c.receive(b)
	} else {
		n, err = c.tls.read(b)
	}
	if err == nil && c.handover.Load() {
		c.stash = append([]byte(nil), b[:n]...)
		return 0, ErrHandover
	}
	return n, err
}

// receive is Read from the socket itself.
func (c *Conn) receive(b []byte) (int, error) {
	for {
		if err := c.awaitInput(); err != nil {
			return 0, err
		}
		n, err := unix.Read(c.fd, b)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
		case err != nil:
			return 0, fmt.Errorf("could not receive data from client: %w", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Handover makes the read that another goroutine sleeps in give up as soon as something arrives, keeping what has
// arrived for the next read. Taken ends that.
func (c *Conn) Handover() { c.handover.Store(true) }

// HandoverWanted says whether the reader is to give up. It looks before each read, too.
func (c *Conn) HandoverWanted() bool { return c.handover.Load() }

// Taken is called by the next reader once the earlier one has ended.
func (c *Conn) Taken() { c.handover.Store(false) }

// awaitInput sleeps until there is something to read or the deadline has passed. Without a deadline the read sleeps.
func (c *Conn) awaitInput() error {
	deadline := c.Deadline()
	if deadline.IsZero() {
		return nil
	}
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return ErrTimeout
		}
		fds := [1]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds[:], int(left/time.Millisecond)+1)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("wait for the client: %w", err)
		case n > 0:
			return nil
		}
	}
}

// Readable says whether there is input that nobody has read. Over TLS a reader that is at work may hold more.
func (c *Conn) Readable() bool {
	fds := [1]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds[:], 0)
	return err == nil && n > 0
}

// Acquire takes the turn to write.
func (c *Conn) Acquire() { c.turn <- struct{}{} }

// AcquireWithin takes the turn unless another writer keeps it longer than d.
func (c *Conn) AcquireWithin(d time.Duration) bool {
	select {
	case c.turn <- struct{}{}:
		return true
	default:
	}
	if d <= 0 {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case c.turn <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

// letIn is for a client that has proved who it is.
func (c *Conn) letIn() {
	if c.tls != nil {
		c.tls.letIn()
	}
}

// Release gives the turn back.
func (c *Conn) Release() { <-c.turn }

// Broken is the first error of a write, for the holder of the turn. The client may then have half a message.
func (c *Conn) Broken() error { return c.broken }

// Write writes all of b, for the holder of the turn.
func (c *Conn) Write(b []byte) (int, error) {
	if c.tls != nil {
		return c.tls.write(b)
	}
	if err := c.send(b, 0); err != nil {
		return 0, err
	}
	return len(b), nil
}

// writeBeginning writes the beginning of a message that writeFile continues; the kernel puts both into one packet.
func (c *Conn) writeBeginning(b []byte) error { return c.send(b, unix.MSG_MORE) }

// WriteAtOnce writes as much of b as the kernel takes without waiting. For a process that is about to end.
func (c *Conn) WriteAtOnce(b []byte) error {
	if c.broken != nil {
		return c.broken
	}
	if c.tls != nil {
		return c.tls.writeAtOnce(b)
	}
	_, err := unix.SendmsgN(c.fd, b, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	return err
}

func (c *Conn) send(b []byte, flags int) error {
	if c.broken != nil {
		return c.broken
	}
	for len(b) > 0 {
		n, err := unix.SendmsgN(c.fd, b, nil, nil, flags|unix.MSG_NOSIGNAL)
		if n > 0 {
			b = b[n:]
		}
		if err != nil {
			if err := c.stalled(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFile sends n bytes of a file from offset on, for the holder of the turn. The kernel sends references to the file's
// pages: until the client has the bytes, writing to that part of the file changes them. A file that ends too early
// gives io.ErrUnexpectedEOF.
func (c *Conn) writeFile(file int, offset int64, n int) error {
	if c.broken != nil {
		return c.broken
	}
	for n > 0 {
		sent, err := unix.Sendfile(c.fd, file, &offset, n)
		if sent > 0 {
			n -= sent
		}
		switch {
		case err != nil:
			if err := c.stalled(err); err != nil {
				return err
			}
		case sent == 0:
			c.broken = io.ErrUnexpectedEOF
			return c.broken
		}
	}
	return nil
}

// stalled says whether a write that got errno is to be tried again (nil), and marks the connection broken if not.
func (c *Conn) stalled(errno error) error {
	switch {
	case errno == unix.EINTR:
		return nil
	case errno == unix.EAGAIN:
		if c.GiveUp == nil {
			return nil
		}
		if err := c.GiveUp(); err != nil {
			c.broken = err
			return err
		}
		return nil
	}
	c.broken = fmt.Errorf("could not send data to client: %w", errno)
	return c.broken
}
