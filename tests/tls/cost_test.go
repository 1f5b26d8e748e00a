package tls

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// lightest is how much memory of its own an idle walsender may have, kB, encrypted or not.
const lightest = 2560

// A session without TLS has nothing of it but the program's text, which all share.
func TestIdleSessionsStayLight(t *testing.T) {
	r := newRig(t, nil).start()
	for _, options := range []string{"sslmode=disable", "sslmode=require"} {
		before := r.relay.Pids("walsender")
		took := time.Duration(0)
		var conns []*pgconn.PgConn
		for range 5 {
			began := time.Now()
			conn, err := pgconn.Connect(context.Background(), r.conninfo(options+" replication=true"))
			took += time.Since(began)
			require.NoError(t, err)
			_, err = conn.Exec(context.Background(), "IDENTIFY_SYSTEM").ReadAll()
			require.NoError(t, err)
			conns = append(conns, conn)
		}
		for _, conn := range conns {
			pid := int(conn.PID())
			kb := privateDirty(t, pid)
			t.Logf("%s: connected in %v on average, Private_Dirty of %d: %d kB", strings.TrimPrefix(options, "sslmode="), took/5, pid, kb)
			require.LessOrEqual(t, kb, lightest)
			require.NoError(t, conn.Close(context.Background()))
		}
		cluster.Eventually(t, patience, "the sessions to end", func() bool { return len(r.relay.Pids("walsender")) <= len(before)+2 })
	}
}
