package sessions

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/stretchr/testify/require"
)

// check runs one action of check_postgres and gives its exit code, which Nagios reads, and its line.
func (p *programs) check(port int, action string, options ...string) (code int, line string) {
	argv := []string{"/usr/bin/check_postgres", "--action=" + action, "--dbuser=postgres", "--dbname=postgres"}
	return p.run(port, append(argv, options...)...)
}

var took = regexp.MustCompile(`time=[0-9.]+s`)

// requireCheck holds an action to what it says of PostgreSQL.
func (p *programs) requireCheck(wantCode int, action string, options ...string) {
	p.t.Helper()
	at := func(port int) []string {
		return append([]string{"--host=127.0.0.1", "--port=" + strconv.Itoa(port)}, options...)
	}
	code, want := p.check(p.standby.Port, action, at(p.standby.Port)...)
	require.Equal(p.t, wantCode, code, want)
	code, got := p.check(p.relay.Port, action, at(p.relay.Port)...)
	require.Equal(p.t, took.ReplaceAllString(want, ""), took.ReplaceAllString(got, ""))
	require.Equal(p.t, wantCode, code, got)
}

var checksum = regexp.MustCompile(`checksum: ([0-9a-f]{32})`)

func (p *programs) checkPostgres() {
	version := p.primary.QueryOne("SELECT current_setting('server_version_num')::int % 100")
	p.requireCheck(0, "connection")
	p.requireCheck(0, "version", "--critical=15."+version)
	p.requireCheck(2, "version", "--critical=14.1")
	p.requireCheck(0, "replication_slots", "--warning=1MB", "--critical=100MB")
	p.requireCheck(0, "archive_ready")

	at := []string{"--host=127.0.0.1", "--port=" + strconv.Itoa(p.relay.Port)}
	code, line := p.check(p.relay.Port, "wal_files", append(at, "--warning=500", "--critical=900")...)
	require.Zero(p.t, code, line)
	require.Contains(p.t, line, "POSTGRES_WAL_FILES OK")
	code, line = p.check(p.relay.Port, "wal_files", append(at, "--warning=1", "--critical=2")...)
	require.Equal(p.t, 2, code, line)

	code, line = p.check(p.relay.Port, "settings_checksum", append(at, "--critical=0")...)
	require.Equal(p.t, 3, code, line)
	sum := checksum.FindStringSubmatch(line)
	require.NotNil(p.t, sum, line)
	code, line = p.check(p.relay.Port, "settings_checksum", append(at, "--critical="+sum[1])...)
	require.Zero(p.t, code, line)
	p.checkDelay()
}

// checkDelay asks the primary and the relay how far the relay is behind.
func (p *programs) checkDelay() {
	p.t.Helper()
	code, line := p.check(p.relay.Port, "hot_standby_delay", "--host=127.0.0.1,127.0.0.1",
		fmt.Sprintf("--port=%d,%d", p.primary.Port, p.relay.Port), "--warning=1", "--critical=1000000")
	require.Zero(p.t, code, line)
	require.Contains(p.t, line, "POSTGRES_HOT_STANDBY_DELAY OK")
	require.Contains(p.t, line, "replay_delay=0;")
	require.Contains(p.t, line, "receive-delay=0;")
}
