// Package procsignal is the table of the node's processes in shared memory: who each is, a latch to wake it by, and
// the flags that SIGUSR1 tells it to look at. An entry has the same number as the process's child slot.
package procsignal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"waypost/shmem"
)

// Kind says what a process is.
type Kind uint32

const (
	None         Kind = iota // the entry is free
	Startup                  // cmd/startup
	WalReceiver              // cmd/walreceiver
	Checkpointer             // cmd/checkpointer
	Spare                    // a walsender executable that waits for a client
	Backend                  // a regular backend
	WalSender                // a backend whose client asked for replication
	DeadEnd                  // tells a client why it is refused, and ends
	Logger                   // cmd/logger: writes the log files (PostgreSQL's syslogger)
	Metrics                  // cmd/metrics: serves Prometheus
)

// String gives PostgreSQL's backend_type.
func (k Kind) String() string {
	switch k {
	case None:
		return "none"
	case Startup:
		return "startup"
	case WalReceiver:
		return "walreceiver"
	case Checkpointer:
		return "checkpointer"
	case Spare:
		return "spare backend"
	case Backend:
		return "client backend"
	case WalSender:
		return "walsender"
	case DeadEnd:
		return "dead-end client backend"
	case Logger:
		return "logger"
	case Metrics:
		return "metrics"
	}
	return fmt.Sprintf("process kind %d", uint32(k))
}

// Reason is a flag that SIGUSR1 tells a process to look at.
type Reason uint32

const (
	// WalSndInitStopping: take no new replication command, the shutdown checkpoint is about to be written.
	WalSndInitStopping Reason = iota
	NumReasons                // how many there are; not a reason
)

func (r Reason) String() string {
	if r == WalSndInitStopping {
		return "PROCSIG_WALSND_INIT_STOPPING"
	}
	return fmt.Sprintf("PROCSIG_%d", uint32(r))
}

// Slot is one process's entry.
type Slot struct {
	pid       atomic.Int32              // written by its process: 0 when free
	kind      atomic.Uint32             // Kind; written by its process
	flags     [NumReasons]atomic.Uint32 // set by anyone, cleared by its process
	startedAt atomic.Int64              // xlog.TimestampTz; written by its process

	// launchedIn is the postmaster's state when it launched the process, a text filled up with zeros; written by its process.
	launchedIn [launchedInLen / 8]atomic.Uint64

	// Latch wakes the process's main loop.
	Latch shmem.Latch
}

// Area is the table's place in the segment.
var Area = shmem.Area[Slot]{Name: "ProcSignal"}

// launchedInLen is how many bytes of a state's name there is room for.
const launchedInLen = 24

// SetLaunchedIn stores the name of the postmaster's state, before Join.
func (s *Slot) SetLaunchedIn(state string) {
	var b [launchedInLen]byte
	copy(b[:], state)
	for i := range s.launchedIn {
		s.launchedIn[i].Store(binary.LittleEndian.Uint64(b[8*i:]))
	}
}

// LaunchedIn is the name of the postmaster's state when it launched the process, "" for none known.
func (s *Slot) LaunchedIn() string {
	var b []byte
	for i := range s.launchedIn {
		b = binary.LittleEndian.AppendUint64(b, s.launchedIn[i].Load())
	}
	return string(bytes.TrimRight(b, "\x00"))
}

// Join fills the entry for the calling process.
func (s *Slot) Join(pid int, k Kind, startedAt int64) {
	for i := range s.flags {
		s.flags[i].Store(0)
	}
	s.kind.Store(uint32(k))
	s.startedAt.Store(startedAt)
	s.pid.Store(int32(pid))
}

// Leave frees the entry.
func (s *Slot) Leave() {
	s.pid.Store(0)
	s.kind.Store(uint32(None))
}

// PID is the process's id, 0 for a free entry.
func (s *Slot) PID() int { return int(s.pid.Load()) }

// Kind is what the process is now.
func (s *Slot) Kind() Kind { return Kind(s.kind.Load()) }

// SetKind tells that the process has become something else.
func (s *Slot) SetKind(k Kind) { s.kind.Store(uint32(k)) }

// StartedAt is when it joined (xlog.TimestampTz).
func (s *Slot) StartedAt() int64 { return s.startedAt.Load() }

// Pending says whether a flag is set, for shmdump.
func (s *Slot) Pending(r Reason) bool { return s.flags[r].Load() != 0 }

// Take says whether a flag was set, and clears it.
func (s *Slot) Take(r Reason) bool { return s.flags[r].Swap(0) != 0 }

// Send sets a flag and signals the process. A process that has just gone is no error.
func (s *Slot) Send(r Reason) error {
	pid := s.PID()
	if pid == 0 {
		return nil
	}
	s.flags[r].Store(1)
	if err := unix.Kill(pid, unix.SIGUSR1); err != nil && err != unix.ESRCH {
		return fmt.Errorf("signal process %d: %w", pid, err)
	}
	return nil
}
