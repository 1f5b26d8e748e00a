package pmsignal

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Orders are the signals that the postmaster has for one child.
//
// A signal that comes between exec and the child's signal.Notify is a danger. The launcher blocks all signals, but
// Go's runtime unblocks SIGHUP, SIGINT, SIGQUIT and SIGTERM as it starts, long before any handler can be set, and then
// they kill the process. So the postmaster keeps signals back until the child has marked its slot Active:
//
//	postmaster                        child
//	announce := 1                     handlers stand
//	look at the slot                  slot := Active
//	  Active: send                    look at announce
//	  else:   keep                      1: PMSIGNAL_CHILD_UP
//
// Whichever stores last sees what the other has stored, so no signal stays behind. SIGKILL is never kept back.
type Orders struct {
	held []unix.Signal
}

// Send signals the child pid in slot n, now or as soon as it has come up. A child that has just died is no error.
func (o *Orders) Send(p *PMSignal, n, pid int, sig unix.Signal) error {
	if sig == unix.SIGKILL {
		return kill(pid, sig)
	}
	o.held = append(o.held, sig)
	return o.Flush(p, n, pid)
}

// Flush sends what was kept back, in its order, if the child has come up. For the postmaster, after ChildUp.
func (o *Orders) Flush(p *PMSignal, n, pid int) error {
	if len(o.held) == 0 {
		return nil
	}
	p.slots[n].announce.Store(1)
	if p.ChildState(n) < Active {
		return nil
	}
	held := o.held
	o.held = nil
	for _, sig := range held {
		if err := kill(pid, sig); err != nil {
			return err
		}
	}
	return nil
}

func kill(pid int, sig syscall.Signal) error {
	if err := unix.Kill(pid, sig); err != nil && err != unix.ESRCH {
		return fmt.Errorf("send %s to process %d: %w", unix.SignalName(sig), pid, err)
	}
	return nil
}
