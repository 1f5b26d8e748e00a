package faults

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/shmdump"
	"waypost/tests/cluster"
	"waypost/xlog"
)

// patience is how long anything may take on a busy machine.
const patience = 40 * time.Second

const segSize = xlog.SegSize(1 << 20)

// relay is a node under test and what feeds it.
type relay struct {
	*cluster.Waypost
	t       *testing.T
	c       *cluster.Cluster
	primary *cluster.Postgres
}

// newPrimary makes a PostgreSQL 15 with small segments.
func newPrimary(c *cluster.Cluster, settings map[string]string) *cluster.Postgres {
	return c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1, Settings: settings})
}

// newRelay makes a world of one primary and one relay of it, streaming.
func newRelay(t *testing.T, settings map[string]string) *relay {
	t.Helper()
	c := cluster.New(t)
	p := newPrimary(c, nil)
	return startRelay(t, c, p, p.Conninfo(), settings)
}

// startRelay starts a relay of primary, reached by upstream, and waits until it streams.
func startRelay(t *testing.T, c *cluster.Cluster, primary *cluster.Postgres, upstream string, settings map[string]string) *relay {
	t.Helper()
	w := c.NewWaypost("relay", upstream, cluster.WaypostOptions{Settings: settings})
	w.WaitStreaming(patience)
	return &relay{Waypost: w, t: t, c: c, primary: primary}
}

// feed has the primary write n bytes and more of WAL, and gives the end of it, flushed.
func feed(p *cluster.Postgres, n int) xlog.LSN {
	const piece = 8000
	p.Exec(fmt.Sprintf("SELECT pg_logical_emit_message(false, 'waypost', repeat(md5(i::text), %d)) FROM generate_series(1, %d) i",
		min(n, piece)/32+1, (n+piece-1)/piece))
	// A commit, so that all of it is flushed.
	p.Exec("SELECT pg_logical_emit_message(true, 'waypost', 'end')")
	return p.FlushLSN()
}

// eventually waits for a condition that has an error while it does not hold.
func (r *relay) eventually(what string, try func() error) {
	r.t.Helper()
	cluster.EventuallyOK(r.t, patience, what, try)
}

func (r *relay) dump() *shmdump.Dump {
	r.t.Helper()
	var d shmdump.Dump
	r.ShmdumpJSON(&d)
	return &d
}

// waitReplayed waits until the relay has received, flushed and checked everything up to upto.
func (r *relay) waitReplayed(upto xlog.LSN) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("the relay has checked everything up to %s", upto), func() error { return r.replayedUpto(upto) })
}

// replayedUpto is nil once the relay has received, flushed and checked everything up to upto.
func (r *relay) replayedUpto(upto xlog.LSN) error {
	x := r.dump().XLogCtl
	replayed, err := xlog.ParseLSN(x.ReplayedUpto)
	if err == nil && replayed < upto {
		err = fmt.Errorf("written %s, flushed %s, replayed %s", x.WrittenUpto, x.FlushedUpto, x.ReplayedUpto)
	}
	return err
}

// logFrom marks the log's end: what waitLog and requireNoLog look at begins there.
func (r *relay) logFrom() int { return len(r.Process().LogText()) }

// waitLog waits until the log has a line that matches the pattern, after the mark, and gives the match.
func (r *relay) waitLog(mark int, pattern string) string {
	r.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	var found string
	r.eventually(fmt.Sprintf("the relay's log says %q", pattern), func() error {
		if found = re.FindString(r.Process().LogText()[mark:]); found == "" {
			return fmt.Errorf("it does not")
		}
		return nil
	})
	return found
}

// requireHealthy makes sure that nothing has crashed since the start, and that a new client is served.
func (r *relay) requireHealthy() {
	r.t.Helper()
	require.EqualValues(r.t, 1, r.dump().Segment.Generation, "a process of the relay has crashed")
	r.IdentifySystem()
	log := r.Process().LogText()
	for _, never := range []string{"PANIC", "goroutine ", "panic:", "terminated by signal"} {
		require.NotContains(r.t, log, never)
	}
}

// requireSame ends the primary's segment and requires that all complete ones are the same on the relay.
func (r *relay) requireSame() {
	r.t.Helper()
	upto := r.primary.SwitchWAL()
	r.waitReplayed(upto)
	r.c.RequireSameSegments(r.primary.WalDir(), r.WalDir(), segSize, upto)
}

// waitSenders waits until so many walsenders are there.
func (r *relay) waitSenders(n int) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("there are %d walsenders", n), func() error {
		if senders := r.dump().WalSnd; len(senders) != n {
			return fmt.Errorf("there are %+v", senders)
		}
		return nil
	})
}

// quoteMeta makes a pattern of a text.
func quoteMeta(s string) string { return regexp.QuoteMeta(s) }
