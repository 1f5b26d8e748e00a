package checkpointer

import (
	"time"

	"waypost/xlog"
)

// saveStatsEvery is how much of what the node has counted a crash may cost, at most.
const saveStatsEvery = 5 * time.Minute

// savedStats is how the last saving of the node's counters went.
type savedStats struct {
	at     time.Time
	failed bool // the last try has, which was said
}

// restoreStats adds what earlier runs of the node have counted.
func (c *Checkpointer) restoreStats() {
	c.saved.at = time.Now()
	if err := c.Stats.Restore(c.DataDir, c.XLog.SystemID.Load(), xlog.Now()); err != nil {
		c.Log.Warn().Err(err).Str("detail", "All counters begin at zero.").Msg("could not restore statistics")
	}
}

// saveStatsIfDue saves them when it is time to, and says when it will be.
func (c *Checkpointer) saveStatsIfDue() time.Duration {
	if left := time.Until(c.saved.at.Add(saveStatsEvery)); left > 0 {
		return left
	}
	c.saveStats()
	return saveStatsEvery
}

// saveStats saves the counters. A failure, even that of a sync, costs numbers and no WAL: it is said once.
func (c *Checkpointer) saveStats() {
	c.saved.at = time.Now()
	err := c.Stats.Save(c.DataDir, c.Mode, c.XLog.SystemID.Load())
	if err != nil && !c.saved.failed {
		c.Log.Warn().Err(err).Msg("could not save statistics")
	}
	c.saved.failed = err != nil
}

// leaveStats saves the counters for the last time. The walsenders count on, and the last of them saves once more; what is
// saved here is for the case that it is killed. A walsender that ends before it can know that it is to save leaves that to
// us.
func (c *Checkpointer) leaveStats() {
	if c.anyWalSender() {
		c.saveStats()
	}
	c.Stats.LeaveToSenders()
	if !c.anyWalSender() && c.Stats.TakeLastSave() {
		c.saveStats()
	}
}

func (c *Checkpointer) anyWalSender() bool {
	for i := range c.Snds {
		if c.Snds[i].Snapshot().Pid != 0 {
			return true
		}
	}
	return false
}

// countRestartpoint counts one that was made, or tried, for a reason of due's.
func (c *Checkpointer) countRestartpoint(why string, err error) {
	s := &c.Stats.Checkpointer
	if why == dueTime {
		s.RestartpointsTimed.Add(1)
	} else {
		s.RestartpointsReq.Add(1)
	}
	if err != nil {
		s.RestartpointsFailed.Add(1)
	}
}
