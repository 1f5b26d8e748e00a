// Package xlogctl is the shared area XLogCtl: how far the node's WAL reaches, how far it was checked, on which
// timeline, and the word that wakes everybody when it has advanced.
//
// The inequality that all of it serves, on one timeline:
//
//	ReplayedUpto ≤ FlushedUpto ≤ WrittenUpto
//
// Startup writes the positions until it asks for a walreceiver; from then on the walreceiver moves WrittenUpto and
// FlushedUpto, and startup moves ReplayedUpto behind them. They never go back within a generation, except when
// startup, with no walreceiver running, cuts the first two to have WAL fetched again (TakeBack).
package xlogctl

import (
	"fmt"
	"sync/atomic"
	"time"

	"waypost/shmem"
	"waypost/xlog"
)

// RecoveryState is PostgreSQL's SharedRecoveryState.
type RecoveryState uint32

const (
	RecoveryStateCrash   RecoveryState = iota // reading WAL from the local disk after a crash
	RecoveryStateArchive                      // a relay: WAL comes from elsewhere
	RecoveryStateDone                         // the node writes WAL of its own
)

func (s RecoveryState) String() string {
	switch s {
	case RecoveryStateCrash:
		return "RECOVERY_STATE_CRASH"
	case RecoveryStateArchive:
		return "RECOVERY_STATE_ARCHIVE"
	case RecoveryStateDone:
		return "RECOVERY_STATE_DONE"
	}
	return fmt.Sprintf("RECOVERY_STATE_%d", uint32(s))
}

// Bits of WALAdvanced: which sleeper a Nudge is for. Walsender n listens to bit n modulo WalSenderBits.
const (
	WalSenderBits          = 28
	CheckpointerBit        = 1 << 30
	StartupBit      uint32 = 1 << 31
)

// Ctl is the area. "startup" and "walreceiver" below name the only writer of a field.
type Ctl struct {
	// Identity of the WAL, written by startup before PM_RECOVERY, constant after. Version is the server's
	// server_version_num (150018), renewed by the walreceiver on every connect.
	SystemID         atomic.Uint64
	SegmentSize      atomic.Uint32 // bytes
	ServerVersionNum atomic.Uint32

	mutex         shmem.Spinlock // guards the fields up to the next blank line
	serverVersion [64]byte       // server_version's text, e.g. "15.18 (Debian 15.18-0+deb12u1)"; startup, walreceiver
	checkpoint    Checkpoint     // the last checkpoint record that startup has read

	State        atomic.Uint32 // RecoveryState; startup
	TimelineID   atomic.Uint32 // the timeline of the positions below; startup
	PrevTimeline atomic.Uint32 // the timeline before it, 0 if none is known; as TimelineID

	recoveryPause atomic.Uint32 // RecoveryPauseState; anyone asks, startup confirms (pause.go)

	WrittenUpto  atomic.Uint64 // LSN: end of what is in pg_wal, in the page cache at least; startup, then walreceiver
	FlushedUpto  atomic.Uint64 // LSN: end of what an fdatasync that returned has covered; startup, then walreceiver
	ReplayedUpto atomic.Uint64 // LSN: end of the last record that startup has read and checked; startup

	LastReplayedReadRecPtr atomic.Uint64 // LSN: start of that record; startup
	LastReplayedTLI        atomic.Uint32 // its timeline; startup

	// Between VouchedUpto and ResumedAt lie pages of an unfinished record that were found on disk at start, or that turned
	// out wrong. They may look right, but no CRC has covered them: until ReplayedUpto has passed ResumedAt the node neither
	// sends them nor reports them flushed. Both are written by startup before the walreceiver is asked for. Equal: nothing
	// is in doubt.
	VouchedUpto atomic.Uint64
	ResumedAt   atomic.Uint64

	// DiffersAt is the LSN of the first byte of the last page held that was not the upstream's, as the last walreceiver found
	// before it ended of that; 0: there was none. The walreceiver's; startup clears it before it asks for another.
	DiffersAt atomic.Uint64

	// FaultAt is the LSN of a record, below FlushedUpto, that was found bad here: until it is mended, or known to be the
	// upstream's own word, nothing from there on is sent. 0: there is none. startup.
	FaultAt atomic.Uint64

	LastXactTime    atomic.Int64 // TimestampTz of the last commit or abort record checked; startup
	LastXactEnd     atomic.Uint64
	RecordsChecked  atomic.Uint64 // since the start of this generation; startup
	CRCFailures     atomic.Uint64 // since the start of this generation; startup
	CorruptAt       atomic.Uint64 // LSN of a record that is bad here and upstream: nothing past it is applied; 0: none. startup
	RepairedCount   atomic.Uint64 // segments replaced since the start of this generation; startup
	SegmentsChanged atomic.Uint64 // counts renames over segments in use: readers with an open file open it again; startup

	WALAdvanced shmem.Broadcast // signalled after any position above has moved
}

// Checkpoint is what the rest of the node needs of the last checkpoint record read.
type Checkpoint struct {
	RecordStart xlog.LSN // the record's own position
	RecordEnd   xlog.LSN
	Redo        xlog.LSN
	TimelineID  xlog.TimeLineID
	Shutdown    uint32           // 1: a shutdown checkpoint
	Time        xlog.TimestampTz // the time in the record
	Length      uint32           // bytes of Raw in use
	Raw         [124]byte        // the CheckPoint struct as it stands in the record, in the layout of the WAL's version
}

// Area is the place of Ctl in the segment.
var Area = shmem.Area[Ctl]{Name: "XLogCtl"}

// Segsize is the size of a segment.
func (c *Ctl) Segsize() xlog.SegSize { return xlog.SegSize(c.SegmentSize.Load()) }

// Written, Flushed and Replayed read the positions as LSNs.
func (c *Ctl) Written() xlog.LSN { return xlog.LSN(c.WrittenUpto.Load()) }

// Flushed is FlushedUpto as an LSN.
func (c *Ctl) Flushed() xlog.LSN { return xlog.LSN(c.FlushedUpto.Load()) }

// Replayed is ReplayedUpto as an LSN.
func (c *Ctl) Replayed() xlog.LSN { return xlog.LSN(c.ReplayedUpto.Load()) }

// Timeline is TimelineID, typed.
func (c *Ctl) Timeline() xlog.TimeLineID { return xlog.TimeLineID(c.TimelineID.Load()) }

// SetWritten publishes a new end of written WAL and wakes all who wait for it: not startup, which reads behind Flushed.
func (c *Ctl) SetWritten(l xlog.LSN) {
	c.WrittenUpto.Store(uint64(l))
	c.WALAdvanced.Nudge(^StartupBit)
}

// SetFlushed publishes a new end of flushed WAL. It wakes nobody who only waits for written bytes: the caller signals
// WALAdvanced where a sleeper can care.
func (c *Ctl) SetFlushed(l xlog.LSN) { c.FlushedUpto.Store(uint64(l)) }

// Sendable is the position up to which a walsender may send, on Timeline: what is written, or, where requireFlush
// holds, what is flushed; and never a byte that is in doubt, or of a record that is known to be bad.
func (c *Ctl) Sendable(requireFlush bool) xlog.LSN {
	upto := c.Written()
	if requireFlush {
		upto = c.Flushed()
	}
	if fault := xlog.LSN(c.FaultAt.Load()); fault != 0 {
		upto = min(upto, fault)
	}
	return c.believed(upto)
}

// Reportable is the position that may be reported upstream as flushed.
func (c *Ctl) Reportable() xlog.LSN { return c.believed(c.Flushed()) }

// ReportableWrite is the position that may be reported upstream as written.
func (c *Ctl) ReportableWrite() xlog.LSN { return c.believed(c.Written()) }

// InDoubt gives the position from which on bytes held are in doubt; false when none are.
func (c *Ctl) InDoubt() (xlog.LSN, bool) {
	vouched, resumed := c.VouchedUpto.Load(), c.ResumedAt.Load()
	return xlog.LSN(vouched), vouched != resumed && c.ReplayedUpto.Load() <= resumed
}

// believed cuts a position to VouchedUpto while the bytes after it are in doubt.
func (c *Ctl) believed(l xlog.LSN) xlog.LSN {
	if from, doubt := c.InDoubt(); doubt {
		return min(l, from)
	}
	return l
}

// TakeBack cuts what is held to l, not before ReplayedUpto, and has nothing that comes after l believed until a record has
// been checked across it. It is startup's, while no walreceiver runs.
//
// The doubt is stored before the positions go back: whoever reads meanwhile gets l, or what could be had before.
func (c *Ctl) TakeBack(l xlog.LSN) {
	c.VouchedUpto.Store(uint64(l))
	c.ResumedAt.Store(uint64(l) + 1) // no record is that short
	c.FlushedUpto.Store(uint64(l))
	c.WrittenUpto.Store(uint64(l))
}

// SetServerVersion stores the upstream's server_version and its number.
func (c *Ctl) SetServerVersion(text string, num uint32) {
	c.mutex.Lock()
	shmem.SetString(c.serverVersion[:], text)
	c.mutex.Unlock()
	c.ServerVersionNum.Store(num)
}

// ServerVersion is the upstream's server_version.
func (c *Ctl) ServerVersion() string {
	c.mutex.Lock()
	b := c.serverVersion
	c.mutex.Unlock()
	return shmem.String(b[:])
}

// SetCheckpoint stores the last checkpoint record read.
func (c *Ctl) SetCheckpoint(cp *Checkpoint) {
	c.mutex.Lock()
	c.checkpoint = *cp
	c.mutex.Unlock()
}

// Checkpoint copies it; the zero value if there was none yet.
func (c *Ctl) Checkpoint() Checkpoint {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.checkpoint
}

// PeekServerVersion and PeekCheckpoint do without the lock, for a segment that is mapped read-only.
func (c *Ctl) PeekServerVersion() string {
	b := shmem.Peek(&c.mutex, &c.serverVersion)
	return shmem.String(b[:])
}

// PeekCheckpoint is Checkpoint without the lock.
func (c *Ctl) PeekCheckpoint() Checkpoint { return shmem.Peek(&c.mutex, &c.checkpoint) }

// LastXact is the time of the last commit or abort record checked; the zero time if there was none.
func (c *Ctl) LastXact() time.Time { return xlog.TimestampTz(c.LastXactTime.Load()).Time() }
