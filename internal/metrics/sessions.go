package metrics

import (
	"waypost/internal/activity"
	"waypost/internal/procsignal"
	"waypost/shmem"
	"waypost/xlog"
)

// The one database there is.
const (
	databaseName = "postgres"
	databaseOID  = "5"
)

// inDatabase says whether a process counts as one of its sessions.
func inDatabase(k procsignal.Kind) bool { return k == procsignal.Backend }

func (s *scrape) database() {
	d := &s.areas.Stats.Database
	labels := []string{"datid", "datname"}
	tell := func(f family, v float64) { f.add(v, databaseOID, databaseName) }
	counter := func(name, help string, v uint64) {
		tell(s.counters("pg_stat_database_"+name, help, labels...), float64(v))
	}
	ms := func(name, help string, us uint64) {
		tell(s.counters("pg_stat_database_"+name, help, labels...), float64(us)/1e3)
	}
	backends := 0
	for i := range s.areas.Procs {
		if p := &s.areas.Procs[i]; p.PID() != 0 && inDatabase(p.Kind()) {
			backends++
		}
	}
	tell(s.gauges("pg_stat_database_numbackends", "Sessions now", labels...), float64(backends))
	counter("xact_commit", "Transactions committed", d.XactCommit.Load())
	counter("xact_rollback", "Transactions rolled back", d.XactRollback.Load())
	counter("tup_returned", "Rows given to clients", d.TupReturned.Load())
	counter("sessions", "Sessions so far", d.Sessions.Load())
	counter("sessions_abandoned", "Sessions whose connection was lost", d.SessionsAbandoned.Load())
	counter("sessions_fatal", "Sessions ended by a fatal error", d.SessionsFatal.Load())
	counter("sessions_killed", "Sessions ended by an operator", d.SessionsKilled.Load())
	ms("session_time", "Time of sessions, in milliseconds", d.SessionMicros.Load())
	ms("active_time", "Time of statements, in milliseconds", d.ActiveMicros.Load())
	ms("idle_in_transaction_time", "Time idle in a transaction, in milliseconds", d.IdleInXactMicros.Load())
	for _, name := range []string{"blks_read", "blks_hit", "blk_read_time", "blk_write_time", "tup_fetched", "tup_inserted",
		"tup_updated", "tup_deleted", "conflicts", "conflicts_confl_bufferpin", "conflicts_confl_deadlock", "conflicts_confl_lock",
		"conflicts_confl_snapshot", "conflicts_confl_tablespace", "deadlocks", "temp_files", "temp_bytes"} {
		counter(name, "Always 0: a relay has no tables", 0)
	}
	tell(s.counters("pg_stat_database_stats_reset", "Time at which these were last reset", labels...),
		seconds(xlog.TimestampTz(d.Reset.At.Load())))
	locks := s.gauges("pg_locks_count", "Always 0: a relay has no tables", "datname", "mode")
	for _, mode := range []string{"accesssharelock", "rowsharelock", "rowexclusivelock", "shareupdateexclusivelock",
		"sharelock", "sharerowexclusivelock", "exclusivelock", "accessexclusivelock", "sireadlock"} {
		locks.add(0, databaseName, mode)
	}
}

// activity tells what processes are doing: how many of each kind, in which state, waiting for what.
func (s *scrape) activity() {
	states := make(map[activity.State]int)
	longest := make(map[activity.State]float64)
	waits := make(map[activity.WaitEvent]int)
	tls := make(map[string]int)
	for i := range s.areas.Procs {
		p := &s.areas.Procs[i]
		if p.PID() == 0 || i >= len(s.areas.Status) {
			continue
		}
		status := &s.areas.Status[i]
		if wait := status.Waiting(); wait.Name() != "" {
			waits[wait]++
		}
		f := status.Peek()
		if f.SSL != 0 {
			tls[shmem.String(f.SSLVersion[:])]++
		}
		if p.Kind() != procsignal.Backend && p.Kind() != procsignal.WalSender {
			continue
		}
		states[f.State]++
		if f.XactStart != 0 {
			longest[f.State] = max(longest[f.State], age(f.XactStart, s.now))
		}
	}
	count := s.gauges("pg_stat_activity_count", "Sessions in this state", "datname", "state")
	duration := s.gauges("pg_stat_activity_max_tx_duration", "Age of the oldest transaction of those, in seconds",
		"datname", "state")
	for state := activity.Idle; state <= activity.Disabled; state++ {
		count.add(float64(states[state]), databaseName, state.Display())
		duration.add(longest[state], databaseName, state.Display())
	}
	waiting := s.gauges("waypost_processes_waiting", "Processes that wait, by what for", "wait_event_type", "wait_event")
	for wait, n := range waits {
		waiting.add(float64(n), wait.Type(), wait.Name())
	}
	encrypted := s.gauges("waypost_tls_connections", "Connections by TLS, by protocol version", "version")
	for version, n := range tls {
		encrypted.add(float64(n), version)
	}
}
