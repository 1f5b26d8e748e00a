package backend_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
