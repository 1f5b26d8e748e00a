package protocol

import (
	"encoding/binary"
	"errors"
	"io"

	"waypost/xlog"
)

const (
	// streamMinBuffer is the smallest buffer a StreamDecoder works with, bytes.
	streamMinBuffer = 4 * 1024

	// maxStreamMessage is the longest message that is gathered whole: an error, a row. WAL never is.
	maxStreamMessage = 1 << 20

	// maxShortMessage is the longest length word that any but the long types may have, as libpq has it: above it,
	// what we take for a length is none.
	maxShortMessage = 30000
)

// StreamKind says which fields of a StreamMessage are set.
type StreamKind uint8

const (
	// StreamWAL is a piece of WAL: Start, Data, WalEnd, SendTime. A long XLogData comes in several pieces, each
	// beginning where the last one ended; one without data comes as one empty piece.
	StreamWAL StreamKind = iota

	// StreamKeepalive is a primary keepalive: WalEnd, SendTime, ReplyRequested.
	StreamKeepalive

	// StreamCopyDone is the server's end of the copy.
	StreamCopyDone

	// StreamOther is any other message: Type, Body (ErrorResponse, CommandComplete, DataRow …).
	StreamOther
)

// StreamMessage is what StreamDecoder.Next gives.
type StreamMessage struct {
	Kind           StreamKind
	Start          xlog.LSN // position of Data's first byte
	Data           []byte   // the StreamDecoder's, see there
	WalEnd         xlog.LSN // the server's end of WAL when it sent this
	SendTime       xlog.TimestampTz
	ReplyRequested bool
	Type           byte
	Body           []byte // the StreamDecoder's, see there
}

// StreamDecoder takes apart what a server sends on a replication connection. It reads as much as there is into one
// big buffer and gives WAL out of it in pieces, as it arrives and without copying: no XLogData is waited for whole.
//
// Data and Body live until a Next that reads. Next does not read while Ready reports true, so the pieces of all calls
// since the last time it did not may be gathered and written together.
//
// Errors are of three kinds. io.EOF alone: the server closed between two messages. An *Error: it broke the protocol,
// or closed in mid-message (the cause is io.ErrUnexpectedEOF); the stream is of no more use. Any other error is the
// io.Reader's, unchanged: after one that passes, such as a deadline or EAGAIN, Next may be called again and goes on
// where it stopped; nothing is lost. That pieces follow each other is not checked here.
//
// A StreamDecoder is for one goroutine.
type StreamDecoder struct {
	in      input
	walLeft int // bytes of the current XLogData that were not given out
	walPos  xlog.LSN
	walEnd  xlog.LSN
	sent    xlog.TimestampTz
}

// NewStreamDecoder makes a decoder over src with a buffer of size bytes (at least 4 kB). 256 kB to 1 MB is good:
// PostgreSQL sends up to 128 kB at a time.
func NewStreamDecoder(src io.Reader, size int) *StreamDecoder {
	return &StreamDecoder{in: input{src: src, buf: make([]byte, max(size, streamMinBuffer))}}
}

// Buffered is how many bytes were read and not yet given out.
func (d *StreamDecoder) Buffered() int { return d.in.buffered() }

// Ready says whether Next has something to give, or an error of the peer's, without reading.
func (d *StreamDecoder) Ready() bool { return d.in.buffered() >= d.need() }

// Next fills m with the next message or piece of WAL.
func (d *StreamDecoder) Next(m *StreamMessage) error {
	if err := d.fill(); err != nil {
		return err
	}
	if d.walLeft > 0 {
		d.givePiece(m)
		return nil
	}
	b := d.in.bytes()
	typ, n := b[0], messageLen(b)
	if !saneLength(typ, n) {
		return lostSync(typ, n)
	}
	if typ != MsgCopyData {
		d.in.start += 1 + n
		m.setOther(typ, b[frameLen:1+n:1+n])
		return nil
	}
	return d.copyData(m, b, n)
}

// need is how many bytes have to be there before Next can take the next step; more than that are never waited for.
func (d *StreamDecoder) need() int {
	if d.walLeft > 0 {
		return 1
	}
	b := d.in.bytes()
	if len(b) < frameLen {
		return frameLen
	}
	typ, n := b[0], messageLen(b)
	switch {
	case !saneLength(typ, n), n == 4:
		return frameLen
	case typ != MsgCopyData:
		return 1 + n
	case len(b) == frameLen:
		return frameLen + 1
	}
	return needCopyData(b[frameLen], n-4)
}

// needCopyData is need for a CopyData with a body of n bytes, the first of which is kind. What is of the wrong length
// or kind is an error that needs no more bytes.
func needCopyData(kind byte, n int) int {
	switch {
	case kind == 'w' && n == xlogDataHeader:
		return XLogDataHeaderLen
	case kind == 'w' && n > xlogDataHeader:
		return XLogDataHeaderLen + 1
	case kind == 'k' && n == keepaliveLen:
		return frameLen + keepaliveLen
	default:
		return frameLen + 1
	}
}

func (d *StreamDecoder) fill() error {
	for {
		n := d.need()
		if d.in.buffered() >= n {
			return nil
		}
		if n > len(d.in.buf) {
			d.in.grow(n)
		}
		d.in.compact() // fewer bytes than n: a part of a header, or of a short message
		if err := d.in.read(); err != nil {
			return d.readError(err)
		}
	}
}

func (d *StreamDecoder) readError(err error) error {
	if errors.Is(err, io.EOF) && (d.walLeft > 0 || d.in.buffered() > 0) {
		return Errorf(CodeConnectionFailure, "server closed the connection unexpectedly").
			WithCause(io.ErrUnexpectedEOF)
	}
	return err
}

// copyData takes a CopyData apart; b has what need asked for, n is its length word.
func (d *StreamDecoder) copyData(m *StreamMessage, b []byte, n int) error {
	if n == 4 {
		return Errorf(CodeProtocolViolation, "no data left in message")
	}
	switch kind := b[frameLen]; kind {
	case 'w':
		return d.beginXLogData(m, b, n)
	case 'k':
		return d.keepalive(m, b, n)
	default:
		return Errorf(CodeProtocolViolation, "invalid replication message type %d", kind)
	}
}

func (d *StreamDecoder) beginXLogData(m *StreamMessage, b []byte, n int) error {
	if n < 4+xlogDataHeader {
		return errInvalidXLogData()
	}
	var h XLogData
	if err := DecodeXLogData(b[frameLen:XLogDataHeaderLen], &h); err != nil {
		return err
	}
	d.walPos, d.walEnd, d.sent = h.Start, h.WalEnd, h.SendTime
	d.walLeft = n - 4 - xlogDataHeader
	d.in.start += XLogDataHeaderLen
	d.givePiece(m)
	return nil
}

func (d *StreamDecoder) keepalive(m *StreamMessage, b []byte, n int) error {
	if n != 4+keepaliveLen {
		return errInvalidKeepalive() // its body was not waited for
	}
	var k Keepalive
	if err := DecodeKeepalive(b[frameLen:1+n], &k); err != nil {
		return err
	}
	d.in.start += 1 + n
	*m = StreamMessage{
		Kind: StreamKeepalive, WalEnd: k.WalEnd, SendTime: k.SendTime, ReplyRequested: k.ReplyRequested,
	}
	return nil
}

// givePiece gives out as much as there is of the current XLogData.
func (d *StreamDecoder) givePiece(m *StreamMessage) {
	n := min(d.walLeft, d.in.buffered())
	*m = StreamMessage{
		Kind: StreamWAL, Start: d.walPos, Data: d.in.bytes()[:n:n], WalEnd: d.walEnd, SendTime: d.sent,
	}
	d.in.start += n
	d.walLeft -= n
	d.walPos += xlog.LSN(n)
}

func (m *StreamMessage) setOther(typ byte, b []byte) {
	kind := StreamOther
	if typ == MsgCopyDone {
		kind = StreamCopyDone
	}
	*m = StreamMessage{Kind: kind, Type: typ, Body: b}
}

// messageLen is the length word of the message that b begins with; negative if it is absurd.
func messageLen(b []byte) int { return int(int32(binary.BigEndian.Uint32(b[1:]))) }

// saneLength says whether a length word can be one. Otherwise we are out of step with the server.
func saneLength(typ byte, n int) bool {
	switch typ {
	case MsgCopyData:
		return n >= 4 && n <= maxMessageLen
	case MsgRowDescription, MsgDataRow, MsgErrorResponse, MsgNoticeResponse, MsgNotificationResponse:
		return n >= 4 && n <= maxStreamMessage
	default:
		return n >= 4 && n <= maxShortMessage
	}
}

func lostSync(typ byte, n int) *Error {
	return Errorf(CodeProtocolViolation, "lost synchronization with server: got message type %s, length %d",
		quoteByte(typ), n)
}
