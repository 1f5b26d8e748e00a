package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/roles"
	"waypost/internal/scram"
	"waypost/tests/cluster"
)

// iterations is scram_iterations but where said: few, for many connections.
const iterations = 512

// patience is how long anything may take that has no bound of its own.
const patience = 60 * time.Second

// pair is a PostgreSQL 17 and a node, with the same rules and roles.
type pair struct {
	c    *cluster.Cluster
	t    *testing.T
	pg   *cluster.Postgres
	node *cluster.Waypost
}

// newPair makes both. The rules stand before those that trust this machine; settings are for both.
func newPair(t *testing.T, rules []string, settings map[string]string) *pair {
	t.Helper()
	c := cluster.New(t)
	both := map[string]string{"log_connections": "on", "scram_iterations": fmt.Sprint(iterations)}
	for name, value := range settings {
		both[name] = value
	}
	p := &pair{c: c, t: t, pg: c.NewPostgres("postgres", 17, cluster.PostgresOptions{HBA: rules, Settings: both})}
	p.node = c.InitWaypost("node", p.pg.Conninfo(), cluster.WaypostOptions{Settings: both})
	path := filepath.Join(p.node.DataDir, "pg_hba.conf")
	own, err := os.ReadFile(path)
	require.NoError(t, err)
	c.WriteFile(path, strings.Join(rules, "\n")+"\n"+string(own))
	p.node.Start()
	return p
}

// roles runs statements on both.
func (p *pair) roles(statements ...string) {
	p.t.Helper()
	for _, sql := range statements {
		p.pg.Exec(sql)
		p.node.Query(sql)
	}
}

// outcome is what a client got: nothing, or an error's parts.
func outcome(err error) string {
	var e *pgconn.PgError
	switch {
	case err == nil:
		return "let in"
	case errors.As(err, &e):
		return strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", e.Severity, e.Code, e.Message, e.Detail, e.Hint))
	}
	return "no answer: " + err.Error()
}

// connString is how to come to a server in clear, but for who.
func connString(port int) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres sslmode=disable", port)
}

// viaPgx is the outcome of a connection by pgx.
func viaPgx(t *testing.T, port int, conninfo string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	config, err := pgconn.ParseConfig(connString(port) + " " + conninfo)
	require.NoError(t, err)
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return outcome(err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "SHOW server_version").ReadAll()
	if strings.Contains(conninfo, "replication=true") {
		_, err = conn.Exec(ctx, "IDENTIFY_SYSTEM").ReadAll()
	}
	return outcome(err)
}

// viaPsql is what psql says, with the port out of it; "let in" if nothing.
func viaPsql(t *testing.T, c *cluster.Cluster, port int, conninfo string, env ...string) string {
	t.Helper()
	argv := append(append([]string{"env"}, env...), c.ClientProgram("psql"), "-w", "-X", "-At", "-c", "SHOW is_superuser",
		connString(port)+" "+conninfo)
	code, _, stderr := c.RunCode(argv...)
	if code == 0 {
		require.Empty(t, stderr)
		return "let in"
	}
	return strings.ReplaceAll(stderr, fmt.Sprint(port), "PORT")
}

// alike requires that both servers give the same answers to pgx and psql, and gives pgx's.
func (p *pair) alike(conninfo string, env ...string) string {
	p.t.Helper()
	want := viaPgx(p.t, p.pg.Port, conninfo)
	require.Equal(p.t, want, viaPgx(p.t, p.node.Port, conninfo), "pgx with %s", conninfo)
	if !strings.Contains(conninfo, "replication=true") {
		require.Equal(p.t, viaPsql(p.t, p.c, p.pg.Port, conninfo, env...), viaPsql(p.t, p.c, p.node.Port, conninfo, env...),
			"psql with %s", conninfo)
	}
	return want
}

// verifierOf is what PostgreSQL has stored for a role.
func (p *pair) verifierOf(role string) string {
	return p.pg.QueryOne("SELECT rolpassword FROM pg_authid WHERE rolname = '" + role + "'")
}

// parsedVerifier fails unless text is a SCRAM verifier.
func parsedVerifier(t *testing.T, text string) scram.Verifier {
	t.Helper()
	v, ok := scram.Parse(text)
	require.True(t, ok)
	return v
}

func loadRoles(t *testing.T, node *cluster.Waypost) *roles.Set {
	t.Helper()
	set, err := roles.Load(node.DataDir)
	require.NoError(t, err)
	return set
}

// sortRows sorts as ORDER BY of all columns does.
func sortRows(rows [][]string) { slices.SortFunc(rows, slices.Compare) }

// waitLog waits until the node has logged something: a client may have its answer before.
func waitLog(t *testing.T, node *cluster.Waypost, part string) {
	t.Helper()
	cluster.Eventually(t, patience, "the log has "+part, func() bool {
		return strings.Contains(node.Process().LogText(), part)
	})
}
