package startup

import (
	"time"

	"waypost/internal/activity"
	"waypost/internal/pgstat"
	"waypost/walfile"
	"waypost/xlog"
)

// counts is what replay has counted and not yet added to the node's statistics. It adds it up when it publishes how far it
// has come.
type counts struct {
	records, images, bytes uint64
}

func (c *counts) add(rec *walfile.Record) {
	c.records++
	c.bytes += uint64(rec.TotalLen())
	if rec.ImageBytes() > 0 {
		c.addImages(rec)
	}
}

func (c *counts) addImages(rec *walfile.Record) {
	blocks := rec.Blocks()
	for i := range blocks {
		if blocks[i].HasImage() {
			c.images++
		}
	}
}

// flushCounts adds what was counted to the statistics; checked is how many bytes of WAL replay has come on.
func (s *Startup) flushCounts(checked xlog.LSN, now time.Time) {
	c, wal := &s.replay.counts, &s.Stats.WAL
	wal.Records.Add(c.records)
	wal.FPI.Add(c.images)
	wal.Bytes.Add(c.bytes)
	*c = counts{}
	s.Stats.Waypost.Checked.Add(uint64(checked), xlog.FromTime(now))
	s.src.flush(&s.Stats.IO[pgstat.IOStartup])
}

// source reads pg_wal, counts what it reads and shows that the process waits for it.
type source struct {
	*walfile.SegmentReader
	activity     *activity.Status
	reads, bytes uint64
}

func newSource(d walfile.Dir, a *activity.Status) *source {
	return &source{SegmentReader: walfile.NewSegmentReader(d), activity: a}
}

// ReadAt is walfile.Source's.
func (s *source) ReadAt(p []byte, tli xlog.TimeLineID, l xlog.LSN) (int, error) {
	s.activity.StartWait(activity.WALRead)
	n, err := s.SegmentReader.ReadAt(p, tli, l)
	s.activity.EndWait()
	s.reads++
	s.bytes += uint64(n)
	return n, err
}

func (s *source) flush(io *pgstat.IO) {
	io.Reads.Add(s.reads)
	io.ReadBytes.Add(s.bytes)
	s.reads, s.bytes = 0, 0
}

var _ walfile.Source = (*source)(nil)
