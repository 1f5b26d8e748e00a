package walfile

import (
	"encoding/binary"
	"time"

	"waypost/xlog"
)

// NewRecord is a record to be written. Append makes its bytes.
type NewRecord struct {
	Rmgr        RmgrID
	Info        uint8 // the kind, in the upper four bits, and SpecialRelUpdate, CheckConsistency
	Xid         uint32
	Origin      uint16 // 0: none
	ToplevelXid uint32 // 0: none
	Blocks      []NewBlock
	Main        []byte
}

// NewBlock is a block reference to be written. Its id is the one before plus one, from 0 on.
type NewBlock struct {
	Fork     ForkNumber
	WillInit bool
	Rel      RelFileLocator
	Block    uint32
	Data     []byte // at most 65535 bytes
	// Image is the page's image as it is to be stored: the hole taken out, then compressed if ImageInfo says so.
	// Empty: none.
	Image      []byte
	HoleOffset uint16
	HoleLen    uint16
	ImageInfo  ImageInfo
}

// Append appends the record to dst, CRC included; prev is the start of the record before it. The headers of blocks
// come first, then origin and top-level transaction, the main data's header, the blocks' images and data, the main
// data.
func (n *NewRecord) Append(dst []byte, prev xlog.LSN) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, RecordHeaderSize)...)
	for i := range n.Blocks {
		dst = n.appendBlockHeader(dst, i)
	}
	if n.Origin != 0 {
		dst = binary.LittleEndian.AppendUint16(append(dst, idOrigin), n.Origin)
	}
	if n.ToplevelXid != 0 {
		dst = binary.LittleEndian.AppendUint32(append(dst, idToplevelXid), n.ToplevelXid)
	}
	switch {
	case len(n.Main) > 255:
		dst = binary.LittleEndian.AppendUint32(append(dst, idDataLong), uint32(len(n.Main)))
	case len(n.Main) > 0:
		dst = append(dst, idDataShort, uint8(len(n.Main)))
	}
	for i := range n.Blocks {
		dst = append(dst, n.Blocks[i].Image...)
		dst = append(dst, n.Blocks[i].Data...)
	}
	dst = append(dst, n.Main...)

	rec := dst[at:]
	binary.LittleEndian.PutUint32(rec, uint32(len(rec)))
	binary.LittleEndian.PutUint32(rec[recXid:], n.Xid)
	rec[recInfo], rec[recRmgr] = n.Info, byte(n.Rmgr)
	SetPrev(rec, prev)
	return dst
}

// SetPrev sets the prev-link of a whole record, and its CRC.
func SetPrev(rec []byte, prev xlog.LSN) {
	binary.LittleEndian.PutUint64(rec[recPrev:], uint64(prev))
	binary.LittleEndian.PutUint32(rec[recCRC:], recordCRC(rec))
}

func (n *NewRecord) appendBlockHeader(dst []byte, i int) []byte {
	b := &n.Blocks[i]
	flags := BlockFlags(0)
	if len(b.Image) > 0 {
		flags |= BlockHasImage
	}
	if len(b.Data) > 0 {
		flags |= BlockHasData
	}
	if b.WillInit {
		flags |= BlockWillInit
	}
	sameRel := i > 0 && n.Blocks[i-1].Rel == b.Rel
	if sameRel {
		flags |= BlockSameRel
	}
	dst = append(dst, uint8(i), uint8(flags)|uint8(b.Fork))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(b.Data)))
	if len(b.Image) > 0 {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(b.Image)))
		dst = binary.LittleEndian.AppendUint16(dst, b.HoleOffset)
		dst = append(dst, byte(b.ImageInfo))
		if b.ImageInfo.Compressed() && b.ImageInfo&ImageHasHole != 0 {
			dst = binary.LittleEndian.AppendUint16(dst, b.HoleLen)
		}
	}
	if !sameRel {
		dst = binary.LittleEndian.AppendUint32(dst, b.Rel.Tablespace)
		dst = binary.LittleEndian.AppendUint32(dst, b.Rel.Database)
		dst = binary.LittleEndian.AppendUint32(dst, b.Rel.RelNumber)
	}
	return binary.LittleEndian.AppendUint32(dst, b.Block)
}

// SwitchRecord ends a segment.
func SwitchRecord() NewRecord { return NewRecord{Rmgr: RmgrXLOG, Info: OpSwitch} }

// CheckPointRecord is a checkpoint as version v writes it: of a shutdown, or online.
func CheckPointRecord(c *CheckPoint, shutdown bool, v Version) NewRecord {
	n := NewRecord{Rmgr: RmgrXLOG, Info: OpCheckpointOnline, Main: c.Append(nil, v)}
	if shutdown {
		n.Info = OpCheckpointShutdown
	}
	return n
}

// OverwriteContRecordRecord says that the record begun at overwritten is void. It is the first on its page, and the
// page has FirstIsOverwriteContRecord.
func OverwriteContRecordRecord(overwritten xlog.LSN, at time.Time) NewRecord {
	b := binary.LittleEndian.AppendUint64(nil, uint64(overwritten))
	b = binary.LittleEndian.AppendUint64(b, uint64(xlog.FromTime(at)))
	return NewRecord{Rmgr: RmgrXLOG, Info: OpOverwriteContRecord, Main: b}
}

// EndOfRecoveryRecord begins a timeline, as version v writes it.
func EndOfRecoveryRecord(e *EndOfRecovery, v Version) NewRecord {
	b := binary.LittleEndian.AppendUint64(nil, uint64(xlog.FromTime(e.Time)))
	b = binary.LittleEndian.AppendUint32(b, uint32(e.TLI))
	b = binary.LittleEndian.AppendUint32(b, uint32(e.PrevTLI))
	if v >= V17 {
		b = binary.LittleEndian.AppendUint32(b, uint32(e.WALLevel))
		b = append(b, 0, 0, 0, 0) // the struct's alignment
	}
	return NewRecord{Rmgr: RmgrXLOG, Info: OpEndOfRecovery, Main: b}
}

// RestorePointRecord names a place to recover to; a name is cut at 63 bytes.
func RestorePointRecord(p *RestorePoint) NewRecord {
	b := make([]byte, restorePointSize)
	binary.LittleEndian.PutUint64(b, uint64(xlog.FromTime(p.Time)))
	copy(b[8:restorePointSize-1], p.Name)
	return NewRecord{Rmgr: RmgrXLOG, Info: OpRestorePoint, Main: b}
}
