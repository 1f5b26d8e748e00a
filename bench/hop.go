package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// writeEvery is the pace of the writes whose way is timed: slow enough that each travels alone.
const writeEvery = 5 * time.Millisecond

// hop measures how much later a write comes to a client of a relay than to a client of the primary.
func (b *bench) hop() {
	p := b.pair()
	type quantiles struct{ direct, p50, p99 []float64 }
	var pg, wp quantiles
	measure := func(q *quantiles, name string, start func(), port int) {
		// The primary wakes its walsenders in the order of their slots: its own client's is to be the first.
		near := b.follow(p.primary.Port)
		start()
		p.primary.WaitConsumer(time.Minute, name)
		direct, added := b.hopOnce(p.primary.Port, near, b.follow(port))
		q.direct = append(q.direct, median(direct))
		q.p50 = append(q.p50, median(added))
		q.p99 = append(q.p99, quantile(added, 0.99))
	}
	for range b.opts.runs {
		measure(&pg, "standby", p.standby.Start, p.standby.Port)
		p.standby.Stop(cluster.Fast)
		measure(&wp, "witness", p.relay.Start, p.relay.Port)
		p.relay.Stop(cluster.Fast)
	}
	b.report.compare(comparison{what: "delay added by the second hop, p50", unit: "µs", theirs: pg.p50, waypost: wp.p50, target: atMost(0.5)})
	b.report.compare(comparison{what: "delay added by the second hop, p99", unit: "µs", theirs: pg.p99, waypost: wp.p99, target: atMost(0.5)})
	b.report.compare(comparison{what: "from the write to the primary's own client", unit: "µs", theirs: pg.direct, waypost: wp.direct})
}

// arrival is when WAL up to end had come.
type arrival struct {
	end xlog.LSN
	at  time.Time
}

// follower waits until WAL past an LSN has come to a client, ends its stream, and gives all arrivals.
type follower func(past xlog.LSN) []arrival

// hopOnce writes at the primary for a while and gives for each write, in µs, how long after its beginning it came to
// the near client, and how much later still to the far one.
func (b *bench) hopOnce(primary int, near, far follower) (direct, added []float64) {
	writer, err := dial(primary, false)
	require.NoError(b, err)
	defer writer.terminate()

	var writes []arrival // end: of the message's record, before that of its commit record
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for began := time.Now(); time.Since(began) < b.opts.seconds; {
		<-ticker.C
		at := time.Now()
		rows, err := writer.query("SELECT pg_logical_emit_message(true, 'bench', 'a small write')")
		require.NoError(b, err)
		end, err := xlog.ParseLSN(rows[0][0])
		require.NoError(b, err)
		writes = append(writes, arrival{end, at})
	}
	last := writes[len(writes)-1].end
	nearBy, farOff := near(last), far(last)
	for _, w := range writes {
		first := firstPast(nearBy, w.end)
		direct = append(direct, first.Sub(w.at).Seconds()*1e6)
		added = append(added, firstPast(farOff, w.end).Sub(first).Seconds()*1e6)
	}
	return direct, added
}

// firstPast is when WAL past end first came: part of the commit record, that is, and both are flushed at once.
func firstPast(arrivals []arrival, end xlog.LSN) time.Time {
	i, _ := slices.BinarySearchFunc(arrivals, end, func(a arrival, end xlog.LSN) int {
		if a.end <= end {
			return -1
		}
		return 1
	})
	return arrivals[i].at
}

// follow streams from a server's current position on.
func (b *bench) follow(port int) follower {
	c, err := dial(port, true)
	require.NoError(b, err)
	from, err := c.identify()
	require.NoError(b, err)
	require.NoError(b, c.startReplication(from))

	came := make(chan arrival, 1<<16)
	failed := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the thread that sleeps in read(2) is the one that takes the time
		defer runtime.UnlockOSThread()
		defer c.close()
		for {
			before := c.sent
			if err := c.stream(before+1, nil); err != nil {
				failed <- err
				return
			}
			came <- arrival{c.sent, time.Now()}
		}
	}()
	return func(upto xlog.LSN) (all []arrival) {
		for {
			select {
			case a := <-came:
				if all = append(all, a); a.end > upto {
					c.shutdown()
					return all
				}
			case err := <-failed:
				require.NoError(b, fmt.Errorf("follow port %d: %w", port, err))
			}
		}
	}
}
