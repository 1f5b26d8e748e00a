package walsender

import (
	"waypost/protocol"
	"waypost/walfile"
	"waypost/xlog"
)

// timeline is what is being streamed. The current timeline has no end yet; a historic one was left at validUpto for
// the timeline next.
type timeline struct {
	id        xlog.TimeLineID
	historic  bool
	validUpto xlog.LSN
	next      xlog.TimeLineID
}

// historic finds where our history, that of the timeline current, left the timeline id.
func (w *WalSender) historic(id, current xlog.TimeLineID) (timeline, error) {
	history, err := w.wal.History(current)
	if err != nil {
		return timeline{}, internalErrorf("could not read the history of timeline %d: %v", current, err)
	}
	at, next, ok := history.SwitchPoint(id)
	if !ok || next == 0 {
		return timeline{}, internalErrorf("requested timeline %d is not in this server's history", id)
	}
	return timeline{id: id, historic: true, validUpto: at, next: next}, nil
}

// file is the timeline in whose segment file the bytes at l stand. The segment that a timeline was left in belongs, as a
// file, to the next one, and begins with the bytes of the old one; the old one's own file may be gone.
func (t *timeline) file(n xlog.SegNo, size xlog.SegSize) xlog.TimeLineID {
	if t.historic && n == size.SegNo(t.validUpto) {
		return t.next
	}
	return t.id
}

// removed is PostgreSQL's report of WAL that is not there any more.
func removed(tli xlog.TimeLineID, n xlog.SegNo, size xlog.SegSize) *protocol.Error {
	return protocol.Errorf(protocol.CodeUndefinedFile, "requested WAL segment %s has already been removed",
		walfile.SegmentName(tli, n, size))
}
