package views

import (
	"math/big"
	"sync/atomic"

	"waypost/internal/pgstat"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/xlog"
)

var counterViews = [...]view{
	{
		"pg_stat_wal",
		"wal_records wal_fpi wal_bytes wal_buffers_full wal_write wal_sync wal_write_time wal_sync_time stats_reset",
		func(s *scan) error {
			w := &s.Stats.WAL
			s.add(load(&w.Records), load(&w.FPI), numberOf(w.Bytes.Load()), load(&w.BuffersFull), load(&w.Write),
				load(&w.Sync), millis(w.WriteMicros.Load()), millis(w.SyncMicros.Load()), resetAt(&w.Reset))
			return nil
		},
	},
	{
		"pg_stat_archiver",
		"archived_count last_archived_wal last_archived_time failed_count last_failed_wal last_failed_time stats_reset",
		func(s *scan) error {
			a := &s.Stats.Archiver
			names := a.Names()
			s.add(load(&a.Archived), textOf(names.LastArchived[:]), loadTime(&a.LastArchivedAt),
				load(&a.Failed), textOf(names.LastFailed[:]), loadTime(&a.LastFailedAt), resetAt(&a.Reset))
			return nil
		},
	},
	{
		"pg_stat_checkpointer",
		"num_timed num_requested restartpoints_timed restartpoints_req restartpoints_done write_time sync_time " +
			"buffers_written stats_reset num_done slru_written",
		func(s *scan) error {
			c := &s.Stats.Checkpointer
			s.add(load(&c.NumTimed), load(&c.NumRequested), load(&c.RestartpointsTimed), load(&c.RestartpointsReq),
				load(&c.RestartpointsDone), millis(c.WriteMicros.Load()), millis(c.SyncMicros.Load()),
				load(&c.BuffersWritten), resetAt(&c.Reset), int64(0), int64(0))
			return nil
		},
	},
	{
		// Up to 16 the checkpointer's counters stood here, restartpoints among checkpoints.
		"pg_stat_bgwriter",
		"buffers_clean maxwritten_clean buffers_alloc stats_reset checkpoints_timed checkpoints_req " +
			"checkpoint_write_time checkpoint_sync_time buffers_checkpoint buffers_backend buffers_backend_fsync",
		func(s *scan) error {
			c := &s.Stats.Checkpointer
			s.add(int64(0), int64(0), int64(0), resetAt(&s.Stats.Bgwriter),
				count(c.NumTimed.Load()+c.RestartpointsTimed.Load()),
				count(c.NumRequested.Load()+c.RestartpointsReq.Load()), millis(c.WriteMicros.Load()),
				millis(c.SyncMicros.Load()), load(&c.BuffersWritten), int64(0), int64(0))
			return nil
		},
	},
	{
		"pg_stat_io",
		"backend_type object context reads read_bytes read_time writes write_bytes write_time fsyncs fsync_time " +
			"stats_reset",
		statIO,
	},
	{
		"pg_stat_database",
		"datid datname numbackends xact_commit xact_rollback tup_returned session_time active_time " +
			"idle_in_transaction_time sessions sessions_abandoned sessions_fatal sessions_killed stats_reset " +
			zeroDatabase,
		statDatabase,
	},
	{
		"pg_stat_database_conflicts",
		"datid datname confl_tablespace confl_lock confl_snapshot confl_bufferpin confl_deadlock confl_active_logicalslot",
		func(s *scan) error {
			s.add(append([]sql.Value{int64(databaseOID), databaseName}, zeros(6)...)...)
			return nil
		},
	},
	{
		"pg_stat_slru", "name stats_reset blks_zeroed blks_hit blks_read blks_written blks_exists flushes truncates",
		func(s *scan) error {
			names := slruNames[:]
			if s.major < 17 {
				names = olderSLRUNames[:]
			}
			for _, name := range names {
				s.add(append([]sql.Value{name, resetAt(&s.Stats.SLRU)}, zeros(7)...)...)
			}
			return nil
		},
	},
	{
		"pg_stat_recovery_prefetch",
		"stats_reset prefetch hit skip_init skip_new skip_fpw skip_rep wal_distance block_distance io_depth",
		func(s *scan) error {
			s.add(append([]sql.Value{resetAt(&s.Stats.Prefetch)}, zeros(9)...)...)
			return nil
		},
	},
	{
		"waypost_wal",
		"received_bytes last_received written_bytes last_written flushed_bytes last_flushed sent_bytes last_sent " +
			"checked_bytes last_checked crc_failures last_crc_failure refetches last_refetch connections last_connected " +
			"fault_lsn corrupt_lsn in_doubt_lsn stats_reset",
		wayOfTheWAL,
	},
}

// The caches that PostgreSQL counts here, which a node without transactions has not.
var (
	slruNames = [...]string{"commit_timestamp", "multixact_member", "multixact_offset", "notify", "serializable",
		"subtransaction", "transaction", "other"}
	olderSLRUNames = [...]string{"CommitTs", "MultiXactMember", "MultiXactOffset", "Notify", "Serial", "Subtrans", "Xact",
		"other"}
)

func load(n *atomic.Uint64) sql.Value { return count(n.Load()) }

func loadTime(t *atomic.Int64) sql.Value { return whenOf(xlog.TimestampTz(t.Load())) }

func resetAt(r *pgstat.Reset) sql.Value { return loadTime(&r.At) }

func numberOf(n uint64) sql.Value { return types.NumBig(new(big.Int).SetUint64(n)) }

func zeros(n int) []sql.Value {
	out := make([]sql.Value, n)
	for i := range out {
		out[i] = int64(0)
	}
	return out
}

func statIO(s *scan) error {
	reset := resetAt(&s.Stats.IOReset)
	for kind := range s.Stats.IO {
		io, who := &s.Stats.IO[kind], pgstat.IOKind(kind).String()
		s.add(who, "wal", "init", nil, nil, nil,
			load(&io.InitWrites), numberOf(io.InitWriteBytes.Load()), millis(io.InitWriteMicros.Load()),
			load(&io.InitFsyncs), millis(io.InitFsyncMicros.Load()), reset)
		s.add(who, "wal", "normal", load(&io.Reads), numberOf(io.ReadBytes.Load()), millis(io.ReadMicros.Load()),
			load(&io.Writes), numberOf(io.WriteBytes.Load()), millis(io.WriteMicros.Load()),
			load(&io.Fsyncs), millis(io.FsyncMicros.Load()), reset)
	}
	return nil
}

// zeroDatabase are the columns of pg_stat_database that nothing can happen to in a node without tables.
const zeroDatabase = "blks_read blks_hit tup_fetched tup_inserted tup_updated tup_deleted conflicts temp_files " +
	"temp_bytes deadlocks parallel_workers_to_launch parallel_workers_launched blk_read_time blk_write_time"

func statDatabase(s *scan) error {
	none := append(zeros(12), float64(0), float64(0))
	s.add(append([]sql.Value{int64(0), nil, int64(0), int64(0), int64(0), int64(0), float64(0), float64(0), float64(0),
		int64(0), int64(0), int64(0), int64(0), nil}, none...)...)
	d := &s.Stats.Database
	backends := int64(0)
	for i := range s.Procs {
		if s.Procs[i].PID() != 0 && s.Status[i].Snapshot().DatabaseOID == databaseOID {
			backends++
		}
	}
	s.add(append([]sql.Value{int64(databaseOID), databaseName, backends, load(&d.XactCommit), load(&d.XactRollback),
		load(&d.TupReturned), millis(d.SessionMicros.Load()), millis(d.ActiveMicros.Load()),
		millis(d.IdleInXactMicros.Load()), load(&d.Sessions), load(&d.SessionsAbandoned), load(&d.SessionsFatal),
		load(&d.SessionsKilled), resetAt(&d.Reset)}, none...)...)
	return nil
}

func wayOfTheWAL(s *scan) error {
	w := &s.Stats.Waypost
	var row []sql.Value
	for _, p := range [...]*pgstat.Progress{&w.Received, &w.Written, &w.Flushed, &w.Sent, &w.Checked} {
		row = append(row, load(&p.Bytes), loadTime(&p.LastAt))
	}
	for _, e := range [...]*pgstat.Event{&w.CRCFailed, &w.Refetched, &w.Connected} {
		row = append(row, load(&e.Count), loadTime(&e.LastAt))
	}
	var doubt sql.Value
	if from, in := s.XLog.InDoubt(); in {
		doubt = lsnOf(from)
	}
	row = append(row, lsnOf(xlog.LSN(s.XLog.FaultAt.Load())), lsnOf(xlog.LSN(s.XLog.CorruptAt.Load())), doubt,
		resetAt(&w.StatsReset))
	s.add(row...)
	return nil
}
