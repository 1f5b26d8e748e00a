package walfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// BenchmarkReadAndCheck is walfile's part of `pg_waldump --stats`: every record of a real server's WAL, read from
// files that are in the page cache, checked and decoded.
func BenchmarkReadAndCheck(b *testing.B) {
	for _, v := range waltest.FixtureVersions {
		b.Run("PostgreSQL"+string(rune('0'+v/10))+string(rune('0'+v%10)), func(b *testing.B) {
			d := waltest.Fixture(b, v)
			b.ReportAllocs()
			records := uint64(0)
			for b.Loop() {
				s, err := walfile.Stats(d)
				require.NoError(b, err)
				records += s.Total().Count
				b.SetBytes(int64(s.End - s.First))
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkReadSmallRecords reads records of the length that pgbench's have, from memory.
func BenchmarkReadSmallRecords(b *testing.B) {
	l := waltest.New(waltest.Options{SegSize: xlog.DefaultSegSize})
	for i := 0; l.Pos() < l.Options().Start+8<<20; i++ {
		l.Append(walfile.NewRecord{Rmgr: 10, Xid: 700, Main: make([]byte, 3+i%9), Blocks: []walfile.NewBlock{
			{Rel: walfile.RelFileLocator{Tablespace: 1663, Database: 5, RelNumber: 16384}, Block: uint32(i), Data: make([]byte, 20+i%80)},
		}})
	}
	segs := l.Segments()
	r := segs.Reader(1, l.Options().Start)
	b.ReportAllocs()
	b.SetBytes(int64(l.Pos() - l.Options().Start))
	records := 0
	for b.Loop() {
		r.Begin(l.Options().Start, 0)
		for {
			if _, err := r.Next(); err != nil {
				break
			}
			records++
		}
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

func TestReadingAllocatesNothingPerRecord(t *testing.T) {
	l := waltest.New(waltest.Options{})
	for range 3000 {
		l.Filler(100)
	}
	r := l.Segments().Reader(1, l.Options().Start)
	_, err := r.Next()
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(2500, func() {
		if _, err := r.Next(); err != nil {
			t.Error(err)
		}
	}))
}
