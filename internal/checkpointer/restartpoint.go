package checkpointer

import (
	"fmt"
	"time"

	"waypost/internal/activity"
	"waypost/internal/controldata"
	"waypost/internal/guc"
	"waypost/internal/xlogctl"
	"waypost/walfile"
	"waypost/xlog"
)

// openControl learns from pg_control which restartpoint was the last.
func (c *Checkpointer) openControl() error {
	control, err := controldata.Read(c.DataDir)
	if err != nil {
		return err
	}
	if control.CheckPoint == 0 {
		return nil
	}
	c.lastRedo = control.CheckPointCopy.Redo
	c.Ckpt.RestartpointLSN.Store(uint64(control.CheckPoint))
	c.Ckpt.RestartpointRedo.Store(uint64(c.lastRedo))
	c.Ckpt.RestartpointTime.Store(int64(xlog.FromTime(time.Unix(control.Time, 0))))
	return nil
}

// restartpointIfDue makes a restartpoint if one is wanted, and says when to look again. A new checkpoint record wakes us:
// startup sets our latch when it has read one.
func (c *Checkpointer) restartpointIfDue() (time.Duration, error) {
	requested := c.Ckpt.Requested.Load()
	cp := c.XLog.Checkpoint()
	why, wait := c.due(&cp, requested)
	if why == "" {
		return wait, nil
	}
	err := c.restartpoint(&cp, why)
	c.countRestartpoint(why, err)
	if err == nil {
		c.saveStats()
		c.Ckpt.Done.Store(requested - c.Ckpt.Failed.Load())
		return idleSleep, nil
	}
	c.Ckpt.Failed.Store(requested - c.Ckpt.Done.Load())
	return retrySleep, c.mayPass(err, "could not make a restartpoint")
}

// dueTime is the one of due's reasons that is no request: checkpoint_timeout is over.
const dueTime = "time"

// due says why a restartpoint is to be made now, in log_checkpoints' words; "" for not at all, and then when it will be.
func (c *Checkpointer) due(cp *xlogctl.Checkpoint, requested uint64) (why string, wait time.Duration) {
	elapsed := time.Since(c.lastTime)
	timeout := c.Settings.Duration(guc.CheckpointTimeout)
	switch {
	case requested > c.Ckpt.Done.Load()+c.Ckpt.Failed.Load():
		return "immediate force", 0
	case !c.isNew(cp):
		return "", idleSleep
	case c.lastRedo == 0:
		return "first", 0 // pg_control gets its checkpoint from the first one seen
	case c.full:
		return "disk full", 0 // what it lets go of may be the room that is missing
	case elapsed >= timeout:
		return dueTime, 0
	case c.wal.SegSize.SegNo(c.XLog.Replayed())-c.wal.SegSize.SegNo(c.lastRedo) >= c.segmentsBetween():
		return "wal", 0
	}
	return "", min(timeout-elapsed, idleSleep)
}

// isNew says whether cp is a checkpoint that pg_control does not have yet.
func (c *Checkpointer) isNew(cp *xlogctl.Checkpoint) bool {
	return cp.RecordStart > xlog.LSN(c.Ckpt.RestartpointLSN.Load())
}

// segmentsBetween is how many segments of WAL call for a restartpoint: so many that max_wal_size holds until the one
// after next is done (CalculateCheckpointSegments).
func (c *Checkpointer) segmentsBetween() xlog.SegNo {
	segments := float64(c.Settings.Bytes(guc.MaxWalSize)) / float64(c.wal.SegSize)
	return max(1, xlog.SegNo(segments/(1+c.Settings.Real(guc.CheckpointCompletionTarget))))
}

// restartpoint makes cp the point from which a restart would recover, and lets the WAL before it go. Where cp is not new
// only the positions are brought up to date.
func (c *Checkpointer) restartpoint(cp *xlogctl.Checkpoint, why string) error {
	begin := time.Now()
	isNew := c.isNew(cp)
	verbose := isNew && c.Settings.Bool(guc.LogCheckpoints)
	if verbose {
		c.Log.Info().Msgf("restartpoint starting: %s", why)
	}
	before := c.lastRedo
	if err := c.storePositions(cp); err != nil {
		return err
	}
	if !isNew {
		return nil
	}
	c.Stats.Checkpointer.RestartpointsDone.Add(1)
	c.lastTime = begin
	added := c.Ckpt.SegmentsPrepared.Load()
	gone, err := c.removeOld()
	if err != nil {
		return err
	}
	if verbose {
		c.logComplete(cp, begin, before, gone, c.Ckpt.SegmentsPrepared.Load()-added)
	}
	return nil
}

// storePositions makes durable all that a restartpoint is. There are no buffers to write: its time is that of syncs.
func (c *Checkpointer) storePositions(cp *xlogctl.Checkpoint) error {
	began := time.Now()
	c.Activity.StartWait(activity.ControlFileSyncUpdate)
	defer c.Activity.EndWait()
	if err := c.remember(); err != nil {
		return err
	}
	if err := c.writeControl(cp, controldata.InArchiveRecovery); err != nil {
		return err
	}
	c.Stats.Checkpointer.SyncMicros.Add(uint64(time.Since(began).Microseconds()))
	return nil
}

func (c *Checkpointer) logComplete(cp *xlogctl.Checkpoint, begin time.Time, before xlog.LSN, gone letGo, added uint64) {
	distance := uint64(0)
	if before != 0 {
		distance = uint64(cp.Redo-before) / 1024
	}
	c.Log.Info().Msgf("restartpoint complete: %d WAL file(s) added, %d removed, %d recycled; total=%.3f s; distance=%d kB; lsn=%s, redo lsn=%s",
		added, gone.removed, gone.recycled, time.Since(begin).Seconds(), distance, cp.RecordStart, cp.Redo)
	e := c.Log.Info()
	if last := c.XLog.LastXact(); !last.IsZero() {
		e = e.Str("detail", "Last completed transaction was at log time "+last.UTC().Format("2006-01-02 15:04:05.999999-07")+".")
	}
	e.Msgf("recovery restart point at %s", cp.Redo)
}

// writeControl brings pg_control up to date: its checkpoint, if cp is new, the state, and the position that a restart
// must reach before what it has is as far as what we had.
func (c *Checkpointer) writeControl(cp *xlogctl.Checkpoint, state controldata.State) error {
	control, err := controldata.Read(c.DataDir)
	if err != nil {
		return err
	}
	if c.isNew(cp) {
		body, ok := walfile.DecodeCheckPoint(cp.Raw[:min(int(cp.Length), len(cp.Raw))], control.Version)
		if !ok {
			return fmt.Errorf("checkpoint record at %s has %d bytes, too few", cp.RecordStart, cp.Length)
		}
		control.CheckPoint, control.CheckPointCopy = cp.RecordStart, body
	}
	control.State = state
	control.MinRecoveryPoint = max(c.XLog.Replayed(), cp.RecordEnd)
	control.MinRecoveryPointTLI = c.replayedTLI()
	now := time.Now()
	if err := control.Write(c.DataDir, now, c.Mode.File); err != nil {
		return err
	}
	c.lastRedo = control.CheckPointCopy.Redo
	c.Ckpt.RestartpointLSN.Store(uint64(control.CheckPoint))
	c.Ckpt.RestartpointRedo.Store(uint64(c.lastRedo))
	c.Ckpt.RestartpointTime.Store(int64(xlog.FromTime(now)))
	return nil
}

func (c *Checkpointer) replayedTLI() xlog.TimeLineID {
	if tli := c.XLog.LastReplayedTLI.Load(); tli != 0 {
		return xlog.TimeLineID(tli)
	}
	return c.XLog.Timeline()
}
