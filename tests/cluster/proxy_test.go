package cluster_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

func TestProxyMisbehavesAsTold(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	proxy := c.NewProxy(p.Port)

	ask := func(timeout time.Duration) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		conn, err := pgconn.Connect(ctx, proxy.Conninfo())
		if err != nil {
			return "", err
		}
		defer conn.Close(ctx)
		results, err := conn.Exec(ctx, "SELECT 'black'").ReadAll()
		if err != nil {
			return "", err
		}
		return string(results[0].Rows[0][0]), nil
	}
	requireAnswer := func(want string) {
		t.Helper()
		got, err := ask(soon)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}

	requireAnswer("black")
	require.Positive(t, proxy.Carried(cluster.ToServer))

	proxy.Alter(cluster.ToClient, func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("black"), []byte("white"))
	})
	requireAnswer("white")
	proxy.Resume()

	proxy.Stall(cluster.ToClient)
	_, err := ask(200 * time.Millisecond)
	require.Error(t, err)
	proxy.Resume()
	requireAnswer("black")

	proxy.Refuse()
	_, err = ask(soon)
	require.Error(t, err)
	proxy.Resume()

	proxy.Drip(16, time.Millisecond)
	requireAnswer("black")
	proxy.Resume()

	proxy.Delay(5 * time.Millisecond)
	began := time.Now()
	requireAnswer("black")
	require.Greater(t, time.Since(began), 10*time.Millisecond)
	proxy.Resume()

	load := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		conn, err := pgconn.Connect(ctx, proxy.Conninfo())
		if err == nil {
			_, err = conn.Exec(ctx, "SELECT pg_sleep(60)").ReadAll()
		}
		load <- err
	}()
	p.WaitFor(soon, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()", "1")
	proxy.Cut()
	require.Error(t, <-load)
	requireAnswer("black")
}
