package waltest

import (
	"encoding/binary"
	"fmt"
	"time"

	"waypost/walfile"
	"waypost/xlog"
)

// Options say what log is to be made. Zero values stand for the defaults given.
type Options struct {
	Version  walfile.Version // V15
	SegSize  xlog.SegSize    // 1 MB
	TLI      xlog.TimeLineID // 1
	SystemID uint64          // 7000000000000000001
	Start    xlog.LSN        // a segment's start; 0 stands for that of segment 1
}

// DefaultSystemID is the system identifier of logs made with none given.
const DefaultSystemID = 7000000000000000001

// Log is a log in memory that grows record by record, laid out in pages as a server does. Its bytes never change once
// they are there: damage is done to the Segments.
type Log struct {
	opt  Options
	base xlog.LSN // where buf begins: a segment's start
	buf  []byte
	prev xlog.LSN
	// unfinished is a record that was cut off, which the next one must declare void.
	unfinished xlog.LSN
}

// New begins a log with nothing in it.
func New(o Options) *Log {
	if o.Version == 0 {
		o.Version = walfile.V15
	}
	if o.SegSize == 0 {
		o.SegSize = xlog.MinSegSize
	}
	if o.TLI == 0 {
		o.TLI = 1
	}
	if o.SystemID == 0 {
		o.SystemID = DefaultSystemID
	}
	if o.Start == 0 {
		o.Start = o.SegSize.Start(1)
	}
	if o.SegSize.Offset(o.Start) != 0 {
		panic("waltest: a log begins at a segment's start")
	}
	return &Log{opt: o, base: o.Start}
}

// Options gives the options, defaults filled in.
func (l *Log) Options() Options { return l.opt }

// Pos is the end of the log.
func (l *Log) Pos() xlog.LSN { return l.base + xlog.LSN(len(l.buf)) }

// Prev is the start of the last record, 0 if there is none.
func (l *Log) Prev() xlog.LSN { return l.prev }

// Bytes gives the log's bytes [from, to).
func (l *Log) Bytes(from, to xlog.LSN) []byte { return l.buf[from-l.base : to-l.base] }

// Append adds a record, and gives its start and its end.
func (l *Log) Append(n walfile.NewRecord) (start, end xlog.LSN) {
	if l.unfinished != 0 {
		panic("waltest: after an unfinished record comes Overwrite")
	}
	start = l.put(n.Append(nil, l.prev), 0)
	l.prev = start
	return start, l.Pos()
}

// put lays a record out; info is for the page that begins with it, if one does.
func (l *Log) put(rec []byte, info walfile.PageInfo) (start xlog.LSN) {
	if l.atPageStart() {
		l.pageHeader(info, 0)
	}
	start = l.Pos()
	for len(rec) > 0 {
		if l.atPageStart() {
			l.pageHeader(walfile.FirstIsContRecord, uint32(len(rec)))
		}
		n := min(len(rec), int(l.Pos().PageStart()+xlog.PageSize-l.Pos()))
		l.buf = append(l.buf, rec[:n]...)
		rec = rec[n:]
	}
	l.zeros((8 - len(l.buf)%8) % 8)
	return start
}

func (l *Log) atPageStart() bool { return l.Pos() == l.Pos().PageStart() }

func (l *Log) zeros(n int) { l.buf = append(l.buf, make([]byte, n)...) }

func (l *Log) pageHeader(info walfile.PageInfo, rest uint32) {
	h := walfile.PageHeader{Magic: l.opt.Version.Magic(), Info: info, TLI: l.opt.TLI, Addr: l.Pos(), RemLen: rest}
	if l.opt.SegSize.Offset(l.Pos()) == 0 {
		h.Info |= walfile.LongHeader
		h.SystemID, h.SegSize, h.BlockSize = l.opt.SystemID, uint32(l.opt.SegSize), xlog.PageSize
	}
	l.buf = h.Append(l.buf)
}

// Filler adds a record of total bytes, at least RecordHeaderSize, whose content depends on where it is.
func (l *Log) Filler(total int) (start, end xlog.LSN) {
	return l.Append(filler(total, uint64(l.Pos())))
}

// filler is a record of a given length without meaning: a XLOG NOOP.
func filler(total int, seed uint64) walfile.NewRecord {
	n := walfile.NewRecord{Rmgr: walfile.RmgrXLOG, Info: walfile.OpNoop}
	main := total - walfile.RecordHeaderSize
	switch {
	case main < 0 || main == 1 || main == 2 || main > 257 && main < 261:
		panic(fmt.Sprintf("waltest: there is no record of %d bytes", total))
	case main > 257:
		main -= 5
	case main > 0:
		main -= 2
	}
	n.Main = make([]byte, main)
	for i := range n.Main {
		seed = seed*6364136223846793005 + 1442695040888963407
		n.Main[i] = byte(seed>>56) | 1 // never zero
	}
	return n
}

// FillTo adds records until the log ends at to exactly: a multiple of 8 that is not within a page header, and either
// the end or at least 24 bytes on.
func (l *Log) FillTo(to xlog.LSN) {
	for l.Pos() < to {
		at := l.Pos()
		if l.atPageStart() {
			at += xlog.LSN(l.headerSize())
		}
		room := int(min(to, at.PageStart()+xlog.PageSize) - at)
		n := min(room, 4000)
		switch rest := room - n; {
		case room < walfile.RecordHeaderSize:
			n = room + 48 // goes over to the next page
		case rest > 0 && rest < walfile.RecordHeaderSize:
			n -= walfile.RecordHeaderSize
		}
		l.Filler(n)
	}
	if l.Pos() != to {
		panic(fmt.Sprintf("waltest: filled to %v, not to %v", l.Pos(), to))
	}
}

func (l *Log) headerSize() int {
	if l.opt.SegSize.Offset(l.Pos()) == 0 {
		return walfile.LongPageHeaderSize
	}
	return walfile.ShortPageHeaderSize
}

// Commit adds a transaction's commit.
func (l *Log) Commit(xid uint32, at time.Time) (start, end xlog.LSN) {
	main := binary.LittleEndian.AppendUint64(nil, uint64(xlog.FromTime(at)))
	return l.Append(walfile.NewRecord{Rmgr: walfile.RmgrTransaction, Xid: xid, Main: main})
}

// CheckPoint adds a checkpoint whose redo position is its own start.
func (l *Log) CheckPoint(shutdown bool) (start, end xlog.LSN) {
	redo := l.Pos()
	if l.atPageStart() {
		redo += xlog.LSN(l.headerSize())
	}
	c := walfile.CheckPoint{
		Redo: redo, TLI: l.opt.TLI, PrevTLI: l.opt.TLI, FullPageWrites: true, WALLevel: walfile.Replica,
		NextXid: 1000, NextOID: 20000, NextMulti: 1, OldestXid: 700, OldestXidDB: 1, OldestMulti: 1, OldestMultiDB: 1,
		Time: 1_800_000_000,
	}
	return l.Append(walfile.CheckPointRecord(&c, shutdown, l.opt.Version))
}

// Switch adds a segment switch: the log ends at the segment's end, the rest of which is zeros.
func (l *Log) Switch() (start, end xlog.LSN) {
	start, end = l.Append(walfile.SwitchRecord())
	size := xlog.LSN(l.opt.SegSize)
	if over := l.Pos() % size; over != 0 {
		l.zeros(int(size - over))
	}
	return start, end
}

// Unfinished begins a record of total bytes and breaks off at the end of the page that it starts on and of more pages
// after that. The record must be long enough. Overwrite comes next, if anything.
func (l *Log) Unfinished(total, more int) (start xlog.LSN) {
	start = l.put(func() []byte { n := filler(total, 1); return n.Append(nil, l.prev) }(), 0)
	cut := start.PageStart() + xlog.LSN(more+1)*xlog.PageSize
	if cut >= l.Pos() {
		panic("waltest: the record ends before it could be cut off")
	}
	l.buf = l.buf[:cut-l.base]
	l.unfinished = start
	return start
}

// Overwrite declares the unfinished record void, on a page that is marked so.
func (l *Log) Overwrite() (start, end xlog.LSN) {
	n := walfile.OverwriteContRecordRecord(l.unfinished, time.Unix(1_800_000_000, 0))
	start = l.put(n.Append(nil, l.prev), walfile.FirstIsOverwriteContRecord)
	l.prev, l.unfinished = start, 0
	return start, l.Pos()
}

// Branch begins a new timeline where the log ends. The new Log has the same bytes from its first segment's start on;
// l may grow on, too, as the abandoned branch.
func (l *Log) Branch(tli xlog.TimeLineID) *Log {
	child := *l
	child.opt.TLI = tli
	child.base = l.opt.SegSize.SegStart(l.Pos())
	child.buf = append([]byte(nil), l.buf[child.base-l.base:]...)
	return &child
}
