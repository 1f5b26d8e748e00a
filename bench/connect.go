package main

import (
	"hash/crc32"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// Sizes of the benchmark of connections.
const (
	connectsPerRun = 200
	idleWalSenders = 5
	manyClients    = 200
	manyBytes      = 16 << 20 // that each of the many takes
)

// connect measures how long a connection takes, what an idle one costs, and that many work at once.
func (b *bench) connect() {
	s, relay := b.source(), b.relay()
	b.connectLatency(s.Port, relay.Port)
	b.idleMemory(s.Port, relay.Port)
	b.manyAtOnce(s, relay.Port)
}

func (b *bench) connectLatency(postgres, waypost int) {
	var p50PG, p50WP, p99PG, p99WP []float64
	for range b.opts.runs {
		took := b.connectMany(postgres)
		p50PG, p99PG = append(p50PG, median(took)), append(p99PG, quantile(took, 0.99))
		took = b.connectMany(waypost)
		p50WP, p99WP = append(p50WP, median(took)), append(p99WP, quantile(took, 0.99))
	}
	b.report.compare(comparison{what: "connect, IDENTIFY_SYSTEM, close, p50", unit: "ms", theirs: p50PG, waypost: p50WP, target: atMost(1.3)})
	b.report.compare(comparison{what: "connect, IDENTIFY_SYSTEM, close, p99", unit: "ms", theirs: p99PG, waypost: p99WP})
}

// connectMany gives what each of many connections, one after the other, took, in ms.
func (b *bench) connectMany(port int) (took []float64) {
	for range connectsPerRun {
		began := time.Now()
		c, err := dial(port, true)
		require.NoError(b, err)
		_, err = c.identify()
		require.NoError(b, err)
		c.terminate()
		took = append(took, time.Since(began).Seconds()*1e3)
	}
	return took
}

// settle is how long a walsender that has sent everything is left alone before its memory is looked at.
const settle = time.Second

// idleMemory looks at walsenders that stream and have nothing to send.
func (b *bench) idleMemory(postgres, waypost int) {
	measure := func(port int) (mb []float64) {
		conns, pids := b.dialMany(port, idleWalSenders)
		defer closeAll(conns)
		for _, c := range conns {
			at, err := c.identify()
			require.NoError(b, err)
			require.NoError(b, c.startReplication(at))
		}
		time.Sleep(settle)
		for _, pid := range pids {
			mb = append(mb, b.privateDirty(pid)/1024)
		}
		return mb
	}
	b.report.compare(comparison{what: "idle walsender's memory (Private_Dirty)", unit: "MB",
		theirs: measure(postgres), waypost: measure(waypost), target: atMostItself(2.5)})
}

// manyAtOnce has many clients take the same WAL at once, and looks that all take the same bytes from both servers.
func (b *bench) manyAtOnce(s *source, waypost int) {
	upto := s.start + min(manyBytes, xlog.LSN(s.bytes()))
	measure := func(port int) (rate, mb []float64, sum uint32) {
		conns, pids := b.dialMany(port, manyClients)
		defer closeAll(conns)
		sums := make([]uint32, len(conns))
		table := crc32.MakeTable(crc32.Castagnoli)
		began := time.Now()
		b.streamAll(conns, s.start, upto, func(i int) func([]byte) {
			left := int(upto - s.start) // what a client's last message has beyond is not every client's
			return func(wal []byte) {
				n := min(left, len(wal))
				left -= n
				sums[i] = crc32.Update(sums[i], table, wal[:n])
			}
		})
		took := time.Since(began)
		for _, one := range sums {
			require.Equal(b, sums[0], one, "clients of one server have got different bytes")
		}
		var kb float64
		for _, pid := range pids {
			kb += b.privateDirty(pid)
		}
		bytes := float64(len(conns)) * float64(upto-s.start)
		return []float64{bytes / gb / took.Seconds()}, []float64{kb / 1024}, sums[0]
	}
	ratePG, mbPG, sumPG := measure(s.Port)
	rateWP, mbWP, sumWP := measure(waypost)
	require.Equal(b, sumPG, sumWP, "the relay's bytes are not the primary's")
	b.report.compare(comparison{what: "200 walsenders stream: throughput", unit: "GB/s", theirs: ratePG, waypost: rateWP})
	b.report.compare(comparison{what: "200 walsenders stream: their Private_Dirty", unit: "MB", theirs: mbPG, waypost: mbWP})
	b.report.note("all %d clients of both received the same %d MB", 2*manyClients, (upto-s.start)>>20)
}
