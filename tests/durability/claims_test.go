package durability

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

const soon = 30 * time.Second

// rig is a primary and a relay of it whose system calls are recorded.
type rig struct {
	t       testing.TB
	c       *cluster.Cluster
	primary *cluster.Postgres
	proxy   *cluster.Proxy // between the two
	relay   *cluster.Waypost
	size    xlog.SegSize

	first snapshot // of the relay's directory, before its first life
	calls []*call  // of all its lives
	lives int
	trace *cluster.Trace // of the present one
	next  int            // moment

	recordEnds []xlog.LSN // of the primary's WAL
}

func newRig(t testing.TB) *rig {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	x := c.NewProxy(p.Port)
	// A small max_wal_size has segments removed and recycled, too.
	w := c.InitWaypost("relay", x.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{"max_wal_size": "2MB"}})
	first, err := takeSnapshot(w.DataDir)
	require.NoError(t, err)
	p.Configure(map[string]string{"synchronous_standby_names": "relay"})
	p.Reload()
	return &rig{t: t, c: c, primary: p, proxy: x, relay: w, size: p.SegSize(), first: first}
}

// live begins a life of the relay.
func (r *rig) live() {
	r.t.Helper()
	r.lives++
	r.trace = r.relay.StartTracedInFull(fmt.Sprintf("relay.%d", r.lives), tracedCalls)
	r.relay.WaitServing(soon)
	r.relay.WaitStreaming(soon)
}

// kill ends the relay's processes at once. Kill9 alone stops them all first, and a tracer can lose sight of a process that
// is killed while it is being stopped, so that neither ever ends.
func (r *rig) kill() {
	r.t.Helper()
	children := r.relay.Process().Children()
	r.relay.Process().Signal(syscall.SIGKILL)
	for _, p := range children {
		_ = syscall.Kill(p.PID, syscall.SIGKILL) // it may have ended by itself: its postmaster has
	}
	r.relay.Process().Wait(soon)
	r.relay.Kill9() // for what it cleans up
}

// died takes in the trace of the life that has ended.
func (r *rig) died() {
	r.t.Helper()
	r.trace.WaitEnd(soon)
	calls, next, err := parse(r.trace.Text(), r.next, true)
	require.NoError(r.t, err)
	r.calls, r.next = append(r.calls, calls...), next
}

// load has the primary write, while the writers do, all that it can: records over many pages, ends of segments,
// checkpoints.
func (r *rig) load(acks *cluster.AckLoad, rounds int) {
	r.t.Helper()
	for range rounds {
		acks.WaitAcked(r.t, soon, 20)
		r.primary.Exec("SELECT pg_logical_emit_message(false, 'waypost', repeat('x', 300000))")
		acks.WaitAcked(r.t, soon, 5)
		r.primary.SwitchWAL()
		acks.WaitAcked(r.t, soon, 5)
		r.primary.Exec("CHECKPOINT")
	}
	acks.WaitAcked(r.t, soon, 20)
}

// check builds the model anew, from calls that may have been doctored, and gives what is wrong with the reports.
func (r *rig) check(calls []*call) (problems []string, checked int) {
	r.t.Helper()
	d, err := newDisk(r.relay.DataDir, r.first, calls)
	require.NoError(r.t, err)
	said, err := reports(calls)
	require.NoError(r.t, err)
	problems, checked = checkClaims(d, newUpstream(r.primary.WalDir(), r.size), said)
	return append(problems, checkAllSynced(d, r.next)...), checked
}

func TestEveryReportedFlushIsCoveredBySyncsThatHadReturned(t *testing.T) {
	r := newRig(t)
	r.live()
	acks := r.primary.StartAckLoad(2)
	r.load(acks, 2)
	r.kill() // what it had written and not synced is there, but is it durable?
	r.died()
	killed := r.next

	r.live()
	r.load(acks, 2)
	r.promote()
	r.load(acks, 1)
	acks.Stop()
	r.relay.WaitPos(soon, r.primary.FlushLSN())
	r.relay.Stop(cluster.Fast)
	r.died()

	problems, checked := r.check(r.calls)
	require.Empty(t, problems)
	require.Greater(t, checked, 100, "reports of a flush")
	t.Logf("%d system calls, %d reports of a flush", len(r.calls), checked)
	r.requireDoctoredTracesFail(killed)
}

// promote puts the primary on a new timeline, with the same data.
func (r *rig) promote() {
	r.t.Helper()
	r.primary.Stop(cluster.Fast)
	r.c.WriteFile(filepath.Join(r.primary.DataDir, "standby.signal"), "")
	r.primary.Configure(map[string]string{"synchronous_standby_names": ""})
	r.primary.Start()
	r.primary.Promote(soon)
	r.primary.Configure(map[string]string{"synchronous_standby_names": "relay"})
	r.primary.Reload()
}
