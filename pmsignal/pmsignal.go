// Package pmsignal is how a child gets the postmaster's attention, and how the postmaster learns what a child has
// become. A child sets the flag of a reason and sends SIGUSR1; the postmaster looks at all flags. Each child also has
// a slot in which it says whether it is alive in shared memory, and whether it is a walsender.
//
// The postmaster reads these words and believes none of them further than it must: a slot that a crashed child
// scribbled over costs a restart, never the postmaster. No lock is taken anywhere in the package.
package pmsignal

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"waypost/shmem"
)

// Reason is what a child wants of the postmaster.
type Reason uint32

const (
	RecoveryStarted     Reason = iota // startup has read the control file and begins: PM_STARTUP → PM_RECOVERY
	BeginHotStandby                   // the end of local WAL is known, clients may come: → PM_HOT_STANDBY
	StartWalReceiver                  // WalRcvData is filled, a walreceiver is wanted
	AdvanceStateMachine               // something that the state machine waits for may have happened
	ChildUp                           // a child that the postmaster wanted to signal has come up
	RotateLogfile                     // the logger is to begin a new file
	NumReasons                        // how many there are; not a reason
)

func (r Reason) String() string {
	switch r {
	case RecoveryStarted:
		return "PMSIGNAL_RECOVERY_STARTED"
	case BeginHotStandby:
		return "PMSIGNAL_BEGIN_HOT_STANDBY"
	case StartWalReceiver:
		return "PMSIGNAL_START_WALRECEIVER"
	case AdvanceStateMachine:
		return "PMSIGNAL_ADVANCE_STATE_MACHINE"
	case ChildUp:
		return "PMSIGNAL_CHILD_UP"
	case RotateLogfile:
		return "PMSIGNAL_ROTATE_LOGFILE"
	}
	return fmt.Sprintf("PMSIGNAL_%d", uint32(r))
}

// QuitReason tells children why they got SIGQUIT, so that they can tell their clients.
type QuitReason uint32

const (
	QuitNotSent  QuitReason = iota // no SIGQUIT was sent
	QuitForCrash                   // a sibling crashed
	QuitForStop                    // immediate shutdown
)

func (q QuitReason) String() string {
	switch q {
	case QuitNotSent:
		return "PMQUIT_NOT_SENT"
	case QuitForCrash:
		return "PMQUIT_FOR_CRASH"
	case QuitForStop:
		return "PMQUIT_FOR_STOP"
	}
	return fmt.Sprintf("PMQUIT_%d", uint32(q))
}

// ChildState is what a child slot says.
type ChildState uint32

const (
	Unused    ChildState = iota // nobody has the slot
	Assigned                    // the postmaster has given it to a child that has not come up yet
	Active                      // the child uses shared memory
	WalSender                   // the same, and the child has marked itself as a walsender
)

func (s ChildState) String() string {
	switch s {
	case Unused:
		return "PM_CHILD_UNUSED"
	case Assigned:
		return "PM_CHILD_ASSIGNED"
	case Active:
		return "PM_CHILD_ACTIVE"
	case WalSender:
		return "PM_CHILD_WALSENDER"
	}
	return fmt.Sprintf("PM_CHILD_%d", uint32(s))
}

// State is the fixed part of the shared area.
type State struct {
	flags      [NumReasons]atomic.Uint32 // set by any child, cleared by the postmaster
	quitReason atomic.Uint32             // QuitReason; written by the postmaster
	sent       [NumReasons]atomic.Uint64 // how often each reason was sent, for shmdump; written by children
}

// ChildSlot is one element of the child slots' area.
type ChildSlot struct {
	state    atomic.Uint32 // ChildState; Unused and Assigned are written by the postmaster, the others by the child
	announce atomic.Uint32 // 1: the postmaster wants to hear when the child is Active; written by the postmaster
}

// The areas of the segment.
var (
	StateArea = shmem.Area[State]{Name: "PMSignal"}
	SlotArea  = shmem.Area[ChildSlot]{Name: "PMChildFlags"}
)

// Reserve adds the areas to a layout with room for children slots.
func Reserve(l *shmem.Layout, children int) {
	StateArea.Reserve(l, 1)
	SlotArea.Reserve(l, children)
}

// PMSignal is one process's view of the shared flags.
type PMSignal struct {
	state      *State
	slots      []ChildSlot
	postmaster int
}

// Map finds the areas in a segment.
func Map(s *shmem.Segment) (*PMSignal, error) {
	state, err := StateArea.Map(s)
	if err != nil {
		return nil, err
	}
	slots, err := SlotArea.MapArray(s)
	if err != nil {
		return nil, err
	}
	return &PMSignal{state, slots, s.PostmasterPID()}, nil
}

// Send sets the reason's flag, then signals the postmaster. Whatever the reason tells of must be in place before.
func (p *PMSignal) Send(r Reason) error {
	p.state.sent[r].Add(1)
	p.state.flags[r].Store(1)
	if err := unix.Kill(p.postmaster, unix.SIGUSR1); err != nil {
		return fmt.Errorf("signal the postmaster: %w", err)
	}
	return nil
}

// Take says whether the reason's flag was set and clears it. For the postmaster.
func (p *PMSignal) Take(r Reason) bool { return p.state.flags[r].Swap(0) != 0 }

// Pending says whether the flag is set, and Sent how often it was; for shmdump.
func (p *PMSignal) Pending(r Reason) bool { return p.state.flags[r].Load() != 0 }

// Sent says how often the reason was sent.
func (p *PMSignal) Sent(r Reason) uint64 { return p.state.sent[r].Load() }

// SetQuitReason must come before SIGQUIT is sent. For the postmaster.
func (p *PMSignal) SetQuitReason(q QuitReason) { p.state.quitReason.Store(uint32(q)) }

// QuitReason is why SIGQUIT came.
func (p *PMSignal) QuitReason() QuitReason { return QuitReason(p.state.quitReason.Load()) }

// Slots is how many children can be.
func (p *PMSignal) Slots() int { return len(p.slots) }

// ChildState is what slot n says.
func (p *PMSignal) ChildState(n int) ChildState { return ChildState(p.slots[n].state.Load()) }

// AssignChild gives slot n to a child that is about to be launched. For the postmaster, which keeps its own list of
// slots that are free.
func (p *PMSignal) AssignChild(n int) {
	p.slots[n].announce.Store(0)
	p.slots[n].state.Store(uint32(Assigned))
}

// ReleaseChild takes the slot back when the child has ended. It says whether the child had left shared memory in good
// order; one that still was in it has crashed.
func (p *PMSignal) ReleaseChild(n int) bool {
	return ChildState(p.slots[n].state.Swap(uint32(Unused))) == Assigned
}

// IsWalSender says whether the child in slot n has marked itself as a walsender and not unmarked itself.
func (p *PMSignal) IsWalSender(n int) bool { return p.ChildState(n) == WalSender }

// MarkActive is the child's word that its signal handlers stand and that it now uses shared memory.
func (p *PMSignal) MarkActive(n int) error {
	p.slots[n].state.Store(uint32(Active))
	if p.slots[n].announce.Load() != 0 {
		return p.Send(ChildUp)
	}
	return nil
}

// MarkInactive is its word that it has left; after it the child touches shared memory no more.
func (p *PMSignal) MarkInactive(n int) { p.slots[n].state.Store(uint32(Assigned)) }

// MarkWalSender makes an active child a walsender in the postmaster's eyes.
func (p *PMSignal) MarkWalSender(n int) { p.slots[n].state.Store(uint32(WalSender)) }

// UnmarkWalSender makes it a regular backend again, at its end.
func (p *PMSignal) UnmarkWalSender(n int) { p.slots[n].state.Store(uint32(Active)) }

// Count counts the slots in a state.
func (p *PMSignal) Count(s ChildState) int {
	n := 0
	for i := range p.slots {
		if p.ChildState(i) == s {
			n++
		}
	}
	return n
}
