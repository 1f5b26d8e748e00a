package walreceiver

import (
	"fmt"

	"waypost/protocol"
	"waypost/walfile"
	"waypost/xlog"
)

// plan says where a stream begins.
type plan struct {
	start   xlog.LSN // the first byte to be written
	overlap overlap  // what is asked for before it, to compare
}

// ask is the position to ask the upstream for.
func (p *plan) ask() xlog.LSN {
	if len(p.overlap.want) > 0 {
		return p.overlap.at
	}
	return p.start
}

// plan works out where to begin: at the first byte not held, with the last page held asked for again to compare. newest
// is the upstream's timeline.
func (r *Receiver) plan(o *order, newest xlog.TimeLineID, how retry) (plan, error) {
	h := &held{
		dir: r.Dir, tli: o.tli,
		check: walfile.PageCheck{Version: r.WALVersion, SystemID: r.XLog.SystemID.Load(), SegSize: r.Dir.SegSize},
	}
	start, err := r.firstByteNotHeld(h, o)
	if err != nil {
		return plan{}, err
	}
	switch ok, err := h.headIsThere(start); {
	case err != nil:
		return plan{}, fmt.Errorf("look at the segment to go on in: %w", err)
	case !ok:
		return plan{}, errorf(protocol.CodeDataCorrupted, "cannot go on at %v on timeline %d: the beginning of segment %s is not there",
			start, o.tli, walfile.SegmentNameAt(o.tli, start, r.Dir.SegSize)).
			withHint("Restart the node, so that it looks at its WAL again.")
	}
	if err := r.checkFork(o.tli, newest, start); err != nil {
		return plan{}, err
	}
	if err := r.syncHeld(o.tli, start); err != nil {
		return plan{}, err
	}
	p := plan{start: start}
	if how.noOverlap {
		return p, nil
	}
	p.overlap, err = h.lastPage(start, r.XLog.Replayed())
	return p, err
}

// firstByteNotHeld is where startup wants the stream to begin, or later if more is held by now: bytes once published are
// not written again, unless startup has taken them back.
func (r *Receiver) firstByteNotHeld(h *held, o *order) (xlog.LSN, error) {
	written := r.XLog.Written()
	if now := r.XLog.Timeline(); o.start > written || now != o.tli {
		return 0, errorf(protocol.CodeInternalError, "cannot stream from %v on timeline %d: WAL is held up to %v on timeline %d",
			o.start, o.tli, written, now)
	}
	if there, err := h.headIsThere(written); err != nil || there {
		return written, err
	}
	return o.start, nil
}

// syncHeld syncs what an earlier walreceiver wrote and did not come to sync: this one's syncs cover only what it writes
// itself, and vouch for all before it.
func (r *Receiver) syncHeld(tli xlog.TimeLineID, start xlog.LSN) error {
	flushed := r.XLog.Flushed()
	if flushed >= start {
		return nil
	}
	size := r.Dir.SegSize
	for n := size.SegNo(flushed); n <= size.SegNo(start-1); n++ {
		if err := r.Dir.SyncSegment(tli, n); err != nil {
			return r.syncFailed(err)
		}
	}
	if err := r.Dir.Sync(); err != nil {
		return r.syncFailed(err)
	}
	r.Stats.Waypost.Flushed.Add(uint64(newPositions(r.XLog, r.WalRcv, flushed, tli).setFlushed(start)), xlog.Now())
	return nil
}

// checkFork refuses to go on where the upstream's history left our timeline before our WAL ends.
func (r *Receiver) checkFork(tli, newest xlog.TimeLineID, start xlog.LSN) error {
	if newest == tli {
		return nil
	}
	history, err := r.Dir.History(newest)
	if err != nil {
		return fmt.Errorf("read the history of the upstream's timeline: %w", err)
	}
	at, _, known := history.SwitchPoint(tli)
	const hint = "The upstream was promoted before it had all of the WAL that this node has, or is not of the same origin. " +
		`To follow it nevertheless, make this node anew with "waypost init".`
	if !known {
		return errorf(protocol.CodeObjectNotInPrerequisiteState, "requested timeline %d is not in the history of the upstream's timeline %d",
			tli, newest).withHint(hint)
	}
	if start > at {
		return errorf(protocol.CodeObjectNotInPrerequisiteState, "requested starting point %v on timeline %d is not in the upstream's history",
			start, tli).withDetail("The upstream's history forked from timeline %d at %v.", tli, at).withHint(hint)
	}
	return nil
}
