package pgwire

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"waypost/transport"
)

// source is what the decoders read from: the connection, with a deadline, an interrupt, and reading without waiting.
type source struct {
	sock *sock
	conn net.Conn // sock, or the TLS connection over it
	tls  bool

	// ahead was read but not asked for: what pgconn left, or what pending found under TLS.
	ahead    []byte
	aheadBuf []byte
	aheadErr error

	// drained: the last read found nothing, so the next one may as well wait at once.
	drained bool

	deadline      time.Time
	interruptible bool
	interrupted   atomic.Bool
}

func newSource(s *sock, conn net.Conn, ahead []byte) *source {
	_, isTLS := conn.(*tls.Conn)
	return &source{sock: s, conn: conn, tls: isTLS, ahead: ahead}
}

// Read reads once: what is there, else it waits as the deadline allows.
// Errors: transport.ErrDeadline, transport.ErrInterrupted, io.EOF, or the socket's.
func (s *source) Read(p []byte) (int, error) {
	if len(s.ahead) > 0 {
		n := copy(p, s.ahead)
		s.ahead = s.ahead[n:]
		return n, nil
	}
	if err := s.aheadErr; err != nil {
		s.aheadErr = nil
		return 0, err
	}
	if !s.drained {
		// A read that need not wait needs no deadline, and to set one costs more than to find nothing.
		n, err := s.tryRead(p)
		if !isTimeout(err) {
			return n, err
		}
	}
	n, err := s.wait(p)
	s.drained = false
	return n, err
}

// wait reads once, waiting until the deadline.
func (s *source) wait(p []byte) (int, error) {
	for {
		// First the deadline, then the flag: interrupt does it in the opposite order, so one of us sees the other.
		if err := s.conn.SetReadDeadline(s.deadline); err != nil {
			return 0, err
		}
		if s.interruptible && s.interrupted.Swap(false) {
			return 0, transport.ErrInterrupted
		}
		n, err := s.conn.Read(p)
		if n > 0 || !isTimeout(err) {
			return n, err
		}
		if !s.deadline.IsZero() && !time.Now().Before(s.deadline) {
			// With a deadline in the past the connection does not even look.
			if n, err := s.tryRead(p); !isTimeout(err) {
				return n, err
			}
			return 0, transport.ErrDeadline
		}
		// Otherwise an interrupt: the loop's head tells whether it is for us.
	}
}

// tryRead reads what is there, or gives an error that is a timeout.
func (s *source) tryRead(p []byte) (int, error) {
	var n int
	var err error
	if s.tls {
		s.sock.instant.Store(true)
		n, err = s.conn.Read(p)
		s.sock.instant.Store(false)
	} else {
		n, err = s.sock.tryRead(p)
	}
	s.drained = isTimeout(err)
	return n, err
}

// pending says whether Read would return something now. It disturbs no buffer but its own.
func (s *source) pending() bool {
	switch {
	case len(s.ahead) > 0 || s.aheadErr != nil:
		return true
	case !s.tls:
		s.drained = !s.sock.readable()
		return !s.drained
	}
	// Only the TLS connection knows whether there is a whole record, so it has to be read.
	if s.aheadBuf == nil {
		s.aheadBuf = make([]byte, maxTLSRecord)
	}
	n, err := s.tryRead(s.aheadBuf)
	s.ahead = s.aheadBuf[:n]
	if err != nil && !isTimeout(err) {
		s.aheadErr = err
	}
	return n > 0 || s.aheadErr != nil
}

// maxTLSRecord is the most plain text that one TLS record holds, bytes.
const maxTLSRecord = 16 * 1024

// interrupt wakes a Read that waits, or the next one that would, if it is interruptible. Any goroutine may call it.
func (s *source) interrupt() {
	s.interrupted.Store(true)
	_ = s.conn.SetReadDeadline(time.Unix(1, 0)) // fails on a closed connection only, where nobody waits
}

func isTimeout(err error) bool {
	if err == nil {
		return false
	}
	if err == (wouldBlock{}) {
		return true
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	return errors.As(err, new(wouldBlock))
}

var _ io.Reader = (*source)(nil)
