package walfile

import "waypost/xlog"

// loadPage reads and judges the header of the page at l.
func (r *Reader) loadPage(l xlog.LSN) error {
	if r.pageOK && r.page == l {
		return nil
	}
	r.pageOK = false
	b, err := r.need(l, headerSizeAt(l, r.check.SegSize))
	if err != nil {
		return err
	}
	var h PageHeader
	if !h.Decode(b) { // a long header where none belongs
		if b, err = r.need(l, LongPageHeaderSize); err != nil {
			return err
		}
		h.Decode(b)
	}
	if err := r.checkPage(&h, l); err != nil {
		return err
	}
	r.pageOK, r.page, r.hdr = true, l, h
	r.lastPage, r.lastTLI = l, h.TLI
	return nil
}

// checkPage judges the header of the page at l, and learns from the first one what the log is.
func (r *Reader) checkPage(h *PageHeader, l xlog.LSN) error {
	if f := r.check.Check(h, l); f != PageOK {
		return r.badPage(f, h, l)
	}
	if want := r.hist.TLIOf(l); h.TLI != want && !r.unknownAncestor(h.TLI, want, l) {
		return r.newStop(OtherTimeline, l, "the page is of timeline %d, expected %d", h.TLI, want)
	}
	if r.check.Version == 0 {
		r.check.Version, _ = VersionOfMagic(h.Magic)
	}
	if r.check.SystemID == 0 && h.Info&LongHeader != 0 {
		r.check.SystemID = h.SystemID
	}
	return nil
}

// unknownAncestor allows a lower timeline where the history does not go back far enough to know, as long as it never
// falls.
func (r *Reader) unknownAncestor(tli, want xlog.TimeLineID, l xlog.LSN) bool {
	return tli != 0 && tli < want && want == r.hist.entries[0].TLI && (l < r.lastPage || tli >= r.lastTLI)
}

func (r *Reader) badPage(f PageFault, h *PageHeader, l xlog.LSN) error {
	next := l + xlog.PageSize
	switch f {
	case PageZero:
		return r.stop(EndOfWAL, l, next, "the page is not written")
	case PageOtherSystem:
		return r.newStop(Foreign, l, "system identifier %d, expected %d", h.SystemID, r.check.SystemID)
	case PageOtherSegSize:
		return r.newStop(Foreign, l, "segment size %d, expected %d", h.SegSize, r.check.SegSize)
	case PageOtherBlockSize:
		return r.newStop(Foreign, l, "page size %d, expected %d", h.BlockSize, xlog.PageSize)
	case PageOtherAddr:
		if h.Addr > l {
			return r.newStop(Corrupt, l, "page address %v", h.Addr)
		}
		return r.stop(Garbage, l, next, "page address %v", h.Addr)
	case PageBadInfo:
		return r.stop(Garbage, l, next, "page flags %04X", uint16(h.Info))
	}
	if v, ok := VersionOfMagic(h.Magic); ok {
		return r.newStop(Foreign, l, "WAL of PostgreSQL %d, expected %d", v, r.check.Version)
	}
	return r.stop(Garbage, l, next, "page magic %04X", h.Magic)
}
