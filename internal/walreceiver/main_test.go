package walreceiver

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/child"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/logging"
	"waypost/internal/proctitle"
	"waypost/protocol"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// newProcess makes what the frame of a child gives to Main, over the rig's shared memory and a data directory.
func (g *rig) newProcess() (*child.Process, chan os.Signal) {
	dir := g.t.(*testing.T).TempDir()
	require.NoError(g.t, os.Chmod(dir, 0o750)) // its group may read
	require.NoError(g.t, os.Mkdir(filepath.Join(dir, datadir.WalDir), 0o700))
	require.NoError(g.t, os.Mkdir(filepath.Join(dir, datadir.GlobalDir), 0o700))
	require.NoError(g.t, os.WriteFile(filepath.Join(dir, datadir.VersionFile), []byte("15\n"), 0o600))
	writeConfig(g.t, dir, "cluster_name = 'relay'\nwal_receiver_timeout = 7s\nwal_receiver_library = 'played'\n")
	settings := guc.New()
	require.NoError(g.t, settings.LoadFiles(dir))
	signals := make(chan os.Signal)
	return &child.Process{DataDir: dir, Settings: settings, Log: logging.New(g.logged), Areas: g.areas,
		Activity: &g.areas.Status[0], Title: &proctitle.Title{}, Signals: signals}, signals
}

func writeConfig(t testing.TB, dir, text string) {
	require.NoError(t, os.WriteFile(filepath.Join(dir, datadir.ConfigFile), []byte(text), 0o600))
}

func TestProcessObeysItsSignals(t *testing.T) {
	g := newRig(t)
	p, signals := g.newProcess()
	var transports transport.Registry
	require.NoError(t, transports.Register("played", g.upstream))
	r, err := newReceiver(p, &transports)
	require.NoError(t, err)
	require.Equal(t, 7*time.Second, r.settings.Load().timeout)
	require.Equal(t, walfile.V15, r.WALVersion)
	require.Equal(t, "relay", r.ApplicationName)
	go r.obey(p)
	go func() { g.result <- r.Run() }()
	end := segSize.Start(2) + 800
	g.upstream.Advance(end)
	g.waitReply(flushedIs(end))
	for n := xlog.SegNo(1); n <= 2; n++ {
		info, err := os.Stat(r.Dir.SegmentPath(1, n))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode(), "of a segment, as of all else in this directory")
	}

	writeConfig(t, p.DataDir, "wal_receiver_timeout = 9s\nwal_receiver_library = 'played'\n")
	signals <- unix.SIGUSR1 // means nothing here
	signals <- unix.SIGHUP
	g.eventually("reloaded", func() bool { return r.settings.Load().timeout == 9*time.Second })
	g.upstream.Advance(end + 800)
	g.waitReply(flushedIs(end + 800))

	signals <- unix.SIGTERM
	requireReported(t, g.ended(), protocol.CodeAdminShutdown, "administrator command", false)
}

func TestUnknownTransportIsRefusedByName(t *testing.T) {
	g := newRig(t)
	p, _ := g.newProcess()
	_, err := newReceiver(p, &transport.Registry{})
	var unknown *transport.UnknownTransportError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, "played", unknown.Name)
}

func TestFailedSyncMarksTheRememberedPosition(t *testing.T) {
	g := newRig(t)
	p, _ := g.newProcess()
	m, err := datadir.OpenMemory(p.DataDir, 0o600)
	require.NoError(t, err)
	defer m.Close()
	require.NoError(t, m.Store(datadir.Remembered{SystemID: 1, Timeline: 1, CheckedStart: 100, Flushed: 200}))
	var transports transport.Registry
	require.NoError(t, transports.Register("played", g.upstream))
	r, err := newReceiver(p, &transports)
	require.NoError(t, err)
	require.ErrorIs(t, r.syncFailed(&walfile.SyncError{Path: "segment", Err: unix.EIO}), unix.EIO)
	got, ok, err := datadir.ReadRemembered(p.DataDir)
	require.NoError(t, err)
	require.True(t, ok && got.Distrust)
	require.Equal(t, xlog.LSN(200), got.Flushed)
}
