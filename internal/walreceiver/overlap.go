package walreceiver

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"waypost/protocol"
	"waypost/walfile"
	"waypost/xlog"
)

// overlap is WAL that the node has and asks for again, to compare: the last page held. Its bytes are compared with the
// upstream's, never written. The zero value has none.
type overlap struct {
	tli  xlog.TimeLineID
	at   xlog.LSN // position of the first byte of want
	want []byte   // what is still to come
	// checked is the end of the last record checked. A difference there or later is no sign of another history: it is for
	// startup to say whether the bytes are of an unfinished record.
	checked xlog.LSN
}

// check compares the beginning of data, which stands at l, as far as it overlaps, and returns the rest.
func (o *overlap) check(l xlog.LSN, data []byte) ([]byte, error) {
	if len(o.want) == 0 {
		return data, nil
	}
	if l != o.at {
		return nil, errorf(protocol.CodeProtocolViolation,
			"upstream sent WAL at %v where it was asked for WAL at %v", l, o.at)
	}
	n := min(len(data), len(o.want))
	if !bytes.Equal(data[:n], o.want[:n]) {
		return nil, o.differs(data[:n])
	}
	o.at += xlog.LSN(n)
	o.want = o.want[n:]
	return data[n:], nil
}

// differenceError says that the last page held is not the upstream's, from at on.
type differenceError struct {
	*reportedError
	at xlog.LSN
}

func (e *differenceError) Unwrap() error { return e.reportedError }

func (o *overlap) differs(got []byte) error {
	i := 0
	for got[i] == o.want[i] {
		i++
	}
	at := o.at + xlog.LSN(i)
	e := errorf(protocol.CodeDataCorrupted, "WAL at %v on timeline %d differs between this node and the upstream", at, o.tli)
	if at >= o.checked {
		return &differenceError{e.withDetail("The last record that was checked ends at %v. "+
			"If the difference is in an unfinished record, that is fetched again.", o.checked), at}
	}
	e = e.withDetail("Either the two have different histories that got the same timeline number, or one of them has damaged WAL. " +
		"Nothing was overwritten.").
		withHint(`Make sure that primary_conninfo names the right server. To follow it nevertheless, make this node anew with "waypost init".`)
	return &differenceError{e, at}
}

// held looks at what is on disk before a stream begins.
type held struct {
	dir   walfile.Dir
	check walfile.PageCheck
	tli   xlog.TimeLineID
}

// headIsThere says whether the segment of start holds WAL before start: its first page has the header that it must have,
// and so has the page before start, or it is one of zeros, as all are after a segment switch. True for the start of a
// segment, which has no head.
func (h *held) headIsThere(start xlog.LSN) (bool, error) {
	if h.dir.SegSize.Offset(start) == 0 {
		return true, nil
	}
	if ok, err := h.pageIsThere(h.dir.SegSize.SegStart(start), start); !ok || err != nil {
		return false, err
	}
	last := (start - 1).PageStart()
	if ok, err := h.pageIsThere(last, start); ok || err != nil {
		return ok, err
	}
	zeros := make([]byte, start-last)
	held := make([]byte, len(zeros))
	if err := h.read(held, last); err != nil {
		return false, fmt.Errorf("read the last page held, at %v: %w", last, err)
	}
	return bytes.Equal(held, zeros), nil
}

// pageIsThere says whether a page is held whose bytes end at end, or later. Of a header that end cuts off, as the end
// of what came may, nothing can be said but that the file is there.
func (h *held) pageIsThere(page, end xlog.LSN) (bool, error) {
	var b [walfile.LongPageHeaderSize]byte
	if err := h.read(b[:], page); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, fmt.Errorf("read page header at %v: %w", page, err)
	}
	if end-page < walfile.LongPageHeaderSize {
		return true, nil
	}
	var header walfile.PageHeader
	return header.Decode(b[:]) && h.check.Check(&header, page) == walfile.PageOK, nil
}

func (h *held) read(p []byte, l xlog.LSN) error {
	r := walfile.NewSegmentReader(h.dir)
	defer r.Close()
	_, err := r.ReadAt(p, h.tli, l)
	return err
}

// lastPage gives the overlap for a stream that is to write from start on: the page that holds the byte before start, if
// this timeline's files have it.
func (h *held) lastPage(start, checked xlog.LSN) (overlap, error) {
	if start == 0 {
		return overlap{}, nil
	}
	page := (start - 1).PageStart()
	if ok, err := h.pageIsThere(page, start); !ok || err != nil {
		return overlap{}, err
	}
	want := make([]byte, start-page)
	if err := h.read(want, page); err != nil {
		return overlap{}, fmt.Errorf("read the last page held, at %v: %w", page, err)
	}
	return overlap{tli: h.tli, at: page, want: want, checked: checked}, nil
}
