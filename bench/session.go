package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// Sizes of the benchmark of sessions.
const (
	sessionsPerRun = 300
	tlsPerRun      = 100
	queriesPerRun  = 100
)

// session measures what a regular connection costs, and what the view of many walsenders does.
func (b *bench) session() {
	s, relay := b.source(), b.relay()
	b.sessionLatency(s, relay)
	b.viewOfMany(s.Port, relay.Port)
	b.tlsLatency(s, relay)
}

func (b *bench) sessionLatency(s *source, relay *cluster.Waypost) {
	var p50PG, p50WP, p99PG, p99WP, cpuPG, cpuWP []float64
	for range b.opts.runs {
		took, cpu := b.selectOnes(s.Port, s.Process())
		p50PG, p99PG, cpuPG = append(p50PG, median(took)), append(p99PG, quantile(took, 0.99)), append(cpuPG, cpu)
		took, cpu = b.selectOnes(relay.Port, relay.Process())
		p50WP, p99WP, cpuWP = append(p50WP, median(took)), append(p99WP, quantile(took, 0.99)), append(cpuWP, cpu)
	}
	b.report.compare(comparison{what: "connect, select 1, close, p50", unit: "ms", theirs: p50PG, waypost: p50WP})
	b.report.compare(comparison{what: "connect, select 1, close, p99", unit: "ms", theirs: p99PG, waypost: p99WP})
	b.report.compare(comparison{what: "connect, select 1, close, server's CPU", unit: "ms", theirs: cpuPG, waypost: cpuWP})
}

// selectOnes gives what each of many sessions, one after the other, took, and the server's processor time for one, in ms.
func (b *bench) selectOnes(port int, server *cluster.Process) (took []float64, cpu float64) {
	before := b.cpuWithReaped(server.PID)
	for range sessionsPerRun {
		began := time.Now()
		c, err := dial(port, false)
		require.NoError(b, err)
		rows, err := c.query("select 1")
		require.NoError(b, err)
		require.Equal(b, [][]string{{"1"}}, rows)
		c.terminate()
		took = append(took, time.Since(began).Seconds()*1e3)
	}
	// What ended last has to be reaped yet: one of some hundreds.
	time.Sleep(settle / 4)
	return took, (b.cpuWithReaped(server.PID) - before).Seconds() * 1e3 / sessionsPerRun
}

// cpuWithReaped is the processor time of a postmaster and of all its children that have ended.
func (b *bench) cpuWithReaped(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var user, system int64 // of the children that were waited for, in ticks
	_, err = fmt.Sscan(fields[13]+" "+fields[14], &user, &system)
	require.NoError(b, err)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every architecture that counts
	return b.cpuOf(pid) + time.Duration(user+system)*tick
}

// viewOfMany asks for pg_stat_replication while many walsenders stream.
func (b *bench) viewOfMany(postgres, waypost int) {
	measure := func(port int) (medians []float64) {
		conns, _ := b.dialMany(port, manyClients)
		defer closeAll(conns)
		for _, c := range conns {
			at, err := c.identify()
			require.NoError(b, err)
			require.NoError(b, c.startReplication(at))
		}
		session, err := dial(port, false)
		require.NoError(b, err)
		defer session.terminate()
		for range b.opts.runs {
			var took []float64
			for range queriesPerRun {
				began := time.Now()
				rows, err := session.query("select * from pg_stat_replication")
				require.NoError(b, err)
				require.GreaterOrEqual(b, len(rows), manyClients)
				took = append(took, time.Since(began).Seconds()*1e3)
			}
			medians = append(medians, median(took))
		}
		return medians
	}
	b.report.compare(comparison{what: "pg_stat_replication of 200 walsenders, p50", unit: "ms",
		theirs: measure(postgres), waypost: measure(waypost)})
}

// tlsLatency measures connections with TLS 1.3, one after the other. Both servers have the same certificate; the client is
// Go's for both, and its part of the handshake is in the time.
func (b *bench) tlsLatency(s *source, relay *cluster.Waypost) {
	b.encrypt(s, relay)
	var pg, wp []float64
	for range b.opts.runs {
		pg = append(pg, median(b.connectTLS(s.Port)))
		wp = append(wp, median(b.connectTLS(relay.Port)))
	}
	b.report.compare(comparison{what: "connect by TLS, select 1, close, p50", unit: "ms", theirs: pg, waypost: wp})
}

func (b *bench) connectTLS(port int) (took []float64) {
	ctx := context.Background()
	config, err := pgconn.ParseConfig(
		fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=require", port))
	require.NoError(b, err)
	cluster.EventuallyOK(b, time.Minute, "the server speaks TLS", func() error {
		conn, err := pgconn.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
	for range tlsPerRun {
		began := time.Now()
		conn, err := pgconn.ConnectConfig(ctx, config)
		require.NoError(b, err)
		_, err = conn.Exec(ctx, "select 1").ReadAll()
		require.NoError(b, err)
		require.NoError(b, conn.Close(ctx))
		took = append(took, time.Since(began).Seconds()*1e3)
	}
	return took
}
