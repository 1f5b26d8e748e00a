package auth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// lookup is the query that the documentation gives, by way of a function, since the node's user is no superuser there.
const lookup = `CREATE FUNCTION waypost_auth(name text, OUT rolname name, OUT rolpassword text, OUT rolcanlogin bool,
	OUT rolreplication bool, OUT rolconnlimit int, OUT rolvaliduntil timestamptz, OUT rolsuper bool, OUT memberof name[])
	RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS
	$$SELECT rolname, rolpassword, rolcanlogin, rolreplication, rolconnlimit, rolvaliduntil, rolsuper,
		ARRAY(SELECT g.rolname FROM pg_auth_members m JOIN pg_authid g ON g.oid = m.roleid WHERE m.member = a.oid)
	FROM pg_authid a WHERE rolname = $1$$`

// TestRolesOfTheUpstreamComeIn has a node ask a real upstream for roles.
func TestRolesOfTheUpstreamComeIn(t *testing.T) {
	rules := append(methodRules(), `host all relay 127.0.0.1/32 scram-sha-256`, `host replication relay 127.0.0.1/32 trust`)
	c := cluster.New(t)
	pg := c.NewPostgres("postgres", 17, cluster.PostgresOptions{HBA: rules})
	for _, sql := range []string{lookup, "REVOKE ALL ON FUNCTION waypost_auth FROM public",
		"CREATE ROLE relay LOGIN REPLICATION PASSWORD 'r e'",
		"GRANT EXECUTE ON FUNCTION waypost_auth TO relay",
		"CREATE ROLE up_by_scram LOGIN PASSWORD 'x' IN ROLE pg_monitor",
		"CREATE ROLE repl_by_scram LOGIN REPLICATION PASSWORD 'x'",
		"SET password_encryption = md5; CREATE ROLE old_by_md5 LOGIN PASSWORD 'x'",
		"CREATE ROLE super_by_scram SUPERUSER LOGIN PASSWORD 'x'",
		"CREATE ROLE nologin_by_scram PASSWORD 'x'", "CREATE ROLE late_by_scram LOGIN PASSWORD 'x' VALID UNTIL '2001-01-01'",
		"CREATE ROLE few_by_scram LOGIN PASSWORD 'x' CONNECTION LIMIT 0", "CREATE ROLE both_by_scram LOGIN PASSWORD 'upstream'"} {
		pg.Exec(sql)
	}
	node := c.InitWaypost("node", fmt.Sprintf("host=127.0.0.1 port=%d user=relay password='r e' sslmode=disable", pg.Port),
		cluster.WaypostOptions{Settings: map[string]string{"auth_query": "SELECT * FROM waypost_auth($1)", "auth_query_ttl": "1h",
			"log_connections": "on"}})
	own, err := os.ReadFile(filepath.Join(node.DataDir, "pg_hba.conf"))
	require.NoError(t, err)
	text := "host all +pg_monitor 127.0.0.1/32 scram-sha-256\n"
	for _, rule := range rules {
		text += rule + "\n"
	}
	c.WriteFile(filepath.Join(node.DataDir, "pg_hba.conf"), text+string(own))
	node.Start()
	node.Query("CREATE ROLE both_by_scram LOGIN PASSWORD 'local'")

	const wrong = "FATAL 28P01 password authentication failed for user "
	check := func() {
		t.Helper()
		for conninfo, want := range map[string]string{
			"user=up_by_scram password=x":                    "let in",
			"user=up_by_scram password=y":                    wrong + `"up_by_scram"`,
			"user=old_by_md5 password=x":                     "let in",
			"user=repl_by_scram password=x replication=true": "let in",
			"user=nologin_by_scram password=x":               `FATAL 28000 role "nologin_by_scram" is not permitted to log in`,
			"user=late_by_scram password=x":                  wrong + `"late_by_scram"`,
			"user=few_by_scram password=x":                   `FATAL 53300 too many connections for role "few_by_scram"`,
			"user=both_by_scram password=local":              "let in",
			"user=both_by_scram password=upstream":           wrong + `"both_by_scram"`,
			"user=nobody_by_scram password=x":                wrong + `"nobody_by_scram"`,
			"user=up_by_scram password=x replication=true": "FATAL 42501 permission denied to start WAL sender " +
				"Only roles with the REPLICATION attribute may start a WAL sender process.",
			"user=super_by_scram password=x options='-c port=1'": `FATAL 55P02 parameter "port" cannot be changed without restarting the server`,
		} {
			require.Equal(t, want, viaPgx(t, node.Port, conninfo), conninfo)
		}
	}
	check()
	require.Equal(t, wrong+`"o'"dd\_by_scram"`,
		viaPgx(t, node.Port, `user='o\'"dd\\_by_scram' password=x`), "whatever a name looks like, it is a name")
	require.NotContains(t, node.Process().LogText(), "could not ask the upstream")

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, connString(node.Port)+" user=super_by_scram password=x")
	require.NoError(t, err)
	require.Equal(t, "off", conn.ParameterStatus("is_superuser"), "nobody is a superuser here for being one there")
	require.NoError(t, conn.Close(ctx))

	// What a stranger asks for stops nobody else's question.
	node.Configure(map[string]string{"auth_query_ttl": "0"})
	node.Reload()
	require.Equal(t, wrong+"\"\xff_by_scram\"", viaPgx(t, node.Port, "user=\xff_by_scram password=x"))
	require.Equal(t, "let in", viaPgx(t, node.Port, "user=up_by_scram password=x"))
	pg.Exec("ALTER ROLE up_by_scram PASSWORD 'xx'")
	require.Equal(t, wrong+`"up_by_scram"`, viaPgx(t, node.Port, "user=up_by_scram password=x"))
	pg.Exec("ALTER ROLE up_by_scram PASSWORD 'x'")
	require.Equal(t, "let in", viaPgx(t, node.Port, "user=up_by_scram password=x"))
	require.NotContains(t, node.Process().LogText(), "could not ask the upstream")

	// What was said a moment ago holds while the upstream is away.
	pg.Stop(cluster.Fast)
	check()
	waitLog(t, node, `could not ask the upstream for role "up_by_scram"`)
	require.Equal(t, wrong+`"new_by_scram"`, viaPgx(t, node.Port, "user=new_by_scram password=x"))
	requireNoSecrets(t, node, "r e", "x")
}
