package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/xlog"
)

// read measures walfile's reading and checking of records beside pg_waldump's.
func (b *bench) read() {
	s := b.source()
	dir := b.pgbenchSegments(s)
	list, err := dir.Segments()
	require.NoError(b, err)
	first := walfile.SegmentName(list[0].TLI, list[0].SegNo, dir.SegSize)
	last := walfile.SegmentName(list[0].TLI, list[len(list)-1].SegNo, dir.SegSize)

	var wallPG, wallWP, cpuPG, cpuWP []float64
	var total walfile.RecordStats
	for range b.opts.runs {
		began := time.Now()
		p := b.disk.StartProgram("pg_waldump", b.disk.Dir, nil, b.disk.ClientProgram("pg_waldump"), "--stats", "-q", "-p", dir.Path, first, last)
		state := p.Wait(time.Minute)
		wallPG = append(wallPG, time.Since(began).Seconds())
		require.Truef(b, state.Success(), "pg_waldump: %v\n%s", state, p.LogText())
		cpuPG = append(cpuPG, (state.UserTime() + state.SystemTime()).Seconds())

		began = time.Now()
		used := b.cpuOf(os.Getpid())
		stats, err := walfile.Stats(dir)
		wallWP = append(wallWP, time.Since(began).Seconds())
		require.NoError(b, err)
		cpuWP = append(cpuWP, (b.cpuOf(os.Getpid()) - used).Seconds())
		require.GreaterOrEqualf(b, stats.End, s.pgbenchEnd-xlog.LSN(dir.SegSize), "walfile stops early: %v", stats.Stop)
		total = stats.Total()
	}
	b.report.compare(comparison{what: "wall time", unit: "s", other: "pg_waldump --stats", theirs: wallPG, waypost: wallWP, target: atMost(1.0)})
	b.report.compare(comparison{what: "CPU", unit: "s", other: "pg_waldump --stats", theirs: cpuPG, waypost: cpuWP})
	million := float64(total.Count) / 1e6
	b.report.note("%d MB, %.2f million records: pg_waldump %s, walfile %s million records a second",
		(s.pgbenchEnd-s.start)>>20, million, number(million/median(wallPG)), number(million/median(wallWP)))
}

// pgbenchSegments makes a directory of the segments of the source that pgbench filled.
func (b *bench) pgbenchSegments(s *source) walfile.Dir {
	dir := walfile.Dir{Path: b.disk.Mkdir("pgbench_wal"), SegSize: s.SegSize()}
	for at := s.start; at < s.pgbenchEnd; at += xlog.LSN(dir.SegSize) {
		name := walfile.SegmentName(1, dir.SegSize.SegNo(at), dir.SegSize)
		require.NoError(b, os.Link(filepath.Join(s.WalDir(), name), filepath.Join(dir.Path, name)))
	}
	return dir
}
