package checkpointer

import (
	"time"

	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/xlog"
)

// rememberFinished remembers the positions when a segment has been flushed to its end since the last time, so that a
// restart never has to walk far, nor asks the upstream for a segment that its slot has let go. In larger segments, how far
// to walk is bounded by the idle rounds.
func (c *Checkpointer) rememberFinished() (time.Duration, error) {
	_, flushed := c.flushed()
	size := c.wal.SegSize
	last, ok := c.memory.Last()
	finished := size.SegNo(flushed) > size.SegNo(last.Flushed)
	if !ok || finished || flushed > last.Flushed+xlog.LSN(xlog.DefaultSegSize) {
		if err := c.remember(); err != nil {
			return retrySleep, c.mayPass(err, "could not remember the flushed position")
		}
	}
	if begun := xlog.SegNo(c.Ckpt.NextSegment.Load()); begun > size.SegNo(flushed)+1 {
		return soonSleep, nil // a segment was written to its end, its sync is under way
	}
	return idleSleep, nil
}

// flushed gives the position up to which all is on disk and believed, and its timeline, both of one moment.
func (c *Checkpointer) flushed() (xlog.TimeLineID, xlog.LSN) {
	for {
		tli, flushed := c.XLog.Timeline(), c.XLog.Reportable()
		if c.XLog.Timeline() == tli {
			return tli, flushed
		}
	}
}

// remember stores what a restart may believe: up to where everything was flushed, and a checked record to walk from.
func (c *Checkpointer) remember() error {
	tli, flushed := c.flushed()
	r := datadir.Remembered{SystemID: c.XLog.SystemID.Load(), Timeline: tli, Flushed: flushed,
		WrittenAt: time.Now().Truncate(time.Microsecond), Distrust: flushed < c.distrustUpto}
	last, ok := c.memory.Last()
	if ok {
		r.CheckedStart = last.CheckedStart
		if last.Timeline == tli {
			// After damage was found, positions restart below what was once flushed. That it was is still to be known.
			r.Flushed = max(flushed, last.Flushed)
		}
	}
	if start := xlog.LSN(c.XLog.LastReplayedReadRecPtr.Load()); start != 0 && start <= r.Flushed {
		r.CheckedStart = start
	}
	if ok && r.Timeline == last.Timeline && r.Flushed == last.Flushed && r.CheckedStart == last.CheckedStart && r.Distrust == last.Distrust {
		return nil
	}
	if err := c.memory.Store(r); err != nil {
		return err
	}
	c.Ckpt.RememberedFlush.Store(uint64(r.Flushed))
	return nil
}

// distrusted is the end of what may be in pg_wal from before a failed sync. Until the stream has overwritten it all, the next
// start must not believe what it finds beyond the flushed position: the kernel may show bytes that the disk does not have.
func (c *Checkpointer) distrusted(last datadir.Remembered) (xlog.LSN, error) {
	if !last.Distrust {
		return 0, nil
	}
	all, err := c.wal.Segments()
	if err != nil {
		return 0, err
	}
	upto := last.Flushed
	for _, s := range all {
		upto = max(upto, c.wal.SegSize.Start(s.SegNo+1))
	}
	return upto, nil
}

// mayPass logs an error that time may heal, and hands back one that must end the process.
func (c *Checkpointer) mayPass(err error, what string) error {
	if durable.IsSyncError(err) {
		return err
	}
	c.Log.Error().Err(err).Msg(what)
	return nil
}
