package walfile

import (
	"errors"
	"fmt"

	"waypost/xlog"
)

// StopKind says why a Reader could not give a next record. None of them is for ever: Next tries the same record
// again, so that a caller who brings the bytes, raises the limit or mends the file goes on where it was.
//
// How they are told apart. What stands at the stop is zeros, an old page or an old record of a recycled segment, or
// something else that is no record. If the very next page is one that belongs there, then the log goes on behind the
// fault, and it is Corrupt, whatever it looks like. So it is below a limit, for the limit says that all before it was
// written. Otherwise the log ends here, and it is EndOfWAL, Garbage or Torn.
//
// A stop does not say whether what is missing was ever flushed: the file cannot tell a log that ends from one that
// lost its tail. The caller knows what it had flushed. Behind that, Corrupt, too, is only an end: a machine that
// crashes may have written later pages before earlier ones.
type StopKind int

const (
	// NeedMore: the limit lies before the record's end.
	NeedMore StopKind = iota + 1
	// EndOfWAL: there are zeros where a record, or a page, would begin.
	EndOfWAL
	// Torn: a record begins, but it is not all there: its bytes contradict its CRC, or its later pages are not
	// written.
	Torn
	// Garbage: what follows are remains of a recycled segment: a page of an older position, or a record whose
	// prev-link does not lead to the record before.
	Garbage
	// Corrupt: the record or page is damaged and the log goes on behind it.
	Corrupt
	// MissingSegment: no file holds the segment.
	MissingSegment
	// ShortSegment: the segment's file ends before the segment does.
	ShortSegment
	// OtherTimeline: the page is of a timeline that does not hold this position in the history followed.
	OtherTimeline
	// Foreign: the segment is of another database system, segment size, page size or version.
	Foreign
)

var stopKindName = [...]string{
	NeedMore:       "need more",
	EndOfWAL:       "end of WAL",
	Torn:           "torn record",
	Garbage:        "garbage of a recycled segment",
	Corrupt:        "corrupt WAL",
	MissingSegment: "missing segment",
	ShortSegment:   "short segment",
	OtherTimeline:  "page of another timeline",
	Foreign:        "WAL of another system",
}

func (k StopKind) String() string {
	if k > 0 && int(k) < len(stopKindName) {
		return stopKindName[k]
	}
	return "unknown stop"
}

// Stop is the error that says why and where a Reader stopped. Record ≤ Held, and Record ≤ LSN.
type Stop struct {
	Kind StopKind
	// LSN is the position of what is wrong: the record's start, or the start of the page that is not good.
	LSN xlog.LSN
	// Record is the start of the record that is not there or not whole; where nothing is known of it, the end of the
	// last record (Record.Next).
	Record xlog.LSN
	// Held is the end of what looks good of the unfinished record: its pages before Held have good headers and go on
	// with the record. A header does not vouch for the rest of its page: of the bytes between Record and Held, count
	// those as held that were flushed; see Resume. If the record's own header is not good, Held is Record.
	Held xlog.LSN
	// TLI and Segment name the file; TLI is 0 if none was open.
	TLI     xlog.TimeLineID
	Segment xlog.SegNo
	// Detail says what was found, in words; it does not name the file.
	Detail string
	// Err is the cause, if the operating system gave one.
	Err error
}

func (s *Stop) Error() string {
	at := s.LSN.String()
	if s.Record != s.LSN {
		at += fmt.Sprintf(", record at %v", s.Record)
	}
	msg := fmt.Sprintf("%v at %s: %s", s.Kind, at, s.Detail)
	if s.Err != nil {
		msg += ": " + s.Err.Error()
	}
	return msg
}

// Resume is where streaming must go on so that no byte is asked for twice that is held, if the bytes before flushed
// are known to have reached the disk: the first byte that is not there.
func (s *Stop) Resume(flushed xlog.LSN) xlog.LSN { return max(s.Record, min(s.Held, flushed)) }

// Unwrap gives the cause.
func (s *Stop) Unwrap() error { return s.Err }

// AsStop gives the Stop in err; nil if there is none, as for a file that could not be read.
func AsStop(err error) *Stop {
	var s *Stop
	if errors.As(err, &s) {
		return s
	}
	return nil
}

// IsStop says whether err is a Stop of this kind.
func IsStop(err error, kind StopKind) bool {
	s := AsStop(err)
	return s != nil && s.Kind == kind
}

// stop says why there is no record, by what was found at l. next is the first page behind it: if that is one that
// belongs there, or if a limit says that all this was written, the log is corrupt.
func (r *Reader) stop(kind StopKind, l, next xlog.LSN, detail string, args ...any) *Stop {
	if r.asm.active && kind != Corrupt {
		kind = Torn
	}
	if r.limit != NoLimit || r.belongs(next) {
		kind = Corrupt
	}
	return r.newStop(kind, l, detail, args...)
}

// newStop is stop where it is known how the log goes on, or does not matter.
func (r *Reader) newStop(kind StopKind, l xlog.LSN, detail string, args ...any) *Stop {
	s := &Stop{
		Kind: kind, LSN: l, Record: r.start, Held: r.held,
		Segment: r.check.SegSize.SegNo(l), Detail: fmt.Sprintf(detail, args...),
	}
	if r.segOpen {
		s.TLI = r.segTLI
	}
	return s
}
