package metrics

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// Bounds of a scrape with 200 clients. They are far above what it takes: a busy machine must not fail the test.
const (
	manyClients  = 200
	mostMemory   = 100 << 20 // bytes resident
	mostCPU      = 500 * time.Millisecond
	scrapesTimed = 20
)

// follow makes a client that asks for a stream and leaves it at that.
func follow(ctx context.Context, relay *cluster.Waypost, name, start string) (*pgconn.PgConn, error) {
	conn, err := pgconn.Connect(ctx, relay.Conninfo()+" replication=true application_name="+name)
	if err != nil {
		return nil, err
	}
	conn.Frontend().Send(&pgproto3.Query{String: "START_REPLICATION " + start})
	if err := conn.Frontend().Flush(); err != nil {
		return conn, err
	}
	for {
		m, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return conn, err
		}
		switch m := m.(type) {
		case *pgproto3.CopyBothResponse:
			return conn, nil
		case *pgproto3.ErrorResponse:
			return conn, fmt.Errorf("%s", m.Message)
		}
	}
}

func TestTwoHundredClientsFitIntoAScrape(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	port := c.FreePort()
	settings := listensOn(port)
	settings["max_wal_senders"] = fmt.Sprint(manyClients + 10)
	settings["wal_sender_timeout"] = "0"
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: settings})
	relay.WaitStreaming(patience)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	start := relay.IdentifySystem().Pos.String()
	conns := make([]*pgconn.PgConn, manyClients)
	errs := make([]error, manyClients)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < manyClients; i += 8 {
				conns[i], errs[i] = follow(ctx, relay, fmt.Sprintf("client%03d", i), start)
			}
		})
	}
	wg.Wait()
	for i := range manyClients {
		require.NoError(t, errs[i])
		defer conns[i].Conn().Close()
	}

	s := mustScrape(t, port)
	require.EqualValues(t, manyClients, s.must(t, "waypost_walsenders"))
	require.Len(t, s["pg_stat_replication_pg_wal_lsn_diff"].Metric, manyClients)
	require.EqualValues(t, manyClients, s.must(t, "waypost_processes", "backend_type", "walsender"))
	pid := only(t, relay, "metrics")
	before, began := cpuTime(t, pid), time.Now()
	for range scrapesTimed {
		mustScrape(t, port)
	}
	took, cpu, memory := time.Since(began)/scrapesTimed, (cpuTime(t, pid)-before)/scrapesTimed, residentBytes(t, pid)
	t.Logf("a scrape with %d clients: %v, %v of CPU; %.1f MB resident after %d",
		manyClients, took, cpu, memory/(1<<20), scrapesTimed)
	require.Less(t, cpu, mostCPU)
	require.Less(t, memory, float64(mostMemory))
}
