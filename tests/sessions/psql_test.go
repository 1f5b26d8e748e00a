package sessions

import (
	"regexp"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

func (p *programs) psqlArgv(options ...string) []string {
	return append([]string{p.ClientProgram("psql"), "-X", "-v", "ON_ERROR_STOP=1"}, options...)
}

// psql holds its commands to what they print of PostgreSQL.
func (p *programs) psql() {
	for _, command := range []string{
		`\conninfo`,
		`\du`,
		`\du+ postgres`,
		`\dg`,
		`\dn pg_catalog`,
		`\df pg_is_in_recovery`,
		`\df pg_wal_lsn_diff`,
		`\d pg_stat_replication`,
		`\d pg_catalog.pg_stat_wal_receiver`,
		`\dv pg_catalog.pg_stat_repl*`,
		`\dconfig wal_receiver_t*`,
		`\encoding`,
		`\echo :DBNAME :USER :ENCODING :SERVER_VERSION_NUM`,
		`\c postgres`,
	} {
		p.requireAlike(p.psqlArgv("-c", command)...)
	}
	require.Contains(p.t, p.requireAlike(p.psqlArgv("-c", `\conninfo`)...),
		`You are connected to database "postgres" as user "postgres" on host "127.0.0.1" at port "PORT".`)
	require.Regexp(p.t, `(?m)^ postgres +\| Superuser, Create role, Create DB, Replication, Bypass RLS \| \{\}`,
		p.requireAlike(p.psqlArgv("-c", `\du`)...))
	p.psqlScript()
	p.psqlWatch()
	p.psqlDatabases()
}

// psqlScript is for what takes more than one line, or does more than one thing.
func (p *programs) psqlScript() {
	p.WriteFile(p.Path("script.psql"), `
\x on
SELECT application_name, state, sent_lsn, write_lsn, flush_lsn, sync_state FROM pg_stat_replication;
\x off
SELECT application_name, sent_lsn, reply_time, write_lag, pid FROM pg_stat_replication \gdesc
SELECT 1 AS a, now() AS b, 'x' AS c, 1.5::numeric(10,2) AS d \gdesc
SELECT * FROM pg_stat_wal_receiver \gdesc
SELECT application_name, state FROM pg_stat_replication \gx
SELECT state AS s FROM pg_stat_replication \gset p_
\echo :p_s
SELECT 'SELECT ' || n FROM (VALUES (1), (2)) v(n) \gexec
\set FETCH_COUNT 2
SELECT n FROM (VALUES (1), (2), (3)) v(n);
\unset FETCH_COUNT
\set ON_ERROR_ROLLBACK on
\set ON_ERROR_STOP 0
BEGIN;
SELECT 1;
SELECT 1/0;
SELECT 2;
COMMIT;
SELECT nosuch;
\timing off
\pset null NULL
SELECT pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp(), NULL AS nothing;
`)
	p.requireAlike(p.ClientProgram("psql"), "-X", "-f", p.Path("script.psql"))
}

// psqlDatabases: a relay shows one database, which is PostgreSQL's, too.
func (p *programs) psqlDatabases() {
	for _, command := range []string{`\l`, `\l postgres`, `\l+ postgres`} {
		code, output := p.run(p.relay.Port, p.psqlArgv("-At", "-c", command)...)
		require.Zerof(p.t, code, "%s:\n%s", command, output)
		lines := strings.Split(strings.TrimSpace(output), "\n")
		require.Lenf(p.t, lines, 1, "%s:\n%s", command, output)
		require.Regexpf(p.t, `^postgres\|postgres\|UTF8\|`, lines[0], command)
	}
	heading := func(port int) string {
		_, output := p.run(port, p.psqlArgv("-A", "-c", `\l`)...)
		return strings.Join(strings.Split(output, "\n")[:2], "\n")
	}
	require.Equal(p.t, heading(p.standby.Port), heading(p.relay.Port))
}

var watched = regexp.MustCompile(`(?m)^ consumer +\| streaming$`)

func (p *programs) psqlWatch() {
	p.WriteFile(p.Path("watch.psql"), `SELECT 'consumer' AS name, state FROM pg_stat_replication \watch 0.1`)
	argv := append([]string{"/usr/bin/stdbuf", "-oL"}, p.psqlArgv("-d", p.relay.Conninfo(), "-f", p.Path("watch.psql"))...)
	watch := p.StartProgram("watch.psql", p.Dir, nil, argv...)
	cluster.Eventually(p.t, patience, `\watch shows three results`, func() bool {
		return len(watched.FindAllString(watch.LogText(), -1)) >= 3
	})
	watch.Signal(syscall.SIGINT)
	watch.Wait(patience)
	require.NotContains(p.t, watch.LogText(), "ERROR")
}
