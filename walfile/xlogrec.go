package walfile

import (
	"bytes"
	"encoding/binary"
	"time"

	"waypost/xlog"
)

// Kinds of records of resource manager XLOG (catalog/pg_control.h), as Record.Op gives them.
const (
	OpCheckpointShutdown  = 0x00
	OpCheckpointOnline    = 0x10
	OpNoop                = 0x20
	OpNextOID             = 0x30
	OpSwitch              = 0x40
	OpBackupEnd           = 0x50
	OpParameterChange     = 0x60
	OpRestorePoint        = 0x70
	OpFPWChange           = 0x80
	OpEndOfRecovery       = 0x90
	OpFPIForHint          = 0xA0
	OpFPI                 = 0xB0
	OpOverwriteContRecord = 0xD0
	OpCheckpointRedo      = 0xE0 // 17 and later: where an online checkpoint's redo position is
)

// WALLevel is the wal_level setting as WAL stores it.
type WALLevel int32

// The values of wal_level. UnknownWALLevel stands where WAL of 15 and 16 does not tell.
const (
	UnknownWALLevel WALLevel = -1
	Minimal         WALLevel = 0
	Replica         WALLevel = 1
	Logical         WALLevel = 2
)

func (l WALLevel) String() string {
	switch l {
	case Minimal:
		return "minimal"
	case Replica:
		return "replica"
	case Logical:
		return "logical"
	}
	return "unknown"
}

// CheckPointSize is the size in bytes of a CheckPoint, in WAL and in pg_control, in all of versions 15 to 18.
const CheckPointSize = 88

// CheckPoint is the body of a checkpoint record. pg_control has a copy of the last one.
type CheckPoint struct {
	Redo           xlog.LSN // where replay begins
	TLI            xlog.TimeLineID
	PrevTLI        xlog.TimeLineID // the parent, if the record begins a timeline, else TLI
	FullPageWrites bool
	WALLevel       WALLevel // 17 and later
	NextXid        uint64   // the epoch in the upper half
	NextOID        uint32
	NextMulti      uint32
	NextMultiOff   uint32
	OldestXid      uint32
	OldestXidDB    uint32
	OldestMulti    uint32
	OldestMultiDB  uint32
	Time           int64 // seconds since 1970
	OldestCommitTs uint32
	NewestCommitTs uint32
	OldestActive   uint32 // of an online checkpoint, else 0
}

// DecodeCheckPoint reads a CheckPoint as version v lays it out; false if b is too short.
func DecodeCheckPoint(b []byte, v Version) (CheckPoint, bool) {
	if len(b) < CheckPointSize {
		return CheckPoint{}, false
	}
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	c := CheckPoint{
		Redo:           xlog.LSN(u64(b)),
		TLI:            xlog.TimeLineID(u32(b[8:])),
		PrevTLI:        xlog.TimeLineID(u32(b[12:])),
		FullPageWrites: b[16] != 0,
		WALLevel:       UnknownWALLevel,
		NextXid:        u64(b[24:]),
		NextOID:        u32(b[32:]),
		NextMulti:      u32(b[36:]),
		NextMultiOff:   u32(b[40:]),
		OldestXid:      u32(b[44:]),
		OldestXidDB:    u32(b[48:]),
		OldestMulti:    u32(b[52:]),
		OldestMultiDB:  u32(b[56:]),
		Time:           int64(u64(b[64:])),
		OldestCommitTs: u32(b[72:]),
		NewestCommitTs: u32(b[76:]),
		OldestActive:   u32(b[80:]),
	}
	if v >= V17 {
		c.WALLevel = WALLevel(u32(b[20:]))
	}
	return c, true
}

// Append appends the CheckPoint's CheckPointSize bytes as version v lays them out; padding is zero.
func (c *CheckPoint) Append(b []byte, v Version) []byte {
	at := len(b)
	b = append(b, make([]byte, CheckPointSize)...)
	p := b[at:]
	u32, u64 := binary.LittleEndian.PutUint32, binary.LittleEndian.PutUint64
	u64(p, uint64(c.Redo))
	u32(p[8:], uint32(c.TLI))
	u32(p[12:], uint32(c.PrevTLI))
	if c.FullPageWrites {
		p[16] = 1
	}
	if v >= V17 {
		u32(p[20:], uint32(c.WALLevel))
	}
	u64(p[24:], c.NextXid)
	for i, f := range []uint32{c.NextOID, c.NextMulti, c.NextMultiOff, c.OldestXid, c.OldestXidDB, c.OldestMulti, c.OldestMultiDB} {
		u32(p[32+4*i:], f)
	}
	u64(p[64:], uint64(c.Time))
	u32(p[72:], c.OldestCommitTs)
	u32(p[76:], c.NewestCommitTs)
	u32(p[80:], c.OldestActive)
	return b
}

// isXLOG says whether the record is one of resource manager XLOG of the given kind.
func (r *Record) isXLOG(op uint8) bool { return r.data[recRmgr] == byte(RmgrXLOG) && r.Op() == op }

// IsSwitch says whether the record is a segment switch: the rest of its segment has no records.
func (r *Record) IsSwitch() bool { return r.isXLOG(OpSwitch) }

// IsShutdownCheckpoint says whether the record is the checkpoint of an orderly shutdown, or of a promotion.
func (r *Record) IsShutdownCheckpoint() bool { return r.isXLOG(OpCheckpointShutdown) }

// CheckPoint gives the body of a checkpoint record, online or shutdown; false for any other record.
func (r *Record) CheckPoint() (CheckPoint, bool) {
	if !r.isXLOG(OpCheckpointOnline) && !r.isXLOG(OpCheckpointShutdown) {
		return CheckPoint{}, false
	}
	return DecodeCheckPoint(r.Main(), r.version)
}

// EndOfRecovery is the first record of a timeline whose promotion made no checkpoint (xl_end_of_recovery).
type EndOfRecovery struct {
	Time     time.Time
	TLI      xlog.TimeLineID
	PrevTLI  xlog.TimeLineID
	WALLevel WALLevel // 17 and later
}

// EndOfRecovery gives the body of an end-of-recovery record; false for any other record.
func (r *Record) EndOfRecovery() (EndOfRecovery, bool) {
	b := r.Main()
	if !r.isXLOG(OpEndOfRecovery) || len(b) < 16 {
		return EndOfRecovery{}, false
	}
	e := EndOfRecovery{
		Time:     timestampAt(b),
		TLI:      xlog.TimeLineID(binary.LittleEndian.Uint32(b[8:])),
		PrevTLI:  xlog.TimeLineID(binary.LittleEndian.Uint32(b[12:])),
		WALLevel: UnknownWALLevel,
	}
	if r.version >= V17 && len(b) >= 20 {
		e.WALLevel = WALLevel(binary.LittleEndian.Uint32(b[16:]))
	}
	return e, true
}

// OverwriteContRecord says that the record begun at Overwritten was never finished (xl_overwrite_contrecord).
type OverwriteContRecord struct {
	Overwritten xlog.LSN
	Time        time.Time
}

// OverwriteContRecord gives the body of an overwrite-contrecord record; false for any other record.
func (r *Record) OverwriteContRecord() (OverwriteContRecord, bool) {
	b := r.Main()
	if !r.isXLOG(OpOverwriteContRecord) || len(b) < 16 {
		return OverwriteContRecord{}, false
	}
	return OverwriteContRecord{Overwritten: xlog.LSN(binary.LittleEndian.Uint64(b)), Time: timestampAt(b[8:])}, true
}

// RestorePoint is a named restore point (xl_restore_point).
type RestorePoint struct {
	Time time.Time
	Name string // at most 63 bytes
}

// RestorePoint gives the body of a restore point; false for any other record.
func (r *Record) RestorePoint() (RestorePoint, bool) {
	b := r.Main()
	if !r.isXLOG(OpRestorePoint) || len(b) < restorePointSize {
		return RestorePoint{}, false
	}
	name, _, _ := bytes.Cut(b[8:restorePointSize], []byte{0})
	return RestorePoint{Time: timestampAt(b), Name: string(name)}, true
}

// restorePointSize is the size of xl_restore_point: a time stamp and MAXFNAMELEN bytes of name.
const restorePointSize = 8 + 64

// ParameterChange has the settings that a standby's own must not fall short of (xl_parameter_change).
type ParameterChange struct {
	MaxConnections       int32
	MaxWorkerProcesses   int32
	MaxWalSenders        int32
	MaxPreparedXacts     int32
	MaxLocksPerXact      int32
	WALLevel             WALLevel
	WalLogHints          bool
	TrackCommitTimestamp bool
}

// ParameterChange gives the body of a parameter change; false for any other record.
func (r *Record) ParameterChange() (ParameterChange, bool) {
	b := r.Main()
	if !r.isXLOG(OpParameterChange) || len(b) < 26 {
		return ParameterChange{}, false
	}
	i32 := func(at int) int32 { return int32(binary.LittleEndian.Uint32(b[at:])) }
	return ParameterChange{
		MaxConnections:       i32(0),
		MaxWorkerProcesses:   i32(4),
		MaxWalSenders:        i32(8),
		MaxPreparedXacts:     i32(12),
		MaxLocksPerXact:      i32(16),
		WALLevel:             WALLevel(i32(20)),
		WalLogHints:          b[24] != 0,
		TrackCommitTimestamp: b[25] != 0,
	}, true
}

func timestampAt(b []byte) time.Time {
	return xlog.TimestampTz(binary.LittleEndian.Uint64(b)).Time()
}
