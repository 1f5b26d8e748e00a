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
	src        io.Reader
	buf        []byte
	start, end int // what was read and not given out
}

const (
	messageReaderBuffer = 16 * 1024
	frameLen            = 5
	// maxMessage is the longest message that is gathered, bytes. PostgreSQL cannot build a longer one (MaxAllocSize).
	maxMessage = 1<<30 - 1
	// maxShortMessage is libpq's bound for all types but those that carry data.
	maxShortMessage = 30000
)

func newMessageReader(src io.Reader) *messageReader {
	return &messageReader{src: src, buf: make([]byte, messageReaderBuffer)}
}

// Buffered is how many bytes were read and not yet given out.
func (r *messageReader) Buffered() int { return r.end - r.start }

// Ready says whether Next has something to give without reading.
func (r *messageReader) Ready() bool { return r.Buffered() >= r.need() }

// need is how many bytes have to be there for the next step.
func (r *messageReader) need() int {
	if r.Buffered() < frameLen {
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
	return r.buf[r.start], int(int32(binary.BigEndian.Uint32(r.buf[r.start+1:])))
}

// Next fills m with the next message.
func (r *messageReader) Next(m *protocol.StreamMessage) error {
	for !r.Ready() {
		if err := r.fill(); err != nil {
			return err
		}
	}
	typ, n := r.header()
	if err := checkLength(typ, n); err != nil {
		return err
	}
	body := r.buf[r.start+frameLen : r.start+1+n : r.start+1+n]
	r.start += 1 + n
	*m = protocol.StreamMessage{Kind: protocol.StreamOther, Type: typ, Body: body}
	if typ == protocol.MsgCopyDone {
		m.Kind = protocol.StreamCopyDone
	}
	return nil
}

// fill reads once.
func (r *messageReader) fill() error {
	r.makeRoom()
	n, err := r.src.Read(r.buf[r.end:])
	if r.end += n; n > 0 {
		return nil // what else there was to say comes again with the next read
	}
	if errors.Is(err, io.EOF) && r.Buffered() > 0 {
		return fmt.Errorf("in the middle of a message: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// makeRoom leaves room behind what is there. The buffer grows no faster than what really comes, so that a lying length
// costs nothing, and is given back after a long message.
func (r *messageReader) makeRoom() {
	if r.start > 0 {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	switch {
	case r.end == len(r.buf):
		grown := make([]byte, 2*len(r.buf))
		copy(grown, r.buf)
		r.buf = grown
	case r.end == 0 && len(r.buf) > messageReaderBuffer:
		r.buf = make([]byte, messageReaderBuffer)
	}
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
