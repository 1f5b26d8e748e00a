package protocol

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	// readerMinBuffer holds a startup packet, a command or a handful of standby replies.
	readerMinBuffer = 1024

	// readerKeepBuffer is the largest buffer that an idle Reader holds on to.
	readerKeepBuffer = 8 * 1024
)

// Reader reads what a frontend sends, message by message, through one small buffer that grows as a long message
// arrives and shrinks after it.
//
// Errors are of three kinds. io.EOF alone: the peer closed between two messages. An *Error: the peer broke the
// protocol (one that closed in mid-message has io.ErrUnexpectedEOF as its cause); the connection is of no more use,
// and nothing is sent where the Error is LogOnly. Any other error is the io.Reader's, unchanged: after one that
// passes, such as a deadline or EAGAIN, the call may be repeated and goes on where it stopped; nothing is lost. How
// long to wait for a slow peer is therefore the caller's to say.
//
// A Reader is for one goroutine.
type Reader struct {
	// Limit is the longest message that is taken, bytes, where PostgreSQL would take up to 1 GB; 0 for no other limit.
	Limit int

	in input
}

// NewReader makes a Reader over src. The buffer is made with the first read.
func NewReader(src io.Reader) *Reader { return &Reader{in: input{src: src}} }

// Buffered is how many bytes were read from the peer and not yet given out. Before a switch to TLS it must be 0: what
// is there came unencrypted, perhaps from somebody in the middle.
func (r *Reader) Buffered() int { return r.in.buffered() }

// Take gives out what was read from the peer and not yet given out: the beginning of its TLS handshake, after ErrDirectTLS.
func (r *Reader) Take() []byte {
	b := append([]byte(nil), r.in.bytes()...)
	r.in.start = r.in.end
	return b
}

// Next gives the next message. body lives until the next call of r.
func (r *Reader) Next(phase Phase) (typ byte, body []byte, err error) {
	if err := r.fill(1); err != nil {
		return 0, nil, err
	}
	typ = r.in.bytes()[0]
	limit, perr := phase.limit(typ)
	if perr != nil {
		return 0, nil, perr
	}
	if err := r.fill(frameLen); err != nil {
		return 0, nil, midMessage(err, "unexpected EOF within message length word")
	}
	n := int(int32(binary.BigEndian.Uint32(r.in.bytes()[1:])))
	if n < 4 || n > limit {
		return 0, nil, commErrorf(nil, "invalid message length")
	}
	if r.Limit > 0 && n > r.Limit {
		return 0, nil, Fatalf(CodeProgramLimitExceeded, "message is too long").
			WithDetail("It has %d bytes, at most %d are allowed.", n, r.Limit)
	}
	if err := r.fill(1 + n); err != nil {
		return 0, nil, midMessage(err, "incomplete message from client")
	}
	return typ, r.consume(1 + n)[frameLen:], nil
}

// midMessage turns the end of the stream into the error that it is in the middle of a message.
func midMessage(err error, message string) error {
	if errors.Is(err, io.EOF) {
		return commErrorf(io.ErrUnexpectedEOF, "%s", message)
	}
	return err
}

// consume gives the next n bytes, which are there.
func (r *Reader) consume(n int) []byte {
	b := r.in.bytes()[:n:n]
	r.in.start += n
	return b
}

// fill reads until n bytes are there.
func (r *Reader) fill(n int) error {
	for r.in.buffered() < n {
		r.makeRoom(n)
		if err := r.in.read(); err != nil {
			return err
		}
	}
	return nil
}

// makeRoom leaves room behind what is there. The buffer only doubles when it is full of bytes that did arrive, so a
// peer pays for every byte of memory that it makes us take.
func (r *Reader) makeRoom(n int) {
	in := &r.in
	if in.buffered() == 0 {
		in.start, in.end = 0, 0
		if len(in.buf) > readerKeepBuffer {
			in.buf = nil
		}
	}
	switch {
	case in.end < len(in.buf):
	case in.start > 0:
		in.compact()
	default:
		in.grow(max(readerMinBuffer, min(n, 2*len(in.buf))))
	}
}
