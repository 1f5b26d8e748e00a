package walfile

import (
	"encoding/binary"

	"waypost/xlog"
)

// Sizes in bytes of the two page headers; both are multiples of 8, so that records start aligned.
const (
	ShortPageHeaderSize = 24
	LongPageHeaderSize  = 40
)

// PageInfo holds the flags of a page header, xlp_info.
type PageInfo uint16

// The flags of xlp_info.
const (
	FirstIsContRecord          PageInfo = 0x0001 // XLP_FIRST_IS_CONTRECORD: the page begins with the rest of a record
	LongHeader                 PageInfo = 0x0002 // XLP_LONG_HEADER: a segment's first page
	BackupRemovable            PageInfo = 0x0004 // XLP_BKP_REMOVABLE
	FirstIsOverwriteContRecord PageInfo = 0x0008 // XLP_FIRST_IS_OVERWRITE_CONTRECORD: the record unfinished before this page is void

	allPageInfo PageInfo = 0x000F
)

// PageHeader is the header of a WAL page, short or long (XLogPageHeaderData, XLogLongPageHeaderData).
type PageHeader struct {
	Magic  uint16
	Info   PageInfo
	TLI    xlog.TimeLineID // timeline of the page's first byte
	Addr   xlog.LSN        // position of the page's first byte
	RemLen uint32          // bytes that remain of a record begun on an earlier page, this page's share included

	// The rest is in a long header only.
	SystemID  uint64
	SegSize   uint32
	BlockSize uint32
}

// Size is the header's size in bytes.
func (h *PageHeader) Size() int {
	if h.Info&LongHeader != 0 {
		return LongPageHeaderSize
	}
	return ShortPageHeaderSize
}

// Decode reads a header from b without judging it; false if b is too short for the header it begins.
func (h *PageHeader) Decode(b []byte) bool {
	if len(b) < ShortPageHeaderSize {
		return false
	}
	b0 := b[:ShortPageHeaderSize]
	h.Magic = binary.LittleEndian.Uint16(b0)
	h.Info = PageInfo(binary.LittleEndian.Uint16(b0[2:]))
	h.TLI = xlog.TimeLineID(binary.LittleEndian.Uint32(b0[4:]))
	h.Addr = xlog.LSN(binary.LittleEndian.Uint64(b0[8:]))
	h.RemLen = binary.LittleEndian.Uint32(b0[16:])
	h.SystemID, h.SegSize, h.BlockSize = 0, 0, 0
	if h.Info&LongHeader == 0 {
		return true
	}
	if len(b) < LongPageHeaderSize {
		return false
	}
	h.SystemID = binary.LittleEndian.Uint64(b[24:])
	h.SegSize = binary.LittleEndian.Uint32(b[32:])
	h.BlockSize = binary.LittleEndian.Uint32(b[36:])
	return true
}

// Append appends the header's Size bytes to b; padding is zero.
func (h *PageHeader) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, h.Magic)
	b = binary.LittleEndian.AppendUint16(b, uint16(h.Info))
	b = binary.LittleEndian.AppendUint32(b, uint32(h.TLI))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.Addr))
	b = binary.LittleEndian.AppendUint32(b, h.RemLen)
	b = append(b, 0, 0, 0, 0)
	if h.Info&LongHeader != 0 {
		b = binary.LittleEndian.AppendUint64(b, h.SystemID)
		b = binary.LittleEndian.AppendUint32(b, h.SegSize)
		b = binary.LittleEndian.AppendUint32(b, h.BlockSize)
	}
	return b
}

// PageFault says what is wrong with a page header; PageOK says that nothing is.
type PageFault int

// What can be wrong with a page header, in the order in which it is looked at.
const (
	PageOK             PageFault = iota
	PageZero                     // the header is all zeros: never written
	PageBadMagic                 // not the magic of the version expected
	PageBadInfo                  // unknown flags, or a segment's first page without a long header
	PageOtherSystem              // another system identifier
	PageOtherSegSize             // another segment size
	PageOtherBlockSize           // another page size
	PageOtherAddr                // another position: a recycled segment's old page, if it is lower
)

// PageCheck is what a page header is held against.
type PageCheck struct {
	Version  Version // 0: any that is supported
	SystemID uint64  // 0: any
	SegSize  xlog.SegSize
}

// Check compares the header with what must stand at addr. The timeline is the reader's to judge.
func (c *PageCheck) Check(h *PageHeader, addr xlog.LSN) PageFault {
	if *h == (PageHeader{}) {
		return PageZero
	}
	if c.Version != 0 && h.Magic != c.Version.Magic() {
		return PageBadMagic
	}
	if c.Version == 0 {
		if _, ok := VersionOfMagic(h.Magic); !ok {
			return PageBadMagic
		}
	}
	first := c.SegSize.Offset(addr) == 0
	if h.Info&^allPageInfo != 0 || first && h.Info&LongHeader == 0 {
		return PageBadInfo
	}
	if h.Info&LongHeader != 0 {
		switch {
		case c.SystemID != 0 && h.SystemID != c.SystemID:
			return PageOtherSystem
		case h.SegSize != uint32(c.SegSize):
			return PageOtherSegSize
		case h.BlockSize != xlog.PageSize:
			return PageOtherBlockSize
		}
	}
	if h.Addr != addr {
		return PageOtherAddr
	}
	return PageOK
}

// headerSizeAt is the size of the header of the page at addr, as a server writes it.
func headerSizeAt(addr xlog.LSN, size xlog.SegSize) int {
	if size.Offset(addr) == 0 {
		return LongPageHeaderSize
	}
	return ShortPageHeaderSize
}
