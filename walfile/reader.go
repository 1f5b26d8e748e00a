package walfile

import (
	"encoding/binary"
	"errors"
	"fmt"

	"waypost/xlog"
)

// NoLimit is the limit of a Reader that reads until the log itself ends.
const NoLimit = ^xlog.LSN(0)

// defaultReadBlock is how many bytes a Reader asks its Source for at once.
const defaultReadBlock = 128 << 10

// keepAssembled bounds the buffer that a Reader keeps for records that cross pages; a larger one is given up after
// use.
const keepAssembled = 1 << 20

// Source gives a Reader its bytes; SegmentReader is the one over pg_wal.
type Source interface {
	// ReadAt fills p with the log's bytes at l from the segment file of timeline tli; they all lie in one segment.
	// Like io.ReaderAt it gives an error when it fills less: io.EOF at the file's end, one that is fs.ErrNotExist if
	// there is no such file. It must not keep p.
	ReadAt(p []byte, tli xlog.TimeLineID, l xlog.LSN) (int, error)
}

// ReaderOptions say what a Reader shall expect.
type ReaderOptions struct {
	SegSize  xlog.SegSize // required
	History  *History     // required: the timeline to follow, with its ancestors
	Version  Version      // 0: that of the first page read
	SystemID uint64       // 0: that of the first segment read
	// BlockSize is how many bytes are read at once; it is rounded up to whole pages. 0 chooses.
	BlockSize int
}

// Reader reads the records of the log one after the other, each checked: page headers, prev-link, resource manager,
// CRC, block references.
//
// It starts where Begin or FindFirst says, and reads up to a limit that may move. When it cannot give a record it
// says why with a *Stop, and where; errors of any other type are the Source's. Next may be called again after any
// error, and tries the same record again: after NeedMore it goes on with the parts that it has, after any other it
// reads everything anew.
//
// Of the several files that may hold a segment, one per timeline, it takes that of the newest timeline in its history
// that has one: the segment of a switch point exists for the old and the new timeline, and the new one's begins with
// the old one's bytes.
//
// A Reader is not for concurrent use. It allocates nothing for a record that lies within a page.
type Reader struct {
	src   Source
	hist  *History
	check PageCheck
	limit xlog.LSN

	pos         xlog.LSN // where the next record begins, or the start of the page whose header comes before it
	prev        xlog.LSN // the record before, 0: not known
	overwritten xlog.LSN // a record that was found void, which the next one must confirm; 0: none

	// The record that is being tried, for Stop.
	start, held xlog.LSN

	// The segment that is open, and the position from which its file does not count, because the timeline was left
	// there.
	segOpen bool
	seg     xlog.SegNo
	segTLI  xlog.TimeLineID
	segEnd  xlog.LSN

	// What was read: block holds the bytes from blockLSN on. It never has any from the limit on.
	block    []byte
	blockLSN xlog.LSN

	// The page whose header was checked last.
	pageOK   bool
	page     xlog.LSN
	hdr      PageHeader
	lastPage xlog.LSN // as page and hdr.TLI, and kept when the block is dropped
	lastTLI  xlog.TimeLineID

	asm assembly
	rec Record
}

// NewReader makes a Reader without a limit. Begin or FindFirst must come next.
func NewReader(src Source, o ReaderOptions) *Reader {
	size := o.BlockSize
	if size <= 0 {
		size = defaultReadBlock
	}
	size = (size + xlog.PageSize - 1) / xlog.PageSize * xlog.PageSize
	return &Reader{
		src:   src,
		hist:  o.History,
		check: PageCheck{Version: o.Version, SystemID: o.SystemID, SegSize: o.SegSize},
		limit: NoLimit,
		block: make([]byte, 0, size),
	}
}

// Begin makes Next read the record that starts at l: a record's start, or the start of a page that does not begin
// with the rest of a record. prev is the start of the record before it, which the record's prev-link is held against;
// 0: not known.
func (r *Reader) Begin(l, prev xlog.LSN) {
	r.pos, r.prev, r.overwritten = l, prev, 0
	r.lastPage, r.lastTLI = 0, 0
	r.Reread()
}

// Reread forgets every byte that was read and not yet given out as a record, so that Next reads from the Source
// again, from files that it opens anew.
func (r *Reader) Reread() {
	if s, ok := r.src.(interface{ Forget() }); ok {
		s.Forget()
	}
	r.block = r.block[:0]
	r.blockLSN = 0
	r.segOpen, r.pageOK = false, false
	r.asm.active = false
}

// SetLimit says that the bytes before l are written and may be read, and believed. It is set from the start, or
// raised; a lower one than before is for a new Begin.
func (r *Reader) SetLimit(l xlog.LSN) {
	if r.blockLSN+xlog.LSN(len(r.block)) > l {
		r.Reread()
	}
	r.limit = l
}

// SetHistory makes the Reader follow another history from where it is. What it has read must be part of it.
func (r *Reader) SetHistory(h *History) {
	r.hist = h
	r.Reread()
}

// Pos is where the next record starts, or the page whose header comes before it: Next of the last record.
func (r *Reader) Pos() xlog.LSN { return r.pos }

// Prev is the start of the last record, 0 if none is known.
func (r *Reader) Prev() xlog.LSN { return r.prev }

// Version is the version of the log; 0 until a page was read, if none was given.
func (r *Reader) Version() Version { return r.check.Version }

// SystemID is the system identifier of the log; 0 until a segment was read, if none was given.
func (r *Reader) SystemID() uint64 { return r.check.SystemID }

// FindFirst finds the first record that starts at l or after it, and makes Next read that one. l may be any position;
// all records of its page before it are checked on the way.
func (r *Reader) FindFirst(l xlog.LSN) (xlog.LSN, error) {
	first, err := r.firstOfPage(l.PageStart())
	if err != nil {
		return 0, err
	}
	r.Begin(first, 0)
	for {
		prev := r.prev
		rec, err := r.Next()
		if err != nil {
			return 0, err
		}
		if rec.lsn >= l {
			found := rec.lsn
			r.pos, r.prev = found, prev
			return found, nil
		}
	}
}

// firstOfPage finds the first record that starts on this page or a later one, past the rest of a record begun before.
func (r *Reader) firstOfPage(page xlog.LSN) (xlog.LSN, error) {
	r.Begin(page, 0)
	for {
		r.start, r.held = page, page
		if err := r.loadPage(page); err != nil {
			return 0, r.failed(err)
		}
		if r.hdr.Info&FirstIsContRecord == 0 {
			return page, nil
		}
		rest := align8(r.hdr.RemLen)
		if at := xlog.LSN(r.hdr.Size()) + rest; at < xlog.PageSize {
			return page + at, nil
		}
		page += xlog.PageSize
	}
}

// Next gives the next record. The Record is the Reader's and holds good until its next call.
func (r *Reader) Next() (*Record, error) {
	for {
		rec, err := r.next()
		if err == nil {
			return rec, nil
		}
		if err != errOverwritten {
			return nil, r.failed(err)
		}
	}
}

// failed drops what was read, except where only the limit was reached.
func (r *Reader) failed(err error) error {
	if s, ok := err.(*Stop); !ok || s.Kind != NeedMore {
		r.Reread()
	}
	return err
}

// errOverwritten says that the record tried is void and that r.pos has been set to what stands in its place.
var errOverwritten = errors.New("record overwritten")

func (r *Reader) next() (*Record, error) {
	if r.asm.active {
		return r.assemble()
	}
	start := r.pos
	page := start.PageStart()
	if page != r.page || !r.pageOK {
		r.start, r.held = start, start
		if err := r.loadPage(page); err != nil {
			return nil, err
		}
	}
	if head := xlog.LSN(r.hdr.Size()); start <= page+head {
		switch {
		case start == page:
			start += head
		case start < page+head:
			return nil, fmt.Errorf("read record at %v: the position is within a page header", start)
		}
		if r.hdr.Info&FirstIsContRecord != 0 {
			r.start, r.held = start, start
			return nil, r.stop(Torn, start, page+xlog.PageSize, "the page goes on with a record, but none was unfinished")
		}
	}
	r.start, r.held = start, start
	room := uint32(page + xlog.PageSize - start)
	head, err := r.need(start, int(min(room, RecordHeaderSize)))
	if err != nil {
		return nil, err
	}
	total := binary.LittleEndian.Uint32(head)
	if err := r.checkHeader(head, total); err != nil {
		return nil, err
	}
	if total > room {
		return r.beginAssembly(start, total, room)
	}
	end := start + align8(total)
	r.held = end
	rec, err := r.need(start, int(end-start))
	if err != nil {
		return nil, err
	}
	return r.finish(rec[:total], start, end)
}

// checkHeader judges a record's header, or the part of it that is before the page's end: the length is there always.
func (r *Reader) checkHeader(head []byte, total uint32) error {
	if total < RecordHeaderSize || total > MaxRecordSize {
		return r.badLength(head, total)
	}
	if len(head) < RecordHeaderSize {
		return nil
	}
	prev := xlog.LSN(binary.LittleEndian.Uint64(head[recPrev:]))
	if prev != r.prev && (r.prev != 0 || prev >= r.start) {
		return r.badPrev(prev)
	}
	if id := RmgrID(head[recRmgr]); !id.Valid() {
		return r.stop(Garbage, r.start, r.nextPage(), "no resource manager has id %d", id)
	}
	return nil
}

func (r *Reader) badLength(head []byte, total uint32) error {
	kind := EndOfWAL
	for _, c := range head {
		if c != 0 {
			kind = Garbage
		}
	}
	return r.stop(kind, r.start, r.nextPage(), "record length %d, expected %d to %d", total, RecordHeaderSize, MaxRecordSize)
}

func (r *Reader) badPrev(prev xlog.LSN) error {
	if r.prev == 0 {
		return r.stop(Garbage, r.start, r.nextPage(), "prev-link %v is not before the record", prev)
	}
	return r.stop(Garbage, r.start, r.nextPage(), "prev-link %v, expected %v", prev, r.prev)
}

// nextPage is the page after the one that was loaded last.
func (r *Reader) nextPage() xlog.LSN { return r.page + xlog.PageSize }

// finish judges a whole record and makes it the current one. end is the position after it, aligned.
func (r *Reader) finish(data []byte, start, end xlog.LSN) (*Record, error) {
	if recordCRC(data) != binary.LittleEndian.Uint32(data[recCRC:]) {
		return nil, r.stop(Torn, start, r.nextPage(), "wrong CRC over %d bytes", len(data))
	}
	rec := &r.rec
	if f := rec.decode(data); f != decodeOK {
		return nil, r.newStop(Corrupt, start, "its CRC is right, but %v", f)
	}
	rec.lsn, rec.end, rec.next = start, end, end
	rec.tli = r.hist.TLIOf(start)
	rec.version = r.check.Version
	if r.overwritten != 0 {
		if err := r.confirmOverwrite(rec); err != nil {
			return nil, err
		}
	}
	if data[recRmgr] == byte(RmgrXLOG) && rec.IsSwitch() {
		rec.next = r.check.SegSize.SegStart(end + xlog.LSN(r.check.SegSize) - 1)
	}
	r.pos, r.prev = rec.next, start
	return rec, nil
}

// confirmOverwrite holds the first record of an overwriting page against the record that was found unfinished before
// it.
func (r *Reader) confirmOverwrite(rec *Record) error {
	o, ok := rec.OverwriteContRecord()
	switch {
	case !ok:
		return r.newStop(Corrupt, rec.lsn, "the first record after the unfinished one at %v does not say that it is void", r.overwritten)
	case o.Overwritten != r.overwritten:
		return r.newStop(Corrupt, rec.lsn, "it voids a record at %v, but the unfinished one is at %v", o.Overwritten, r.overwritten)
	}
	r.overwritten = 0
	return nil
}
