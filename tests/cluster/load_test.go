package cluster_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

func TestAcknowledgedCommitsAreRememberedThroughAKill(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	load := p.StartAckLoad(4)
	for range 2 {
		load.WaitAcked(t, soon, 100)
		p.Kill9()
		p.Start()
	}
	load.WaitAcked(t, soon, 100)
	load.Stop()
	load.RequireAllOn(p)
}

func TestCommitThatGaveUpOnItsStandbyIsNotAcknowledged(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	load := p.StartAckLoad(1)
	load.WaitAcked(t, soon, 10)
	p.Configure(map[string]string{"synchronous_standby_names": "nobody"})
	p.Reload()
	const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
	p.WaitFor(soon, waiting, "1")
	before := load.Acked()
	for range 3 {
		p.WaitFor(soon, waiting, "1")
		p.Exec("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	}
	p.WaitFor(soon, waiting, "1")
	require.Equal(t, before, load.Acked())
	load.Stop()
	load.RequireAllOn(p)
}

func TestTraceShowsTheSystemCallsOfAChild(t *testing.T) {
	c := cluster.New(t)
	tr := c.RunTraced("traced", "unlink,unlinkat", "sh", "-c", "touch a.file; rm a.file; true")
	require.True(t, strings.Contains(tr.Text(), `"a.file"`), tr.Text())
}
