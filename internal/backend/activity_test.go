package backend_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/xlog"
)

// A process may have waited for its client for hours.
func TestBackendStartIsWhenTheClientConnected(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	before := xlog.Now()
	c := n.Connect()
	c.Start("user", "postgres", "database", "postgres")
	c.Until('Z')
	f := n.Status[c.Session.Slot].Snapshot()
	require.GreaterOrEqual(t, f.BackendStart, before)
	require.LessOrEqual(t, f.BackendStart, xlog.Now())
}

// PostgreSQL's sessions tell when they themselves have read the configuration.
func TestConfLoadTimeMovesWithAReload(t *testing.T) {
	c := newNode(t, backendtest.Options{}).Connect()
	c.Start("user", "postgres", "database", "postgres")
	c.Until('Z')
	ask := func() string {
		c.Query("select pg_conf_load_time() > pg_postmaster_start_time()")
		_, rows, _ := c.Rows()
		require.Len(t, rows, 1)
		return rows[0][0]
	}
	require.NotEqual(t, "t", ask())
	c.Session.Signal(unix.SIGHUP)
	require.Eventually(t, func() bool { return ask() == "t" }, 10*time.Second, time.Millisecond)
}
