package wire

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/tests/wire/rawclient"
	"waypost/xlog"
)

const soon = 30 * time.Second

// servers are a PostgreSQL 15 on its second timeline, and a relay of it, with the same WAL and nobody who writes any.
func servers(t *testing.T) (*cluster.Postgres, *cluster.Waypost, walRange) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1, Settings: map[string]string{
		"autovacuum": "off", "checkpoint_timeout": "1h", "max_wal_senders": "20", "timezone": "GMT",
	}})
	var w walRange
	p.SwitchWAL()
	relay := c.NewWaypost("relay", p.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{
		"max_wal_senders": "20", "timezone": "GMT",
	}})
	w.from = relay.IdentifySystem().Pos
	w.from -= xlog.LSN(p.SegSize().Offset(w.from))
	p.Exec("SELECT pg_logical_emit_message(false, 'waypost', repeat('x', 50000))")
	relay.WaitPos(soon, p.FlushLSN())
	p.Stop(cluster.Fast)
	c.WriteFile(filepath.Join(p.DataDir, "standby.signal"), "")
	p.Start()
	p.Promote(soon)
	switchAt, err := xlog.ParseLSN(p.QueryOne("SELECT split_part(pg_read_file('pg_wal/00000002.history'), E'\\t', 2)"))
	require.NoError(t, err)
	w.switchAt = switchAt
	p.Exec("SELECT pg_logical_emit_message(true, 'waypost', repeat('y', 50000)); CHECKPOINT")
	w.to = p.FlushLSN()
	w.ahead = w.to + 100
	relay.WaitPos(soon, w.to)
	cluster.Eventually(t, soon, "the relay is on timeline 2", func() bool { return relay.IdentifySystem().Timeline == 2 })
	return p, relay, w
}

func TestRelayAnswersAsItsUpstreamDoes(t *testing.T) {
	p, relay, w := servers(t)
	scripts := slices.Concat(startupScripts(), commandScripts(), messageScripts(), streamScripts(w))
	used := map[int]bool{}
	for _, s := range scripts {
		compareWith(t, differences, s.name, play(t, s, p.Port), play(t, s, relay.Port), used)
	}
	for s, lines := range shutdownTranscripts(t, p, relay, w) {
		compareWith(t, differences, s, lines[0], lines[1], used)
	}
	unused(t, differences, used)
}

// unused fails for each difference that was not met.
func unused(t *testing.T, differences []difference, used map[int]bool) {
	t.Helper()
	for i, d := range differences {
		if !used[i] {
			t.Errorf("there is no such difference any more: %+v", d)
		}
	}
}

// play gives what a server answers to a script.
func play(t *testing.T, s script, port int) []string {
	t.Helper()
	c, err := rawclient.Dial(port, patience)
	require.NoError(t, err)
	defer c.Close()
	p := &player{Client: c, port: port}
	s.play(p)
	return p.lines
}

// compareWith fails for each line that differs and is not listed.
func compareWith(t *testing.T, differences []difference, name string, postgres, relay []string, used map[int]bool) {
	t.Helper()
	if len(postgres) == 0 && len(relay) == 0 {
		t.Errorf("%s: nothing to compare", name)
	}
	var wrong []string
	for i := range max(len(postgres), len(relay)) {
		a, b := line(postgres, i), line(relay, i)
		if a == b {
			continue
		}
		at := slices.IndexFunc(differences, func(d difference) bool {
			return (d.script == "*" || d.script == name) && d.postgres == a && d.relay == b
		})
		if at < 0 {
			wrong = append(wrong, fmt.Sprintf("line %d\n  postgres %s\n  relay    %s", i, a, b))
			continue
		}
		used[at] = true
		if differences[at].ends {
			break
		}
	}
	if len(wrong) > 0 {
		t.Errorf("%q:\n%s", name, strings.Join(wrong, "\n"))
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// shutdownTranscripts has each server shut down while a client streams from it, the relay first. The client confirms what
// it has when it is asked.
func shutdownTranscripts(t *testing.T, p *cluster.Postgres, relay *cluster.Waypost, w walRange) map[string][2][]string {
	t.Helper()
	of := func(port int, stop func()) []string {
		c, err := rawclient.Dial(port, patience)
		require.NoError(t, err)
		defer c.Close()
		pl := &player{Client: c}
		startup(version3, physical...)(pl)
		pl.lines = nil
		pl.send(rawclient.Query(w.start()))
		pl.until("W")
		pl.stream(w.to)
		stopped := make(chan struct{})
		go func() { defer close(stopped); stop() }()
		for !pl.ended {
			switch pl.until("dCE") {
			case 'd':
				pl.send(status(pl.start+xlog.LSN(len(pl.wal)), 0))
			case 'C', 'E':
				pl.toEnd()
			}
		}
		<-stopped
		return pl.lines
	}
	stopRelay := func() { relay.Process().Signal(syscall.SIGINT) }
	stopPrimary := func() { p.Process().Signal(syscall.SIGINT) }
	mine := of(relay.Port, stopRelay)
	theirs := of(p.Port, stopPrimary)
	return map[string][2][]string{"shutdown while streaming": {theirs, mine}}
}
