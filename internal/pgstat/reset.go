package pgstat

import (
	"sync/atomic"

	"waypost/xlog"
)

// Targets are what pg_stat_reset_shared takes, in the order in which PostgreSQL's hint names them. "waypost" is the view
// waypost_wal.
func Targets() []string {
	return []string{"archiver", "bgwriter", "checkpointer", "io", "recovery_prefetch", "slru", "wal", "waypost"}
}

// ResetShared sets the counters of one target to zero; false where there is no such target. What processes have counted and
// not added yet still comes on top.
func (s *Stats) ResetShared(target string, now xlog.TimestampTz) bool {
	switch target {
	case "archiver":
		s.Archiver.SetNames(func(n *ArchiverNames) { *n = ArchiverNames{} })
		s.zero("Archiver", now)
	case "bgwriter":
		s.zero("Bgwriter", now)
	case "checkpointer":
		s.zero("Checkpointer", now)
	case "io":
		s.zero("IO", now)
		s.zero("IOReset", now)
	case "recovery_prefetch":
		s.zero("Prefetch", now)
	case "slru":
		s.zero("SLRU", now)
	case "wal":
		s.zero("WAL", now)
	case "waypost":
		s.zero("Waypost", now)
	default:
		return false
	}
	return true
}

// ResetAllShared is pg_stat_reset_shared(NULL).
func (s *Stats) ResetAllShared(now xlog.TimestampTz) {
	for _, target := range Targets() {
		s.ResetShared(target, now)
	}
}

// ResetDatabase is pg_stat_reset(), in the one database there is.
func (s *Stats) ResetDatabase(now xlog.TimestampTz) { s.zero("Database", now) }

// zero sets everything in a group to zero, and its time of reset to now.
func (s *Stats) zero(group string, now xlog.TimestampTz) {
	s.visit(group, func(_ string, field any) {
		switch f := field.(type) {
		case *Reset:
			f.At.Store(int64(now))
		case *atomic.Uint64:
			f.Store(0)
		case *atomic.Int64:
			f.Store(0)
		}
	})
}
