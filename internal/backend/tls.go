package backend

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// encryption is the layer of TLS between a Conn and its socket. A connection without TLS has none, and pays for nothing.
//
// crypto/tls lets one goroutine read and another write. But a reader may have to write, too: it answers an alert, or a client
// that asks for new keys. Such a write waits for the writer to have come to the end of its record, and the writer for it. It
// does not have the turn, and needs none, since crypto/tls puts whole records out; it asks GiveUp on behalf of the writer
// only (writing), who then waits for it.
type encryption struct {
	c      *Conn
	tls    *tls.Conn
	unread []byte // what was read of the socket before it was known to be the beginning of a handshake

	noWait atomic.Bool // a write that the kernel does not take at once has failed: the process is about to end

	mu      sync.Mutex // guards writing
	writing bool       // the holder of the turn is in a write, so that GiveUp is its question

	message []byte // where WriteFrom puts a message together; kept while bulk
	bulk    bool
}

// startTLS does the server's part of a handshake, and has everything that follows encrypted. unread is what the client has
// sent of it already. The error is ErrTimeout, io.EOF, or what is wrong.
func (c *Conn) startTLS(config *tls.Config, unread []byte) (tls.ConnectionState, error) {
	e := &encryption{c: c, unread: unread}
	e.tls = tls.Server(socket{e}, config)
	e.beginWrite()
	err := e.tls.Handshake()
	e.endWrite()
	if errors.Is(err, ErrTimeout) {
		err = ErrTimeout
	}
	if err != nil {
		c.broken = err // nothing could be said that the client would understand
		return tls.ConnectionState{}, err
	}
	c.tls = e
	return e.tls.ConnectionState(), nil
}

func (e *encryption) beginWrite() {
	e.mu.Lock()
	e.writing = true
	e.mu.Unlock()
}

func (e *encryption) endWrite() {
	e.mu.Lock()
	e.writing = false
	e.mu.Unlock()
}

// giveUp asks the holder of the turn whether to go on, if it is in a write.
func (e *encryption) giveUp() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.writing || e.c.GiveUp == nil {
		return nil
	}
	return e.c.GiveUp()
}

// read is Conn.Read's.
func (e *encryption) read(b []byte) (int, error) {
	n, err := e.tls.Read(b)
	switch {
	case n > 0 || err == nil:
		return n, nil
	case errors.Is(err, ErrTimeout):
		return 0, ErrTimeout
	case err == io.EOF:
		return 0, io.EOF
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		return 0, err // the socket's, which receive has put into words
	}
	return 0, fmt.Errorf("SSL error: %s", tlsReason(err))
}

// write is Conn.Write's.
func (e *encryption) write(b []byte) (int, error) {
	if e.c.broken != nil {
		return 0, e.c.broken
	}
	e.beginWrite()
	n, err := e.tls.Write(b)
	e.endWrite()
	e.c.broken = err
	return n, err
}

// writeAtOnce is Conn.WriteAtOnce's. A reader that is in a write of its own gives up, too.
func (e *encryption) writeAtOnce(b []byte) error {
	e.noWait.Store(true)
	_, err := e.tls.Write(b)
	return err
}

// writeFrom is Conn.WriteFrom's: there is no way to encrypt a file's pages by reference.
func (e *encryption) writeFrom(head []byte, file int, offset int64, n int) error {
	if size := len(head) + n; cap(e.message) < size {
		e.message = make([]byte, size)
	}
	message := e.message[:len(head)+n]
	body := message[copy(message, head):]
	if !e.bulk {
		e.message = nil
	}
	for len(body) > 0 {
		got, err := unix.Pread(file, body, offset)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return &ReadError{err}
		case got == 0:
			return &ReadError{io.ErrUnexpectedEOF}
		default:
			body = body[got:]
			offset += int64(got)
		}
	}
	_, err := e.write(message)
	return err
}

// sayGoodbye tells the client that nothing more will come, if that takes no waiting. For the holder of the turn.
func (c *Conn) sayGoodbye() {
	if c.tls != nil && c.broken == nil {
		c.tls.noWait.Store(true)
		_ = c.tls.tls.CloseWrite()
		c.broken = io.ErrClosedPipe
	}
}

// socket is a connection's socket as crypto/tls wants to see one: with its deadlines, and without signals.
type socket struct{ e *encryption }

func (s socket) Read(b []byte) (int, error) {
	if len(s.e.unread) > 0 {
		n := copy(b, s.e.unread)
		s.e.unread = s.e.unread[n:]
		return n, nil
	}
	n, err := s.e.c.receive(b)
	if err == ErrTimeout {
		err = passingTimeout{} // crypto/tls would never read again
	}
	return n, err
}

func (s socket) Write(b []byte) (int, error) {
	for sent := 0; ; {
		n, err := unix.SendmsgN(s.e.c.fd, b[sent:], nil, nil, unix.MSG_NOSIGNAL)
		sent += max(n, 0)
		switch {
		case sent == len(b):
			return sent, nil
		case err == nil || err == unix.EINTR:
		case err != unix.EAGAIN:
			return sent, fmt.Errorf("could not send data to client: %w", err)
		case s.e.noWait.Load():
			return sent, err
		default:
			if err := s.e.giveUp(); err != nil {
				return sent, err
			}
		}
	}
}

func (s socket) Close() error                     { return nil }
func (s socket) LocalAddr() net.Addr              { return nil }
func (s socket) RemoteAddr() net.Addr             { return nil }
func (s socket) SetDeadline(time.Time) error      { return nil } // Conn has its own
func (s socket) SetReadDeadline(time.Time) error  { return nil }
func (s socket) SetWriteDeadline(time.Time) error { return nil }

// passingTimeout is ErrTimeout as a net.Error after which crypto/tls goes on where it was.
type passingTimeout struct{}

func (passingTimeout) Error() string   { return ErrTimeout.Error() }
func (passingTimeout) Timeout() bool   { return true }
func (passingTimeout) Temporary() bool { return true }
func (passingTimeout) Unwrap() error   { return ErrTimeout }
