// Package walsnd is the shared area WalSndCtl and the array of WalSnd, one element for each walsender that may run
// (max_wal_senders). Fields and states are PostgreSQL's (src/include/replication/walsender_private.h, 17).
package walsnd

import (
	"fmt"
	"sync/atomic"

	"waypost/shmem"
	"waypost/xlog"
)

// State is PostgreSQL's WalSndState.
//
//	STARTUP ──START_REPLICATION──▶ CATCHUP ──has sent all there is──▶ STREAMING ──stop taking commands──▶ STOPPING
//
// A walsender that falls behind stays STREAMING. BACKUP is there because the numbers are PostgreSQL's; no base backup is
// served.
type State uint32

const (
	Startup State = iota
	Backup
	Catchup
	Streaming
	Stopping
)

func (s State) String() string {
	switch s {
	case Startup:
		return "WALSNDSTATE_STARTUP"
	case Backup:
		return "WALSNDSTATE_BACKUP"
	case Catchup:
		return "WALSNDSTATE_CATCHUP"
	case Streaming:
		return "WALSNDSTATE_STREAMING"
	case Stopping:
		return "WALSNDSTATE_STOPPING"
	}
	return fmt.Sprintf("WALSNDSTATE_%d", uint32(s))
}

// Display is the state as pg_stat_replication words it.
func (s State) Display() string {
	return [...]string{"startup", "backup", "catchup", "streaming", "stopping"}[min(s, Stopping)]
}

// Kind is PostgreSQL's ReplicationKind.
type Kind uint32

const (
	Physical Kind = iota
	Logical
)

func (k Kind) String() string {
	if k == Logical {
		return "REPLICATION_KIND_LOGICAL"
	}
	return "REPLICATION_KIND_PHYSICAL"
}

// Fields are the fields of a WalSnd that its Mutex guards; all are written by the walsender itself, except where said.
type Fields struct {
	Pid        int32    // 0: the element is free
	State      State    //
	SentPtr    xlog.LSN // WAL up to here has been sent
	NeedReload uint8    // needreload: read no further in the file that is open, a better one is in its place
	_          [7]byte

	// Positions that the client has reported; 0 until it has.
	Write xlog.LSN
	Flush xlog.LSN
	Apply xlog.LSN

	// Measured lags, microseconds; -1 for none known.
	WriteLag int64
	FlushLag int64
	ApplyLag int64

	SyncStandbyPriority int32            // 0: not a synchronous standby
	Kind                Kind             //
	ReplyTime           xlog.TimestampTz // the client's clock in its last reply

	// What pg_stat_replication shows beside PostgreSQL's struct.
	BackendStart xlog.TimestampTz
	ClientPort   int32 // -1: Unix-domain socket
	TimelineID   xlog.TimeLineID
	User         [64]byte
	Application  [64]byte
	ClientAddr   [64]byte
}

// WalSnd is one walsender's element.
type WalSnd struct {
	mutex shmem.Spinlock // guards f
	_     [4]byte
	f     Fields

	// Counters since the walsender's start, written by it alone.
	BytesSent atomic.Uint64
	Messages  atomic.Uint64
	Replies   atomic.Uint64
	// InFlightFrom is the LSN from which on the connection may still hold references to file pages (sendfile): 0 when it
	// holds none. A segment that ends after it must not be recycled or overwritten, only unlinked. The walsender stores it
	// before it sends (and only then looks at CheckpointerCtl's RemovedUpto) and moves it when the client has reported the
	// bytes written.
	InFlightFrom atomic.Uint64
	InFlightTLI  atomic.Uint32
	_            [4]byte
}

// Numbers of PostgreSQL's SyncRepQueue: one queue for each thing that a commit can wait for.
const (
	SyncRepWaitWrite = iota
	SyncRepWaitFlush
	SyncRepWaitApply
	NumSyncRepWaitModes
)

// SyncRepQueue is a list of waiting backends by their child slot's number, -1 for none.
type SyncRepQueue struct {
	Head int32
	Tail int32
}

// Ctl is the area WalSndCtl. A relay has nobody waiting for synchronous standbys: its queues stay empty until the node
// writes WAL of its own.
type Ctl struct {
	mutex              shmem.Spinlock // SyncRepLock; guards the queues and lsn
	syncRepQueue       [NumSyncRepWaitModes]SyncRepQueue
	lsn                [NumSyncRepWaitModes]xlog.LSN // released up to here
	syncStandbysStatus atomic.Uint32                 // bit 0: initialized, bit 1: defined; checkpointer
	// AbandonedUpto is the end of WAL that connections which have ended may still hold by reference to file pages (see
	// WalSnd.InFlightFrom): a segment that begins before it must not be recycled or overwritten, only unlinked. It only
	// rises; written by walsenders at their end.
	AbandonedUpto atomic.Uint64
	// The condition variables wal_flush_cv, wal_replay_cv and wal_confirm_rcv_cv. Physical walsenders wait on
	// xlogctl's WALAdvanced instead of the first two.
	WalFlushCV      shmem.Broadcast
	WalReplayCV     shmem.Broadcast
	WalConfirmRcvCV shmem.Broadcast
}

// The areas of the segment.
var (
	CtlArea = shmem.Area[Ctl]{Name: "WalSndCtl"}
	SndArea = shmem.Area[WalSnd]{Name: "WalSnd"}
)

// Init makes the queues empty in a new segment.
func (c *Ctl) Init() {
	for i := range c.syncRepQueue {
		c.syncRepQueue[i] = SyncRepQueue{Head: -1, Tail: -1}
	}
}

// Abandon raises AbandonedUpto to l.
func (c *Ctl) Abandon(l xlog.LSN) {
	for {
		was := c.AbandonedUpto.Load()
		if was >= uint64(l) || c.AbandonedUpto.CompareAndSwap(was, uint64(l)) {
			return
		}
	}
}

// PeekSyncRep copies the queues and the positions released without the lock, for shmdump.
func (c *Ctl) PeekSyncRep() (queues [NumSyncRepWaitModes]SyncRepQueue, lsn [NumSyncRepWaitModes]xlog.LSN, status uint32) {
	return shmem.Peek(&c.mutex, &c.syncRepQueue), shmem.Peek(&c.mutex, &c.lsn), c.syncStandbysStatus.Load()
}

// Snapshot copies the guarded fields, all of one moment.
func (w *WalSnd) Snapshot() Fields {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.f
}

// Peek is Snapshot without the lock, for a segment that is mapped read-only.
func (w *WalSnd) Peek() Fields { return shmem.Peek(&w.mutex, &w.f) }

// Update changes guarded fields under the lock. change must only store: it may not allocate, log or call the system.
func (w *WalSnd) Update(change func(f *Fields)) {
	w.mutex.Lock()
	change(&w.f)
	w.mutex.Unlock()
}

// Claim takes a free element of the array for the process pid, filling in what init says of it, and gives its number;
// -1 when all are taken (max_wal_senders).
func Claim(all []WalSnd, pid int, init func(f *Fields)) int {
	for i := range all {
		w := &all[i]
		w.mutex.Lock()
		if w.f.Pid == 0 {
			w.f = Fields{Pid: int32(pid), WriteLag: -1, FlushLag: -1, ApplyLag: -1}
			init(&w.f)
			w.mutex.Unlock()
			w.BytesSent.Store(0)
			w.Messages.Store(0)
			w.Replies.Store(0)
			w.InFlightFrom.Store(0)
			return i
		}
		w.mutex.Unlock()
	}
	return -1
}

// Release frees the element at the walsender's end.
func (w *WalSnd) Release() {
	w.InFlightFrom.Store(0)
	w.Update(func(f *Fields) { f.Pid = 0 })
}
