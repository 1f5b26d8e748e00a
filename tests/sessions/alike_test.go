package sessions

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// enough is how many statements the table has at least.
const enough = 120

// TestARelayAnswersAsAStandbyOfPostgreSQL17 puts each statement of the table to both at one moment, and holds each
// conversation with both.
func TestARelayAnswersAsAStandbyOfPostgreSQL17(t *testing.T) {
	t.Parallel()
	statements := readStatements(t, "testdata/alike.sql")
	require.GreaterOrEqual(t, len(statements), enough)
	standby, relay := twoOfOnePrimary(t)
	t.Run("the table", func(t *testing.T) {
		t.Parallel()
		answerAlike(t, statements, standby.Conninfo(), relay.Conninfo())
	})
	t.Run("the protocol", func(t *testing.T) {
		t.Parallel()
		converseAlike(t, address(standby.Port), address(relay.Port))
	})
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func answerAlike(t *testing.T, statements []statement, standby, relay string) {
	for _, s := range statements {
		t.Run(fmt.Sprintf("line%d", s.line), func(t *testing.T) {
			t.Parallel()
			formats := []format{inText, inBinary}
			if s.simple() {
				formats = formats[:1]
			}
			for _, f := range formats {
				want, got := ask(t, standby, &s, f), ask(t, relay, &s, f)
				for n := 1; n < tries && !slices.Equal(want, got); n++ { // the primary may have written something
					want, got = ask(t, standby, &s, f), ask(t, relay, &s, f)
				}
				require.Equalf(t, s.mark == "error", failed(want), "the mark of line %d: %s\n%q", s.line, s.sql, want)
				require.Equalf(t, want, got, "line %d, format %d: %s", s.line, f, s.sql)
			}
		})
	}
}

// failed says whether the answer has an error.
func failed(a answer) bool {
	for _, line := range a {
		if len(line) > 6 && (line[:6] == "ERROR " || line[:6] == "FATAL ") {
			return true
		}
	}
	return false
}

// twoOfOnePrimary makes a standby and a relay that have replayed the same WAL, with a consumer each.
func twoOfOnePrimary(t *testing.T) (*cluster.Postgres, *cluster.Waypost) {
	t.Helper()
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 17, cluster.PostgresOptions{Settings: quiet})
	standby := c.StandbyOf(primary, "standby", primary.Conninfo(), nil)
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{
		"TimeZone": "UTC", "DateStyle": "iso, mdy", // which initdb writes into PostgreSQL's files
	}})
	from := primary.FlushLSN()
	consume(t, standby.Conninfo(), "consumer", from)
	consume(t, relay.Conninfo(), "consumer", from)
	primary.Exec("CREATE TABLE t AS SELECT generate_series(1, 1000)")
	for _, statement := range []string{
		"CREATE ROLE visitor LOGIN", "CREATE ROLE monitor LOGIN", "GRANT pg_monitor TO monitor",
	} {
		primary.Exec(statement)
		relay.Query(statement)
	}
	primary.Exec("CHECKPOINT")
	end := primary.FlushLSN()
	level := fmt.Sprintf("SELECT pg_last_wal_replay_lsn() >= '%s' AND (SELECT sent_lsn = write_lsn AND write_lsn >= '%s' "+
		"FROM pg_stat_replication)", end, end)
	standby.WaitFor(patience, level, "t")
	relay.WaitFor(patience, level, "t")
	return standby, relay
}
