package protocol

import (
	"bytes"
	"encoding/binary"
)

// body is a message's body being taken apart from the front, PostgreSQL's pq_getmsg… family. The first thing that is
// missing sets err; what is taken after that is zero.
type body struct {
	rest []byte
	err  *Error
}

func (b *body) take(n int) []byte {
	if b.err != nil {
		return nil
	}
	if n < 0 || n > len(b.rest) {
		b.err = Errorf(CodeProtocolViolation, "insufficient data left in message")
		return nil
	}
	t := b.rest[:n]
	b.rest = b.rest[n:]
	return t
}

func (b *body) uint8() byte {
	if b.err == nil && len(b.rest) == 0 {
		b.err = Errorf(CodeProtocolViolation, "no data left in message")
	}
	if t := b.take(1); t != nil {
		return t[0]
	}
	return 0
}

func (b *body) uint16() uint16 {
	if t := b.take(2); t != nil {
		return binary.BigEndian.Uint16(t)
	}
	return 0
}

func (b *body) uint32() uint32 {
	if t := b.take(4); t != nil {
		return binary.BigEndian.Uint32(t)
	}
	return 0
}

// cstring takes a string and its NUL.
func (b *body) cstring() string {
	if b.err != nil {
		return ""
	}
	n := bytes.IndexByte(b.rest, 0)
	if n < 0 {
		b.err = Errorf(CodeProtocolViolation, "invalid string in message")
		return ""
	}
	s := string(b.rest[:n])
	b.rest = b.rest[n+1:]
	return s
}

// end checks that nothing is left, and gives the first error.
func (b *body) end() error {
	if b.err == nil && len(b.rest) != 0 {
		b.err = Errorf(CodeProtocolViolation, "invalid message format")
	}
	return b.fail()
}

// fail gives the first error as an error that is nil when there was none.
func (b *body) fail() error {
	if b.err != nil {
		return b.err
	}
	return nil
}
