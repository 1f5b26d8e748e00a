package sessions

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// metrics are the samples of a scrape: name{labels} without the server's, to value.
type metrics map[string]float64

// named gives the names, with labels, that begin so.
func (m metrics) named(prefixes ...string) []string {
	var names []string
	for name := range m {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// exporter takes Debian's as it comes, and what it says beside what it says of PostgreSQL.
func (p *programs) exporter() {
	want, theirLog := p.scrape("exporter.of.standby", p.standby.Port)
	got, ourLog := p.scrape("exporter.of.relay", p.relay.Port)
	require.NotContains(p.t, theirLog, "level=error")
	for _, bad := range []string{"level=error", "level=warn", "rror"} {
		require.NotContains(p.t, ourLog, bad)
	}
	for name, value := range map[string]float64{
		"pg_up": 1, "pg_exporter_last_scrape_error": 0,
		`pg_scrape_collector_success{collector="bgwriter"}`: 1, `pg_scrape_collector_success{collector="database"}`: 1,
		"pg_settings_max_connections": 100, "pg_settings_hot_standby": 1, "pg_settings_wal_segment_size_bytes": 1 << 20,
		"pg_settings_wal_receiver_status_interval_seconds":        1,
		`pg_replication_seen_behind{application_name="consumer"}`: 0,
		`pg_replication_seen_ahead{application_name="consumer"}`:  0,
		`pg_receiver_seen_behind{status="streaming"}`:             0,
	} {
		require.Containsf(p.t, got, name, "%q", got.named("pg_"+strings.SplitN(name, "_", 3)[1]))
		require.Equal(p.t, value, got[name], name)
	}
	p.requireSameFigures(want, got)
	p.requireSameSettings(want, got)
}

// requireSameFigures: all that there is of a view of PostgreSQL's there is of a relay's. Of a view that 17 has added columns
// to, a relay of 15 has these, too.
func (p *programs) requireSameFigures(want, got metrics) {
	for _, view := range []string{
		"pg_stat_replication_", "pg_stat_bgwriter_", "pg_stat_archiver_", "pg_static", "pg_scrape_", "pg_replication_seen",
		"pg_receiver_seen",
	} {
		names := want.named(view)
		require.NotEmpty(p.t, names, view)
		require.Subset(p.t, got.named(view), names)
	}
	ofOthers := func(name string) bool { return !strings.Contains(name, `datname="postgres"`) }
	for _, view := range []string{
		"pg_stat_database_", "pg_stat_database_conflicts_", "pg_locks_count", "pg_stat_activity_", "pg_database_size_bytes",
	} {
		ours := func(m metrics) []string { return slices.DeleteFunc(m.named(view), ofOthers) }
		require.NotEmpty(p.t, ours(want), view)
		require.Subset(p.t, ours(got), ours(want))
	}
	now := float64(time.Now().Unix())
	for _, name := range got.named("pg_stat_replication_reply_time") {
		require.InDelta(p.t, now, got[name], 60, name)
	}
}

// requireSameSettings: the settings that a relay has in common with PostgreSQL are shown under the same names, and what
// both have from the same file or the same binary has the same value.
func (p *programs) requireSameSettings(want, got metrics) {
	shown := got.named("pg_settings_")
	require.Greater(p.t, len(shown), 50)
	for _, name := range []string{
		"pg_settings_block_size", "pg_settings_wal_block_size", "pg_settings_max_identifier_length",
		"pg_settings_wal_sender_timeout_seconds", "pg_settings_wal_receiver_timeout_seconds",
		"pg_settings_authentication_timeout_seconds", "pg_settings_superuser_reserved_connections",
		"pg_settings_wal_retrieve_retry_interval_seconds", "pg_settings_wal_keep_size_bytes",
		"pg_settings_server_version_num",
	} {
		require.Contains(p.t, got, name)
		require.Equal(p.t, want[name], got[name], name)
	}
}

// queries are a user's own, as the package's example shows how to write them.
const queries = `
pg_replication_seen:
  query: |
    SELECT application_name, greatest(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), sent_lsn), 0)::float AS behind,
      greatest(pg_wal_lsn_diff(write_lsn, sent_lsn), 0)::float AS ahead, extract(epoch FROM now() - backend_start) AS age
    FROM pg_stat_replication WHERE state = 'streaming'
  metrics:
    - application_name: {usage: "LABEL", description: "the consumer"}
    - behind: {usage: "GAUGE", description: "bytes not sent"}
    - ahead: {usage: "GAUGE", description: "bytes written that were not sent"}
    - age: {usage: "GAUGE", description: "seconds"}
pg_receiver_seen:
  query: "SELECT status, pg_wal_lsn_diff(latest_end_lsn, flushed_lsn)::float AS behind FROM pg_stat_wal_receiver"
  metrics:
    - status: {usage: "LABEL", description: "state"}
    - behind: {usage: "GAUGE", description: "bytes not flushed"}
`

func (p *programs) scrape(name string, port int) (metrics, string) {
	p.t.Helper()
	at := p.FreePort()
	p.WriteFile(p.Path(name+".yaml"), queries)
	e := p.StartProgram(name, p.Dir,
		[]string{fmt.Sprintf("DATA_SOURCE_NAME=postgresql://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)},
		"/usr/bin/prometheus-postgres-exporter", "--extend.query-path="+p.Path(name+".yaml"),
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", at))
	var m metrics
	for range 2 { // the second scrape finds a connection that was used
		cluster.EventuallyOK(p.t, patience, name+" is scraped", func() (err error) {
			m, err = read(fmt.Sprintf("http://127.0.0.1:%d/metrics", at), port)
			return err
		})
	}
	e.Signal(syscall.SIGTERM)
	e.Wait(patience)
	return m, e.LogText()
}

var (
	serverLabel = regexp.MustCompile(`,?server="[^"]*"`)
	pidLabel    = regexp.MustCompile(`slot_name="[0-9]+"`) // the exporter shows walsenders' pids so
	version     = regexp.MustCompile(`,version="[^"]*"`)
)

func read(url string, port int) (metrics, error) {
	r, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	m := metrics{}
	in := bufio.NewScanner(strings.NewReader(string(body)))
	for in.Scan() {
		line := in.Text()
		at := strings.LastIndexByte(line, ' ')
		if !strings.HasPrefix(line, "pg_") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		name := serverLabel.ReplaceAllString(line[:at], "")
		name = pidLabel.ReplaceAllString(version.ReplaceAllString(name, ""), `slot_name="PID"`)
		m[strings.TrimSuffix(strings.Replace(name, "{,", "{", 1), "{}")] = value
	}
	return m, in.Err()
}
