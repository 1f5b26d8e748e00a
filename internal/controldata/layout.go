package controldata

import (
	"encoding/binary"
	"math"

	"waypost/walfile"
	"waypost/xlog"
)

// version is what tells a major version's control file from the others'.
type version struct {
	wal     walfile.Version
	control uint32 // pg_control_version
	catalog uint32 // catalog_version_no
}

// versions are the ones that Waypost handles.
var versions = [...]version{
	{walfile.V15, 1300, 202209061},
	{walfile.V16, 1300, 202307071},
	{walfile.V17, 1700, 202406281},
	{walfile.V18, 1800, 202506291},
}

// Offsets of the fields, bytes; the package comment has the whole layout.
const (
	offSystemID       = 0
	offControlVersion = 8
	offCatalogVersion = 12
	offState          = 16
	offTime           = 24
	offCheckPoint     = 32
	offCheckPointCopy = 40
	offUnloggedLSN    = 128
	offMinRecovery    = 136
	offMinRecoveryTLI = 144
	offBackupStart    = 152
	offBackupEnd      = 160
	offBackupEndReq   = 168
	offWALLevel       = 172
	offWalLogHints    = 176
	offMaxConnections = 180
	offMaxWorkers     = 184
	offMaxWalSenders  = 188
	offMaxPrepared    = 192
	offMaxLocks       = 196
	offTrackCommitTs  = 200
	offMaxAlign       = 204
	offFloatFormat    = 208
	offBlockSize      = 216
	offRelSegSize     = 220
	offWALBlockSize   = 224
	offWALSegSize     = 228
	offNameDataLen    = 232
	offIndexMaxKeys   = 236
	offToastMaxChunk  = 240
	offLOBlockSize    = 244
	offFloat8ByVal    = 248
	offChecksums      = 252
	offAfterChecksums = 256
	nonceLen          = 32
)

// offNonce and offCRC are where the fields after the checksum version are.
func offNonce(v walfile.Version) int {
	if v >= walfile.V18 {
		return offAfterChecksums + 1 // default_char_signedness is before it
	}
	return offAfterChecksums
}

func offCRC(v walfile.Version) int {
	return (offNonce(v) + nonceLen + 3) &^ 3
}

// Size is the size of the file; what is in it is less than one disk sector.
const (
	Size       = 8192
	sectorSize = 512
)

// floatFormat is the constant that shows the machine's floating-point format.
const floatFormat = 1234567.0

func (c *ControlFile) decode(b []byte) {
	d := field(b)
	c.SystemID = d.u64(offSystemID)
	c.CatalogVersion = d.u32(offCatalogVersion)
	c.State = State(d.u32(offState))
	c.Time = int64(d.u64(offTime))
	c.CheckPoint = d.lsn(offCheckPoint)
	c.CheckPointCopy, _ = walfile.DecodeCheckPoint(b[offCheckPointCopy:], c.Version) // b is long enough
	c.UnloggedLSN = d.lsn(offUnloggedLSN)
	c.MinRecoveryPoint = d.lsn(offMinRecovery)
	c.MinRecoveryPointTLI = xlog.TimeLineID(d.u32(offMinRecoveryTLI))
	c.BackupStartPoint = d.lsn(offBackupStart)
	c.BackupEndPoint = d.lsn(offBackupEnd)
	c.BackupEndRequired = d.bool(offBackupEndReq)
	c.WALLevel = walfile.WALLevel(d.i32(offWALLevel))
	c.WalLogHints = d.bool(offWalLogHints)
	c.MaxConnections = d.i32(offMaxConnections)
	c.MaxWorkerProcesses = d.i32(offMaxWorkers)
	c.MaxWalSenders = d.i32(offMaxWalSenders)
	c.MaxPreparedXacts = d.i32(offMaxPrepared)
	c.MaxLocksPerXact = d.i32(offMaxLocks)
	c.TrackCommitTimestamp = d.bool(offTrackCommitTs)
	c.MaxAlign = d.u32(offMaxAlign)
	c.BlockSize = d.u32(offBlockSize)
	c.RelSegSize = d.u32(offRelSegSize)
	c.WALBlockSize = d.u32(offWALBlockSize)
	c.WALSegSize = xlog.SegSize(d.u32(offWALSegSize))
	c.NameDataLen = d.u32(offNameDataLen)
	c.IndexMaxKeys = d.u32(offIndexMaxKeys)
	c.ToastMaxChunkSize = d.u32(offToastMaxChunk)
	c.LOBlockSize = d.u32(offLOBlockSize)
	c.Float8ByVal = d.bool(offFloat8ByVal)
	c.DataChecksumVersion = d.u32(offChecksums)
	if c.Version >= walfile.V18 {
		c.DefaultCharSigned = d.bool(offAfterChecksums)
	}
	copy(c.MockAuthNonce[:], b[offNonce(c.Version):])
}

func (c *ControlFile) encode(b []byte, v version) {
	d := field(b)
	d.put64(offSystemID, c.SystemID)
	d.put32(offControlVersion, v.control)
	d.put32(offCatalogVersion, c.CatalogVersion)
	d.put32(offState, uint32(c.State))
	d.put64(offTime, uint64(c.Time))
	d.put64(offCheckPoint, uint64(c.CheckPoint))
	copy(b[offCheckPointCopy:], c.CheckPointCopy.Append(nil, c.Version))
	d.put64(offUnloggedLSN, uint64(c.UnloggedLSN))
	d.put64(offMinRecovery, uint64(c.MinRecoveryPoint))
	d.put32(offMinRecoveryTLI, uint32(c.MinRecoveryPointTLI))
	d.put64(offBackupStart, uint64(c.BackupStartPoint))
	d.put64(offBackupEnd, uint64(c.BackupEndPoint))
	d.putBool(offBackupEndReq, c.BackupEndRequired)
	d.put32(offWALLevel, uint32(c.WALLevel))
	d.putBool(offWalLogHints, c.WalLogHints)
	d.put32(offMaxConnections, uint32(c.MaxConnections))
	d.put32(offMaxWorkers, uint32(c.MaxWorkerProcesses))
	d.put32(offMaxWalSenders, uint32(c.MaxWalSenders))
	d.put32(offMaxPrepared, uint32(c.MaxPreparedXacts))
	d.put32(offMaxLocks, uint32(c.MaxLocksPerXact))
	d.putBool(offTrackCommitTs, c.TrackCommitTimestamp)
	d.put32(offMaxAlign, c.MaxAlign)
	d.put64(offFloatFormat, math.Float64bits(floatFormat))
	d.put32(offBlockSize, c.BlockSize)
	d.put32(offRelSegSize, c.RelSegSize)
	d.put32(offWALBlockSize, c.WALBlockSize)
	d.put32(offWALSegSize, uint32(c.WALSegSize))
	d.put32(offNameDataLen, c.NameDataLen)
	d.put32(offIndexMaxKeys, c.IndexMaxKeys)
	d.put32(offToastMaxChunk, c.ToastMaxChunkSize)
	d.put32(offLOBlockSize, c.LOBlockSize)
	d.putBool(offFloat8ByVal, c.Float8ByVal)
	d.put32(offChecksums, c.DataChecksumVersion)
	if c.Version >= walfile.V18 {
		d.putBool(offAfterChecksums, c.DefaultCharSigned)
	}
	copy(b[offNonce(c.Version):], c.MockAuthNonce[:])
}

// field reads and writes the fields of a control file at their offsets.
type field []byte

func (f field) u32(at int) uint32      { return binary.LittleEndian.Uint32(f[at:]) }
func (f field) i32(at int) int32       { return int32(f.u32(at)) }
func (f field) u64(at int) uint64      { return binary.LittleEndian.Uint64(f[at:]) }
func (f field) lsn(at int) xlog.LSN    { return xlog.LSN(f.u64(at)) }
func (f field) bool(at int) bool       { return f[at] != 0 }
func (f field) put32(at int, v uint32) { binary.LittleEndian.PutUint32(f[at:], v) }
func (f field) put64(at int, v uint64) { binary.LittleEndian.PutUint64(f[at:], v) }
func (f field) putBool(at int, yes bool) {
	if yes {
		f[at] = 1
	}
}
