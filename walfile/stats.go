package walfile

import (
	"errors"
	"fmt"
	"slices"

	"waypost/xlog"
)

// RecordStats counts records of one kind.
type RecordStats struct {
	Count       uint64
	RecordBytes uint64 // page images not included
	ImageBytes  uint64 // of page images, as stored
}

// Add adds one record.
func (s *RecordStats) Add(r *Record) {
	s.Count++
	s.RecordBytes += uint64(r.Len())
	s.ImageBytes += uint64(r.imageBytes)
}

func (s *RecordStats) merge(o RecordStats) {
	s.Count += o.Count
	s.RecordBytes += o.RecordBytes
	s.ImageBytes += o.ImageBytes
}

// DirStats is what Stats found.
type DirStats struct {
	First, End xlog.LSN // the first record, and the end of the last
	Rmgr       [256]RecordStats
	// Stop says why reading ended. EndOfWAL, Garbage and MissingSegment are how the log of a server that is shut
	// down, or copied, ends.
	Stop *Stop
}

// Total sums all resource managers up.
func (s *DirStats) Total() RecordStats {
	var t RecordStats
	for _, r := range s.Rmgr {
		t.merge(r)
	}
	return t
}

// ErrNoSegments says that a directory has no segment files.
var ErrNoSegments = errors.New("no WAL segments")

// Stats reads and checks all records of the newest timeline, with its ancestors, that a directory has segments of,
// from the oldest segment on: what pg_waldump --stats does.
func Stats(d Dir) (*DirStats, error) {
	list, err := d.Segments()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("read WAL statistics of %s: %w", d.Path, ErrNoSegments)
	}
	h, err := d.History(list[len(list)-1].TLI)
	if err != nil {
		return nil, err
	}
	oldest := slices.MinFunc(list, func(a, b Segment) int { return int(int64(a.SegNo) - int64(b.SegNo)) })
	src := NewSegmentReader(d)
	defer src.Close()
	r := NewReader(src, ReaderOptions{SegSize: d.SegSize, History: h})
	return r.stats(d.SegSize.Start(oldest.SegNo))
}

func (r *Reader) stats(from xlog.LSN) (*DirStats, error) {
	s := &DirStats{}
	first, err := r.FindFirst(from)
	s.First = first
	for err == nil {
		var rec *Record
		if rec, err = r.Next(); err == nil {
			s.Rmgr[rec.Rmgr()].Add(rec)
			s.End = rec.end
		}
	}
	if s.Stop = AsStop(err); s.Stop == nil {
		return nil, err
	}
	return s, nil
}
