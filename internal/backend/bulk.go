package backend

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// bulkRoom is the size of the pipe for bulk sending, in bytes: one slot a page, for a message of 128 kB, the page more
// that it touches when it begins within one, and its header. It is kept small because the kernel counts the pipes of a
// user together (pipe-user-pages-soft): 200 walsenders can have one each.
const bulkRoom = 256 << 10

// hostSendBuffer is the SO_SNDBUF, bytes, for bulk sending to a client on the same host: the kernel doubles it, and allows
// 208 kB where nobody has changed that. There is no delay there that a longer queue would cover, and what waits in the
// megabytes that TCP would allow has left the caches when the client comes to it: it then spends twice the processor time
// and more, and the rate falls by a quarter. To anywhere else the kernel finds out by itself how much the path can hold.
const hostSendBuffer = 192 << 10

// bulkPipe gathers a message, its beginning and the references to the file's pages, before the socket gets it in one
// piece. sendfile has such a pipe inside, but one of 16 pages: it goes to the socket three times for a message of 128 kB
// and its header.
type bulkPipe struct{ r, w int }

// newBulkPipe gives nil where the system refuses one, as it does to a user who has too many.
func newBulkPipe() *bulkPipe {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil
	}
	p := &bulkPipe{r: fds[0], w: fds[1]}
	if _, err := unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, bulkRoom); err != nil {
		p.close()
		return nil
	}
	return p
}

func (p *bulkPipe) close() {
	unix.Close(p.r)
	unix.Close(p.w)
}

// ReadError says that WriteFrom could not read the file. Nothing of the message is out.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return "read the file to send: " + e.Err.Error() }

// Unwrap gives the system's error, or io.ErrUnexpectedEOF for a file that is too short.
func (e *ReadError) Unwrap() error { return e.Err }

// errNoPipe says that the pipe cannot be used for what is to be sent; a socket may be able to take it all the same.
var errNoPipe = errors.New("the pipe cannot take the message")

// fill puts a whole message into the empty pipe. It does not wait for room. The error is errNoPipe or a *ReadError.
func (p *bulkPipe) fill(head []byte, file int, offset int64, n int) error {
	for {
		if _, err := unix.Write(p.w, head); err == nil {
			break // a beginning is shorter than PIPE_BUF, so it is written whole
		} else if err != unix.EINTR {
			return errNoPipe
		}
	}
	for n > 0 {
		m, err := unix.Splice(file, &offset, p.w, nil, n, unix.SPLICE_F_NONBLOCK)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN, err == unix.EINVAL, err == unix.ENOSYS: // no room; a file that knows no splice; no splice
			return errNoPipe
		case err != nil:
			return &ReadError{err}
		case m == 0:
			return &ReadError{io.ErrUnexpectedEOF}
		default:
			n -= int(m)
		}
	}
	return nil
}

// BeginBulk prepares for many messages of WriteFrom in a row. That is a matter of speed alone, so it fails in silence.
// EndBulk gives the pipe back, with whatever a broken write has left in it. Both are for the goroutine that writes.
func (c *Conn) BeginBulk() {
	if c.bulk != nil {
		return
	}
	if c.tls == nil {
		c.bulk = newBulkPipe()
	}
	if c.onThisHost() {
		_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, hostSendBuffer)
	}
}

// EndBulk ends what BeginBulk began, if it did.
func (c *Conn) EndBulk() {
	if c.bulk != nil {
		c.bulk.close()
		c.bulk = nil
	}
	if c.tls != nil {
		c.tls.forget()
	}
}

// ByReference says whether WriteFrom has the kernel send references to the file's pages, and not copies.
func (c *Conn) ByReference() bool { return c.tls == nil }

// WriteFrom writes a message that consists of head and of n bytes of a file from offset on, for the holder of the turn.
// What writeFile says of the file's pages goes for these, too, unless ByReference says otherwise. A *ReadError leaves the
// connection between two messages.
func (c *Conn) WriteFrom(head []byte, file int, offset int64, n int) error {
	if c.broken != nil {
		return c.broken
	}
	if c.tls != nil {
		return c.tls.writeFrom(head, file, offset, n)
	}
	if c.bulk != nil {
		err := c.bulk.fill(head, file, offset, n)
		if err == nil {
			return c.drain(len(head) + n)
		}
		c.EndBulk() // nothing is out yet
		if err != errNoPipe {
			return err
		}
	}
	if err := c.writeBeginning(head); err != nil {
		return err
	}
	return c.writeFile(file, offset, n)
}

// drain sends the n bytes that are in the pipe.
func (c *Conn) drain(n int) error {
	for n > 0 {
		sent, err := unix.Splice(c.bulk.r, nil, c.fd, nil, n, 0)
		if sent > 0 {
			n -= int(sent)
		}
		switch {
		case err != nil:
			if err := c.stalled(err); err != nil {
				return err
			}
		case sent == 0:
			c.broken = fmt.Errorf("could not send data to client: %d bytes are missing from the pipe", n)
			return c.broken
		}
	}
	return nil
}
