package walfile

import (
	"fmt"
	"strings"

	"waypost/xlog"
)

// Parts of the names of files in pg_wal (access/xlog_internal.h).
const (
	segmentNameLen = 24
	historyNameLen = 8 + len(historySuffix)

	partialSuffix = ".partial"
	historySuffix = ".history"
	backupSuffix  = ".backup"

	// tempPrefix begins the name of a file that is not finished; PostgreSQL removes such files when it starts.
	tempPrefix = "xlogtemp."
)

const upperHex = "0123456789ABCDEF"

// segmentsPerXLogID is how many segments share the middle eight digits of a name: those of 4 GB of WAL.
func segmentsPerXLogID(size xlog.SegSize) uint64 { return 1 << 32 / uint64(size) }

// SegmentName is the name of timeline tli's segment n: eight hexadecimal digits each of timeline, 4 GB part, and
// segment within it.
func SegmentName(tli xlog.TimeLineID, n xlog.SegNo, size xlog.SegSize) string {
	var b [segmentNameLen]byte
	per := segmentsPerXLogID(size)
	putHex32(b[0:8], uint32(tli))
	putHex32(b[8:16], uint32(uint64(n)/per))
	putHex32(b[16:24], uint32(uint64(n)%per))
	return string(b[:])
}

// SegmentNameAt is the name of the segment of timeline tli that holds the byte at l.
func SegmentNameAt(tli xlog.TimeLineID, l xlog.LSN, size xlog.SegSize) string {
	return SegmentName(tli, size.SegNo(l), size)
}

// PartialName is the name of a segment that may not be complete, as pg_receivewal writes it and as the last
// segment of an abandoned timeline is archived.
func PartialName(tli xlog.TimeLineID, n xlog.SegNo, size xlog.SegSize) string {
	return SegmentName(tli, n, size) + partialSuffix
}

// ParseSegmentName takes a segment's name apart; a name that SegmentName cannot have made with this size is an error.
func ParseSegmentName(name string, size xlog.SegSize) (xlog.TimeLineID, xlog.SegNo, error) {
	if !IsSegmentName(name) {
		return 0, 0, fmt.Errorf("%q is not the name of a WAL segment", name)
	}
	tli, log, seg := hex32(name[0:8]), hex32(name[8:16]), hex32(name[16:24])
	per := segmentsPerXLogID(size)
	if uint64(seg) >= per {
		return 0, 0, fmt.Errorf("%q is not the name of a WAL segment of %d bytes", name, size)
	}
	return xlog.TimeLineID(tli), xlog.SegNo(uint64(log)*per + uint64(seg)), nil
}

// ParsePartialName is ParseSegmentName for a name with the suffix ".partial".
func ParsePartialName(name string, size xlog.SegSize) (xlog.TimeLineID, xlog.SegNo, error) {
	bare, ok := strings.CutSuffix(name, partialSuffix)
	if !ok {
		return 0, 0, fmt.Errorf("%q is not the name of a partial WAL segment", name)
	}
	return ParseSegmentName(bare, size)
}

// HistoryName is the name of timeline tli's history file.
func HistoryName(tli xlog.TimeLineID) string {
	var b [8]byte
	putHex32(b[:], uint32(tli))
	return string(b[:]) + historySuffix
}

// ParseHistoryName gives the timeline whose history a file of that name holds.
func ParseHistoryName(name string) (xlog.TimeLineID, error) {
	if !IsHistoryName(name) {
		return 0, fmt.Errorf("%q is not the name of a timeline history file", name)
	}
	return xlog.TimeLineID(hex32(name[:8])), nil
}

// IsSegmentName says whether name is that of a WAL segment: 24 upper-case hexadecimal digits.
func IsSegmentName(name string) bool { return len(name) == segmentNameLen && isUpperHex(name) }

// IsPartialName says whether name is that of a segment with the suffix ".partial".
func IsPartialName(name string) bool {
	bare, ok := strings.CutSuffix(name, partialSuffix)
	return ok && IsSegmentName(bare)
}

// IsHistoryName says whether name is that of a timeline history file.
func IsHistoryName(name string) bool {
	return len(name) == historyNameLen && isUpperHex(name[:8]) && name[8:] == historySuffix
}

// IsBackupHistoryName says whether name is that of a backup history file: a segment's name, the start's offset
// in the segment, and ".backup".
func IsBackupHistoryName(name string) bool {
	return len(name) > segmentNameLen && isUpperHex(name[:segmentNameLen]) && strings.HasSuffix(name, backupSuffix)
}

// IsTempName says whether name is that of a file that was not finished. Such a file may be removed once no
// process is left that could be writing it.
func IsTempName(name string) bool { return strings.HasPrefix(name, tempPrefix) }

func isUpperHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(upperHex, s[i]) < 0 {
			return false
		}
	}
	return true
}

func putHex32(b []byte, v uint32) {
	for i := 7; i >= 0; i-- {
		b[i] = upperHex[v&15]
		v >>= 4
	}
}

// hex32 reads eight digits that isUpperHex has seen.
func hex32(s string) uint32 {
	var v uint32
	for i := 0; i < len(s); i++ {
		v = v<<4 | uint32(strings.IndexByte(upperHex, s[i]))
	}
	return v
}
