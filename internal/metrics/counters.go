package metrics

import (
	"waypost/internal/pgstat"
	"waypost/shmem"
	"waypost/xlog"
)

// progress is how far WAL has come, by stage.
func progress(w *pgstat.Waypost) map[string]*pgstat.Progress {
	return map[string]*pgstat.Progress{
		"received": &w.Received, "written": &w.Written, "flushed": &w.Flushed, "checked": &w.Checked, "sent": &w.Sent,
	}
}

// io is pg_stat_io's rows: object wal.
func (s *scrape) io() {
	labels := []string{"backend_type", "context"}
	reads := s.counters("pg_stat_io_reads_total", "Reads of WAL", labels...)
	readBytes := s.counters("pg_stat_io_read_bytes_total", "Bytes of them", labels...)
	readTime := s.counters("pg_stat_io_read_time_total", "Time of reads, in milliseconds, with track_wal_io_timing",
		labels...)
	writes := s.counters("pg_stat_io_writes_total", "Writes of WAL", labels...)
	writeBytes := s.counters("pg_stat_io_write_bytes_total", "Bytes of them", labels...)
	writeTime := s.counters("pg_stat_io_write_time_total", "Time of writes, in milliseconds, with track_wal_io_timing",
		labels...)
	fsyncs := s.counters("pg_stat_io_fsyncs_total", "Syncs of WAL", labels...)
	fsyncTime := s.counters("pg_stat_io_fsync_time_total", "Time of syncs, in milliseconds", labels...)
	for kind := range pgstat.NumIO {
		io, name := &s.areas.Stats.IO[kind], kind.String()
		reads.add(float64(io.Reads.Load()), name, "normal")
		readBytes.add(float64(io.ReadBytes.Load()), name, "normal")
		readTime.add(float64(io.ReadMicros.Load())/1e3, name, "normal")
		writes.add(float64(io.Writes.Load()), name, "normal")
		writeBytes.add(float64(io.WriteBytes.Load()), name, "normal")
		writeTime.add(float64(io.WriteMicros.Load())/1e3, name, "normal")
		fsyncs.add(float64(io.Fsyncs.Load()), name, "normal")
		fsyncTime.add(float64(io.FsyncMicros.Load())/1e3, name, "normal")
		writes.add(float64(io.InitWrites.Load()), name, "init")
		writeBytes.add(float64(io.InitWriteBytes.Load()), name, "init")
		writeTime.add(float64(io.InitWriteMicros.Load())/1e3, name, "init")
		fsyncs.add(float64(io.InitFsyncs.Load()), name, "init")
		fsyncTime.add(float64(io.InitFsyncMicros.Load())/1e3, name, "init")
	}
}

// checkpointer is pg_stat_checkpointer, and pg_stat_bgwriter as it was until PostgreSQL 16, which dashboards know.
func (s *scrape) checkpointer() {
	c := &s.areas.Stats.Checkpointer
	ms := func(us uint64) float64 { return float64(us) / 1e3 }
	reset := seconds(xlog.TimestampTz(c.Reset.At.Load()))
	const p = "pg_stat_checkpointer_"
	s.counter(p+"num_timed_total", "Checkpoints due to checkpoint_timeout", c.NumTimed.Load())
	s.counter(p+"num_requested_total", "Checkpoints requested", c.NumRequested.Load())
	s.counter(p+"restartpoints_timed_total", "Restartpoints due to checkpoint_timeout", c.RestartpointsTimed.Load())
	s.counter(p+"restartpoints_req_total", "Restartpoints requested, or called for by the amount of WAL",
		c.RestartpointsReq.Load())
	s.counter(p+"restartpoints_done_total", "Restartpoints made", c.RestartpointsDone.Load())
	s.counters(p+"write_time_total", "Time spent in writing for them, in milliseconds").add(ms(c.WriteMicros.Load()))
	s.counters(p+"sync_time_total", "Time spent in syncing for them, in milliseconds").add(ms(c.SyncMicros.Load()))
	s.counter(p+"buffers_written_total", "Buffers written; a relay has none", c.BuffersWritten.Load())
	s.counters(p+"stats_reset_total", "Time at which these were last reset").add(reset)
	s.counter("waypost_restartpoints_failed_total", "Restartpoints that could not be made", c.RestartpointsFailed.Load())
	s.gauge("waypost_restartpoint_time_seconds", "When the last one was made",
		seconds(xlog.TimestampTz(s.areas.Ckpt.RestartpointTime.Load())))
	files := s.counters("waypost_wal_segments_total", "Segment files made ready, used again, and removed", "action")
	files.add(float64(c.SegmentsPrepared.Load()), "prepared")
	files.add(float64(c.SegmentsRecycled.Load()), "recycled")
	files.add(float64(c.SegmentsRemoved.Load()), "removed")
	s.counter("waypost_wal_segments_missed_total", "Segments that were not ready when the stream came, since the last start",
		s.areas.Ckpt.SegmentsMissed.Load())

	const b = "pg_stat_bgwriter_"
	s.counter(b+"checkpoints_timed_total", "Checkpoints and restartpoints due to checkpoint_timeout",
		c.NumTimed.Load()+c.RestartpointsTimed.Load())
	s.counter(b+"checkpoints_req_total", "Checkpoints and restartpoints requested",
		c.NumRequested.Load()+c.RestartpointsReq.Load())
	s.counters(b+"checkpoint_write_time_total", "Time spent in writing for them, in milliseconds").add(ms(c.WriteMicros.Load()))
	s.counters(b+"checkpoint_sync_time_total", "Time spent in syncing for them, in milliseconds").add(ms(c.SyncMicros.Load()))
	for _, name := range []string{"buffers_checkpoint", "buffers_clean", "maxwritten_clean", "buffers_backend",
		"buffers_backend_fsync", "buffers_alloc"} {
		s.counter(b+name+"_total", "Always 0: a relay has no buffers", 0)
	}
	s.counters(b+"stats_reset_total", "Time at which these were last reset").
		add(seconds(xlog.TimestampTz(s.areas.Stats.Bgwriter.At.Load())))
}

func (s *scrape) archiver() {
	a := &s.areas.Stats.Archiver
	names := a.PeekNames()
	s.counter("pg_stat_archiver_archived_count", "WAL files archived", a.Archived.Load())
	s.counter("pg_stat_archiver_failed_count", "Failed attempts to archive one", a.Failed.Load())
	s.gauge("pg_stat_archiver_last_archive_age", "Seconds since the last was archived",
		age(xlog.TimestampTz(a.LastArchivedAt.Load()), s.now))
	s.gauge("waypost_archiver_failing", "Whether the last attempt failed", bool01(shmem.String(names.LastFailed[:]) != "" &&
		a.LastFailedAt.Load() > a.LastArchivedAt.Load()))
}
