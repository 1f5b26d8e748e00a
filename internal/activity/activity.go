// Package activity is the shared area BackendStatus: what each process of the node is doing, for pg_stat_activity,
// pg_stat_ssl and the metrics. An element has the same number as the process's child slot. Fields and states are
// PostgreSQL's (src/include/utils/backend_status.h, 17).
//
// Nothing secret may be stored here: conninfos, passwords and keys stay out, and so does the text of statements that hold
// a password.
package activity

import (
	"sync/atomic"

	"waypost/shmem"
	"waypost/xlog"
)

// State is PostgreSQL's BackendState.
type State uint32

const (
	Undefined                State = iota // an auxiliary process, or a session that is not let in yet
	Idle                                  // waits for a command
	Running                               // runs one
	IdleInTransaction                     // waits for a command inside BEGIN
	Fastpath                              // never: fastpath calls are refused
	IdleInTransactionAborted              // waits for ROLLBACK
	Disabled                              // track_activities is off
)

// Display is the state as pg_stat_activity words it; "" stands for NULL.
func (s State) Display() string {
	return [...]string{"", "idle", "active", "idle in transaction", "fastpath function call",
		"idle in transaction (aborted)", "disabled"}[min(s, Disabled)]
}

// Sizes of the text fields, bytes: PostgreSQL's NAMEDATALEN, and the default of track_activity_query_size.
const (
	NameLen  = 64
	QueryLen = 1024
)

// Fields are what the lock guards. All are written by the element's own process.
type Fields struct {
	State      State
	ClientPort int32 // -1: Unix-domain socket; 0: no client

	BackendStart xlog.TimestampTz
	XactStart    xlog.TimestampTz // 0: none
	QueryStart   xlog.TimestampTz // 0: none
	StateChange  xlog.TimestampTz // 0: none

	// AdmittedAt orders those who come in at the same time: by the machine's monotonic clock, in nanoseconds, read after
	// UserOID is set. 0: not yet.
	AdmittedAt int64

	UserOID     uint32 // 0: none
	DatabaseOID uint32 // 0: none

	SSL         uint8 // 1: the connection is encrypted; the SSL fields count
	Replication uint8 // 1: the client has asked for replication, whether it is marked as a walsender yet or not
	_           [2]byte
	SSLBits     int32

	User           [NameLen]byte // "" for none, as all texts here; cut where too long, as PostgreSQL's
	Database       [NameLen]byte
	Application    [NameLen]byte
	ClientAddr     [NameLen]byte // an IP address, "" for a Unix-domain socket
	ClientHostname [NameLen]byte // only with log_hostname

	SSLVersion  [NameLen]byte
	SSLCipher   [NameLen]byte
	SSLClientDN [NameLen]byte
	SSLSerial   [NameLen]byte // decimal
	SSLIssuerDN [NameLen]byte

	Query [QueryLen]byte
}

// Status is one process's element.
type Status struct {
	mutex shmem.Spinlock // guards f
	_     [4]byte
	f     Fields
	wait  atomic.Uint32 // WaitEvent; 0: the process is not waiting
	other atomic.Uint32 // the same of a second thread of the process
}

// Area is the place of the elements in the segment.
var Area = shmem.Area[Status]{Name: "BackendStatus"}

// Snapshot copies the guarded fields, all of one moment.
func (s *Status) Snapshot() Fields {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.f
}

// Peek is Snapshot without the lock, for a segment that is mapped read-only.
func (s *Status) Peek() Fields { return shmem.Peek(&s.mutex, &s.f) }

// Update changes guarded fields under the lock. change must only store: it may not allocate, log or call the system.
func (s *Status) Update(change func(f *Fields)) {
	s.mutex.Lock()
	change(&s.f)
	s.mutex.Unlock()
}

// Join makes the element the calling process's, with nothing of the one before it. It takes no lock, and does not believe
// that of the one before, which may have been killed while it held it: until the process stands in Procs, which is later,
// nobody else looks at the element.
func (s *Status) Join(now xlog.TimestampTz) {
	s.wait.Store(0)
	s.other.Store(0)
	s.mutex.Init()
	s.f = Fields{BackendStart: now}
}

// StartWait says that the process begins to wait for e; EndWait that it goes on. One plain store each: cheap enough for
// every wait there is.
func (s *Status) StartWait(e WaitEvent) { s.wait.Store(uint32(e)) }

// EndWait ends what StartWait began.
func (s *Status) EndWait() { s.wait.Store(0) }

// StartOther says that a second thread of the process begins to wait for e, EndOther that it goes on.
func (s *Status) StartOther(e WaitEvent) { s.other.Store(uint32(e)) }

// EndOther ends what StartOther began.
func (s *Status) EndOther() { s.other.Store(0) }

// Waiting is what the process waits for; 0 for nothing. A process whose main thread has nothing to do waits for what another
// one waits for.
func (s *Status) Waiting() WaitEvent {
	wait := WaitEvent(s.wait.Load())
	if other := WaitEvent(s.other.Load()); other != 0 && (wait == 0 || wait.class() == classActivity) {
		return other
	}
	return wait
}
