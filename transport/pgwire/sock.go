package pgwire

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// sock is the socket under a connection. Beside net.Conn it can be read without waiting.
type sock struct {
	net.Conn
	raw syscall.RawConn
	// instant makes Read behave as tryRead: that is how a TLS connection above is read without waiting.
	instant atomic.Bool

	// Arguments and results of readOnce; fields, so that a read allocates no closure. One reader at a time.
	op    func(fd uintptr)
	p     []byte
	flags int
	n     int
	errno error
}

func newSock(conn net.Conn) (*sock, error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil, os.ErrInvalid
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &sock{Conn: conn, raw: raw}
	s.op = s.readOnce
	return s, nil
}

// wouldBlock says that nothing is there. It is a net.Error of the passing kind, so that crypto/tls goes on after it.
type wouldBlock struct{}

func (wouldBlock) Error() string   { return "nothing to read yet" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }

func (s *sock) Read(p []byte) (int, error) {
	if s.instant.Load() {
		return s.tryRead(p)
	}
	return s.Conn.Read(p)
}

// tryRead reads what is there; wouldBlock if that is nothing. It looks at no deadline.
func (s *sock) tryRead(p []byte) (int, error) { return s.receive(p, 0) }

// readable says whether a read would return at once, be it with bytes, an error or the end.
func (s *sock) readable() bool {
	var b [1]byte
	_, err := s.receive(b[:], unix.MSG_PEEK)
	return err != wouldBlock{}
}

func (s *sock) receive(p []byte, flags int) (int, error) {
	s.p, s.flags = p, flags
	err := s.raw.Control(s.op)
	s.p = nil
	switch {
	case err != nil:
		return 0, err
	case s.errno == unix.EAGAIN:
		return 0, wouldBlock{}
	case s.errno != nil:
		return 0, os.NewSyscallError("read", s.errno)
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

func (s *sock) readOnce(fd uintptr) {
	for {
		if s.flags == 0 {
			s.n, s.errno = unix.Read(int(fd), s.p)
		} else {
			s.n, _, s.errno = unix.Recvfrom(int(fd), s.p, s.flags)
		}
		if s.errno != unix.EINTR {
			return
		}
	}
}
