package logging

import (
	"bytes"
	"encoding/binary"
)

// maxEvent bounds what is kept of one event while its end has not come, bytes; maxPending that of all. What is over is
// passed on as it is, cut short. No event is that long (limit): only many at once could be over.
const (
	maxEvent   = 2 << 20
	maxPending = 16 << 20
)

// Assembler puts together what comes through the pipe.
type Assembler struct {
	// Emit takes each event, or text that is none, as soon as it is whole. It must not keep b.
	Emit func(b []byte, to Destination)

	rest    []byte // not taken apart yet: less than a chunk
	pending map[int32]*partial
	size    int // of all pending, bytes
}

// partial is an event whose end has not come.
type partial struct {
	text []byte
	to   Destination
}

// Feed takes what was read.
func (a *Assembler) Feed(b []byte) {
	if len(a.rest) > 0 {
		b = append(a.rest, b...)
	}
	for len(b) > 0 {
		n := a.step(b)
		if n == 0 {
			break
		}
		b = b[n:]
	}
	a.rest = append(a.rest[:0:0], b...)
}

// step takes one chunk off b, or text up to the next, and says how much; 0: more must come first.
func (a *Assembler) step(b []byte) int {
	if b[0] != 0 {
		n := bytes.IndexByte(b, 0)
		if n < 0 {
			n = len(b)
		}
		a.Emit(b[:n], ToText)
		return n
	}
	if len(b) < chunkHeader {
		return 0
	}
	length, flags := int(binary.LittleEndian.Uint16(b[2:])), b[8]
	pid := int32(binary.LittleEndian.Uint32(b[4:]))
	if b[1] != 0 || length == 0 || length > chunkSize-chunkHeader || pid <= 0 || flags&^chunkKnown != 0 {
		a.Emit(b[:1], ToText) // a zero byte, but no chunk
		return 1
	}
	if len(b) < chunkHeader+length {
		return 0
	}
	a.chunk(pid, flags, b[chunkHeader:chunkHeader+length])
	return chunkHeader + length
}

func (a *Assembler) chunk(pid int32, flags byte, text []byte) {
	to := Destination(flags >> chunkShift)
	if flags&chunkFirst != 0 {
		a.drop(pid) // its sender has given the rest up
		if flags&chunkLast != 0 {
			a.Emit(text, to)
			return
		}
		if a.pending == nil {
			a.pending = make(map[int32]*partial)
		}
		a.pending[pid] = &partial{to: to}
	}
	p := a.pending[pid]
	if p == nil {
		return // its beginning is not here: a logger before this one had it
	}
	p.text = append(p.text, text...)
	a.size += len(text)
	switch {
	case flags&chunkLast != 0:
		a.Emit(p.text, p.to)
		a.drop(pid)
	case len(p.text) > maxEvent || a.size > maxPending:
		a.Emit(append(p.text, '\n'), p.to)
		a.drop(pid)
	}
}

func (a *Assembler) drop(pid int32) {
	if p := a.pending[pid]; p != nil {
		a.size -= len(p.text)
		delete(a.pending, pid)
	}
}

// Flush passes on what is left when nothing more will come.
func (a *Assembler) Flush() {
	if len(a.rest) > 0 {
		a.Emit(a.rest, ToText)
		a.rest = nil
	}
	for pid, p := range a.pending {
		a.Emit(append(p.text, '\n'), p.to)
		a.drop(pid)
	}
}
