package sessions

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// TestReservedConnectionsLetADBAIn: who may use which of the last connections.
func TestReservedConnectionsLetADBAIn(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{
		"max_connections": "6", "superuser_reserved_connections": "2", "reserved_connections": "1",
	}})
	relay.Query("CREATE ROLE app LOGIN")
	relay.Query("CREATE ROLE tool LOGIN")
	relay.Query("GRANT pg_use_reserved_connections TO tool")
	const reservedFor = "remaining connection slots are reserved for roles with "
	for _, step := range []struct {
		role    string
		let     int
		refused string
	}{
		{"app", 3, reservedFor + "privileges of the \"pg_use_reserved_connections\" role"},
		{"tool", 1, reservedFor + "the SUPERUSER attribute"},
		{"postgres", 2, "sorry, too many clients already"},
	} {
		var conns []*pgconn.PgConn
		var refusal *pgconn.PgError
		cluster.Eventually(t, patience, step.role+" is refused", func() bool {
			conn, err := pgconn.Connect(context.Background(), relay.Conninfo()+" user="+step.role)
			if err == nil {
				conns = append(conns, conn)
				t.Cleanup(func() { closeConn(conn) })
				return false
			}
			require.ErrorAs(t, err, &refusal)
			return len(conns) >= step.let // one that has just ended may hold its place for a moment
		})
		require.Lenf(t, conns, step.let, "connections of %s", step.role)
		require.Equal(t, "53300", refusal.Code)
		require.Equal(t, step.refused, refusal.Message)
	}
	// Streams have places of their own.
	_, err := relay.TryIdentifySystem()
	require.NoError(t, err)
}
