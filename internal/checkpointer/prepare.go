package checkpointer

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"waypost/internal/activity"
	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/internal/pgstat"
	"waypost/walfile"
	"waypost/xlog"
)

// pace measures how fast the stream goes through segments.
type pace struct {
	next xlog.SegNo
	at   time.Time
	each time.Duration // time that one segment took, last seen; 0: not known
}

func (p *pace) observe(next xlog.SegNo, now time.Time) {
	if next > p.next {
		if p.next != 0 {
			p.each = now.Sub(p.at) / time.Duration(next-p.next)
		}
		p.next, p.at = next, now
	}
}

// fast says that the stream takes less than about a second for a segment. Writing zeros ahead of it would then halve the
// disk's bandwidth, while what zeros are for, small syncs without metadata, is not what happens: each segment is
// overwritten in a few large pieces.
func (p *pace) fast() bool { return p.each != 0 && p.each < time.Second }

// prepare keeps wal_prepare_segments segments ready that the stream has not begun.
func (c *Checkpointer) prepare() (time.Duration, error) {
	want := xlog.SegNo(c.Settings.Int(guc.WalPrepareSegments))
	for i := xlog.SegNo(0); i < want; i++ {
		// The stream moves on meanwhile: what to prepare is looked up anew each time.
		next := xlog.SegNo(c.Ckpt.NextSegment.Load())
		tli := xlog.TimeLineID(c.Ckpt.NextTLI.Load())
		c.pace.observe(next, time.Now())
		err := c.makeSegment(tli, next+i)
		switch {
		case durable.IsSyncError(err) && !durable.IsNoSpace(err):
			return 0, err
		case err != nil:
			c.warnNotPrepared(tli, next+i, err)
			return retrySleep, nil
		}
		c.full = false
	}
	return idleSleep, nil
}

// warnNotPrepared warns once, not at each try, that the disk is full.
func (c *Checkpointer) warnNotPrepared(tli xlog.TimeLineID, n xlog.SegNo, err error) {
	full := durable.IsNoSpace(err)
	if full && c.full {
		return
	}
	c.full = full
	c.Log.Warn().Err(err).Msgf("could not prepare WAL segment %s", walfile.SegmentName(tli, n, c.wal.SegSize))
}

// makeSegment makes one future segment, unless it is there.
func (c *Checkpointer) makeSegment(tli xlog.TimeLineID, n xlog.SegNo) error {
	if _, err := os.Lstat(c.wal.SegmentPath(tli, n)); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.Activity.StartWait(activity.WALInitWrite)
	defer c.Activity.EndWait()
	began := time.Now()
	err := c.buildSegment(tli, n)
	if errors.Is(err, walfile.ErrSegmentExists) {
		return nil // the walreceiver was faster
	}
	if err == nil {
		c.countSegment(time.Since(began))
	}
	return err
}

// countSegment counts a segment that was made. As in PostgreSQL that is one write, however many calls it took, and one sync.
func (c *Checkpointer) countSegment(took time.Duration) {
	c.Ckpt.SegmentsPrepared.Add(1)
	c.Stats.Checkpointer.SegmentsPrepared.Add(1)
	io := &c.Stats.IO[pgstat.IOCheckpointer]
	io.InitWrites.Add(1)
	io.InitWriteBytes.Add(uint64(c.wal.SegSize))
	io.InitFsyncs.Add(1)
	if c.Settings.Bool(guc.TrackWalIoTiming) {
		io.InitWriteMicros.Add(uint64(took.Microseconds()))
	}
}

// buildSegment fills the segment with zeros where that is of use.
func (c *Checkpointer) buildSegment(tli xlog.TimeLineID, n xlog.SegNo) error {
	if c.inRAM || c.pace.fast() || !c.Settings.Bool(guc.WalInitZero) {
		return c.wal.Reserve(tli, n, true)
	}
	return c.wal.Allocate(tli, n)
}
