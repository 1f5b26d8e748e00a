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
// only (writing), who then waits for it. Where nobody waits for it, the client must take the answer in time all the same:
// before authentication by the deadline for what it sends, later within patience. crypto/tls goes on reading after such a
// write has failed, so socket ends that.
//
// crypto/tls hands record after record to the socket, and each is a system call and a wake of the client. Those of a long
// message are gathered and sent together, which saves a third of the processor time. Meanwhile a reader's records line up
// behind them.
type encryption struct {
	c      *Conn
	tls    *tls.Conn
	unread []byte // what was read of the socket before it was known to be the beginning of a handshake

	noWait atomic.Bool // a write that the kernel does not take at once has failed: the process is about to end

	patience time.Duration // how long the client may leave a reader's record where no deadline holds

	mu      sync.Mutex // guards the fields below
	known   bool       // the client has been let in
	answers int        // how many records readers have written before that
	lost    error      // of a reader's write: there is nothing more to read
	writing bool       // the holder of the turn is in a write, so that GiveUp is its question
	gather  bool       // records go to out; the holder of the turn sends them
	sending bool       // it does so now: what comes to out is a reader's
	out     []byte

	message []byte // where writeFrom puts a message together; the writer's. EndBulk gives it and out back
}

const (
	longestRecord = 16 << 10 // bytes of a message in one record

	// mostGathered is how much out may hold of a reader's, bytes, while the client takes nothing. It is far more than any
	// client has reason to ask for.
	mostGathered = 16 << 10

	// mostAnswers is how many records a client may ask for before it has been let in. None has reason to ask for any.
	mostAnswers = 8

	// answerPatience is encryption.patience. Nothing but such records fills the socket of a session that is idle.
	answerPatience = time.Minute
)

// What ends a connection whose client asks for ever new keys.
var (
	errFlooded  = errors.New("the client does not take the answers to its handshake messages")
	errTooOften = errors.New("the client asks for new keys too often")
)

// startTLS does the server's part of a handshake, and has everything that follows encrypted. unread is what the client has
// sent of it already. The error is ErrTimeout, io.EOF, or what is wrong.
func (c *Conn) startTLS(config *tls.Config, unread []byte) (tls.ConnectionState, error) {
	e := &encryption{c: c, unread: unread, patience: answerPatience}
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

// giveUp says whether a record that the client has not taken since then is to be tried again (nil). If the holder of the
// turn is in a write, it is asked.
func (e *encryption) giveUp(since time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.writing {
		if e.c.GiveUp == nil {
			return nil
		}
		return e.c.GiveUp()
	}
	until := since.Add(e.patience)
	if deadline := e.c.Deadline(); !e.known && !deadline.IsZero() {
		until = deadline
	}
	if time.Now().After(until) {
		return errFlooded
	}
	return nil
}

// letIn is for a client that has proved who it is.
func (e *encryption) letIn() {
	e.mu.Lock()
	e.known = true
	e.mu.Unlock()
}

// mayAnswer counts a record if it is a reader's, and says whether it may be written.
func (e *encryption) mayAnswer() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lost != nil {
		return e.lost
	}
	if e.writing || e.known {
		return nil
	}
	if e.answers++; e.answers > mostAnswers {
		e.lost = errTooOften
	}
	return e.lost
}

// lose ends the reading if the record that could not be written was a reader's.
func (e *encryption) lose(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.writing {
		e.lost = err
	}
}

func (e *encryption) readable() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
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
	if lost := e.readable(); lost != nil {
		err = lost // crypto/tls can make nothing of what follows
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
	defer e.endWrite()
	long := len(b) > longestRecord
	if long {
		e.beginGather()
	}
	n, err := e.tls.Write(b)
	if long {
		if sent := e.sendGathered(err == nil); err == nil {
			err = sent
		}
	}
	e.c.broken = err
	return n, err
}

func (e *encryption) beginGather() {
	e.mu.Lock()
	e.gather = true
	e.mu.Unlock()
}

// sendGathered sends what was gathered, and what a reader has put behind it meanwhile, and ends the gathering. Where whole
// is false a record is missing, and nothing after it would be understood: then it only does that.
func (e *encryption) sendGathered(whole bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer func() { e.gather, e.sending = false, false }()
	e.sending = true
	room := e.out
	for out := room; whole && len(out) > 0; out = e.out {
		e.out = nil // for a reader
		e.mu.Unlock()
		err := e.send(out)
		e.mu.Lock()
		if err != nil {
			return err
		}
	}
	e.out = room[:0]
	return nil
}

// gathered takes a record if records are being gathered.
func (e *encryption) gathered(b []byte) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !e.gather:
		return false, nil
	case e.sending && len(e.out)+len(b) > mostGathered:
		return false, errFlooded
	}
	e.out = append(e.out, b...)
	return true, nil
}

// forget gives the room for long messages back.
func (e *encryption) forget() {
	e.mu.Lock()
	e.out = nil
	e.mu.Unlock()
	e.message = nil
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
	if err := s.e.readable(); err != nil {
		return 0, err
	}
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
	if err := s.e.mayAnswer(); err != nil {
		return 0, err
	}
	if done, err := s.e.gathered(b); done || err != nil {
		return len(b), err
	}
	if err := s.e.send(b); err != nil {
		s.e.lose(err)
		return 0, err
	}
	return len(b), nil
}

// send sends all of b, which is whole records.
func (e *encryption) send(b []byte) error {
	began := time.Now()
	for {
		n, err := unix.SendmsgN(e.c.fd, b, nil, nil, unix.MSG_NOSIGNAL)
		b = b[max(n, 0):]
		switch {
		case len(b) == 0:
			return nil
		case err == nil || err == unix.EINTR:
		case err != unix.EAGAIN:
			return fmt.Errorf("could not send data to client: %w", err)
		case e.noWait.Load():
			return err
		default:
			if err := e.giveUp(began); err != nil {
				return err
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
