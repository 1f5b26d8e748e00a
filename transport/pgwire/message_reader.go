package pgwire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"waypost/protocol"
)

// decoder is what takes a connection's bytes apart: protocol.StreamDecoder on a physical replication connection,
// messageReader on the others.
type decoder interface {
	Next(*protocol.StreamMessage) error
	Ready() bool
	Buffered() int
}

// messageReader gives whole messages, all of them as protocol.StreamOther but for CopyDone; a CopyData's body is not
// looked at. It is for logical streams, where a message's bounds matter, and for what COPY sends.
//
// A message's body lives until the next Next that reads. Errors are as StreamDecoder's.
type messageReader struct {
	src io.Reader
	buf []byte // what was read and not given out
	mem []byte // what buf is part of, from the front
}

const (
	messageReaderBuffer = 16 * 1024
	frameLen            = 5
	// maxMessage is the longest message that is gathered, bytes: PostgreSQL's own limit for one value is not far
	// above, and a single row or change of that size is what a regular or logical connection may have to carry.
	maxMessage = 1 << 30
	// maxShortMessage is libpq's bound for all types but those that carry data.
	maxShortMessage = 30000
)

func newMessageReader(src io.Reader) *messageReader {
	return &messageReader{src: src, mem: make([]byte, messageReaderBuffer)}
}

// Buffered is how many bytes were read and not yet given out.
func (r *messageReader) Buffered() int { return len(r.buf) }

// Ready says whether Next has something to give without reading.
func (r *messageReader) Ready() bool { return len(r.buf) >= r.need() }

// need is how many bytes have to be there for the next step.
func (r *messageReader) need() int {
	if len(r.buf) < frameLen {
		return frameLen
	}
	typ, n := r.header()
	if checkLength(typ, n) != nil {
		return frameLen
	}
	return 1 + n
}

// header is the type and the length word; the latter is negative where it is absurd.
func (r *messageReader) header() (typ byte, n int) {
	return r.buf[0], int(int32(binary.BigEndian.Uint32(r.buf[1:])))
}

// Next fills m with the next message.
func (r *messageReader) Next(m *protocol.StreamMessage) error {
	for {
		n := r.need()
		if len(r.buf) >= n {
			break
		}
		if err := r.fill(n); err != nil {
			return err
		}
	}
	typ, n := r.header()
	if err := checkLength(typ, n); err != nil {
		return err
	}
	*m = protocol.StreamMessage{Kind: protocol.StreamOther, Type: typ, Body: r.buf[frameLen : 1+n : 1+n]}
	if typ == protocol.MsgCopyDone {
		m.Kind = protocol.StreamCopyDone
	}
	r.buf = r.buf[1+n:]
	return nil
}

// fill reads once. The memory grows no faster than what really comes, so that a lying length costs nothing.
func (r *messageReader) fill(n int) error {
	if len(r.buf) == 0 && len(r.mem) > messageReaderBuffer {
		r.mem = make([]byte, messageReaderBuffer)
	}
	have := len(r.buf)
	if have == len(r.mem) {
		mem := make([]byte, min(2*len(r.mem), max(n, messageReaderBuffer)))
		copy(mem, r.buf)
		r.mem = mem
	} else {
		copy(r.mem, r.buf)
	}
	r.buf = r.mem[:have]
	got, err := r.src.Read(r.mem[have:])
	r.buf = r.mem[:have+got]
	if errors.Is(err, io.EOF) && have > 0 {
		return fmt.Errorf("in the middle of a message: %w", io.ErrUnexpectedEOF)
	}
	return err
}

func checkLength(typ byte, n int) error {
	limit := maxShortMessage
	switch typ {
	case protocol.MsgRowDescription, protocol.MsgDataRow, protocol.MsgCopyData, protocol.MsgErrorResponse,
		protocol.MsgNoticeResponse, protocol.MsgNotificationResponse:
		limit = maxMessage
	}
	if n < 4 || n > limit {
		return protocol.Errorf(protocol.CodeProtocolViolation,
			"lost synchronization with server: got message type %q, length %d", typ, n)
	}
	return nil
}
