package walfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"waypost/xlog"
)

// ReadError is a Source's error, other than that there is nothing to read.
type ReadError struct {
	LSN xlog.LSN // what was to be read; in the file that could not be
	Err error
}

func (e *ReadError) Error() string { return fmt.Sprintf("read WAL at %v: %v", e.LSN, e.Err) }

// Unwrap gives the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// need gives n bytes at l, which lie in one page, from the block, or reads them.
func (r *Reader) need(l xlog.LSN, n int) ([]byte, error) {
	off := uint64(l - r.blockLSN)
	if end := off + uint64(n); end <= uint64(len(r.block)) && off < end {
		return r.block[off:end], nil
	}
	if err := r.fill(l, l+xlog.LSN(n)); err != nil {
		return nil, err
	}
	off = uint64(l - r.blockLSN)
	return r.block[off : off+uint64(n)], nil
}

// fill reads the bytes [l, end) of one page into the block, and more where it can: more of the same block if that is
// where it goes on, else a new block from l's page on.
func (r *Reader) fill(l, end xlog.LSN) error {
	last := r.check.SegSize.SegStart(NoLimit) // where the last segment of all begins, which is not used
	if end > r.limit || end < l || l >= last {
		s := r.newStop(NeedMore, r.start, "the limit lies before the record's end")
		s.Held = max(s.Record, min(s.Held, r.limit))
		return s
	}
	page := l.PageStart()
	if err := r.ensureSegment(page, end); err != nil {
		return err
	}
	have := r.blockLSN + xlog.LSN(len(r.block))
	room := r.blockLSN + xlog.LSN(cap(r.block))
	segEnd := r.check.SegSize.Start(r.seg + 1)
	if len(r.block) == 0 || page < r.blockLSN || l > have || end > room {
		r.block, r.blockLSN = r.block[:0], page
		have, room = page, page+xlog.LSN(cap(r.block))
	}
	upto := min(room, segEnd, r.limit, r.segEnd)
	got := len(r.block)
	n, err := r.src.ReadAt(r.block[got:got+int(upto-have)], r.segTLI, have)
	r.block = r.block[:got+n]
	switch {
	case have+xlog.LSN(n) >= end:
		return nil
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return r.newStop(ShortSegment, have+xlog.LSN(n), "the file has %d bytes of %d", r.check.SegSize.Offset(have)+uint32(n), r.check.SegSize)
	case errors.Is(err, fs.ErrNotExist):
		s := r.newStop(MissingSegment, l, "the file is gone")
		s.Err = err
		return s
	}
	return &ReadError{LSN: have, Err: err}
}

// ensureSegment opens the segment of the page, if it is not open, such that the bytes before end count.
func (r *Reader) ensureSegment(page, end xlog.LSN) error {
	if n := r.check.SegSize.SegNo(page); !r.segOpen || n != r.seg || end > r.segEnd {
		if err := r.openSegment(n); err != nil {
			return err
		}
	}
	if end > r.segEnd {
		s := r.newStop(MissingSegment, r.segEnd, "timeline %d was left here, and the next has no file", r.segTLI)
		s.TLI = r.hist.TLIOf(r.segEnd)
		return s
	}
	return nil
}

// openSegment chooses the file that holds segment n and judges its first page.
func (r *Reader) openSegment(n xlog.SegNo) error {
	r.segOpen = false
	start := r.check.SegSize.Start(n)
	for e := range r.hist.holders(n, r.check.SegSize) {
		var b [LongPageHeaderSize]byte
		got, err := r.src.ReadAt(b[:], e.TLI, start)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		r.seg, r.segTLI, r.segEnd = n, e.TLI, NoLimit
		if e.End != 0 {
			r.segEnd = e.End
		}
		r.segOpen = true
		if got < len(b) {
			if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return r.newStop(ShortSegment, start+xlog.LSN(got), "the file has %d bytes of %d", got, r.check.SegSize)
			}
			return &ReadError{LSN: start, Err: err}
		}
		var h PageHeader
		h.Decode(b[:])
		return r.checkPage(&h, start)
	}
	s := r.newStop(MissingSegment, r.start, "no file holds segment %s", SegmentName(r.hist.TLIOf(start), n, r.check.SegSize))
	s.TLI, s.Segment = r.hist.TLIOf(start), n
	s.Err = fs.ErrNotExist
	return s
}

// belongs says whether the page at l is written and is what must stand there, going by its header.
func (r *Reader) belongs(l xlog.LSN) bool {
	n := r.check.SegSize.SegNo(l)
	for e := range r.hist.holders(n, r.check.SegSize) {
		if e.End != 0 && l >= e.End {
			return false
		}
		var b [LongPageHeaderSize]byte
		if _, err := r.src.ReadAt(b[:], e.TLI, l); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var h PageHeader
		return h.Decode(b[:]) && r.check.Check(&h, l) == PageOK
	}
	return false
}
