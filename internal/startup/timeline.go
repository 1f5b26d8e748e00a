package startup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"waypost/internal/guc"
	"waypost/internal/walrcv"
	"waypost/walfile"
	"waypost/xlog"
)

// branch is a way to a newer timeline.
type branch struct {
	history *walfile.History
	next    xlog.TimeLineID // the timeline right after ours
	at      xlog.LSN        // where it begins
}

// newest finds the newest timeline, of those whose history files are in pg_wal, that descends from tli and leaves it at
// held or later, where held is how far we have the WAL of tli. ok is false if there is none.
//
// A timeline that left earlier means that our WAL went down a branch that was abandoned. This version does not put such a
// fork aside: it says so and stays where it is.
func (s *Startup) newest(tli xlog.TimeLineID, held xlog.LSN) (b branch, ok bool, err error) {
	target := s.Settings.String(guc.RecoveryTargetTimeline)
	if target == "current" {
		return branch{}, false, nil
	}
	only := xlog.TimeLineID(guc.TargetTimeline(target))
	found, err := s.localHistories()
	if err != nil {
		return branch{}, false, err
	}
	for _, h := range slices.Backward(found) {
		if h.TLI() <= tli || only != 0 && h.TLI() != only {
			continue
		}
		at, next, in := h.SwitchPoint(tli)
		switch {
		case !in:
		case at < held:
			s.warnOfFork(h.TLI(), at, held)
		default:
			return branch{h, next, at}, true, nil
		}
	}
	return branch{}, false, nil
}

func (s *Startup) warnOfFork(tli xlog.TimeLineID, at, held xlog.LSN) {
	if s.forkSaid == tli {
		return
	}
	s.forkSaid = tli
	s.Log.Error().Str("detail", fmt.Sprintf("It begins at %s, but this node holds WAL of the timeline before up to %s.", at, held)).
		Str("hint", "This version of Waypost cannot put the abandoned WAL aside. Make the node anew with waypost init.").
		Msgf("timeline %d cannot be followed", tli)
}

// localHistories are the histories in pg_wal, by timeline. A file that cannot be understood is as good as none.
func (s *Startup) localHistories() ([]*walfile.History, error) {
	entries, err := os.ReadDir(s.dir.Path)
	if err != nil {
		return nil, fmt.Errorf("list timeline histories: %w", err)
	}
	var all []*walfile.History
	for _, e := range entries { // in the order of their names, which is that of the timelines
		tli, err := walfile.ParseHistoryName(e.Name())
		if err != nil {
			continue
		}
		h, err := s.dir.History(tli)
		var bad *walfile.HistoryError
		switch {
		case errors.As(err, &bad):
			s.Log.Warn().Err(err).Msg("ignoring timeline history")
		case err != nil:
			return nil, err
		default:
			all = append(all, h)
		}
	}
	return all, nil
}

// followLocal goes on with the walk on a newer timeline, where ours has been read to its end.
func (w *walk) followLocal() error {
	b, ok, err := w.s.newest(w.tli, w.vouched)
	if err != nil || !ok || b.at != w.end && !w.leftWithinRecord(b.at) {
		return err
	}
	w.history = b.history
	w.reader.SetHistory(b.history)
	if err := w.readOn(); err != nil {
		return err
	}
	w.tli = w.history.TLIOf(w.resume)
	return w.s.beginSegmentOf(w.history, w.tli)
}

// leftWithinRecord says whether our WAL ends at the position with whole pages of an unfinished record. Where a server was
// promoted with such an end, its new timeline begins there, and says that the record is void.
func (w *walk) leftWithinRecord(at xlog.LSN) bool {
	return w.why.Record == w.end && w.why.Held == at && at == at.PageStart()
}

// beginSegmentOf makes sure that a timeline's first segment is there with the parent's bytes before the switch point, if
// it does not begin with a segment. It must have them before a byte of its own is written.
func (s *Startup) beginSegmentOf(h *walfile.History, tli xlog.TimeLineID) error {
	parent := parentOf(h, tli)
	at, _, ok := h.SwitchPoint(parent)
	if parent == 0 || !ok || s.dir.SegSize.Offset(at) == 0 {
		return nil
	}
	err := s.dir.Branch(tli, parent, at)
	if errors.Is(err, walfile.ErrSegmentExists) {
		return s.sameHead(tli, parent, at)
	}
	return err
}

// sameHead makes sure that a segment that is there already begins with the parent's bytes.
func (s *Startup) sameHead(tli, parent xlog.TimeLineID, at xlog.LSN) error {
	n := s.dir.SegSize.SegNo(at)
	head := int64(s.dir.SegSize.Offset(at))
	a, err := readHead(s.dir.SegmentPath(tli, n), head)
	if err != nil {
		return err
	}
	b, err := readHead(s.dir.SegmentPath(parent, n), head)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the parent's was removed: then the timeline is an old one
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fatal(fmt.Sprintf("WAL segment %q differs from its parent timeline's before the switch point", walfile.SegmentName(tli, n, s.dir.SegSize)),
			fmt.Sprintf("Timeline %d left timeline %d at %s.", tli, parent, at), "Move the segment out of pg_wal.")
	}
	return nil
}

func readHead(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, n))
	if err != nil {
		return nil, fmt.Errorf("read head of WAL segment: %w", err)
	}
	return b, nil
}

// switchTimeline answers a walreceiver that has come to the end of its timeline and waits: it tells it where to go on.
// Where there is no newer timeline yet, or none that is wanted, the same is asked for again after a pause.
func (s *Startup) switchTimeline(now time.Time) error {
	tli, flushed := s.XLog.Timeline(), s.XLog.Flushed()
	b, ok, err := s.newest(tli, flushed)
	if err != nil {
		return err
	}
	if !ok || b.at != flushed {
		if now.Before(s.receiver.asked.Add(s.retryInterval())) {
			return nil
		}
		return s.restartReceiver(tli, flushed, now)
	}
	s.Log.Info().Msgf("new target timeline is %d", b.history.TLI())
	if err := s.beginSegmentOf(b.history, b.next); err != nil {
		return err
	}
	// Replay may still be behind on the old timeline; the history leads it over.
	s.history = b.history
	s.reader.SetHistory(b.history)
	s.src.Forget()
	s.XLog.PrevTimeline.Store(uint32(tli))
	s.XLog.TimelineID.Store(uint32(b.next))
	s.XLog.WALAdvanced.Signal() // walsenders of the old timeline come to its end
	s.Ckpt.SegmentBegun(s.dir.SegSize.SegNo(flushed-1)+1, b.next)
	return s.restartReceiver(b.next, flushed, now)
}

// restartReceiver tells a walreceiver that waits where to go on.
func (s *Startup) restartReceiver(tli xlog.TimeLineID, at xlog.LSN, now time.Time) error {
	s.receiver.asked = now
	s.WalRcv.Update(func(f *walrcv.Fields) {
		if f.State != walrcv.Waiting {
			return // it has ended meanwhile
		}
		f.State = walrcv.Restarting
		f.ReceiveStart, f.ReceiveStartTLI = at, tli
		f.FlushedUpto, f.LatestChunkStart, f.ReceivedTLI = at, at, tli
	})
	s.WalRcv.Latch().Set()
	return nil
}
