package walfile

import "waypost/xlog"

// assembly is a record that goes over several pages, as far as it was put together. It outlives a NeedMore, so that a
// long record that arrives bit by bit is read once.
type assembly struct {
	active  bool
	start   xlog.LSN
	total   uint32
	page    xlog.LSN // the page to go on with
	checked bool     // the header was all there, and is good
	buf     []byte
}

// beginAssembly takes the first part of a record that is longer than the rest of its page. The record's length is not
// believed: the buffer grows with the bytes that are really there.
func (r *Reader) beginAssembly(start xlog.LSN, total, room uint32) (*Record, error) {
	r.held = start + xlog.LSN(room)
	part, err := r.need(start, int(room))
	if err != nil {
		return nil, err
	}
	a := &r.asm
	if cap(a.buf) > keepAssembled {
		a.buf = nil
	}
	a.active, a.start, a.total = true, start, total
	a.page = start + xlog.LSN(room)
	a.checked = room >= RecordHeaderSize
	a.buf = append(a.buf[:0], part...)
	return r.assemble()
}

// assemble adds page after page until the record is whole.
func (r *Reader) assemble() (*Record, error) {
	a := &r.asm
	r.start = a.start
	for {
		r.held = a.page
		if err := r.loadPage(a.page); err != nil {
			return nil, err
		}
		left := a.total - uint32(len(a.buf))
		if err := r.checkContinuation(left); err != nil {
			return nil, err
		}
		at := a.page + xlog.LSN(r.hdr.Size())
		n := min(left, uint32(a.page+xlog.PageSize-at))
		end := at + align8(n)
		r.held = end
		part, err := r.need(at, int(end-at))
		if err != nil {
			return nil, err
		}
		a.buf = append(a.buf, part[:n]...)
		a.page += xlog.PageSize
		if !a.checked && len(a.buf) >= RecordHeaderSize {
			r.held = a.start
			if err := r.checkHeader(a.buf[:RecordHeaderSize], a.total); err != nil {
				return nil, err
			}
			a.checked = true
		}
		if n == left {
			rec, err := r.finish(a.buf, a.start, end)
			a.active = false
			return rec, err
		}
	}
}

// checkContinuation judges whether the page just loaded goes on with the record, of which left bytes are missing. If
// the page says that the record is void, reading goes on with what the page has instead.
func (r *Reader) checkContinuation(left uint32) error {
	a := &r.asm
	switch {
	case r.hdr.Info&FirstIsOverwriteContRecord != 0:
		r.overwritten = a.start
		r.pos = a.page
		a.active = false
		return errOverwritten
	case r.hdr.Info&FirstIsContRecord == 0:
		return r.stop(Torn, a.page, r.nextPage(), "the page does not go on with the unfinished record")
	case r.hdr.RemLen != left:
		return r.stop(Torn, a.page, r.nextPage(), "the page goes on with %d bytes of a record of which %d are missing", r.hdr.RemLen, left)
	}
	return nil
}
