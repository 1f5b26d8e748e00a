package startup

import (
	"time"

	"waypost/internal/activity"
	"waypost/internal/guc"
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
	timing       func() bool // track_wal_io_timing
	reads, bytes uint64
	took         time.Duration
}

func (s *Startup) newSource() *source {
	return &source{SegmentReader: walfile.NewSegmentReader(s.dir), activity: s.Activity,
		timing: func() bool { return s.Settings.Bool(guc.TrackWalIoTiming) }}
}

// ReadAt is walfile.Source's.
func (s *source) ReadAt(p []byte, tli xlog.TimeLineID, l xlog.LSN) (int, error) {
	var began time.Time
	if s.timing() {
		began = time.Now()
	}
	s.activity.StartWait(activity.WALRead)
	n, err := s.SegmentReader.ReadAt(p, tli, l)
	s.activity.EndWait()
	if !began.IsZero() {
		s.took += time.Since(began)
	}
	s.reads++
	s.bytes += uint64(n)
	return n, err
}

func (s *source) flush(io *pgstat.IO) {
	io.Reads.Add(s.reads)
	io.ReadBytes.Add(s.bytes)
	io.ReadMicros.Add(uint64(s.took.Microseconds()))
	s.reads, s.bytes, s.took = 0, 0, 0
}

var _ walfile.Source = (*source)(nil)
