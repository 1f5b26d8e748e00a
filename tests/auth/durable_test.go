package auth

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// TestRolesThatWereAcknowledgedOutlastAKill has several sessions make roles while the whole node is killed.
func TestRolesThatWereAcknowledgedOutlastAKill(t *testing.T) {
	c := cluster.New(t)
	pg := c.NewPostgres("postgres", 17, cluster.PostgresOptions{})
	node := c.NewWaypost("node", pg.Conninfo(), cluster.WaypostOptions{})
	const sessions, before = 4, 40 // roles that must have been made before the kill
	var mu sync.Mutex
	var acknowledged []string
	var wg sync.WaitGroup
	for n := range sessions {
		conn, err := pgconn.Connect(t.Context(), node.Conninfo())
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close(context.Background()) })
		wg.Go(func() {
			for i := 0; ; i++ {
				role := fmt.Sprintf("r_%d_%d", n, i)
				if _, err := conn.Exec(context.Background(), "CREATE ROLE "+role+" LOGIN").ReadAll(); err != nil {
					return // it is gone
				}
				mu.Lock()
				acknowledged = append(acknowledged, role)
				mu.Unlock()
			}
		})
	}
	cluster.Eventually(t, patience, "roles are made", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged) >= before
	})
	node.Kill9()
	wg.Wait()
	node.Start()
	set := loadRoles(t, node)
	for _, role := range acknowledged {
		require.NotNil(t, set.Find(role), "%s of %d", role, len(acknowledged))
	}
	node.Query("CREATE ROLE afterwards") // nobody's lock is left
}
