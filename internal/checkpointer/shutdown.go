package checkpointer

import (
	"fmt"
	"time"

	"waypost/internal/controldata"
	"waypost/internal/procsignal"
	"waypost/internal/walsnd"
)

// stopPoll is how often the states of the walsenders are looked at, as PostgreSQL does: nothing wakes the checkpointer when
// one changes.
const stopPoll = 10 * time.Millisecond

// shutdown is the end: no walsender may still take a command that needs more WAL than there will be, then all that is known
// goes to disk. Startup and the walreceiver have ended before, so the positions stand still.
func (c *Checkpointer) shutdown() error {
	if err := c.stopWalSenders(); err != nil {
		return err
	}
	if ready, err := c.open(); !ready {
		return err // startup never came to where there is something to keep
	}
	if err := c.remember(); err != nil {
		return fmt.Errorf("remember the flushed position: %w", err)
	}
	cp := c.XLog.Checkpoint()
	if err := c.writeControl(&cp, controldata.ShutDownInRecovery); err != nil {
		return fmt.Errorf("write the last restartpoint: %w", err)
	}
	c.Ckpt.Done.Store(c.Ckpt.Requested.Load() - c.Ckpt.Failed.Load())
	c.leaveStats()
	return nil
}

// stopWalSenders tells each walsender to take no more commands, and returns when each has said that it stops, or has ended.
func (c *Checkpointer) stopWalSenders() error {
	told := make(map[int]bool)
	for {
		waiting := false
		for i := range c.Snds {
			f := c.Snds[i].Snapshot()
			if f.Pid == 0 || f.State == walsnd.Stopping {
				continue
			}
			waiting = true
			if pid := int(f.Pid); !told[pid] {
				if err := c.tell(pid); err != nil {
					return err
				}
				told[pid] = true
			}
		}
		if !waiting {
			return nil
		}
		time.Sleep(stopPoll)
	}
}

// tell sends PROCSIG_WALSND_INIT_STOPPING to the process.
func (c *Checkpointer) tell(pid int) error {
	for i := range c.Procs {
		if p := &c.Procs[i]; p.PID() == pid {
			if err := p.Send(procsignal.WalSndInitStopping); err != nil {
				return fmt.Errorf("stop walsender: %w", err)
			}
		}
	}
	return nil
}
