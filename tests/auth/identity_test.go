package auth

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// whoami is all that a session says about who it is.
const whoami = "SELECT current_user, session_user, current_setting('role'), current_setting('session_authorization'), " +
	"current_setting('is_superuser')"

// converse runs statements in one session, and gives all that the client is told: a line for each notice, error, row, and
// setting reported at the beginning that says who the user is.
func converse(t *testing.T, port int, conninfo string, statements ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	config, err := pgconn.ParseConfig(connString(port) + " " + conninfo)
	require.NoError(t, err)
	var out []string
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		out = append(out, fmt.Sprintf("%s %s %s", n.Severity, n.Code, n.Message))
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	out = append(out, outcome(err))
	if err != nil {
		return strings.Join(out, "\n")
	}
	defer conn.Close(ctx)
	out = append(out, conn.ParameterStatus("session_authorization")+" "+conn.ParameterStatus("is_superuser"))
	for _, sql := range statements {
		results, err := conn.Exec(ctx, sql).ReadAll()
		for _, r := range results {
			for _, row := range r.Rows {
				var fields []string
				for _, field := range row {
					fields = append(fields, string(field))
				}
				out = append(out, strings.Join(fields, "|"))
			}
		}
		if err != nil {
			out = append(out, outcome(err))
		}
	}
	out = append(out, conn.ParameterStatus("session_authorization")+" "+conn.ParameterStatus("is_superuser"))
	return strings.Join(out, "\n")
}

// TestNobodyBecomesWhomTheyMayNot asks for another role in each of the ways there are, of both servers.
func TestNobodyBecomesWhomTheyMayNot(t *testing.T) {
	p := newPair(t, nil, nil)
	p.roles("CREATE ROLE plain LOGIN REPLICATION", "CREATE ROLE other", "CREATE ROLE friend", "GRANT friend TO plain",
		"CREATE ROLE boss LOGIN SUPERUSER")
	same := func(conninfo string, statements ...string) string {
		t.Helper()
		want := converse(t, p.pg.Port, conninfo, statements...)
		assert.Equal(t, want, converse(t, p.node.Port, conninfo, statements...), "%s %v", conninfo, statements)
		return want
	}
	denied := 0
	for _, user := range []string{"plain", "boss"} {
		as := "user=" + user + " "
		for _, asked := range []string{"role=postgres", "role=friend", "role=nobody", "role=none", "role=other",
			"session_authorization=postgres", "session_authorization=plain", "session_authorization=nobody",
			"session_authorization=default"} {
			for _, conninfo := range []string{"options='-c " + asked + "'", asked, "replication=database " + asked} {
				if strings.Contains(same(as+conninfo, whoami, "RESET role", whoami), "permission denied") {
					denied++
				}
			}
			same(as, "ALTER ROLE "+user+" SET "+asked)
			if strings.Contains(same(as, whoami, "RESET role", "RESET session_authorization", whoami), "WARNING 42501") {
				denied++
			}
			p.roles("ALTER ROLE " + user + " RESET ALL")
			name, value, _ := strings.Cut(asked, "=")
			same(as, "SET "+name+" = '"+value+"'", whoami, "SELECT set_config('"+name+"', '"+value+"', false)", whoami)
		}
		same(as+"options='-c session_authorization=plain -c role=other'", whoami)
		same(as, "SET SESSION AUTHORIZATION plain", whoami, "SET ROLE postgres", "SET ROLE friend", whoami,
			"SET SESSION AUTHORIZATION DEFAULT", whoami, "SET SESSION AUTHORIZATION postgres", whoami,
			"SET ROLE other", "SELECT set_config('session_authorization', 'boss', false)", whoami)
		same(as, "SET ROLE friend", "BEGIN", "SET LOCAL SESSION AUTHORIZATION plain", whoami, "SET ROLE other", "ROLLBACK", whoami,
			"BEGIN", "SET LOCAL SESSION AUTHORIZATION plain", "SET ROLE friend", "COMMIT", whoami,
			"RESET SESSION AUTHORIZATION", whoami, "SET ROLE friend", "DISCARD ALL", whoami)
	}
	require.GreaterOrEqual(t, denied, 11, "postgres and other, four ways each")
	same("user=plain replication=true role=postgres")
}

// TestMembershipsOfTheUpstreamHoldInTheSession has a role of the upstream's do what a predefined role may.
func TestMembershipsOfTheUpstreamHoldInTheSession(t *testing.T) {
	c := cluster.New(t)
	pg := c.NewPostgres("postgres", 17, cluster.PostgresOptions{})
	for _, sql := range []string{lookup, "CREATE ROLE watcher LOGIN PASSWORD 'x' IN ROLE pg_monitor",
		"CREATE ROLE stranger LOGIN PASSWORD 'x'"} {
		pg.Exec(sql)
	}
	node := c.InitWaypost("node", pg.Conninfo(), cluster.WaypostOptions{
		Settings: map[string]string{"auth_query": "SELECT * FROM waypost_auth($1)"}})
	node.Start()
	for user, want := range map[string][2]string{"watcher": {"t", node.DataDir}, "stranger": {"f", "ERROR 42501"}} {
		said := converse(t, node.Port, "user="+user, "SELECT pg_has_role('pg_monitor', 'usage')", "SHOW data_directory", whoami)
		require.Contains(t, said, "\n"+want[0]+"\n"+want[1])
		require.Contains(t, said, user+"|"+user+"|none|"+user+"|off")
		node.Query("CREATE ROLE noise_of_" + user) // the file is another one now
	}
	said := converse(t, node.Port, "user=watcher", "SET ROLE pg_monitor", whoami, "SET ROLE pg_checkpoint")
	require.Contains(t, said, "pg_monitor|watcher|pg_monitor|watcher|off\nERROR 42501")
}
