package auth

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// hold connects, stays, and gives the outcome.
func hold(t *testing.T, port int, user string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, connString(port)+" user="+user)
	if err == nil {
		t.Cleanup(func() { conn.Close(context.Background()) })
	}
	return outcome(err)
}

// TestPlacesRunOutAsInPostgreSQL fills max_connections, in both, with one role after the other.
func TestPlacesRunOutAsInPostgreSQL(t *testing.T) {
	settings := map[string]string{"max_connections": "8", "superuser_reserved_connections": "2", "reserved_connections": "2"}
	p := newPair(t, nil, settings)
	p.roles("CREATE ROLE few LOGIN CONNECTION LIMIT 1", "CREATE ROLE many LOGIN", "CREATE ROLE monitor LOGIN",
		"GRANT pg_use_reserved_connections TO monitor", "CREATE ROLE boss LOGIN SUPERUSER CONNECTION LIMIT 0",
		"CREATE ROLE closed LOGIN CONNECTION LIMIT 0")
	told := map[string]bool{}
	for i, user := range []string{"few", "few", "closed", "many", "many", "many", "many", "monitor", "monitor", "monitor", "boss",
		"boss", "boss", "postgres"} {
		want := hold(t, p.pg.Port, user)
		require.Equal(t, want, hold(t, p.node.Port, user), "%d: %s", i, user)
		told[want] = true
	}
	require.Len(t, told, 6, "let in, of the role's limit, two kinds of reserved places, and too many: %v", told)
}

func TestSettingsOfARoleHoldFromTheSessionsBeginning(t *testing.T) {
	p := newPair(t, nil, nil)
	p.roles("CREATE ROLE r LOGIN", "ALTER ROLE ALL SET statement_timeout = '7s'",
		"ALTER ROLE r SET statement_timeout = '8s'", "ALTER ROLE r IN DATABASE postgres SET lock_timeout = '9s'")
	for user, want := range map[string][2]string{"r": {"8s", "9s"}, "postgres": {"7s", "0"}} {
		for i, setting := range []string{"statement_timeout", "lock_timeout"} {
			code, stdout, stderr := p.c.RunCode(p.c.ClientProgram("psql"), "-XAt", "-c", "SHOW "+setting,
				fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres user=%s", p.node.Port, user))
			require.Zero(t, code, stderr)
			require.Equal(t, want[i]+"\n", stdout, user)
		}
	}
	// What the client itself asks for counts more.
	code, stdout, stderr := p.c.RunCode("env", "PGOPTIONS=-c statement_timeout=3s", p.c.ClientProgram("psql"), "-XAt", "-c",
		"SHOW statement_timeout", fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres user=r", p.node.Port))
	require.Zero(t, code, stderr)
	require.Equal(t, "3s\n", stdout)
}

func TestIsSuperuserIsTold(t *testing.T) {
	p := newPair(t, nil, nil)
	p.roles("CREATE ROLE r LOGIN")
	for user, want := range map[string]string{"r": "off", "postgres": "on"} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for _, port := range []int{p.pg.Port, p.node.Port} {
			conn, err := pgconn.Connect(ctx, connString(port)+" user="+user)
			require.NoError(t, err)
			require.Equal(t, want, conn.ParameterStatus("is_superuser"))
			require.Equal(t, user, conn.ParameterStatus("session_authorization"))
			require.NoError(t, conn.Close(ctx))
		}
	}
}

func TestOldDataDirectoryIsNotStartedWithoutARole(t *testing.T) {
	c := cluster.New(t)
	pg := c.NewPostgres("postgres", 17, cluster.PostgresOptions{})
	node := c.InitWaypost("node", pg.Conninfo(), cluster.WaypostOptions{})
	c.Run("rm", node.DataDir+"/global/waypost_roles")
	node.StartOnly()
	state := node.Process().Wait(patience)
	require.NotZero(t, state.ExitCode())
	log := node.Process().LogText()
	require.Contains(t, log, "has no roles")
	require.Contains(t, log, "waypost init-roles -D")

	password := c.Path("password")
	c.WriteFile(password, "secret\n")
	code, stdout, stderr := node.Tool("init-roles", "-U", "postgres", "--pwfile", password)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, `Role "postgres" is made.`)
	node.Start()
	code, _, stderr = node.Tool("init-roles", "-U", "another")
	require.NotZero(t, code)
	require.Contains(t, stderr, "is in use by another process")
}

// TestDamagedRolesLetNobodyIn: half of the truth would be worse.
func TestDamagedRolesLetNobodyIn(t *testing.T) {
	p := newPair(t, nil, nil)
	c := p.c
	c.Run("sh", "-c", fmt.Sprintf("printf 'role 1\\n' >> %s/global/waypost_roles", p.node.DataDir))
	got := viaPgx(t, p.node.Port, "user=postgres")
	require.Equal(t, "FATAL XX001 could not read the roles of this node", got)
	waitLog(t, p.node, "its digest does not fit")
	require.True(t, p.node.Running())
}
