package nodeinit

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/tests/cluster"
	"waypost/transport/pgwire"
	"waypost/walfile"
	"waypost/xlog"
)

// initReal makes a node of a real server and gives its directory and what was printed.
func initReal(c *cluster.Cluster, p *cluster.Postgres, name string, change func(*Options)) (dir, printed string, err error) {
	dir = c.Path(name)
	opts := Options{DataDir: dir, Upstream: p.Conninfo()}
	if change != nil {
		change(&opts)
	}
	var out strings.Builder
	err = Run(context.Background(), &pgwire.Transport{}, opts, &out)
	return dir, out.String(), err
}

func lsn(t *testing.T, text string) xlog.LSN {
	t.Helper()
	l, err := xlog.ParseLSN(text)
	require.NoError(t, err)
	return l
}

func TestNodeOfARealServerSaysWhatTheServerSays(t *testing.T) {
	for _, version := range cluster.Versions(t) {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			c := cluster.New(t)
			p := c.NewPostgres("primary", version, cluster.PostgresOptions{SegSizeMB: 1, Checksums: true})
			theirs, err := controldata.Read(p.DataDir)
			require.NoError(t, err)
			before := p.FlushLSN()
			dir, printed, err := initReal(c, p, "hub", nil)
			require.NoError(t, err)
			after := p.FlushLSN()

			ours, err := controldata.Read(dir)
			require.NoError(t, err)
			require.Equal(t, controldata.InArchiveRecovery, ours.State)
			require.Equal(t, theirs.SystemID, ours.SystemID)
			require.Equal(t, theirs.Version, ours.Version)
			require.Equal(t, theirs.CatalogVersion, ours.CatalogVersion)
			require.Equal(t, theirs.DataChecksumVersion, ours.DataChecksumVersion)
			require.Equal(t, xlog.SegSize(1<<20), ours.WALSegSize)
			major, err := datadir.Version(dir)
			require.NoError(t, err)
			require.Equal(t, version, major)

			r := remembered(t, dir)
			require.Equal(t, xlog.TimeLineID(1), r.Timeline)
			require.Equal(t, r.CheckedStart, r.Flushed)
			require.Zero(t, ours.WALSegSize.Offset(r.Flushed))
			require.GreaterOrEqual(t, r.Flushed, ours.WALSegSize.SegStart(before))
			require.LessOrEqual(t, r.Flushed, after)
			require.Contains(t, printed, fmt.Sprintf("from %s on timeline 1", r.Flushed))
			require.Contains(t, printed, walfile.SegmentNameAt(1, r.Flushed, ours.WALSegSize))
			require.NotContains(t, p.Process().LogText(), "unexpected EOF", "the upstream is left in order")
		})
	}
}

func TestPgControldataPrintsTheNodesControlFile(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	dir, _, err := initReal(c, p, "hub", nil)
	require.NoError(t, err)
	giveAway(t, dir, p.DataDir)
	code, stdout, stderr := c.RunCode(c.ClientProgram("pg_controldata"), dir)
	require.Zero(t, code)
	require.Empty(t, stderr)
	require.NotContains(t, stdout, "WARNING")
	require.Contains(t, stdout, "Database cluster state:               in archive recovery\n")
	_, theirs, _ := c.RunCode(c.ClientProgram("pg_controldata"), p.DataDir)
	for line := range strings.Lines(theirs) {
		for _, same := range []string{"pg_control version", "Catalog version", "Database system identifier", "Maximum", "Database block",
			"Blocks per", "WAL block", "Bytes per WAL", "Size of", "Date/time", "Float8", "Data page checksum", "wal_level"} {
			if strings.HasPrefix(line, same) {
				require.Contains(t, stdout, line)
			}
		}
	}
}

// giveAway makes the owner of like the owner of all below dir.
func giveAway(t *testing.T, dir, like string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return // all is one user's anyway
	}
	uid, gid := owner(t, like)
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		require.NoError(t, err)
		return os.Chown(path, uid, gid)
	}))
}

func TestPostgresReadsTheConfigurationAsWeDo(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	conninfo := p.Conninfo() + ` application_name='it\'s \\ "x"'`
	dir, _, err := initReal(c, p, "hub", func(o *Options) {
		o.Upstream = conninfo
		o.Settings = []string{"port=15432", `log_line_prefix=%m \'q`, "wal_keep_size=3 GB"}
	})
	require.NoError(t, err)
	giveAway(t, dir, p.DataDir)
	s := loaded(t, dir)
	for _, id := range []guc.ID{guc.PrimaryConninfo, guc.Port, guc.LogLinePrefix, guc.ListenAddresses, guc.HotStandby} {
		out := c.Run(filepath.Join(filepath.Dir(c.ClientProgram("psql")), "postgres"), "-D", dir, "-C", id.String())
		require.Equal(t, s.Text(id), strings.TrimSuffix(out, "\n"))
	}
	require.Equal(t, conninfo, s.String(guc.PrimaryConninfo))
}

func TestSlotsOfARealServer(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1, Settings: map[string]string{"wal_level": "logical"}})
	p.Exec("SELECT pg_create_physical_replication_slot('held', true)")
	held := lsn(t, p.QueryOne("SELECT restart_lsn FROM pg_replication_slots WHERE slot_name = 'held'"))
	for range 3 {
		p.SwitchWAL()
	}
	now := p.FlushLSN()
	dir, printed, err := initReal(c, p, "hub", func(o *Options) { o.Slot = "held" })
	require.NoError(t, err)
	require.Equal(t, xlog.SegSize(1<<20).SegStart(held), remembered(t, dir).Flushed)
	require.Contains(t, printed, `the restart_lsn of slot "held"`)
	require.Equal(t, "held", loaded(t, dir).String(guc.PrimarySlotName))

	p.Exec("SELECT pg_create_physical_replication_slot('fresh')")
	dir, printed, err = initReal(c, p, "hub2", func(o *Options) { o.Slot = "fresh" })
	require.NoError(t, err)
	require.GreaterOrEqual(t, remembered(t, dir).Flushed, xlog.SegSize(1<<20).SegStart(now))
	require.Contains(t, printed, `slot "fresh" holds no WAL back yet`)

	dir, _, err = initReal(c, p, "hub3", func(o *Options) { o.Slot = "none" })
	require.ErrorContains(t, err, `slot "none" does not exist`)
	requireNothing(t, dir)

	p.Exec("SELECT pg_create_logical_replication_slot('decoding', 'pgoutput')")
	dir, _, err = initReal(c, p, "hub4", func(o *Options) { o.Slot = "decoding" })
	require.ErrorContains(t, err, `could not use replication slot "decoding"`)
	requireNothing(t, dir)
}

func TestWALThatIsRemovedIsNoPlaceToStart(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1,
		Settings: map[string]string{"wal_keep_size": "0", "max_wal_size": "2MB", "min_wal_size": "2MB"}})
	oldest := func() string { return p.QueryOne("SELECT min(name) FROM pg_ls_waldir() WHERE length(name) = 24") }
	first := oldest()
	_, n, err := walfile.ParseSegmentName(first, 1<<20)
	require.NoError(t, err)
	for range 100 {
		if oldest() != first {
			break
		}
		p.SwitchWAL()
		p.Exec("CHECKPOINT")
	}
	require.NotEqual(t, first, oldest())
	dir, _, err := initReal(c, p, "hub", func(o *Options) { o.StartLSN = xlog.SegSize(1 << 20).Start(n) })
	require.ErrorContains(t, err, "has already been removed")
	var explained *Error
	require.ErrorAs(t, err, &explained)
	require.Contains(t, explained.Hint, "--start-lsn")
	requireNothing(t, dir)
}

func TestUpstreamOnALaterTimeline(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	first := p.FlushLSN()
	p.SwitchWAL()
	p.Stop(cluster.Fast)
	// Recovery that finds nothing to recover ends on a timeline of its own.
	p.Configure(map[string]string{"restore_command": "false"})
	c.WriteFile(filepath.Join(p.DataDir, "recovery.signal"), "")
	p.Start()
	p.WaitFor(time.Minute, "SELECT pg_is_in_recovery()", "f")
	history, err := os.ReadFile(filepath.Join(p.WalDir(), "00000002.history"))
	require.NoError(t, err)

	dir, _, err := initReal(c, p, "hub", nil)
	require.NoError(t, err)
	require.Equal(t, xlog.TimeLineID(2), remembered(t, dir).Timeline)
	copied, err := os.ReadFile(filepath.Join(dir, "pg_wal", "00000002.history"))
	require.NoError(t, err)
	require.Equal(t, history, copied)

	dir, _, err = initReal(c, p, "hub2", func(o *Options) { o.StartLSN = first })
	require.NoError(t, err)
	require.Equal(t, xlog.TimeLineID(1), remembered(t, dir).Timeline)
	require.FileExists(t, filepath.Join(dir, "pg_wal", "00000002.history"))
}

func TestUpstreamThatCannotBeReached(t *testing.T) {
	c := cluster.New(t)
	port := c.FreePort()
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{HBA: []string{"host replication rejected all reject"}})
	p.Exec("CREATE ROLE plain LOGIN")
	for conninfo, want := range map[string]string{
		fmt.Sprintf("host=127.0.0.1 port=%d user=postgres", port): "connection refused",
		p.Conninfo() + " user=nobody":                             `role "nobody" does not exist`,
		p.Conninfo() + " user=plain":                              "replication",
		p.Conninfo() + " user=rejected":                           "pg_hba.conf rejects",
		"host=127.0.0.1 nonsense=1":                               `"nonsense"`,
		"host=127.0.0.1 port":                                     `missing "="`,
	} {
		dir, _, err := initReal(c, p, "hub", func(o *Options) { o.Upstream = conninfo })
		require.ErrorContains(t, err, want, conninfo)
		requireNothing(t, dir)
	}
}
