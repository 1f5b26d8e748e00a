package checkpointer

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/walfile"
	"waypost/xlog"
)

// letGo counts what became of old segments.
type letGo struct{ removed, recycled int }

// removeOld lets go of the segments before all that a restart, the clients (wal_keep_size) or startup may need.
func (c *Checkpointer) removeOld() (letGo, error) {
	var gone letGo
	limit := c.keepFrom()
	all, err := c.wal.Segments()
	if err != nil {
		return gone, err
	}
	old := slices.DeleteFunc(all, func(s walfile.Segment) bool { return s.SegNo >= limit })
	if len(old) == 0 {
		return gone, nil
	}
	slices.SortFunc(old, func(a, b walfile.Segment) int { return cmp.Compare(a.SegNo, b.SegNo) })
	// The order makes recycling safe: a walsender stores InFlightFrom, then looks at RemovedUpto, then sends. Either it
	// sees here that the segment is going, or we see there that it is being sent.
	c.Ckpt.RemovedUpto.Store(max(c.Ckpt.RemovedUpto.Load(), uint64(limit)))
	woken := false
	defer func() {
		if woken {
			c.Ckpt.Latch.Set() // there may be more to do than was done here
		}
	}()
	for _, s := range old {
		recycled, err := c.letGo(s)
		if err != nil {
			return gone, err
		}
		if recycled {
			gone.recycled++
		} else {
			gone.removed++
		}
		if c.Ckpt.Latch.IsSet() { // the stream's next segment is more urgent
			c.Ckpt.Latch.Reset()
			woken = true
			if _, err := c.prepare(); err != nil {
				return gone, err
			}
		}
	}
	return gone, c.wal.Sync()
}

// keepFrom is the oldest segment that must stay.
func (c *Checkpointer) keepFrom() xlog.SegNo {
	size := c.wal.SegSize
	need := min(c.lastRedo, c.XLog.Replayed())
	if last, ok := c.memory.Last(); ok {
		need = min(need, last.CheckedStart)
	}
	first := size.SegNo(need)
	_, flushed := c.flushed()
	if keep := xlog.SegNo(c.Settings.Bytes(guc.WalKeepSize) / int64(size)); keep > 0 {
		if current := size.SegNo(flushed); current <= keep {
			return 0
		} else if current-keep < first {
			first = current - keep
		}
	}
	return first
}

// letGo recycles a segment where that is allowed and of use, else removes it.
func (c *Checkpointer) letGo(s walfile.Segment) (recycled bool, err error) {
	if c.mayRecycle(s) {
		if recycled, err = c.recycle(s); recycled || err != nil {
			return recycled, err
		}
	}
	if err := os.Remove(c.wal.SegmentPath(s.TLI, s.SegNo)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("remove old WAL segment: %w", err)
	}
	c.Ckpt.SegmentsRemoved.Add(1)
	c.Stats.Checkpointer.SegmentsRemoved.Add(1)
	return false, nil
}

// mayRecycle says whether new WAL may be written over a segment's bytes. sendfile hands a connection references to the
// file's pages, so not as long as one may still have them, be it alive or abandoned. Connections of an earlier generation
// have left no word of what they have in flight: what was received before this one is only ever unlinked.
func (c *Checkpointer) mayRecycle(s walfile.Segment) bool {
	start := c.wal.SegSize.Start(s.SegNo)
	if !c.Settings.Bool(guc.WalRecycle) || start < c.bornAt {
		return false
	}
	end := c.wal.SegSize.Start(s.SegNo + 1)
	for i := range c.Snds {
		if from := xlog.LSN(c.Snds[i].InFlightFrom.Load()); from != 0 && end > from {
			return false
		}
	}
	// A walsender that ends raises AbandonedUpto before it clears InFlightFrom: looked at in the opposite order, one of the
	// two tells.
	if start < xlog.LSN(c.SndCtl.AbandonedUpto.Load()) {
		return false
	}
	var st unix.Stat_t
	err := unix.Lstat(c.wal.SegmentPath(s.TLI, s.SegNo), &st)
	// Under another name its bytes may be somebody's archive, or, after a recycling that broke off, the stream's newest.
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Nlink == 1 && st.Size == int64(c.wal.SegSize)
}

// recycle gives a segment the first name that is free among the future ones worth having; false if none is.
func (c *Checkpointer) recycle(s walfile.Segment) (bool, error) {
	next := xlog.SegNo(c.Ckpt.NextSegment.Load())
	tli := xlog.TimeLineID(c.Ckpt.NextTLI.Load())
	enough := max(int64(c.Settings.Int(guc.WalPrepareSegments)), c.Settings.Bytes(guc.MinWalSize)/int64(c.wal.SegSize))
	for n := next; n < next+xlog.SegNo(enough); n++ {
		err := c.wal.Recycle(s, tli, n)
		switch {
		case err == nil:
			c.Ckpt.SegmentsRecycled.Add(1)
			c.Stats.Checkpointer.SegmentsRecycled.Add(1)
			return true, nil
		case durable.IsSyncError(err):
			return false, err
		case !errors.Is(err, walfile.ErrSegmentExists):
			return false, nil // it can still be removed
		}
	}
	return false, nil
}
