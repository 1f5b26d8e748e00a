package walreceiver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"waypost/internal/activity"
	"waypost/internal/pgstat"
	"waypost/walfile"
	"waypost/xlog"
)

// segments sees to it that the file of a segment is there when its first byte comes. As a rule the checkpointer has made
// it: zero-filled and synced. Where it has not, the space is reserved here, which is quick; the first sync of the segment
// then takes longer, for it has the reservation to write, and the directory.
type segments struct {
	r   *Receiver
	tli xlog.TimeLineID
}

// begin is called before the first byte of segment n is written.
func (s *segments) begin(n xlog.SegNo) error {
	err := s.ensure(n)
	s.r.Ckpt.SegmentBegun(n+1, s.tli)
	return err
}

func (s *segments) ensure(n xlog.SegNo) error {
	path := s.r.Dir.SegmentPath(s.tli, n)
	switch _, err := os.Lstat(path); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for WAL segment: %w", err)
	}
	s.r.Ckpt.SegmentsMissed.Add(1)
	// Not durable: SegmentWriter.Flush syncs file and directory before it vouches for any of it.
	err := s.r.whileWaiting(activity.WALInitWrite, func() error { return s.r.Dir.Reserve(s.tli, n, false) })
	if errors.Is(err, walfile.ErrSegmentExists) {
		return nil // the checkpointer has made it meanwhile
	}
	if err == nil {
		io := &s.r.Stats.IO[pgstat.IOWalReceiver]
		io.InitWrites.Add(1)
		io.InitWriteBytes.Add(uint64(s.r.Dir.SegSize))
	}
	return err
}
