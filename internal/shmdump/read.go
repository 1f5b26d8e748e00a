// Package shmdump turns a node's shared memory into something to read: a tree of plain values for JSON, and text for
// people. It maps the segment read-only and takes no lock, so it can look at a live node without disturbing it and at
// the segment that a killed node left behind. Values of one structure belong together; two structures may have been
// read a moment apart.
package shmdump

import (
	"fmt"
	"time"

	"waypost/internal/datadir"
	"waypost/internal/layout"
	"waypost/internal/procfs"
	"waypost/internal/procsignal"
	"waypost/internal/walsnd"
	"waypost/pmsignal"
	"waypost/shmem"
	"waypost/xlog"
)

// Dump is everything that a segment says. LSNs are X/X, times are UTC and absent when unknown, ages are in seconds
// before the dump.
type Dump struct {
	Segment      Segment
	PMSignal     PMSignal
	Processes    []Process
	Activity     []Activity
	XLogCtl      XLogCtl
	WalRcvData   WalRcvData
	WalSndCtl    WalSndCtl
	WalSnd       []WalSnd
	Checkpointer Checkpointer
	Stats        Stats
}

// Time is a time stamp as it is shown, with its age.
type Time struct {
	At  time.Time
	Age float64 // seconds
}

// Segment is the header.
type Segment struct {
	Path            string
	Bytes           uint64
	Generation      uint64
	Created         *Time
	Postmaster      int
	PostmasterAlive bool
	Areas           []shmem.AreaInfo
}

// PMSignal is the PMSignal array.
type PMSignal struct {
	Reasons    []Reason
	QuitReason string
	Slots      int // how many child slots there are
	Children   []ChildSlot
}

// Reason is one flag.
type Reason struct {
	Name    string
	Pending bool
	Sent    uint64 // times since the segment was made
}

// ChildSlot is a child slot in use.
type ChildSlot struct {
	Slot  int
	State string
}

// Process is a process's entry in ProcSignal.
type Process struct {
	Slot     int
	PID      int
	Alive    bool
	Kind     string
	Since    *Time
	Pending  []string // flags that the process has not looked at yet
	LatchSet bool
}

// Activity is what a process is doing: its element of BackendStatus.
type Activity struct {
	Slot           int
	PID            int
	BackendType    string
	State          string // empty: none, as all texts here
	WaitEventType  string
	WaitEvent      string
	User           string
	Database       string
	Application    string
	ClientAddr     string
	ClientHostname string
	ClientPort     int32
	BackendStart   *Time
	XactStart      *Time
	QueryStart     *Time
	StateChange    *Time
	SSLVersion     string
	SSLCipher      string
	SSLBits        int32
	SSLClientDN    string
	SSLSerial      string
	SSLIssuerDN    string
	Query          string
}

// Stats are the node's cumulative counters.
type Stats struct {
	LastArchived string
	LastFailed   string
	Counters     []Counter
	Times        []StatTime
}

// Counter is one of them.
type Counter struct {
	Name  string
	Value uint64
}

// StatTime is when something was last counted, or set to zero.
type StatTime struct {
	Name string
	Time *Time
}

// XLogCtl is how far WAL reaches.
type XLogCtl struct {
	SystemIdentifier  uint64
	ServerVersion     string
	ServerVersionNum  uint32
	WalSegmentSize    uint32 // bytes
	RecoveryState     string
	RecoveryPause     string
	Timeline          uint32
	PrevTimeline      uint32
	WrittenUpto       string
	FlushedUpto       string
	ReplayedUpto      string
	LastReplayedRead  string // lastReplayedReadRecPtr
	LastReplayedTLI   uint32
	VouchedUpto       string
	ResumedAt         string
	FaultAt           string
	LastXactTime      *Time
	LastXactEnd       string
	RecordsChecked    uint64
	CRCFailures       uint64
	CorruptAt         string
	DiffersAt         string // where the upstream was found to differ
	SegmentsRepaired  uint64
	SegmentsChanged   uint64
	Checkpoint        *Checkpoint
	WaitingForAdvance int32 // processes that sleep until WAL has advanced
}

// Checkpoint is the last checkpoint record read.
type Checkpoint struct {
	Record   string
	Redo     string
	Timeline uint32
	Shutdown bool
	Time     *Time
}

// WalRcvData is the walreceiver's state.
type WalRcvData struct {
	PID              int
	Alive            bool
	State            string
	StartTime        *Time
	ReceiveStart     string
	ReceiveStartTLI  uint32
	WrittenUpto      string
	FlushedUpto      string
	ReceivedTLI      uint32
	LatestChunkStart string
	LastMsgSendTime  *Time
	LastMsgReceipt   *Time
	LatestWalEnd     string
	LatestWalEndTime *Time
	Conninfo         string // empty until its secrets are hidden
	SenderHost       string
	SenderPort       int
	Slotname         string
	IsTempSlot       bool
	ReadyToDisplay   bool
	ReportedWrite    string
	ReportedFlush    string
	ReportedApply    string
	BytesReceived    uint64
	Writes           uint64
	Syncs            uint64
	SyncSeconds      float64
	RepliesSent      uint64
}

// WalSndCtl is what all walsenders share.
type WalSndCtl struct {
	SyncRepQueues      []string // waiting backends for write, flush and apply
	SyncRepReleased    []string
	SyncStandbysStatus uint32
	AbandonedUpto      string // what ended connections may still refer to
	MaxWalSenders      int
}

// WalSnd is one walsender.
type WalSnd struct {
	Index               int
	PID                 int
	Alive               bool
	State               string
	Kind                string
	Application         string
	User                string
	Client              string
	BackendStart        *Time
	Timeline            uint32
	SentPtr             string
	Write               string
	Flush               string
	Apply               string
	WriteLag            string // empty: not known
	FlushLag            string
	ApplyLag            string
	ReplyTime           *Time
	SyncStandbyPriority int32
	NeedReload          bool
	InFlightFrom        string
	InFlightTLI         uint32
	BytesSent           uint64
	Messages            uint64
	Replies             uint64
}

// Checkpointer is the checkpointer's state.
type Checkpointer struct {
	PID              int
	Alive            bool
	Requested        uint64
	Done             uint64
	Failed           uint64
	NextSegment      uint64
	NextTLI          uint32
	SegmentsPrepared uint64
	SegmentsRecycled uint64
	SegmentsRemoved  uint64
	SegmentsMissed   uint64
	Restartpoint     string
	RestartpointRedo string
	RestartpointTime *Time
	RemovedUpto      uint64
	RememberedFlush  string
}

// Open maps the segment of the node in dataDir, alive or dead.
func Open(dataDir string) (*shmem.Segment, error) {
	info, err := datadir.ReadPidFile(dataDir)
	if err != nil {
		return nil, fmt.Errorf("find the shared memory of %q (a node that was stopped in good order has none): %w", dataDir, err)
	}
	if info.ShmemPath == "" {
		return nil, fmt.Errorf("find the shared memory of %q: its postmaster.pid names none", dataDir)
	}
	return shmem.OpenReadOnly(info.ShmemPath)
}

// Read takes a dump of a mapped segment.
func Read(s *shmem.Segment) (*Dump, error) {
	a, err := layout.Map(s)
	if err != nil {
		return nil, err
	}
	r := reader{now: time.Now()}
	return &Dump{
		Segment:      r.segment(s),
		PMSignal:     r.pmSignal(a.PM),
		Processes:    r.processes(a.Procs),
		Activity:     r.activity(a.Procs, a.Status),
		XLogCtl:      r.xlogCtl(a.XLog),
		WalRcvData:   r.walRcv(a.WalRcv),
		WalSndCtl:    r.walSndCtl(a.SndCtl, len(a.Snds)),
		WalSnd:       r.walSnds(a.Snds),
		Checkpointer: r.checkpointer(a.Ckpt),
		Stats:        r.stats(a.Stats),
	}, nil
}

// reader has what is the same for all of one dump.
type reader struct{ now time.Time }

func (r reader) time(t xlog.TimestampTz) *Time {
	if t == 0 {
		return nil
	}
	at := t.Time()
	return &Time{at, r.now.Sub(at).Seconds()}
}

// alive says whether a process of this id runs, whoever's it is. One that has ended and waits to be reaped does not.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	_, ok := procfs.ReadTimes(pid)
	return ok
}

func lsn(v uint64) string { return xlog.LSN(v).String() }

func (r reader) segment(s *shmem.Segment) Segment {
	pid := s.PostmasterPID()
	return Segment{s.Path(), s.Size(), s.Generation(), r.time(s.CreatedAt()), pid, alive(pid), s.Areas()}
}

func (r reader) pmSignal(p *pmsignal.PMSignal) PMSignal {
	d := PMSignal{QuitReason: p.QuitReason().String(), Slots: p.Slots()}
	for reason := range pmsignal.NumReasons {
		d.Reasons = append(d.Reasons, Reason{reason.String(), p.Pending(reason), p.Sent(reason)})
	}
	for i := range p.Slots() {
		if s := p.ChildState(i); s != pmsignal.Unused {
			d.Children = append(d.Children, ChildSlot{i, s.String()})
		}
	}
	return d
}

func (r reader) processes(procs []procsignal.Slot) []Process {
	var list []Process
	for i := range procs {
		p := &procs[i]
		pid := p.PID()
		if pid == 0 {
			continue
		}
		d := Process{Slot: i, PID: pid, Alive: alive(pid), Kind: p.Kind().String(),
			Since: r.time(xlog.TimestampTz(p.StartedAt())), LatchSet: p.Latch.IsSet()}
		for reason := range procsignal.NumReasons {
			if p.Pending(reason) {
				d.Pending = append(d.Pending, reason.String())
			}
		}
		list = append(list, d)
	}
	return list
}

func (r reader) walSnds(snds []walsnd.WalSnd) []WalSnd {
	var list []WalSnd
	for i := range snds {
		if snds[i].Peek().Pid != 0 {
			list = append(list, r.walSnd(i, &snds[i]))
		}
	}
	return list
}
