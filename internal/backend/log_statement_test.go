package backend_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

// own are the events of log_statement and its like that were logged since from, with times as N.
func own(log string, from int) []string {
	var events []string
	for line := range strings.Lines(log[from:]) {
		if _, event, ok := strings.Cut(line, "] LOG:  "); ok && regexp.MustCompile(
			`^(statement|execute|duration)`).MatchString(event) {
			events = append(events, regexp.MustCompile(`\d+\.\d{3} ms`).ReplaceAllString(strings.TrimSpace(event), "N ms"))
		}
	}
	return events
}

func TestLogStatementClassesAreThoseOfPostgreSQL(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	for _, s := range []struct{ sql, class string }{
		{"SELECT 1", "all"}, {"SHOW port", "all"}, {"BEGIN", "all"}, {"COMMIT", "all"}, {"SET work_mem = '5MB'", "all"},
		{"PREPARE p AS SELECT 1", "all"}, {"EXECUTE p", "all"}, {"EXECUTE nothing", "all"}, {"DEALLOCATE p", "all"},
		{"DISCARD PLANS", "all"}, {"VACUUM", "all"}, {"EXPLAIN SELECT 1", "all"}, {"LOCK TABLE x", "all"}, {"DO 'x'", "all"},
		{"COPY x TO STDOUT", "all"}, {"", "all"},
		{"INSERT INTO x VALUES (1)", "mod"}, {"DELETE FROM x", "mod"}, {"UPDATE x SET a = 1", "mod"}, {"TRUNCATE x", "mod"},
		{"COPY x FROM STDIN", "mod"}, {"PREPARE q AS DELETE FROM x", "mod"}, {"SELECT 1; DELETE FROM x", "mod"},
		{"CREATE TABLE x (a int)", "ddl"}, {"DROP VIEW x", "ddl"}, {"ALTER TABLE x ADD b int", "ddl"}, {"GRANT a TO b", "ddl"},
		{"ALTER SYSTEM RESET wal_keep_size", "ddl"}, {"CREATE ROLE nobody_else", "ddl"}, {"SELECT 1 INTO x", "ddl"},
		{"COMMENT ON ROLE nobody IS 'x'", "ddl"}, {"CLUSTER", "ddl"},
	} {
		for rank, asked := range []string{"none", "ddl", "mod", "all"} {
			values(t, c, "SET log_statement = none; SET log_statement = '"+asked+"'")
			from := len(n.Log.String())
			c.Query(s.sql)
			c.Until('Z')
			var want []string
			if least := map[string]int{"ddl": 1, "mod": 2, "all": 3}[s.class]; rank >= least {
				want = []string{strings.TrimSpace("statement: " + s.sql)}
			}
			require.Equal(t, want, own(n.Log.String(), from), "%q with %s", s.sql, asked)
		}
	}
}

func TestDurationsAndExtendedProtocolInTheLog(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	logged := func(settings string, run func()) []string {
		values(t, c, "SET log_statement = none; SET log_duration = off; SET log_min_duration_statement = -1; "+settings)
		from := len(n.Log.String())
		run()
		c.Until('Z')
		return own(n.Log.String(), from)
	}
	simple := func() { c.Query("SELECT 1") }
	extended := func() {
		c.Send(protocol.MsgParse, []byte("s\x00SELECT 2 UNION ALL SELECT 3\x00\x00\x00"))
		c.Send(protocol.MsgBind, []byte("p\x00s\x00\x00\x00\x00\x00\x00\x00"))
		for range 2 {
			c.Send(protocol.MsgExecute, []byte("p\x00\x00\x00\x00\x01"))
		}
		c.Send(protocol.MsgClose, []byte("Ss\x00"))
		c.Send(protocol.MsgParse, []byte("\x00SELECT 1\x00\x00\x00"))
		c.Send(protocol.MsgBind, []byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
		c.Send(protocol.MsgExecute, []byte("\x00\x00\x00\x00\x00"))
		c.Send(protocol.MsgSync, nil)
	}
	const union = "SELECT 2 UNION ALL SELECT 3"
	require.Empty(t, logged("SELECT 1", simple))
	require.Equal(t, []string{"duration: N ms"}, logged("SET log_duration = on", simple))
	require.Equal(t, []string{"duration: N ms  statement: SELECT 1"}, logged("SET log_min_duration_statement = 0", simple))
	require.Empty(t, logged("SET log_min_duration_statement = '1h'", simple))
	require.Equal(t, []string{"statement: SELECT 1", "duration: N ms"},
		logged("SET log_min_duration_statement = 0; SET log_statement = 'all'", simple))
	require.Equal(t, []string{"execute s/p: " + union, "execute fetch from s/p: " + union, "execute <unnamed>: SELECT 1"},
		logged("SET log_statement = 'all'", extended))
	require.Equal(t, []string{
		"duration: N ms  parse s: " + union, "duration: N ms  bind s/p: " + union, "duration: N ms  execute s/p: " + union,
		"duration: N ms  execute fetch from s/p: " + union, "duration: N ms  parse <unnamed>: SELECT 1",
		"duration: N ms  bind <unnamed>: SELECT 1", "duration: N ms  execute <unnamed>: SELECT 1",
	}, logged("SET log_min_duration_statement = 0", extended))
}

func TestLoggedStatementsTellNoSecrets(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	values(t, c, "SET log_statement = 'all'; SET log_min_duration_statement = 0")
	for _, sql := range []string{
		"CREATE ROLE somebody LOGIN PASSWORD 'geheim'",
		"SELECT 1; ALTER ROLE somebody ENCRYPTED PASSWORD 'geheim'",
		"ALTER SYSTEM SET primary_conninfo = 'postgresql://repl:geheim@h/db'",
		"ALTER SYSTEM SET ssl_passphrase_command = 'echo geheim'",
	} {
		c.Query(sql)
		c.Until('Z')
		c.Send(protocol.MsgParse, []byte("\x00"+sql+"\x00\x00\x00"))
		c.Send(protocol.MsgBind, []byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
		c.Send(protocol.MsgExecute, []byte("\x00\x00\x00\x00\x00"))
		c.Send(protocol.MsgSync, nil)
		c.Until('Z')
	}
	require.Contains(t, n.Log.String(), "statement: CREATE ROLE somebody LOGIN PASSWORD <hidden>\n")
	require.NotContains(t, n.Log.String(), "geheim")
}

// A comment may be a statement with a password, that somebody has taken back.
func TestCommentsAloneMayBeSecretsToo(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	shown := func() string {
		query := c.Session.Process.Activity.Snapshot().Query
		text, _, _ := strings.Cut(string(query[:]), "\x00")
		return text
	}
	values(t, c, "SET log_statement = 'all'; SET log_min_duration_statement = 0")
	from := len(n.Log.String())
	const comment = "-- ALTER ROLE x PASSWORD 'geheim'"
	c.Query(comment)
	require.Equal(t, "IZ", c.Until('Z'))
	require.Equal(t, "-- ALTER ROLE x PASSWORD <hidden>", shown())
	c.Query("-- nothing")
	require.Equal(t, "IZ", c.Until('Z'))
	require.Equal(t, "-- nothing", shown())
	require.Equal(t, "1Z", ask(t, c, "Ps\x00"+comment+"\x00\x00\x00"))
	require.Equal(t, "-- ALTER ROLE x PASSWORD <hidden>", shown())
	values(t, c, "SELECT 1")
	require.Equal(t, "2IZ", ask(t, c, "B\x00s\x00\x00\x00\x00\x00\x00\x00", "E\x00\x00\x00\x00\x00"))
	require.Equal(t, "-- ALTER ROLE x PASSWORD <hidden>", shown())
	require.NotContains(t, n.Log.String()[from:], "geheim")
	require.Contains(t, n.Log.String()[from:], "statement: -- ALTER ROLE x PASSWORD <hidden>")
	require.Contains(t, n.Log.String()[from:], "statement: -- nothing")
}
