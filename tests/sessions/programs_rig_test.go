package sessions

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// programs is what a program is run against: a relay, and beside it a standby of PostgreSQL of the same primary, which
// says what is right. A pg_receivewal named consumer streams from each. All are version 15, as Debian's programs are.
type programs struct {
	*cluster.Cluster
	t       *testing.T
	primary *cluster.Postgres
	standby *cluster.Postgres
	relay   *cluster.Waypost
	end     xlog.LSN // of the primary's WAL; all have it
}

// TestProgramsRunUnmodifiedAgainstARelay shares one relay between the programs.
func TestProgramsRunUnmodifiedAgainstARelay(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	whole := t
	p := &programs{Cluster: c, t: t}
	p.primary = c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1, Settings: quiet})
	p.standby = c.StandbyOf(p.primary, "standby", p.primary.Conninfo(), nil)
	p.relay = c.NewWaypost("relay", p.primary.Conninfo(), cluster.WaypostOptions{
		Settings: map[string]string{"wal_keep_size": "1GB"},
	})
	for name, upstream := range map[string]string{"of.standby": p.standby.Conninfo(), "of.relay": p.relay.Conninfo()} {
		c.StartReceivewal(name, upstream, "-d", upstream+" application_name=consumer")
	}
	p.primary.Exec("CREATE TABLE t AS SELECT generate_series(1, 1000)")
	p.end = p.primary.SwitchWAL()
	p.settle()

	for _, program := range []struct {
		name string
		test func(*programs)
	}{
		{"psql", (*programs).psql},
		{"prometheus-postgres-exporter", (*programs).exporter},
		{"check_postgres", (*programs).checkPostgres},
		{"pgbench", (*programs).pgbench},
		{"psycopg2", (*programs).psycopg2},
		{"psycopg3", (*programs).psycopg3},
		{"node-postgres", (*programs).node},
		{"pgx", (*programs).pgx},
		{"libpq", (*programs).libpq},
		{"barman", (*programs).barman}, // the last: it switches segments, which changes the others' answers
	} {
		t.Run(program.name, func(t *testing.T) {
			p.t, c.T = t, t
			defer func() { p.t, c.T = whole, whole }()
			program.test(p)
		})
	}
}

// settle waits until both have the primary's WAL, and their consumers, too.
func (p *programs) settle() {
	p.t.Helper()
	level := fmt.Sprintf("SELECT pg_last_wal_replay_lsn() >= '%s' AND (SELECT min(write_lsn) >= '%s' FROM pg_stat_replication)",
		p.end, p.end)
	p.standby.WaitFor(patience, level, "t")
	p.relay.WaitFor(patience, level, "t")
}

// run runs a program against a port, as libpq's environment variables tell it, and gives all that it prints, in which the
// port is written PORT.
func (p *programs) run(port int, argv ...string) (code int, output string) {
	p.t.Helper()
	env := []string{
		"/usr/bin/env", "PGHOST=127.0.0.1", "PGPORT=" + strconv.Itoa(port), "PGUSER=postgres", "PGDATABASE=postgres",
		"PGSSLMODE=disable", "PGCONNECT_TIMEOUT=10",
	}
	code, stdout, stderr := p.RunCode(append(env, argv...)...)
	return code, strings.ReplaceAll(stdout+stderr, strconv.Itoa(port), "PORT")
}

// requireAlike runs a program against both. What it prints must be the same, and it must end well. It gets another try:
// the primary may have written something of its own accord between the two.
func (p *programs) requireAlike(argv ...string) (output string) {
	p.t.Helper()
	var code int
	var want, got string
	for range tries {
		if code, want = p.run(p.standby.Port, argv...); code != 0 {
			break
		}
		if code, got = p.run(p.relay.Port, argv...); want == got {
			break
		}
	}
	require.Equalf(p.t, want, got, "%q", argv)
	require.Zerof(p.t, code, "%q:\n%s", argv, got)
	return got
}

// script copies a file of testdata to where the servers' user can read it.
func (p *programs) script(name string) string {
	p.t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(p.t, err)
	path := p.Path(name)
	p.WriteFile(path, string(content))
	return path
}
