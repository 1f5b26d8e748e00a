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

	// Arguments and results of readOnce and pollOnce; fields, so that a call allocates no closure. One reader at a time.
	read, poll func(fd uintptr)
	p          []byte
	n          int
	errno      error
	pollFd     [1]unix.PollFd
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
	s.read, s.poll = s.readOnce, s.pollOnce
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
func (s *sock) tryRead(p []byte) (int, error) {
	s.p = p
	err := s.raw.Control(s.read)
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
		if s.n, s.errno = unix.Read(int(fd), s.p); s.errno != unix.EINTR {
			return
		}
	}
}

// readable says whether a read would return at once, be it with bytes, an error or the end.
func (s *sock) readable() bool {
	err := s.raw.Control(s.poll)
	return err != nil || s.errno != nil || s.n > 0
}

func (s *sock) pollOnce(fd uintptr) {
	s.pollFd[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	for {
		if s.n, s.errno = unix.Poll(s.pollFd[:], 0); s.errno != unix.EINTR {
			return
		}
	}
}
