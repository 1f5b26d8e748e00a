package metrics

import (
	"os"
	"strconv"

	"waypost/internal/guc"
	"waypost/internal/version"
	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/walfile"
	"waypost/xlog"
)

type walrcvFields = walrcv.Fields

// node tells who the node is.
func (s *scrape) node() {
	x := s.areas.XLog
	s.gauge("pg_up", "Whether the node serves", 1)
	num := x.ServerVersionNum.Load()
	short := strconv.Itoa(int(num/10000)) + "." + strconv.Itoa(int(num%10000)) + ".0"
	s.gauges("pg_static", "Version string as reported by the server", "short_version", "version").
		add(1, short, "PostgreSQL "+x.PeekServerVersion()+" (Waypost "+version.Version+")")
	s.gauges("waypost_info", "What runs here", "version", "system_identifier").
		add(1, version.Version, strconv.FormatUint(x.SystemID.Load(), 10))
	s.gauge("pg_postmaster_start_time_seconds", "Time at which the postmaster started", float64(s.started.UnixMicro())/1e6)
	s.gauge("waypost_config_load_time_seconds", "Time at which the configuration files were last read",
		float64(s.loaded.UnixMicro())/1e6)
	s.gauge("waypost_generation", "How often shared memory was made anew since the start, by a crash, plus one",
		float64(s.segment.Generation()))
	s.gauge("waypost_shared_memory_bytes", "Size of the shared memory segment", float64(s.segment.Size()))
}

// recovery tells how far replay has come.
func (s *scrape) recovery() {
	x := s.areas.XLog
	replica := bool01(xlogctl.RecoveryState(x.State.Load()) != xlogctl.RecoveryStateDone)
	s.gauge("pg_in_recovery", "Whether the node is in recovery", replica)
	s.gauge("pg_replication_is_replica", "Whether the node is a replica", replica)
	last := xlog.TimestampTz(x.LastXactTime.Load())
	lag := 0.0
	if last != 0 && replica != 0 {
		lag = age(last, s.now)
	}
	s.gauge("pg_replication_lag_seconds",
		"Age of the last transaction that was replayed; it grows, too, where the primary has none", lag)
	s.gauge("pg_replication_last_replay_seconds", "Age of the last transaction that was replayed", lag)
	s.gauge("waypost_replay_lag_bytes", "Flushed WAL that was not checked yet", behind(x.Replayed(), x.Flushed()))
	s.gauge("waypost_replay_pause_state", "0 not paused, 1 pause requested, 2 paused", float64(x.RecoveryPause()))
	s.gauge("waypost_wal_fault", "Whether a record below the flushed position is bad and being mended",
		bool01(x.FaultAt.Load() != 0))
	s.gauge("waypost_wal_corrupt", "Whether a record is bad here and upstream: nothing past it is replayed",
		bool01(x.CorruptAt.Load() != 0))
	s.gauge("waypost_upstream_differs", "Whether the upstream has other bytes than the node where it holds some",
		bool01(x.DiffersAt.Load() != 0))
}

// wal tells where the positions are, what was counted of the way there, and what there is of files.
func (s *scrape) wal() {
	x, stats := s.areas.XLog, s.areas.Stats
	positions := s.gauges("waypost_wal_position_bytes", "A position in the WAL: its LSN as a number", "position")
	for name, l := range map[string]xlog.LSN{
		"written":        x.Written(),
		"flushed":        x.Flushed(),
		"replayed":       x.Replayed(),
		"sendable":       x.Sendable(s.settings.Bool(guc.WalSenderRequireFlush)),
		"restartpoint":   xlog.LSN(s.areas.Ckpt.RestartpointLSN.Load()),
		"remembered":     xlog.LSN(s.areas.Ckpt.RememberedFlush.Load()),
		"reported_write": xlog.LSN(s.areas.WalRcv.ReportedWrite.Load()),
		"reported_flush": xlog.LSN(s.areas.WalRcv.ReportedFlush.Load()),
		"reported_apply": xlog.LSN(s.areas.WalRcv.ReportedApply.Load()),
	} {
		positions.add(float64(l), name)
	}
	s.gauge("waypost_timeline", "Timeline of the positions", float64(x.TimelineID.Load()))
	s.ways()

	w := &stats.WAL
	s.counter("pg_stat_wal_records_total", "WAL records checked", w.Records.Load())
	s.counter("pg_stat_wal_fpi_total", "Full-page images in them", w.FPI.Load())
	s.counter("pg_stat_wal_bytes_total", "Bytes of them", w.Bytes.Load())
	s.counter("pg_stat_wal_buffers_full_total", "Times that WAL buffers were full; a relay has none", w.BuffersFull.Load())
	s.counter("pg_stat_wal_write_total", "Writes of WAL", w.Write.Load())
	s.counter("pg_stat_wal_sync_total", "Syncs of WAL", w.Sync.Load())
	s.counters("pg_stat_wal_write_time_total", "Time that writes took, in milliseconds, with track_wal_io_timing").
		add(float64(w.WriteMicros.Load()) / 1e3)
	s.counters("pg_stat_wal_sync_time_total", "Time that syncs took, in milliseconds").add(float64(w.SyncMicros.Load()) / 1e3)
	s.gauge("pg_stat_wal_stats_reset_seconds", "Time at which these were last reset",
		seconds(xlog.TimestampTz(w.Reset.At.Load())))
	s.io()
	s.segments()
}

// ways tells of the way of the WAL through the node.
func (s *scrape) ways() {
	w := &s.areas.Stats.Waypost
	bytes := s.counters("waypost_wal_bytes_total", "WAL by how far it has come through the node", "stage")
	last := s.gauges("waypost_wal_last_time_seconds", "When it last went on", "stage")
	for stage, p := range progress(w) {
		bytes.add(float64(p.Bytes.Load()), stage)
		last.add(seconds(xlog.TimestampTz(p.LastAt.Load())), stage)
	}
	s.counter("waypost_wal_crc_failures_total", "Records that were found bad", w.CRCFailed.Count.Load())
	s.gauge("waypost_wal_crc_failure_last_time_seconds", "When the last was",
		seconds(xlog.TimestampTz(w.CRCFailed.LastAt.Load())))
	s.counter("waypost_wal_refetches_total", "Segments, and unfinished records, that were fetched again",
		w.Refetched.Count.Load())
	s.gauge("waypost_wal_refetch_last_time_seconds", "When the last was",
		seconds(xlog.TimestampTz(w.Refetched.LastAt.Load())))
	s.counter("waypost_upstream_connections_total", "Connections made to the upstream for streaming", w.Connected.Count.Load())
	s.gauge("waypost_upstream_connection_last_time_seconds", "When the last was",
		seconds(xlog.TimestampTz(w.Connected.LastAt.Load())))
	s.gauge("waypost_stats_reset_seconds", "Time at which these were last reset",
		seconds(xlog.TimestampTz(w.StatsReset.At.Load())))
}

// segments tells what is in pg_wal.
func (s *scrape) segments() {
	f, err := os.Open(s.waldir)
	if err != nil {
		return
	}
	defer f.Close()
	files, err := f.Readdirnames(-1)
	if err != nil {
		return
	}
	n := 0
	for _, name := range files {
		if walfile.IsSegmentName(name) {
			n++
		}
	}
	s.gauge("pg_wal_segments", "Segment files in pg_wal", float64(n))
	s.gauge("pg_wal_size_bytes", "Their size", float64(n)*float64(s.areas.XLog.Segsize()))
}
