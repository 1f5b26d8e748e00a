package main

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// send measures walsenders that read old WAL from files: the primary's, and those of a relay of it.
func (b *bench) send() {
	s, relay := b.source(), b.relay()
	b.sendTo(1, true, s.Port, relay.Port, s.start, s.end)
	// Eight times a third is as much as the machine should be kept busy for.
	third := s.start + (s.end-s.start)/3
	b.sendTo(8, true, s.Port, relay.Port, s.start, third)
	b.sendTo(1, false, s.Port, relay.Port, s.start, s.end)
	b.sendTo(8, false, s.Port, relay.Port, s.start, third)
}

// sendTo compares two servers. Only clients that discard cost so little that the servers are what limits the rate, so
// the targets are theirs.
func (b *bench) sendTo(clients int, discard bool, postgres, waypost int, from, upto xlog.LSN) {
	var cpuPG, cpuWP, ratePG, rateWP []float64
	for range b.opts.runs {
		cpu, rate := b.sendOnce(postgres, clients, discard, from, upto)
		cpuPG, ratePG = append(cpuPG, cpu), append(ratePG, rate)
		cpu, rate = b.sendOnce(waypost, clients, discard, from, upto)
		cpuWP, rateWP = append(cpuWP, cpu), append(rateWP, rate)
	}
	cpu := comparison{what: "walsender's CPU", unit: "s/GB", theirs: cpuPG, waypost: cpuWP}
	rate := comparison{what: "throughput", unit: "GB/s", theirs: ratePG, waypost: rateWP}
	who := fmt.Sprintf(", %d discard", clients)
	if discard {
		cpu.target, rate.target = atMost(0.75), atLeast(1.2)
	} else {
		who = fmt.Sprintf(", %d read into memory", clients)
	}
	cpu.what += who
	rate.what += who
	b.report.compare(cpu)
	b.report.compare(rate)
}

// sendOnce has clients at once take the same WAL, and gives the walsenders' processor seconds per GB and GB per second.
func (b *bench) sendOnce(port, clients int, discard bool, from, upto xlog.LSN) (cpu, rate float64) {
	conns, pids := b.dialMany(port, clients)
	defer closeAll(conns)
	for _, c := range conns {
		c.discards = discard
	}
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
