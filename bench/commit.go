package main

import (
	"fmt"
	"strconv"
	"time"

	"waypost/tests/cluster"
)

// pair is a primary with the cost of durability, and what streams from it: a PostgreSQL standby and a Waypost relay.
// Neither runs until it is wanted, so that each is measured alone.
type pair struct {
	primary *cluster.Postgres
	standby *cluster.Postgres
	relay   *cluster.Waypost

	receivewal *cluster.Receivewal // the one that runs, or ran last
}

func (b *bench) pair() *pair {
	if b.thePair != nil {
		return b.thePair
	}
	primary := b.disk.NewPostgres("primary", 15, cluster.PostgresOptions{Fsync: true, Settings: map[string]string{
		"shared_buffers":     "512MB",
		"max_wal_size":       "16GB",
		"checkpoint_timeout": "1h",
		"wal_keep_size":      "16GB",
		"autovacuum":         "off",
	}})
	primary.PgbenchInit(10)
	p := &pair{primary: primary}
	p.standby = b.disk.InitStandbyOf(primary, "standby", primary.Conninfo(), nil)
	p.relay = b.disk.InitWaypost("witness", primary.Conninfo(), cluster.WaypostOptions{
		Settings: map[string]string{"wal_keep_size": "16GB", "max_wal_size": "16GB"},
	})
	b.thePair = p
	return p
}

// standbyKind is one of the standbys to have a commit wait for.
type standbyKind struct {
	name  string // application_name, empty for none
	start func() (stop func())
	pids  func() []int // of all its processes
}

func (b *bench) standbyKinds(p *pair) []standbyKind {
	return []standbyKind{
		{"", func() func() { return func() {} }, func() []int { return nil }},
		{"receivewal", func() func() {
			p.receivewal = b.disk.StartReceivewal("receivewal", p.primary.Conninfo(), "--synchronous")
			return p.receivewal.Stop
		}, func() []int { return []int{p.receivewal.PID} }},
		{"standby", func() func() {
			p.standby.Start()
			return func() { p.standby.Stop(cluster.Fast) }
		}, func() []int { return tree(p.standby.Process()) }},
		{"witness", func() func() {
			p.relay.Start()
			return func() { p.relay.Stop(cluster.Fast) }
		}, func() []int { return tree(p.relay.Process()) }},
	}
}

// tree is a server with all its processes.
func tree(postmaster *cluster.Process) []int {
	pids := []int{postmaster.PID}
	for _, child := range postmaster.Children() {
		pids = append(pids, child.PID)
	}
	return pids
}

// commit measures pgbench -N whose commits wait for one synchronous standby, or for none.
func (b *bench) commit() {
	p := b.pair()
	clients := []int{1, 8, 32}
	p.pgbench(8, b.opts.seconds) // most pages' first images after the checkpoint are written here
	tps, cpu := map[string]map[int][]float64{}, map[string]map[int][]float64{}
	for range b.opts.runs {
		for _, kind := range b.standbyKinds(p) {
			if tps[kind.name] == nil {
				tps[kind.name], cpu[kind.name] = map[int][]float64{}, map[int][]float64{}
			}
			p.withSynchronous(kind, func() {
				pids := kind.pids()
				for _, n := range clients {
					before := b.cpuOfAll(pids)
					rate := p.pgbench(n, b.opts.seconds)
					used := float64((b.cpuOfAll(pids) - before).Microseconds())
					tps[kind.name][n] = append(tps[kind.name][n], rate)
					cpu[kind.name][n] = append(cpu[kind.name][n], used/(rate*b.opts.seconds.Seconds()))
				}
			})
		}
	}
	for _, n := range clients {
		what := fmt.Sprintf("pgbench -N -c %d", n)
		ours := tps["witness"][n]
		b.report.compare(comparison{what: what, unit: "tps", other: "no standby", theirs: tps[""][n], waypost: ours, target: atLeast(0.9)})
		b.report.compare(comparison{what: what, unit: "tps", other: "pg_receivewal", theirs: tps["receivewal"][n], waypost: ours, target: moreThan(1)})
		b.report.compare(comparison{what: what, unit: "tps", other: "PostgreSQL standby", theirs: tps["standby"][n], waypost: ours, target: moreThan(1)})
		b.report.note("CPU of the whole standby per transaction: pg_receivewal %s, PostgreSQL standby %s, Waypost %s µs",
			spread(cpu["receivewal"][n]), spread(cpu["standby"][n]), spread(cpu["witness"][n]))
	}
}

// withSynchronous has the primary's commits wait for a standby of this kind while f runs.
func (p *pair) withSynchronous(kind standbyKind, f func()) {
	stop := kind.start()
	defer stop()
	if kind.name != "" {
		p.setSynchronous(kind.name)
		// Else the next commit would wait for one that has gone.
		defer p.setSynchronous("")
		// What it has missed while others were measured is no part of this run. pg_receivewal replays nothing.
		p.primary.WaitFor(time.Minute, fmt.Sprintf("SELECT count(*) FROM pg_stat_replication WHERE application_name = '%s' "+
			"AND sync_state = 'sync' AND state = 'streaming' AND COALESCE(replay_lsn, flush_lsn) >= pg_current_wal_flush_lsn()", kind.name), "1")
	}
	f()
}

func (p *pair) setSynchronous(name string) {
	p.primary.Exec("ALTER SYSTEM SET synchronous_standby_names = '" + name + "'")
	p.primary.Exec("SELECT pg_reload_conf()")
	p.primary.WaitFor(time.Minute, "SELECT setting FROM pg_settings WHERE name = 'synchronous_standby_names'", name)
}

func (p *pair) pgbench(clients int, seconds time.Duration) float64 {
	return p.primary.Pgbench("-N", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)),
		"-T", strconv.Itoa(int(seconds.Seconds())))
}
