package main

import (
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// send measures walsenders that read old WAL from files: the primary's, and those of a relay of it.
func (b *bench) send() {
	s, relay := b.source(), b.relay()
	b.sendTo(1, s.Port, relay.Port, s.start, s.end)
	// Eight times a third is as much as the machine should be kept busy for.
	b.sendTo(8, s.Port, relay.Port, s.start, s.start+(s.end-s.start)/3)
}

func (b *bench) sendTo(clients, postgres, waypost int, from, upto xlog.LSN) {
	var cpuPG, cpuWP, ratePG, rateWP []float64
	for range b.opts.runs {
		cpu, rate := b.sendOnce(postgres, clients, from, upto)
		cpuPG, ratePG = append(cpuPG, cpu), append(ratePG, rate)
		cpu, rate = b.sendOnce(waypost, clients, from, upto)
		cpuWP, rateWP = append(cpuWP, cpu), append(rateWP, rate)
	}
	b.report.note("%d client(s), %d MB each", clients, (upto-from)>>20)
	b.report.compare(comparison{what: "walsender's CPU", unit: "s/GB", theirs: cpuPG, waypost: cpuWP, target: atMost(0.75)})
	b.report.compare(comparison{what: "throughput, all clients", unit: "GB/s", theirs: ratePG, waypost: rateWP, target: atLeast(1.2)})
}

// sendOnce has clients at once take the same WAL, and gives the walsenders' processor seconds per GB and GB per second.
func (b *bench) sendOnce(port, clients int, from, upto xlog.LSN) (cpu, rate float64) {
	conns, pids := b.dialMany(port, clients)
	defer closeAll(conns)
	before := b.cpuOfAll(pids)
	began := time.Now()
	b.streamAll(conns, from, upto, nil)
	took := time.Since(began)
	var bytes int64
	for _, c := range conns {
		bytes += int64(c.sent - from)
	}
	return perGB(b.cpuOfAll(pids)-before, bytes), float64(bytes) / gb / took.Seconds()
}

// dialMany makes replication connections, and gives the pids of their walsenders.
func (b *bench) dialMany(port, n int) (conns []*client, pids []int) {
	for range n {
		c, err := dial(port, true)
		require.NoError(b, err)
		conns, pids = append(conns, c), append(pids, c.pid)
	}
	return conns, pids
}

func closeAll(conns []*client) {
	for _, c := range conns {
		c.close()
	}
}

// streamAll has all connections stream at once. each, if not nil, makes what takes a connection's WAL.
func (b *bench) streamAll(conns []*client, from, upto xlog.LSN, each func(i int) func([]byte)) {
	done := make(chan error, len(conns))
	for i, c := range conns {
		var take func([]byte)
		if each != nil {
			take = each(i)
		}
		go func() {
			err := c.startReplication(from)
			if err == nil {
				err = c.stream(upto, take)
			}
			done <- err
		}()
	}
	for range conns {
		require.NoError(b, <-done)
	}
}
