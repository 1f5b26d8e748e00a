package sessions

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/walfile"
)

// barmanConfig is a server whose WAL is streamed and, because without slots barman asks for that, archived, too.
const barmanConfig = `[barman]
barman_user = %[1]s
configuration_files_directory = %[2]s
barman_home = %[2]s
log_file = %[2]s/barman.log
compression = gzip
[node]
description = "node"
conninfo = %[3]s
streaming_conninfo = %[3]s
primary_conninfo = %[4]s
streaming_archiver = on
archiver = on
backup_method = postgres
`

// barman is one home of barman's for a server.
type barman struct {
	p    *programs
	home string
	port int
}

func (p *programs) newBarman(name string, port int, conninfo string) *barman {
	home := p.Mkdir(name)
	_, user := p.run(port, "id", "-un")
	p.WriteFile(filepath.Join(home, "barman.conf"),
		fmt.Sprintf(barmanConfig, strings.TrimSpace(user), home, conninfo, p.primary.Conninfo()))
	return &barman{p: p, home: home, port: port}
}

func (b *barman) argv(args ...string) []string {
	return append([]string{"/usr/bin/env", "TZ=UTC", "/usr/bin/barman", "-c", filepath.Join(b.home, "barman.conf")}, args...)
}

// run gives the lines that a command prints.
func (b *barman) run(args ...string) (code int, output string) {
	b.p.t.Helper()
	code, output = b.p.run(b.port, b.argv(args...)...)
	return code, strings.ReplaceAll(output, b.home, "HOME")
}

// barman checks a relay as it checks a standby, receives from it, and sees the segment that it has the primary switch.
func (p *programs) barman() {
	beside := p.newBarman("barman.of.standby", p.standby.Port, p.standby.Conninfo())
	b := p.newBarman("barman.of.relay", p.relay.Port, p.relay.Conninfo())
	b.checkAlike(beside)

	receive := p.StartProgram("barman.receive-wal", p.Dir, nil, b.argv("receive-wal", "node")...)
	p.relay.WaitConsumer(patience, "barman_receive_wal")
	b.switchWAL(receive)
	_, output := b.run("check", "node")
	for _, line := range []string{
		"PostgreSQL: OK", "superuser or standard user with backup privileges: OK", "PostgreSQL streaming: OK",
		"wal_level: OK",
		"PostgreSQL server is standby: OK", "Primary and standby have same system ID: OK", "receive-wal running: OK",
		"pg_receivexlog compatible: OK", "systemid coherence: OK",
	} {
		require.Contains(p.t, output, line)
	}
	_, output = b.run("replication-status", "node")
	require.Contains(p.t, output, "Application name: barman_receive_wal")
	require.Contains(p.t, output, "Application name: consumer")
	require.Contains(p.t, output, "Current state   : streaming (async)")
	_, output = b.run("status", "node")
	require.Contains(p.t, output, "Cluster state: in archive recovery")

	code, output := b.run("receive-wal", "--stop", "node")
	require.Zero(p.t, code, output)
	receive.Wait(patience)
	log, err := os.ReadFile(filepath.Join(b.home, "barman.log"))
	require.NoError(p.t, err)
	require.NotContains(p.t, string(log), "Traceback")
}

// checkAlike compares what barman finds of a relay and of PostgreSQL, before anything has been received.
func (b *barman) checkAlike(beside *barman) {
	t := b.p.t
	wantCode, want := beside.run("check", "node")
	code, got := b.run("check", "node")
	require.Equal(t, want, got)
	require.Equal(t, wantCode, code)
	require.Contains(t, got, "PostgreSQL streaming: OK")
}

// switchWAL has barman archive the segment that it ends; it is the primary's, byte for byte.
func (b *barman) switchWAL(receive *cluster.Process) {
	p := b.p
	p.t.Helper()
	segment := walfile.SegmentNameAt(1, p.primary.FlushLSN()-1, p.primary.SegSize())
	for _, args := range [][]string{{"switch-wal", "node"}, {"switch-wal", "--force", "node"}} {
		p.primary.Exec("INSERT INTO t VALUES (1)") // nothing to switch else
		code, output := b.run(args...)
		require.Zero(p.t, code, output)
		require.Contains(p.t, output, "has been closed on server 'node'")
	}
	archived := filepath.Join(b.home, "node", "wals", segment[:16], segment)
	cluster.EventuallyOK(p.t, patience, "barman archives "+segment, func() error {
		if !receive.Running() {
			p.t.Fatalf("barman receive-wal ended:\n%s", receive.LogText())
		}
		code, output := b.run("archive-wal", "node")
		require.Zero(p.t, code, output)
		_, err := os.Stat(archived)
		return err
	})
	got := p.Run("gzip", "-dc", archived)
	want, err := os.ReadFile(filepath.Join(p.primary.WalDir(), segment))
	require.NoError(p.t, err)
	require.Equal(p.t, len(want), len(got))
	require.True(p.t, string(want) == got, "the segment %s differs from the primary's", segment)
}
