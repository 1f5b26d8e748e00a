// Package walrcv is the shared area WalRcvData: the meeting point of startup, which asks for a walreceiver, the
// walreceiver, and all who want to see what it does. Fields and states are PostgreSQL's
// (src/include/replication/walreceiver.h, 17).
package walrcv

import (
	"fmt"
	"sync/atomic"

	"waypost/shmem"
	"waypost/xlog"
)

// State is PostgreSQL's WalRcvState.
//
//	STOPPED ──startup asks──▶ STARTING ──walreceiver comes up──▶ STREAMING ──end of timeline──▶ WAITING
//	   ▲                         │  ▲                               │                            │
//	   │            10 s: not up │  └── (asked for again)           │        startup says where  ▼
//	   └─────────────────────────┴──────── the process ends ◀── STOPPING ◀── startup stops it ◀─ RESTARTING
//
// STARTING does not say that a process exists, only that one was asked for. STREAMING does not say that the connection
// upstream stands; ReadyToDisplay does.
type State uint32

const (
	Stopped    State = iota // no walreceiver runs or is asked for
	Starting                // asked for, not come up yet
	Streaming               // the process is up and receives, or connects
	Waiting                 // the upstream's timeline has ended; the process waits to be told where to go on
	Restarting              // startup has told it
	Stopping                // startup has told it to end, it has not yet
)

func (s State) String() string {
	switch s {
	case Stopped:
		return "WALRCV_STOPPED"
	case Starting:
		return "WALRCV_STARTING"
	case Streaming:
		return "WALRCV_STREAMING"
	case Waiting:
		return "WALRCV_WAITING"
	case Restarting:
		return "WALRCV_RESTARTING"
	case Stopping:
		return "WALRCV_STOPPING"
	}
	return fmt.Sprintf("WALRCV_%d", uint32(s))
}

// Display is the state as pg_stat_wal_receiver words it.
func (s State) Display() string {
	return [...]string{"stopped", "starting", "streaming", "waiting", "restarting", "stopping"}[min(s, Stopping)]
}

// Sizes of the text fields, bytes, as in PostgreSQL (MAXCONNINFO, NI_MAXHOST, NAMEDATALEN).
const (
	MaxConninfo = 1024
	MaxHost     = 1025
	NameLen     = 64
)

// Fields are the fields that Mutex guards. Read them with Data.Snapshot.
type Fields struct {
	Pid       int32            // walreceiver's process id, 0 when none runs; walreceiver
	State     State            // startup and walreceiver, as in the diagram
	StartTime xlog.TimestampTz // when startup last asked for a walreceiver; startup

	ReceiveStart    xlog.LSN        // where streaming is to begin; startup
	ReceiveStartTLI xlog.TimeLineID // and on which timeline; startup

	FlushedUpto      xlog.LSN         // end of what this walreceiver has flushed; walreceiver (startup at the first start)
	ReceivedTLI      xlog.TimeLineID  // timeline of FlushedUpto; as FlushedUpto
	LatestChunkStart xlog.LSN         // FlushedUpto before its last move: where the latest chunk began; walreceiver
	LastMsgSendTime  xlog.TimestampTz // the upstream's clock in its last message; walreceiver
	LastMsgReceipt   xlog.TimestampTz // our clock when it came (lastMsgReceiptTime); walreceiver
	LatestWalEnd     xlog.LSN         // the upstream's end of WAL as last reported (latestWalEnd); walreceiver
	LatestWalEndTime xlog.TimestampTz // when LatestWalEnd last moved; walreceiver

	Conninfo       [MaxConninfo]byte // as given by startup; the walreceiver replaces it by one without secrets
	SenderHost     [MaxHost]byte     // whom it is connected to; walreceiver
	_              [3]byte
	SenderPort     int32         // walreceiver
	Slotname       [NameLen]byte // the upstream's slot to use; startup (walreceiver for a temporary one)
	IsTempSlot     uint8         // 1: the slot is temporary and the walreceiver's own to create; startup
	ReadyToDisplay uint8         // 1: Conninfo has no secrets any more; walreceiver
	_              [6]byte
}

// Data is the area. Stopped counts the walreceiver's ends, and wakes startup when it waits for one
// (walRcvStoppedCV).
type Data struct {
	mutex  shmem.Spinlock // guards f
	f      Fields
	latch  shmem.Latch   // wakes the walreceiver: told where to go on, or a reply is wanted
	stop   atomic.Uint32 // walreceiver ends so far
	forced atomic.Uint32 // force_reply: startup wants a status report sent now

	// WrittenUpto is the end of what the walreceiver has written, flushed or not (writtenUpto); walreceiver.
	WrittenUpto atomic.Uint64
	// Counters since the start of this generation; walreceiver.
	BytesReceived atomic.Uint64
	Writes        atomic.Uint64
	Syncs         atomic.Uint64
	SyncMicros    atomic.Uint64 // time spent in fdatasync, µs
	RepliesSent   atomic.Uint64
	// What the last status report said (LSNs); walreceiver.
	ReportedWrite atomic.Uint64
	ReportedFlush atomic.Uint64
	ReportedApply atomic.Uint64
}

// Area is the place of Data in the segment.
var Area = shmem.Area[Data]{Name: "WalRcvData"}

// Snapshot copies the guarded fields, all of one moment.
func (d *Data) Snapshot() Fields {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.f
}

// Peek is Snapshot without the lock, for a segment that is mapped read-only.
func (d *Data) Peek() Fields { return shmem.Peek(&d.mutex, &d.f) }

// Update changes guarded fields under the lock. change must only store: it may not allocate, log or call the system.
func (d *Data) Update(change func(f *Fields)) {
	d.mutex.Lock()
	change(&d.f)
	d.mutex.Unlock()
}

// State is the current state.
func (d *Data) State() State {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.f.State
}

// Pid is the walreceiver's process id, 0 when none runs.
func (d *Data) Pid() int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return int(d.f.Pid)
}

// Latch wakes the walreceiver's reporting thread. Only the walreceiver waits on it.
func (d *Data) Latch() *shmem.Latch { return &d.latch }

// ForceReply asks the walreceiver for a status report at once (WalRcvForceReply). For startup, after ReplayedUpto has
// passed a commit record.
func (d *Data) ForceReply() {
	d.forced.Store(1)
	d.latch.Set()
}

// TakeForceReply says whether a report was asked for, and clears the request. For the walreceiver.
func (d *Data) TakeForceReply() bool { return d.forced.Swap(0) != 0 }

// Ends counts the walreceivers that have ended; it moves once for each. CountEnd is for the walreceiver, last of all.
func (d *Data) Ends() uint32 { return d.stop.Load() }

// CountEnd counts one more end. Wake startup after it.
func (d *Data) CountEnd() { d.stop.Add(1) }
