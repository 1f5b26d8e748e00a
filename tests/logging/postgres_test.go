package logging

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// TestLogLinesAreThoseOfPostgreSQL has the same client fail in the same ways at a PostgreSQL 17 and at a relay of it, and
// compares what their logs say of it, text and JSON, but for numbers.
func TestLogLinesAreThoseOfPostgreSQL(t *testing.T) {
	t.Parallel()
	settings := map[string]string{
		"logging_collector": "on", "log_destination": "stderr,jsonlog", "log_connections": "on", "log_disconnections": "on",
		"log_timezone": "Europe/Berlin", "log_error_verbosity": "verbose", "log_min_messages": "notice", "log_hostname": "on",
		"log_line_prefix": "%m|%p|%b|%8u|%-9d|%h|%e|%c|%q%a|%x|%Q|",
	}
	c := cluster.New(t)
	p := c.NewPostgres("primary", 17, cluster.PostgresOptions{Settings: settings})
	w := c.NewWaypost("relay", p.Conninfo(), cluster.WaypostOptions{Settings: settings})
	for _, port := range []int{p.Port, w.Port} {
		c.Run(c.ClientProgram("psql"), "-X", "-c", "create role tester login",
			fmt.Sprintf("host=127.0.0.1 port=%d user=postgres", port))
		psql := func(more string, args ...string) {
			argv := append([]string{c.ClientProgram("psql"), "-X",
				fmt.Sprintf("host=127.0.0.1 port=%d user=tester application_name=test %s", port, more)}, args...)
			_, _, _ = c.RunCode(argv...)
		}
		psql("dbname=nothing")
		psql("dbname=postgres", "-c", "selct 1", "-c", "select 1/0", "-c", "select no_such\n, 'two lines'",
			"-c", "set no_such_setting = 1", "-c", "select 1")
		psql("dbname=postgres", "-c", "create role x password oops")
	}
	require.Contains(t, strings.Join(logOf(t, w.DataDir, 2).text, ""), "|localhost|", "log_hostname")
	theirs, ours := logOf(t, p.DataDir, 2), logOf(t, w.DataDir, 2)
	require.Equal(t, withoutSecret(theirs.text), ours.text)
	require.Equal(t, withoutSecret(theirs.json), ours.json)
}

// withoutSecret makes of PostgreSQL's lines about the statement with a password what a relay says of it.
func withoutSecret(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if strings.Contains(line, "STATEMENT:  create role") {
			continue
		}
		line = strings.Replace(line, ` at or near "oops"`, "", 1)
		line = strings.Replace(line, ` at or near \"oops\"`, "", 1)
		kept = append(kept, strings.Replace(line, `,"statement":"create role x password oops","cursor_position":N`, "", 1))
	}
	slices.Sort(kept)
	return kept
}

// said is what a log says of the test's client, with numbers taken out.
type said struct{ text, json []string }

func logOf(t *testing.T, dataDir string, sessions int) (s said) {
	t.Helper()
	last := regexp.MustCompile(`disconnection: session time: \S+ user=tester`)
	read := func(suffix string) string {
		paths, err := filepath.Glob(filepath.Join(dataDir, "log", "*"+suffix))
		require.NoError(t, err)
		require.Len(t, paths, 1)
		var text []byte
		cluster.Eventually(t, patience, "the log has the last of it", func() bool {
			text, err = os.ReadFile(paths[0])
			require.NoError(t, err)
			return len(last.FindAll(text, -1)) == sessions
		})
		return string(text)
	}
	number := regexp.MustCompile(`\d+(\.\d+)?`)
	mask := func(line string) string {
		line = regexp.MustCompile(`<[0-9a-f]+\.[0-9a-f]+>|[0-9a-f]{8}\.[0-9a-f]+`).ReplaceAllString(line, "ID")
		line = regexp.MustCompile(`\(\S*pg_hba.conf:\d+\)`).ReplaceAllString(line, "(RULE)")
		return number.ReplaceAllString(line, "N")
	}
	mine := false
	for line := range strings.Lines(read(".log")) {
		if !strings.HasPrefix(line, "\t") {
			mine = strings.Contains(line, "|client backend|  tester|")
		}
		if mine && !strings.Contains(line, "LOCATION: ") { // there is none here
			s.text = append(s.text, mask(line))
		}
	}
	for line := range strings.Lines(read(".json")) {
		var event map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &event), line)
		if event["user"] != "tester" {
			continue
		}
		for _, own := range []string{"func_name", "file_name", "file_line_num", "vxid", "query_id", "ps"} {
			line = regexp.MustCompile(`"`+own+`":("[^"]*"|-?\d+),?`).ReplaceAllString(line, "")
		}
		s.json = append(s.json, mask(strings.Replace(line, ",}", "}", 1)))
	}
	require.NotEmpty(t, s.text)
	require.NotEmpty(t, s.json)
	slices.Sort(s.text) // one session's end and the next one's beginning come in any order
	slices.Sort(s.json)
	return s
}

// TestLoggedStatementsAreThoseOfPostgreSQL does the same for log_statement and log_min_duration_statement.
func TestLoggedStatementsAreThoseOfPostgreSQL(t *testing.T) {
	t.Parallel()
	settings := map[string]string{
		"logging_collector": "on", "log_destination": "stderr,jsonlog", "log_disconnections": "on",
		"log_line_prefix": "%m|%p|%b|%8u|", "log_timezone": "UTC",
	}
	c := cluster.New(t)
	p := c.NewPostgres("primary", 17, cluster.PostgresOptions{Settings: settings})
	w := c.NewWaypost("relay", p.Conninfo(), cluster.WaypostOptions{Settings: settings})
	for _, port := range []int{p.Port, w.Port} {
		dsn := fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres user=", port)
		c.Run(c.ClientProgram("psql"), "-X", "-c", "create role tester login superuser", dsn+"postgres")
		for _, set := range []string{"-c log_statement=ddl -c log_duration=on", "-c log_statement=all -c log_duration=on",
			"-c log_min_duration_statement=0 -c log_statement=mod", "-c log_min_duration_statement=1h"} {
			logSession(t, dsn+"tester options='"+set+"'")
		}
	}
	theirs, ours := logOf(t, p.DataDir, 4), logOf(t, w.DataDir, 4)
	require.Equal(t, theirs.text, ours.text)
	require.Equal(t, theirs.json, ours.json)
}

// logSession is a session of which the log could tell much.
func logSession(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), dsn)
	require.NoError(t, err)
	for _, sql := range []string{"select 1", "", "select 1; show port", "select 1/0", "select no_such", "selct", "begin; commit",
		"set work_mem = '5MB'", "select 1\n, 2", "comment on role no_such is 'x'", "close no_such", "select 1, 'tab\t'"} {
		_, _ = conn.Exec(t.Context(), sql).ReadAll()
	}
	_, err = conn.Prepare(t.Context(), "named", "select 2", nil)
	require.NoError(t, err)
	require.NoError(t, conn.ExecPrepared(t.Context(), "named", nil, nil, nil).Read().Err)
	require.NoError(t, conn.ExecParams(t.Context(), "select 3", nil, nil, nil, nil).Read().Err)
	require.NoError(t, conn.Close(context.Background()))
}
