package sessions

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// patience is how long anything may take that has no bound of its own.
const patience = 60 * time.Second

// tries are how often two servers are asked the same until they answer alike.
const tries = 3

// quiet are settings with which a server does nothing of its own accord in a test's time.
var quiet = map[string]string{"autovacuum": "off", "checkpoint_timeout": "1h", "bgwriter_delay": "10s"}

// connect opens a regular connection; it is closed at the test's end at the latest.
func connect(t testing.TB, conninfo string) *pgconn.PgConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, conninfo)
	require.NoError(t, err)
	t.Cleanup(func() { closeConn(conn) })
	return conn
}

func closeConn(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

// prependHBA puts lines before those that the node has.
func prependHBA(t testing.TB, c *cluster.Cluster, w *cluster.Waypost, lines string) {
	t.Helper()
	path := filepath.Join(w.DataDir, "pg_hba.conf")
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	c.WriteFile(path, lines+"\n"+string(old))
}
