package walfile

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"waypost/xlog"
)

// RecordHeaderSize is SizeOfXLogRecord: the bytes before a record's block headers.
const RecordHeaderSize = 24

// MaxRecordSize bounds xl_tot_len: what one allocation of a server can hold (MaxAllocSize). No server writes a longer
// record; 16 and later stop at 1020 MB.
const MaxRecordSize = 1<<30 - 1

// Offsets within the record header.
const (
	recXid  = 4
	recPrev = 8
	recInfo = 16
	recRmgr = 17
	recCRC  = 20
)

// Bits of xl_info that are not the resource manager's.
const (
	infoMask = 0x0F // XLR_INFO_MASK

	SpecialRelUpdate = 0x01 // XLR_SPECIAL_REL_UPDATE: changes relation files without block references
	CheckConsistency = 0x02 // XLR_CHECK_CONSISTENCY: carries images for wal_consistency_checking
)

// castagnoli is the polynomial of CRC-32C; the standard library computes it with the processor's instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// recordCRC is the CRC-32C of a whole record: first what follows the header, then the header up to xl_crc.
func recordCRC(rec []byte) uint32 {
	crc := crc32.Update(0, castagnoli, rec[RecordHeaderSize:])
	return crc32.Update(crc, castagnoli, rec[:recCRC])
}

// Record is a record whose CRC has been checked and whose block references have been decoded.
//
// A Record, and every slice that its methods return, belongs to the Reader that gave it and holds good until that
// Reader's next call of any method. Copy what must live longer.
type Record struct {
	data    []byte // the whole record, page headers taken out
	lsn     xlog.LSN
	end     xlog.LSN
	next    xlog.LSN
	tli     xlog.TimeLineID
	version Version

	mainLen     uint32
	toplevelXid uint32
	origin      uint16
	nblocks     int
	blocks      [maxBlockID + 1]BlockRef
	imageBytes  uint32
}

// LSN is the position of the record's first byte.
func (r *Record) LSN() xlog.LSN { return r.lsn }

// End is the position after the record's last byte, rounded up to 8: where it is whole on disk. The next record
// starts here, or after the page header if this is a page's start, unless the record is a segment switch.
func (r *Record) End() xlog.LSN { return r.end }

// Next is End, except that the rest of the segment belongs to a segment switch: there, Next is the next segment's
// start. PostgreSQL calls it EndRecPtr.
func (r *Record) Next() xlog.LSN { return r.next }

// TLI is the timeline that the page of the record's first byte names.
func (r *Record) TLI() xlog.TimeLineID { return r.tli }

// Version is the version that wrote the record.
func (r *Record) Version() Version { return r.version }

// Raw is the whole record as in the file, with the page headers between its parts taken out: TotalLen bytes.
func (r *Record) Raw() []byte { return r.data }

// TotalLen is xl_tot_len: the record's length in bytes, header included, padding and page headers not.
func (r *Record) TotalLen() uint32 { return binary.LittleEndian.Uint32(r.data) }

// Len is what pg_waldump calls rec: TotalLen less the bytes of page images.
func (r *Record) Len() uint32 { return r.TotalLen() - r.imageBytes }

// ImageBytes is the number of bytes of page images, as stored.
func (r *Record) ImageBytes() uint32 { return r.imageBytes }

// Xid is the transaction that wrote the record, or 0.
func (r *Record) Xid() uint32 { return binary.LittleEndian.Uint32(r.data[recXid:]) }

// Prev is the position of the record before.
func (r *Record) Prev() xlog.LSN { return xlog.LSN(binary.LittleEndian.Uint64(r.data[recPrev:])) }

// Info is xl_info.
func (r *Record) Info() uint8 { return r.data[recInfo] }

// Op is the resource manager's part of xl_info, the upper four bits: which kind of its records this is.
func (r *Record) Op() uint8 { return r.data[recInfo] &^ infoMask }

// Rmgr is the resource manager.
func (r *Record) Rmgr() RmgrID { return RmgrID(r.data[recRmgr]) }

// CRC is the record's CRC-32C.
func (r *Record) CRC() uint32 { return binary.LittleEndian.Uint32(r.data[recCRC:]) }

// Origin is the replication origin, or 0.
func (r *Record) Origin() uint16 { return r.origin }

// ToplevelXid is the transaction whose subtransaction wrote the record, where the record says so, else 0.
func (r *Record) ToplevelXid() uint32 { return r.toplevelXid }

// Main is the record's main data, not tied to a block; it may be empty.
func (r *Record) Main() []byte { return r.data[uint32(len(r.data))-r.mainLen:] }

// Blocks has the block references in the order of their ids.
func (r *Record) Blocks() []BlockRef { return r.blocks[:r.nblocks] }

// Data is the resource manager's data for one of the record's blocks; empty if it has none.
func (r *Record) Data(b *BlockRef) []byte { return r.data[b.dataAt : b.dataAt+uint32(b.DataLen)] }

// Image is the image of one of the record's blocks, as stored: without its hole, perhaps compressed. Empty if it has
// none.
func (r *Record) Image(b *BlockRef) []byte { return r.data[b.imageAt : b.imageAt+uint32(b.ImageLen)] }

// String names the record in an error or a log line.
func (r *Record) String() string {
	return fmt.Sprintf("%v record at %v, prev %v, xid %d, info %02X, length %d", r.Rmgr(), r.lsn, r.Prev(), r.Xid(), r.Info(), r.TotalLen())
}

// DecodeRecord judges and decodes a record that stands alone in memory, with no page headers in it: length, resource
// manager, CRC and block references. lsn is the record's position; its prev-link must lie before it. The Record keeps
// rec.
func DecodeRecord(rec []byte, lsn xlog.LSN, v Version) (*Record, error) {
	if len(rec) < RecordHeaderSize {
		return nil, fmt.Errorf("decode record at %v: %d bytes are no record header", lsn, len(rec))
	}
	if n := binary.LittleEndian.Uint32(rec); int64(n) != int64(len(rec)) {
		return nil, fmt.Errorf("decode record at %v: length %d, but %d bytes are given", lsn, n, len(rec))
	}
	if id := RmgrID(rec[recRmgr]); !id.Valid() {
		return nil, fmt.Errorf("decode record at %v: no resource manager has id %d", lsn, id)
	}
	if recordCRC(rec) != binary.LittleEndian.Uint32(rec[recCRC:]) {
		return nil, fmt.Errorf("decode record at %v: wrong CRC", lsn)
	}
	r := &Record{lsn: lsn, version: v}
	r.end = lsn + align8(uint32(len(rec)))
	r.next = r.end
	if f := r.decode(rec); f != decodeOK {
		return nil, fmt.Errorf("decode record at %v: %v", lsn, f)
	}
	if r.Prev() >= lsn {
		return nil, fmt.Errorf("decode record at %v: prev-link %v is not before it", lsn, r.Prev())
	}
	return r, nil
}

// align8 rounds a length up to the alignment of records (MAXALIGN).
func align8(n uint32) xlog.LSN { return (xlog.LSN(n) + 7) &^ 7 }
