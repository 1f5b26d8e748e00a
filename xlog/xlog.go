// Package xlog has the words that every part of Waypost uses to speak of write-ahead log: the position
// (LSN), the timeline, the segment and the time stamp. It imports nothing of the project, keeps no state,
// does no I/O and never logs.
package xlog

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LSN is a byte position in the write-ahead log (PostgreSQL's XLogRecPtr). Zero is no position.
type LSN uint64

// InvalidLSN is the zero LSN; no record starts there.
const InvalidLSN LSN = 0

// TimeLineID numbers a branch of the log's history. Zero is no timeline; the first is 1.
type TimeLineID uint32

// SegNo numbers a segment file: the LSN of its first byte divided by the segment size.
type SegNo uint64

// PageSize is XLOG_BLCKSZ, the size in bytes of a WAL page. Waypost serves servers built with the default only.
const PageSize = 8192

// String gives the LSN as PostgreSQL prints it: "16/B374D848".
func (l LSN) String() string {
	var b [20]byte
	return string(l.Append(b[:0]))
}

// Append appends String's text to b without allocating.
func (l LSN) Append(b []byte) []byte {
	b = appendHex(b, uint32(l>>32))
	b = append(b, '/')
	return appendHex(b, uint32(l))
}

func appendHex(b []byte, v uint32) []byte {
	const digits = "0123456789ABCDEF"
	var t [8]byte
	i := len(t)
	for {
		i--
		t[i] = digits[v&15]
		if v >>= 4; v == 0 {
			return append(b, t[i:]...)
		}
	}
}

// Valid says whether l is a position at all.
func (l LSN) Valid() bool { return l != InvalidLSN }

// PageStart is the position of the first byte of l's page.
func (l LSN) PageStart() LSN { return l &^ (PageSize - 1) }

// ParseLSN reads "X/X": one to eight hexadecimal digits on either side, as pg_lsn's input does.
func ParseLSN(s string) (LSN, error) {
	hi, lo, ok := strings.Cut(s, "/")
	if !ok {
		return 0, fmt.Errorf("invalid WAL location %q", s)
	}
	h, err := parseHex32(hi)
	if err != nil {
		return 0, fmt.Errorf("invalid WAL location %q", s)
	}
	l, err := parseHex32(lo)
	if err != nil {
		return 0, fmt.Errorf("invalid WAL location %q", s)
	}
	return LSN(h)<<32 | LSN(l), nil
}

func parseHex32(s string) (uint32, error) {
	if len(s) < 1 || len(s) > 8 || s[0] == '+' || s[0] == '-' {
		return 0, strconv.ErrSyntax
	}
	v, err := strconv.ParseUint(s, 16, 32)
	return uint32(v), err
}

// SegSize is the size in bytes of a segment file (wal_segment_size): a power of two between MinSegSize and
// MaxSegSize.
type SegSize uint32

// Bounds and default of a segment's size, bytes.
const (
	MinSegSize     SegSize = 1 << 20
	MaxSegSize     SegSize = 1 << 30
	DefaultSegSize SegSize = 16 << 20
)

// Valid says whether s is a size that PostgreSQL allows.
func (s SegSize) Valid() bool { return s >= MinSegSize && s <= MaxSegSize && s&(s-1) == 0 }

// SegNo is the segment that holds the byte at l.
func (s SegSize) SegNo(l LSN) SegNo { return SegNo(uint64(l) / uint64(s)) }

// Offset is l's offset in bytes within its segment.
func (s SegSize) Offset(l LSN) uint32 { return uint32(uint64(l) & uint64(s-1)) }

// Start is the position of segment n's first byte.
func (s SegSize) Start(n SegNo) LSN { return LSN(uint64(n) * uint64(s)) }

// SegStart is the position of the first byte of l's segment.
func (s SegSize) SegStart(l LSN) LSN { return l &^ LSN(s-1) }

// TimestampTz is PostgreSQL's time stamp: microseconds since 2000-01-01 00:00:00 UTC. It is for the wire and for
// shared memory; elsewhere use time.Time. Zero stands for "no time" there, as in PostgreSQL.
type TimestampTz int64

// epochUnixMicro is the Unix time of PostgreSQL's epoch, microseconds.
const epochUnixMicro = 946684800 * 1_000_000

// Now is the wall clock as a TimestampTz.
func Now() TimestampTz { return FromTime(time.Now()) }

// FromTime converts a wall-clock time; the zero time.Time gives 0.
func FromTime(t time.Time) TimestampTz {
	if t.IsZero() {
		return 0
	}
	return TimestampTz(t.UnixMicro() - epochUnixMicro)
}

// Time converts back, in UTC; 0 gives the zero time.Time.
func (t TimestampTz) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t) + epochUnixMicro).UTC()
}
