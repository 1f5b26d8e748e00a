package pgwire_test

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
	"waypost/transport/pgwire"
	"waypost/xlog"
)

// BenchmarkReceive receives 1 GB of WAL per operation in PostgreSQL's largest messages over loopback from a sender
// that does nothing else. Beside bytes per second it says how many read calls and allocations a megabyte takes.
func BenchmarkReceive(b *testing.B) {
	const total, message = 1 << 30, 128 << 10
	for _, network := range []string{"tcp", "unix"} {
		for _, size := range []int{256 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/buffer=%dkB", network, size>>10), func(b *testing.B) {
				c := benchmarkStream(b, network, size, message)
				b.SetBytes(total)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				reads := readCalls(b)
				events := 0
				at := streamStart
				for b.Loop() {
					for end := at + total; at < end; events++ {
						ev, err := c.Receive(time.Time{})
						if err != nil {
							b.Fatal(err)
						}
						at += xlog.LSN(len(ev.Data))
						if !c.Buffered() {
							c.Pending()
						}
					}
				}
				b.StopTimer()
				runtime.ReadMemStats(&after)
				mb := float64(at-streamStart) / (1 << 20)
				b.ReportMetric(float64(readCalls(b)-reads)/mb, "reads/MB")
				b.ReportMetric(float64(events)/mb, "events/MB")
				b.ReportMetric(float64(after.Mallocs-before.Mallocs)/mb, "mallocs/MB")
			})
		}
	}
}

// benchmarkStream is a stream of messages without end.
func benchmarkStream(b *testing.B, network string, buffer, message int) transport.Conn {
	b.Helper()
	dir := b.TempDir()
	address, conninfo := "127.0.0.1:0", "host=127.0.0.1 sslmode=disable user=u port=%d"
	if network == "unix" {
		address, conninfo = dir+"/.s.PGSQL.5432", "host="+dir+" user=u port=%d"
	}
	l, err := net.Listen(network, address)
	require.NoError(b, err)
	port := 5432
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		port = tcp.Port
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		p := &peer{conn: conn}
		p.greet()
		p.expectQuery("START_REPLICATION")
		p.send(protocol.AppendCopyBothResponse(nil))
		msg := xlogData(streamStart, message)
		for at := streamStart; ; at += xlog.LSN(message) {
			var h [protocol.XLogDataHeaderLen]byte
			protocol.PutXLogDataHeader(&h, at, at, 1, message)
			copy(msg, h[:])
			p.send(msg)
		}
	}()
	c, err := (&pgwire.Transport{BufferSize: buffer}).Connect(testContext(b), fmt.Sprintf(conninfo, port), physical)
	require.NoError(b, err)
	b.Cleanup(func() {
		c.Close()
		l.Close()
		<-done
	})
	_, err = c.StartStreaming(testContext(b), transport.StreamOptions{StartPoint: streamStart})
	require.NoError(b, err)
	return c
}

// readCalls is how many read system calls this process has made; the sender's side writes only.
func readCalls(b *testing.B) int {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	require.NoError(b, err)
	var n int
	_, err = fmt.Sscanf(lineOf(string(text), "syscr:"), "syscr: %d", &n)
	require.NoError(b, err)
	return n
}

func lineOf(text, prefix string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

func TestReceiveAllocatesNothingInTheSteadyState(t *testing.T) {
	const message = 128 << 10
	c := streaming(t, func(p *peer) {
		msg := append(xlogData(streamStart, message), protocol.AppendKeepalive(nil, &protocol.Keepalive{})...)
		for at := streamStart; ; at += message {
			var h [protocol.XLogDataHeaderLen]byte
			protocol.PutXLogDataHeader(&h, at, at, 1, message)
			copy(msg, h[:])
			p.send(msg)
		}
	})
	reply := status(streamStart)
	deadline := time.Now().Add(time.Minute)
	require.Zero(t, testing.AllocsPerRun(2000, func() {
		if _, err := c.Receive(deadline); err != nil {
			t.Error(err)
		}
		c.Pending()
		if err := c.Send(reply, deadline); err != nil {
			t.Error(err)
		}
	}), "allocations for a piece, a look at the socket and a reply")
}
