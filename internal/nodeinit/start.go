package nodeinit

import (
	"context"
	"fmt"
	"strings"

	"waypost/walfile"
	"waypost/xlog"
)

// start is where a relay begins: a segment's first byte, and the timeline to ask for.
type start struct {
	lsn  xlog.LSN
	tli  xlog.TimeLineID
	from xlog.LSN // before it was rounded down
	why  string   // what from is
}

// String says which position it is, and how it came about.
func (s start) String() string {
	if s.lsn == s.from {
		return fmt.Sprintf("%s on timeline %d, %s", s.lsn, s.tli, s.why)
	}
	return fmt.Sprintf("%s on timeline %d, the start of the segment that holds %s, %s", s.lsn, s.tli, s.from, s.why)
}

// fileName is the name of the WAL file that begins there.
func (s start) fileName(size xlog.SegSize) string { return walfile.SegmentNameAt(s.tli, s.lsn, size) }

// startPosition decides where to begin: where the user says, else where the slot holds WAL back, else where the
// upstream is.
func (up *upstream) startPosition(ctx context.Context, wanted xlog.LSN, slot string) (start, error) {
	s := start{from: up.identity.XLogPos, why: "the upstream's current position"}
	if slot != "" {
		restart, err := up.readSlot(ctx, slot)
		if err != nil {
			return start{}, err
		}
		if restart.Valid() {
			s.from, s.why = restart, fmt.Sprintf("the restart_lsn of slot %q", slot)
		} else {
			s.why += fmt.Sprintf(", because slot %q holds no WAL back yet", slot)
		}
	}
	if wanted.Valid() {
		s.from, s.why = wanted, "as --start-lsn says"
	}
	return up.round(s)
}

func (up *upstream) round(s start) (start, error) {
	s.lsn = up.segSize.SegStart(s.from)
	if s.lsn > up.identity.XLogPos {
		return start{}, &Error{Message: fmt.Sprintf("start position %s is ahead of the upstream, which is at %s", s.from, up.identity.XLogPos)}
	}
	if !s.lsn.Valid() {
		return start{}, &Error{Message: fmt.Sprintf("there is no WAL at %s", s.from),
			Detail: fmt.Sprintf("The first segment of every WAL begins at %s.", up.segSize.Start(1))}
	}
	// A segment in which timelines change is there whole under the name of its last one, with the parent's bytes
	// at its head.
	s.tli = up.history.TLIOf(s.lsn + xlog.LSN(up.segSize) - 1)
	return s, nil
}

// readSlot gives a physical slot's restart_lsn; 0 if it has none yet.
func (up *upstream) readSlot(ctx context.Context, slot string) (xlog.LSN, error) {
	doing := fmt.Sprintf("use replication slot %q of the upstream", slot)
	row, err := up.row(ctx, "READ_REPLICATION_SLOT "+quoteIdentifier(slot), 2)
	if err != nil {
		return 0, upstreamError(doing, err)
	}
	kind, restart := row[0], row[1]
	if !kind.Valid {
		return 0, &Error{Message: fmt.Sprintf("replication slot %q does not exist on the upstream", slot),
			Hint: fmt.Sprintf("Create it there: SELECT pg_create_physical_replication_slot('%s', true).", slot)}
	}
	if kind.Text != "physical" {
		return 0, &Error{Message: fmt.Sprintf("replication slot %q of the upstream is %s, not physical", slot, kind.Text)}
	}
	if !restart.Valid {
		return 0, nil
	}
	lsn, err := xlog.ParseLSN(restart.Text)
	if err != nil {
		return 0, upstreamError(doing, err)
	}
	return lsn, nil
}

func quoteIdentifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
