package views_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/pgstat"
	"waypost/internal/procsignal"
	"waypost/shmem"
	"waypost/xlog"
)

func TestCountersAreShownInTheirColumns(t *testing.T) {
	r := newRig(t)
	s, at := r.p.Stats, xlog.FromTime(now)
	s.WAL.Records.Store(3)
	s.WAL.FPI.Store(2)
	s.WAL.Bytes.Store(1 << 63)
	s.WAL.Sync.Store(9)
	s.WAL.SyncMicros.Store(1500)
	s.WAL.Reset.At.Store(int64(at))
	require.Equal(t, [][]string{{"3", "2", "9223372036854775808", "0", "0", "9", "0", "1.5", "2026-11-20 08:30:00+00"}},
		r.rows("select * from pg_stat_wal"))
	require.Equal(t, [][]string{{"9223372036854775808"}}, r.rows("select wal_bytes from pg_stat_get_wal()"))

	s.Checkpointer.RestartpointsTimed.Store(4)
	s.Checkpointer.RestartpointsReq.Store(5)
	s.Checkpointer.RestartpointsDone.Store(6)
	s.Checkpointer.WriteMicros.Store(2000)
	require.Equal(t, [][]string{{"0", "0", "4", "5", "6", "2", "0", "0", "∅"}},
		r.rows("select * from pg_stat_checkpointer"))
	require.Equal(t, [][]string{{"5"}}, r.rows("select pg_stat_get_checkpointer_restartpoints_requested()"))
	require.Equal(t, [][]string{{"0", "0", "0", "∅"}}, r.rows("select * from pg_stat_bgwriter"))

	s.Archiver.Archived.Store(7)
	s.Archiver.SetNames(func(n *pgstat.ArchiverNames) { shmem.SetString(n.LastArchived[:], "000000010000000000000003") })
	s.Archiver.LastArchivedAt.Store(int64(at))
	require.Equal(t, [][]string{{"7", "000000010000000000000003", "2026-11-20 08:30:00+00", "0", "∅", "∅", "∅"}},
		r.rows("select * from pg_stat_archiver"))

	io := &s.IO[pgstat.IOWalReceiver]
	io.Writes.Store(11)
	io.WriteBytes.Store(1100)
	io.InitFsyncs.Store(12)
	require.Equal(t, [][]string{{"init", "∅", "0", "12"}, {"normal", "0", "11", "0"}},
		r.rows(`select context, reads, writes, fsyncs from pg_stat_io
			where object = 'wal' and backend_type = 'walreceiver'`))
	r.major = 18
	require.Equal(t, [][]string{{"1100"}}, r.rows("select sum(write_bytes) from pg_stat_io"))
}

func TestAnOlderVersionsColumnsAreThereForItsClients(t *testing.T) {
	r := newRig(t)
	r.p.Stats.Checkpointer.RestartpointsTimed.Store(4)
	r.p.Stats.Checkpointer.RestartpointsReq.Store(5)
	const query = "select checkpoints_timed, checkpoints_req, buffers_clean from pg_stat_bgwriter"
	require.Equal(t, `column "checkpoints_timed" does not exist`, r.fails(query).Message)
	for _, major := range []int{15, 16} {
		r.major = major
		require.Equal(t, [][]string{{"4", "5", "0"}}, r.rows(query))
		require.Equal(t, [][]string{{"4"}}, r.rows("select restartpoints_timed from pg_stat_checkpointer"))
	}
}

func TestDatabaseHasOneRowAndThatOfSharedObjects(t *testing.T) {
	r := newRig(t)
	r.join(4, 104, procsignal.Backend, "carol")
	r.p.Stats.Database.XactCommit.Store(8)
	r.p.Stats.Database.SessionMicros.Store(2500)
	require.Equal(t, [][]string{{"0", "∅", "0", "0", "0"}, {"5", "postgres", "2", "8", "2.5"}},
		r.rows("select datid, datname, numbackends, xact_commit, session_time from pg_stat_database order by 1"))
	require.Equal(t, [][]string{{"2", "8", "0"}},
		r.rows("select pg_stat_get_db_numbackends(5), pg_stat_get_db_xact_commit(5), pg_stat_get_db_xact_commit(77)"))
	require.Equal(t, [][]string{{"5", "postgres", "0", "0", "0", "0", "0", "0"}},
		r.rows("select * from pg_stat_database_conflicts"))
}

func TestViewsOfWhatThereIsNotHaveTheirRows(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"8", "0"}}, r.rows("select count(*), sum(blks_read) from pg_stat_slru"))
	require.Equal(t, [][]string{{"0", "0"}}, r.rows("select prefetch, io_depth from pg_stat_recovery_prefetch"))
	require.Equal(t, [][]string{{"Timeout", "PgSleep"}}, r.rows("select type, name from pg_wait_events where name = 'PgSleep'"))
	r.major = 16
	require.Equal(t, [][]string{{"Xact"}}, r.rows("select name from pg_stat_slru where name = 'Xact'"))
}

func TestWayOfTheWALIsShownInBytesAndTimes(t *testing.T) {
	r := newRig(t)
	w, at := &r.p.Stats.Waypost, xlog.FromTime(now)
	w.Received.Add(500, at)
	w.CRCFailed.Add(at)
	r.p.XLog.CorruptAt.Store(0x4000028)
	require.Equal(t, [][]string{{"500", "2026-11-20 08:30:00+00", "0", "∅", "1", "2026-11-20 08:30:00+00", "0/4000028",
		"∅"}},
		r.rows(`select received_bytes, last_received, sent_bytes, last_sent, crc_failures, last_crc_failure, corrupt_lsn,
			in_doubt_lsn from waypost_wal`))
}

func TestResetsSetATargetToZeroAndRefuseOthers(t *testing.T) {
	r := newRig(t)
	r.p.Stats.WAL.Records.Store(3)
	r.p.Stats.Checkpointer.NumTimed.Store(4)
	r.p.Stats.Database.XactCommit.Store(5)
	require.Equal(t, [][]string{{""}}, r.rows("select pg_stat_reset_shared('wal')"))
	require.Zero(t, r.p.Stats.WAL.Records.Load())
	require.EqualValues(t, 4, r.p.Stats.Checkpointer.NumTimed.Load())
	r.rows("select pg_stat_reset_shared()")
	require.Zero(t, r.p.Stats.Checkpointer.NumTimed.Load())
	require.EqualValues(t, 5, r.p.Stats.Database.XactCommit.Load())
	r.rows("select pg_stat_reset()")
	require.Zero(t, r.p.Stats.Database.XactCommit.Load())

	e := r.fails("select pg_stat_reset_shared('x')")
	require.Equal(t, "22023", e.Code)
	require.Equal(t, `unrecognized reset target: "x"`, e.Message)
	require.Contains(t, e.Hint, `"archiver", "bgwriter"`)
	e = r.as("carol").fails("select pg_stat_reset_shared('wal')")
	require.Equal(t, "42501", e.Code)
	require.Equal(t, "permission denied for function pg_stat_reset_shared", e.Message)
}
