// Package pgstat is the shared area Stats: the node's cumulative counters, as PostgreSQL's statistics views show them, and
// their file, by which they survive a restart.
//
// Every process adds to the counters by itself, with atomic additions, and those that count much add up privately first:
// what a reader sees is behind by FlushEvery at most. At start the values from the file are added on top (Restore), so that
// it does not matter what has been counted meanwhile.
//
// The package must never make a counter a reason for a process to end: a file that cannot be read or written costs numbers
// and nothing else. It never logs.
package pgstat

import (
	"sync/atomic"
	"time"

	"waypost/shmem"
	"waypost/xlog"
)

// Stats is the area. All counters only rise, but for a reset. Times without a unit in their name are TimestampTz.
type Stats struct {
	WAL          WAL
	Checkpointer Checkpointer
	Archiver     Archiver
	Bgwriter     Reset // the node has no buffers to write: there is nothing but the time of the reset
	Database     Database
	IO           [NumIO]IO
	IOReset      Reset
	Prefetch     Reset // nothing is prefetched and there are no SLRUs: as for Bgwriter
	SLRU         Reset
	Waypost      Waypost

	final atomic.Uint32 // who saves the counters last: see last.go
	_     [4]byte
}

// FlushEvery bounds how long a process keeps to itself what it has counted, unless it ends by a crash.
const FlushEvery = time.Second

// Area is the place of Stats in the segment.
var Area = shmem.Area[Stats]{Name: "Stats"}

// apart stands between counters that different processes count: they shall not share a cache line.
type apart [64]byte

// Reset is when a group of counters was last set to zero.
type Reset struct{ At atomic.Int64 }

// WAL is pg_stat_wal. Records are those that startup has checked.
type WAL struct {
	Records     atomic.Uint64
	FPI         atomic.Uint64 // full-page images in them
	Bytes       atomic.Uint64
	BuffersFull atomic.Uint64 // always 0 in a relay
	_           apart
	Write       atomic.Uint64 // write calls
	Sync        atomic.Uint64 // syncs
	WriteMicros atomic.Uint64 // only with track_wal_io_timing
	SyncMicros  atomic.Uint64
	Reset       Reset
}

// Checkpointer is pg_stat_checkpointer.
type Checkpointer struct {
	NumTimed            atomic.Uint64
	NumRequested        atomic.Uint64
	RestartpointsTimed  atomic.Uint64
	RestartpointsReq    atomic.Uint64
	RestartpointsDone   atomic.Uint64
	WriteMicros         atomic.Uint64
	SyncMicros          atomic.Uint64
	BuffersWritten      atomic.Uint64
	SegmentsPrepared    atomic.Uint64 // the four below are Waypost's own
	SegmentsRecycled    atomic.Uint64
	SegmentsRemoved     atomic.Uint64
	RestartpointsFailed atomic.Uint64
	Reset               Reset
}

// Archiver is pg_stat_archiver.
type Archiver struct {
	mutex shmem.Spinlock // guards names
	_     [4]byte
	names ArchiverNames

	Archived       atomic.Uint64
	Failed         atomic.Uint64
	LastArchivedAt atomic.Int64
	LastFailedAt   atomic.Int64
	Reset          Reset
}

// ArchiverNames are the files that the archiver last handled, "" for none.
type ArchiverNames struct {
	LastArchived [64]byte
	LastFailed   [64]byte
}

// Names copies the names, both of one moment.
func (a *Archiver) Names() ArchiverNames {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.names
}

// PeekNames is Names without the lock, for a segment that is mapped read-only.
func (a *Archiver) PeekNames() ArchiverNames { return shmem.Peek(&a.mutex, &a.names) }

// SetNames changes them. change must only store.
func (a *Archiver) SetNames(change func(n *ArchiverNames)) {
	a.mutex.Lock()
	change(&a.names)
	a.mutex.Unlock()
}

// Database is pg_stat_database's row for the one database there is, as far as a node without tables has something to
// count.
type Database struct {
	XactCommit        atomic.Uint64
	XactRollback      atomic.Uint64
	TupReturned       atomic.Uint64 // rows given to clients
	Sessions          atomic.Uint64
	SessionMicros     atomic.Uint64
	ActiveMicros      atomic.Uint64
	IdleInXactMicros  atomic.Uint64
	SessionsAbandoned atomic.Uint64 // the connection was lost
	SessionsFatal     atomic.Uint64
	SessionsKilled    atomic.Uint64
	Reset             Reset
}

// IOKind says whose reads and writes of WAL an element of Stats.IO counts.
type IOKind int

// The kinds of processes that read or write WAL.
const (
	IOStartup IOKind = iota
	IOWalReceiver
	IOWalSender
	IOCheckpointer
	IOBackend
	NumIO // how many there are; not a kind
)

// String is the backend_type of pg_stat_io's rows.
func (k IOKind) String() string {
	return [...]string{"startup", "walreceiver", "walsender", "checkpointer", "client backend"}[k]
}

// IO is a pair of rows of pg_stat_io: object wal, context normal and init (a segment made ahead).
type IO struct {
	Reads       atomic.Uint64
	ReadBytes   atomic.Uint64
	ReadMicros  atomic.Uint64
	Writes      atomic.Uint64
	WriteBytes  atomic.Uint64
	WriteMicros atomic.Uint64
	Fsyncs      atomic.Uint64
	FsyncMicros atomic.Uint64

	InitWrites      atomic.Uint64
	InitWriteBytes  atomic.Uint64
	InitWriteMicros atomic.Uint64
	InitFsyncs      atomic.Uint64
	InitFsyncMicros atomic.Uint64
	_               apart
}

// Waypost is the view waypost_wal: the way of the WAL in bytes.
type Waypost struct {
	Received   Progress // bytes that came from the upstream
	Written    Progress // bytes written to pg_wal
	Flushed    Progress // bytes that a sync has covered
	_          apart
	Sent       Progress // bytes sent to all clients
	_          apart
	Checked    Progress // bytes of records that were checked
	CRCFailed  Event    // records below the flushed position that were not good
	Refetched  Event    // segments, and unfinished records, that were fetched again
	Connected  Event    // connections made upstream
	StatsReset Reset
}

// Progress is a number of bytes, and when it last rose.
type Progress struct {
	Bytes  atomic.Uint64
	LastAt atomic.Int64
}

// Add counts n more bytes, if there are any, at the time now.
func (p *Progress) Add(n uint64, now xlog.TimestampTz) {
	if n == 0 {
		return
	}
	p.Bytes.Add(n)
	p.LastAt.Store(int64(now))
}

// Event is a number of occurrences, and when the last one was.
type Event struct {
	Count  atomic.Uint64
	LastAt atomic.Int64
}

// Add counts one more at the time now.
func (e *Event) Add(now xlog.TimestampTz) {
	e.Count.Add(1)
	e.LastAt.Store(int64(now))
}
