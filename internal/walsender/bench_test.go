package walsender

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend"
	"waypost/internal/backend/backendtest"
	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/xlog"
)

// benchStream is a stream over a socket whose other end is read and thrown away, on a node with 64 MB of WAL.
func benchStream(tb testing.TB, network string) *stream {
	tb.Helper()
	n := backendtest.New(tb, backendtest.Options{})
	n.MakeSegments(1, 1, 64)
	n.SetEnd(backendtest.SegSize.Start(65))
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(tb.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	require.NoError(tb, err)
	client, err := net.Dial(network, l.Addr().String())
	require.NoError(tb, err)
	accepted, err := l.Accept()
	require.NoError(tb, err)
	l.Close()
	var file *os.File
	if network == "unix" {
		file, err = accepted.(*net.UnixConn).File()
	} else {
		file, err = accepted.(*net.TCPConn).File()
	}
	require.NoError(tb, err)
	accepted.Close()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		buf := make([]byte, 256*1024)
		for {
			if _, err := client.Read(buf); err == io.EOF || err != nil {
				return
			}
		}
	}()
	conn, err := backend.NewConn(int(file.Fd()))
	require.NoError(tb, err)
	tb.Cleanup(func() {
		file.Close()
		client.Close()
		<-drained
	})
	p := n.NewProcess().Process
	s := &backend.Session{P: p, Conn: conn}
	w := &WalSender{s: s, p: p, snd: &n.Snds[0], pid: int32(os.Getpid()), bit: 1}
	require.Zero(tb, walsnd.Claim(n.Snds, int(w.pid), func(*walsnd.Fields) {}))
	require.NoError(tb, w.refreshDir())
	st := newStream(w, backendtest.SegSize.Start(1), &timeline{id: 1})
	st.clock.start()
	tb.Cleanup(st.seg.close)
	return st
}

// sendMessages sends count messages of size bytes, beginning anew where the WAL ends.
func sendMessages(tb testing.TB, st *stream, size, count int) {
	end := backendtest.SegSize.Start(65)
	for range count {
		left := backendtest.SegSize.SegStart(st.sentPtr) + xlog.LSN(backendtest.SegSize) - st.sentPtr
		if left < xlog.LSN(size) {
			st.sentPtr += left
		}
		if st.sentPtr >= end {
			st.sentPtr = backendtest.SegSize.Start(1)
		}
		if err := st.sendChunk(st.sentPtr+xlog.LSN(size), end, time.Now()); err != nil {
			tb.Fatal(err)
		}
		st.showProgress()
	}
}

// BenchmarkSend compares the ways to send a message, by its size: copied (pread and one send), by reference (send of the
// header, sendfile), and by reference in bulk (both gathered in a pipe). copyLimit is where the first two cross.
// cpu-ns/op is what it costs the walsender itself.
func BenchmarkSend(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		for _, size := range []int{512, 4096, 8192, 16384, 32768, 65536, 131072} {
			for _, way := range []string{"copied", "references", "bulk"} {
				b.Run(fmt.Sprintf("%s/%d/%s", network, size, way), func(b *testing.B) {
					st := benchStream(b, network)
					st.buf = make([]byte, len(st.buf)+maxSendSize)
					st.copyLimit = maxSendSize
					if way != "copied" {
						st.copyLimit = 0
					}
					if way == "bulk" {
						st.conn.BeginBulk()
						defer st.conn.EndBulk()
					}
					runtime.LockOSThread()
					defer runtime.UnlockOSThread()
					b.SetBytes(int64(size))
					before := threadCPU(b)
					b.ResetTimer()
					sendMessages(b, st, size, b.N)
					b.StopTimer()
					b.ReportMetric(float64(threadCPU(b)-before)/float64(b.N), "cpu-ns/op")
				})
			}
		}
	}
}

// BenchmarkStream is the whole loop: 64 MB of WAL from files to a client that throws them away.
func BenchmarkStream(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		b.Run(network, func(b *testing.B) {
			const wal = 64 << 20
			st := benchStream(b, network)
			b.SetBytes(wal)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			before := threadCPU(b)
			for b.Loop() {
				st.sentPtr = backendtest.SegSize.Start(1)
				for st.sentPtr < backendtest.SegSize.Start(65) {
					if err := st.send(time.Now()); err != nil {
						b.Fatal(err)
					}
				}
			}
			gigabytes := float64(b.N) * wal / 1e9
			b.ReportMetric(float64((threadCPU(b)-before).Milliseconds())/gigabytes, "cpu-ms/GB")
		})
	}
}

func threadCPU(tb testing.TB) time.Duration {
	var u unix.Rusage
	require.NoError(tb, unix.Getrusage(unix.RUSAGE_THREAD, &u))
	return time.Duration(unix.TimevalToNsec(u.Utime) + unix.TimevalToNsec(u.Stime))
}

func TestNoAllocationsPerMessage(t *testing.T) {
	st := benchStream(t, "tcp")
	now := time.Now()
	lsn := xlog.LSN(1)
	for _, size := range []int{100, copyLimit, 131072} {
		// The first message opens the file, makes the buffers, and may open the next segment.
		sendMessages(t, st, size, 1)
		require.Zerof(t, testing.AllocsPerRun(5, func() {
			st.lag.write(lsn, now)
			lsn++
			sendMessages(t, st, size, 1)
		}), "messages of %d bytes", size)
	}
	require.NoError(t, st.keepalive(false))
	require.Zero(t, testing.AllocsPerRun(5, func() {
		if err := st.keepalive(false); err != nil {
			t.Error(err)
		}
	}), "keepalives")
}

// BenchmarkWake is the time from new WAL's being announced to its arrival at a client, for a walsender that sleeps. The
// client's own wake is in it.
func BenchmarkWake(b *testing.B) {
	n := backendtest.New(b, backendtest.Options{Replication: New})
	n.MakeSegments(1, 1, 64)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	const size = 256
	in := make([]byte, size+protocol.XLogDataHeaderLen)
	at, end := backendtest.SegSize.Start(1), backendtest.SegSize.Start(65)
	for b.Loop() {
		at += size
		if at >= end {
			b.Fatal("not enough WAL")
		}
		n.SetEnd(at)
		if _, err := io.ReadFull(c.Conn, in); err != nil {
			b.Fatal(err)
		}
	}
}
