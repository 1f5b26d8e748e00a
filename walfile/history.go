package walfile

import (
	"bytes"
	"fmt"
	"iter"
	"strconv"

	"waypost/xlog"
)

// HistoryEntry is one timeline of a history: the part of the log that it holds, [Begin, End).
type HistoryEntry struct {
	TLI   xlog.TimeLineID
	Begin xlog.LSN // 0: from the beginning of the log
	End   xlog.LSN // the switch point to the next timeline; 0: open, the newest timeline
}

// History is a timeline together with the timelines that it descends from. It does not change once made.
type History struct {
	entries []HistoryEntry // oldest first, never empty
}

// NewHistory is the history of a timeline without ancestors, or whose ancestors are not known: PostgreSQL's reading
// of a missing history file.
func NewHistory(tli xlog.TimeLineID) *History {
	return &History{entries: []HistoryEntry{{TLI: tli}}}
}

// HistoryError says what is wrong with a history file.
type HistoryError struct {
	TLI    xlog.TimeLineID // whose history it is
	Line   int             // counted from 1; 0: the file as a whole
	Text   string          // the line
	Reason string
}

func (e *HistoryError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("history file %s: %s", HistoryName(e.TLI), e.Reason)
	}
	return fmt.Sprintf("history file %s, line %d: %s: %.80q", HistoryName(e.TLI), e.Line, e.Reason, e.Text)
}

// ParseHistory reads the history file of timeline tli (readTimeLineHistory in access/transam/timeline.c). Each line
// has the number of an ancestor, white space, and the position at which it was left; the rest of a line, empty lines,
// and lines that begin with "#" do not count. The numbers must rise and stay below tli. All errors are *HistoryError.
func ParseHistory(tli xlog.TimeLineID, text []byte) (*History, error) {
	h := &History{}
	var prev HistoryEntry
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		body := bytes.TrimLeft(line, historySpace)
		if len(body) == 0 || body[0] == '#' {
			continue
		}
		bad := func(reason string) (*History, error) {
			return nil, &HistoryError{TLI: tli, Line: n, Text: string(line), Reason: reason}
		}
		id, at, reason := parseHistoryLine(body)
		switch {
		case reason != "":
			return bad(reason)
		case id == 0:
			return bad("timeline 0 does not exist")
		case len(h.entries) > 0 && id <= prev.TLI:
			return bad("timeline IDs must be in increasing sequence")
		case len(h.entries) > 0 && at < prev.End:
			return bad("switch points must not go backwards")
		}
		prev = HistoryEntry{TLI: id, Begin: prev.End, End: at}
		h.entries = append(h.entries, prev)
	}
	if len(h.entries) > 0 && tli <= prev.TLI {
		return nil, &HistoryError{TLI: tli, Reason: "timeline IDs must be less than the child timeline's"}
	}
	h.entries = append(h.entries, HistoryEntry{TLI: tli, Begin: prev.End})
	return h, nil
}

// historySpace is what C's isspace takes for white space, less the line's end.
const historySpace = " \t\v\f\r"

// parseHistoryLine reads "<timeline> <X/X>"; a reason says what was expected instead.
func parseHistoryLine(b []byte) (xlog.TimeLineID, xlog.LSN, string) {
	i := bytes.IndexFunc(b, func(c rune) bool { return c < '0' || c > '9' })
	if i < 0 {
		i = len(b)
	}
	id, err := strconv.ParseUint(string(b[:i]), 10, 32)
	if err != nil {
		return 0, 0, "expected a numeric timeline ID"
	}
	const wantLSN = "expected a write-ahead log switch point"
	rest := bytes.TrimLeft(b[i:], historySpace)
	if len(rest) == len(b[i:]) {
		return 0, 0, wantLSN
	}
	if j := bytes.IndexAny(rest, historySpace); j >= 0 {
		rest = rest[:j]
	}
	at, err := xlog.ParseLSN(string(rest))
	if err != nil || at == xlog.InvalidLSN {
		return 0, 0, wantLSN
	}
	return xlog.TimeLineID(id), at, ""
}

// AppendHistory appends to the text of a parent's history file (empty if it has none) the line that makes it the
// history file of a timeline that left the parent at switchPoint (writeTimeLineHistory). The reason is free text on
// one line.
func AppendHistory(parentText []byte, parent xlog.TimeLineID, switchPoint xlog.LSN, reason string) []byte {
	text := bytes.Clone(parentText)
	if len(text) > 0 {
		text = append(text, '\n') // an empty line, unless the parent's last line lacks its end
	}
	return fmt.Appendf(text, "%d\t%v\t%s\n", parent, switchPoint, reason)
}

// Child is the history of a new timeline that leaves this history's newest at switchPoint.
func (h *History) Child(tli xlog.TimeLineID, switchPoint xlog.LSN) (*History, error) {
	last := len(h.entries) - 1
	if tip := h.entries[last]; tli <= tip.TLI || switchPoint < tip.Begin || switchPoint == 0 {
		return nil, fmt.Errorf("timeline %d cannot leave timeline %d at %v, which began at %v", tli, tip.TLI, switchPoint, tip.Begin)
	}
	e := append(make([]HistoryEntry, 0, last+2), h.entries...)
	e[last].End = switchPoint
	return &History{entries: append(e, HistoryEntry{TLI: tli, Begin: switchPoint})}, nil
}

// TLI is the newest timeline, whose history this is.
func (h *History) TLI() xlog.TimeLineID { return h.entries[len(h.entries)-1].TLI }

// Entries has the timelines, oldest first. It belongs to the History; it must not be changed.
func (h *History) Entries() []HistoryEntry { return h.entries }

// Contains says whether tli is in the history (tliInHistory).
func (h *History) Contains(tli xlog.TimeLineID) bool {
	_, ok := h.find(tli)
	return ok
}

func (h *History) find(tli xlog.TimeLineID) (int, bool) {
	for i := range h.entries {
		if h.entries[i].TLI == tli {
			return i, true
		}
	}
	return 0, false
}

// TLIOf is the timeline that holds the byte at l; a switch point itself belongs to the new timeline
// (tliOfPointInHistory).
func (h *History) TLIOf(l xlog.LSN) xlog.TimeLineID {
	for i := len(h.entries) - 1; i > 0; i-- {
		if h.entries[i].Begin <= l {
			return h.entries[i].TLI
		}
	}
	return h.entries[0].TLI
}

// SwitchPoint says where tli was left, and for which timeline (tliSwitchPoint). Both are 0 for the newest timeline;
// ok is false if tli is not in the history.
func (h *History) SwitchPoint(tli xlog.TimeLineID) (at xlog.LSN, next xlog.TimeLineID, ok bool) {
	i, ok := h.find(tli)
	if !ok {
		return 0, 0, false
	}
	if i+1 < len(h.entries) {
		next = h.entries[i+1].TLI
	}
	return h.entries[i].End, next, true
}

// Relation says how two histories stand to each other.
type Relation int

// How history h stands to history o in h.Compare(o).
const (
	Same       Relation = iota // the same timeline by the same way
	Ancestor                   // o descends from h's newest timeline
	Descendant                 // h descends from o's newest timeline
	Diverged                   // both left a common timeline, in different ways
	Unrelated                  // nothing in common
)

func (r Relation) String() string {
	switch r {
	case Same:
		return "same"
	case Ancestor:
		return "ancestor"
	case Descendant:
		return "descendant"
	case Diverged:
		return "diverged"
	}
	return "unrelated"
}

// Compare says how h stands to o, and up to where they have the log in common: before the position given, every byte
// is the same in both; 0 stands for "nothing", and for Same for "everything". Of an ancestor it is where the
// descendant left it: what the ancestor's log has after it, the descendant's does not.
func (h *History) Compare(o *History) (Relation, xlog.LSN) {
	common := xlog.InvalidLSN
	for i := 0; i < len(h.entries) && i < len(o.entries); i++ {
		a, b := h.entries[i], o.entries[i]
		switch {
		case a.TLI != b.TLI && i == 0:
			return Unrelated, 0
		case a.TLI != b.TLI:
			return Diverged, common
		case a.End == b.End && a.End == 0:
			return Same, 0
		case a.End == 0:
			return Ancestor, b.End
		case b.End == 0:
			return Descendant, a.End
		case a.End != b.End:
			return Diverged, min(a.End, b.End)
		}
		common = a.End
	}
	return Diverged, common
}

// SegmentTLI is the timeline whose file of segment n has all of this history that the segment holds: the newest one
// that has a part of it. Of the segment of a switch point, that is the new timeline.
func (h *History) SegmentTLI(n xlog.SegNo, size xlog.SegSize) xlog.TimeLineID {
	for e := range h.holders(n, size) {
		return e.TLI
	}
	return h.entries[0].TLI
}

// holders gives the timelines whose file of segment n may hold a part of this history, newest first.
func (h *History) holders(n xlog.SegNo, size xlog.SegSize) iter.Seq[HistoryEntry] {
	return func(yield func(HistoryEntry) bool) {
		for i := len(h.entries) - 1; i >= 0; i-- {
			e := h.entries[i]
			if size.SegNo(e.Begin) > n {
				continue
			}
			if e.End != 0 && e.End <= size.Start(n) || !yield(e) {
				return
			}
		}
	}
}
