package relay

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/internal/shmdump"
	"waypost/tests/cluster"
	"waypost/walfile"
	"waypost/xlog"
)

// patience is how long anything may take that has no bound of its own.
const patience = 60 * time.Second

// keepAll are settings with which a node removes no WAL in a test's time.
var keepAll = map[string]string{"wal_keep_size": "4GB"}

func dump(w *cluster.Waypost) *shmdump.Dump {
	var d shmdump.Dump
	w.ShmdumpJSON(&d)
	return &d
}

func parseLSN(t testing.TB, text string) xlog.LSN {
	t.Helper()
	lsn, err := xlog.ParseLSN(text)
	require.NoError(t, err)
	return lsn
}

// tryDump is dump for a node that may be without shared memory for a moment.
func tryDump(w *cluster.Waypost) (*shmdump.Dump, error) {
	s, err := shmdump.Open(w.DataDir)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return shmdump.Read(s)
}

// synchronousTo has the primary wait for the one standby of that name from now on.
func synchronousTo(primary *cluster.Postgres, name, level string) {
	primary.WaitConsumer(patience, name)
	primary.Configure(map[string]string{"synchronous_standby_names": name, "synchronous_commit": level})
	primary.Reload()
	primary.WaitFor(patience, fmt.Sprintf(
		"SELECT current_setting('synchronous_commit') || ' ' || string_agg(sync_state, ',') FROM pg_stat_replication WHERE application_name = '%s'",
		name), level+" sync")
}

// followToTheEnd has a standby take all that a relay has, whose upstream is gone, and
// promotes it: only a primary has nothing left to replay.
func followToTheEnd(standby *cluster.Postgres, relay *cluster.Waypost) {
	end := relay.IdentifySystem().Pos
	standby.WaitFor(patience, fmt.Sprintf("SELECT pg_last_wal_receive_lsn() >= '%s'", end), "t")
	standby.Promote(patience)
}

// segmentAt is the path of the segment, of timeline 1, that holds the byte at lsn.
func segmentAt(dir string, size xlog.SegSize, lsn xlog.LSN) string {
	return filepath.Join(dir, walfile.SegmentNameAt(1, lsn, size))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// rememberedFlush is up to where a node that is down knows its WAL to be on disk.
func rememberedFlush(t testing.TB, w *cluster.Waypost) xlog.LSN {
	t.Helper()
	r, ok, err := datadir.ReadRemembered(w.DataDir)
	require.NoError(t, err)
	require.True(t, ok, "%s remembers nothing", w.Name)
	return r.Flushed
}

// readWAL reads the WAL of one segment from its start up to lsn.
func readWAL(t testing.TB, path string, size xlog.SegSize, upto xlog.LSN) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Lenf(t, b, int(size), "size of %s", path)
	return b[:uint64(upto)%uint64(size)]
}
