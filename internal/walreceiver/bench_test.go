package walreceiver

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/walrcv"
	"waypost/shmem"
	"waypost/transport/pgwire"
	"waypost/walfile"
	"waypost/xlog"
)

const benchBytes = 1 << 30

// newBenchNode is a node in dir that is asked to stream from the sender at port.
func newBenchNode(b *testing.B, dir string, port int) *rig {
	g := newRig(b)
	require.NoError(b, os.MkdirAll(dir, 0o700))
	g.Dir = walfile.Dir{Path: dir, SegSize: xlog.DefaultSegSize}
	g.XLog.SegmentSize.Store(uint32(xlog.DefaultSegSize))
	g.Transport = &pgwire.Transport{}
	start := xlog.DefaultSegSize.Start(1)
	for _, p := range []interface{ Store(uint64) }{&g.XLog.WrittenUpto, &g.XLog.FlushedUpto, &g.XLog.ReplayedUpto,
		&g.XLog.VouchedUpto, &g.XLog.ResumedAt} {
		p.Store(uint64(start))
	}
	g.ask(walrcv.Starting, 1, start)
	g.WalRcv.Update(func(f *walrcv.Fields) {
		shmem.SetString(f.Conninfo[:], fmt.Sprintf("host=127.0.0.1 port=%d user=u sslmode=disable", port))
	})
	return g
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReceive streams 1 GB through the whole receiving path: socket, decoder, writes, syncs, reports. "cpu-s/GB" is
// this process's processor time alone, "longest-switch-µs" the longest that the first write to a segment took.
func BenchmarkReceive(b *testing.B) {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), minProcs))
	for _, place := range []struct{ name, dir string }{{"ram", "/dev/shm"}, {"disk", os.TempDir()}} {
		for _, message := range []int{128 << 10, 400} {
			for _, ready := range []bool{true, false} {
				name := fmt.Sprintf("%s/message=%d/ready=%v", place.name, message, ready)
				b.Run(name, func(b *testing.B) { benchmarkReceive(b, place.dir, message, ready) })
			}
		}
	}
}

func benchmarkReceive(b *testing.B, parent string, message int, ready bool) {
	b.SetBytes(benchBytes)
	var used, longest time.Duration
	var syncs uint64
	port := startSender(b, benchBytes, message, "bulk")
	for range b.N {
		b.StopTimer()
		dir, err := os.MkdirTemp(parent, "walreceiver-bench-")
		require.NoError(b, err)
		g := newBenchNode(b, filepath.Join(dir, "pg_wal"), port)
		if ready {
			for n := xlog.SegNo(1); n <= benchBytes/xlog.SegNo(xlog.DefaultSegSize)+1; n++ {
				require.NoError(b, g.Dir.Allocate(1, n))
			}
		}
		g.OpenFiles = func(d walfile.Dir, tli xlog.TimeLineID, start xlog.LSN) walFiles {
			return &timed{openSegmentWriter(d, tli, start), &longest}
		}
		before := processorTime()
		b.StartTimer()
		require.Error(b, g.Run()) // the sender shuts down
		b.StopTimer()
		used += processorTime() - before
		syncs += g.WalRcv.Syncs.Load()
		require.Equal(b, xlog.DefaultSegSize.Start(1)+benchBytes, g.XLog.Flushed())
		require.NoError(b, os.RemoveAll(dir))
	}
	b.ReportMetric(used.Seconds()/float64(b.N)/(float64(benchBytes)/(1<<30)), "cpu-s/GB")
	b.ReportMetric(float64(syncs)/float64(b.N), "syncs")
	b.ReportMetric(float64(longest.Microseconds()), "longest-switch-µs")
}

// timed measures the calls that begin a segment: opening it, or making it first, and the first write.
type timed struct {
	walFiles
	longest *time.Duration
}

func (f *timed) Write(p []byte, l xlog.LSN) error {
	if xlog.DefaultSegSize.Offset(l) != 0 {
		return f.walFiles.Write(p, l)
	}
	began := time.Now()
	err := f.walFiles.Write(p, l)
	*f.longest = max(*f.longest, time.Since(began))
	return err
}

// BenchmarkCommit is the time from a commit's record being sent until its flush is known upstream, one at a time.
func BenchmarkCommit(b *testing.B) {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), minProcs))
	for _, place := range []struct{ name, dir string }{{"ram", "/dev/shm"}, {"disk", os.TempDir()}} {
		b.Run(place.name, func(b *testing.B) {
			dir, err := os.MkdirTemp(place.dir, "walreceiver-bench-")
			require.NoError(b, err)
			defer os.RemoveAll(dir)
			const message = 400
			port := startSender(b, int64(b.N)*message, message, "commits")
			g := newBenchNode(b, filepath.Join(dir, "pg_wal"), port)
			for n := xlog.SegNo(1); n <= xlog.SegNo(b.N*message)/xlog.SegNo(xlog.DefaultSegSize)+1; n++ {
				require.NoError(b, g.Dir.Allocate(1, n))
			}
			before := processorTime()
			b.ResetTimer()
			require.Error(b, g.Run())
			b.StopTimer()
			used := processorTime() - before
			require.Equal(b, xlog.DefaultSegSize.Start(1)+xlog.LSN(b.N*message), g.XLog.Flushed())
			b.ReportMetric(float64(used.Microseconds())/float64(b.N), "cpu-µs/op")
			b.ReportMetric(float64(g.WalRcv.SyncMicros.Load())/float64(b.N), "sync-µs/op")
		})
	}
}
