package backend

import (
	"time"

	"waypost/internal/activity"
	"waypost/internal/roles"
	"waypost/protocol"
)

// A waiting CHECKPOINT looks whether it is done, as the checkpointer tells nobody: soon at first, and then ever more seldom.
const (
	checkpointFirstLook = time.Millisecond
	checkpointLooks     = 100 * time.Millisecond // apart, at most
)

// checkpoint runs CHECKPOINT: it asks for a restartpoint and waits for it.
func (t *tcop) checkpoint() error {
	if !t.roleSetNow().Has(t.currentRole(), roles.Checkpoint) {
		return protocol.Errorf(protocol.CodeInsufficientPrivilege, "permission denied to execute %s command", "CHECKPOINT").
			WithDetail("Only roles with privileges of the \"%s\" role may execute this command.", roles.Checkpoint)
	}
	ctl := t.P.Ckpt
	failed := ctl.Failed.Load()
	number := ctl.Request()
	t.P.Activity.StartWait(activity.CheckpointDone)
	defer t.P.Activity.EndWait()
	wait := checkpointFirstLook
	look := time.NewTimer(wait)
	defer look.Stop()
	for ctl.Done.Load()+ctl.Failed.Load() < number {
		select {
		case <-t.interrupt.Done():
			return t.interrupt.raised()
		case <-look.C:
			wait = min(2*wait, checkpointLooks)
			look.Reset(wait)
		}
	}
	if ctl.Failed.Load() != failed {
		return protocol.Errorf(protocol.CodeInternalError, "checkpoint request failed").
			WithHint("Consult recent messages in the server log for details.")
	}
	return nil
}
