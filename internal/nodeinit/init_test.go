package nodeinit

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// initFake makes a node below dir, which need not be there, from f.
func initFake(t *testing.T, f *fakeUpstream, dir string, change func(*Options)) error {
	t.Helper()
	opts := Options{DataDir: dir, Upstream: "host=fake"}
	if change != nil {
		change(&opts)
	}
	return Run(context.Background(), f, opts, io.Discard)
}

func remembered(t *testing.T, dir string) datadir.Remembered {
	t.Helper()
	r, ok, err := datadir.ReadRemembered(dir)
	require.NoError(t, err)
	require.True(t, ok)
	return r
}

func loaded(t *testing.T, dir string) *guc.Settings {
	t.Helper()
	s := guc.New()
	require.NoError(t, s.LoadFiles(dir))
	return s
}

// requireNothing says that an init that failed left no trace below dir.
func requireNothing(t *testing.T, dir string) {
	t.Helper()
	_, err := os.Lstat(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestStartsAtTheSegmentOfTheUpstreamsPosition(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "hub")
	f := newFake()
	require.NoError(t, initFake(t, f, dir, nil))
	require.True(t, f.closed)
	require.Contains(t, f.asked, "START_REPLICATION 0/5100000 TIMELINE 1")

	r := remembered(t, dir)
	require.WithinDuration(t, time.Now(), r.WrittenAt, time.Minute)
	r.WrittenAt = time.Time{}
	require.Equal(t, datadir.Remembered{SystemID: f.identity.SystemID, Timeline: 1, CheckedStart: 0x5100000, Flushed: 0x5100000}, r)

	c, err := controldata.Read(dir)
	require.NoError(t, err)
	require.Equal(t, walfile.V15, c.Version)
	require.Equal(t, controldata.InArchiveRecovery, c.State)
	require.Equal(t, f.identity.SystemID, c.SystemID)
	require.Equal(t, xlog.SegSize(1<<20), c.WALSegSize)
	require.Equal(t, uint32(1), c.DataChecksumVersion)
	require.NotEqual(t, [32]byte{}, c.MockAuthNonce)
	require.Zero(t, c.CheckPoint)

	version, err := datadir.Version(dir)
	require.NoError(t, err)
	require.Equal(t, 15, version)
}

func TestEveryFileIsThereAndLetsInItsOwnerAlone(t *testing.T) {
	for _, group := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "hub")
		require.NoError(t, initFake(t, newFake(), dir, func(o *Options) { o.GroupAccess = group }))
		want := map[string]fs.FileMode{".": 0o700, "global": 0o700, "pg_wal": 0o700, "pg_wal/archive_status": 0o700, "pg_replslot": 0o700,
			"pg_stat": 0o700}
		for _, file := range []string{"PG_VERSION", "postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "pg_ident.conf",
			"standby.signal", "global/pg_control", "global/waypost_remembered", "global/waypost_roles", "global/waypost_roles.lock",
			"global/waypost_upstream_version"} {
			want[file] = 0o600
		}
		got := map[string]fs.FileMode{}
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			info, err := d.Info()
			require.NoError(t, err)
			rel, err := filepath.Rel(dir, path)
			got[rel] = info.Mode().Perm()
			return err
		}))
		if group {
			for name, perm := range want {
				if !strings.HasPrefix(name, "global/waypost_roles") { // secrets are the owner's alone
					want[name] = perm | perm>>3&0o050
				}
			}
		}
		require.Equal(t, want, got)
		_, err := datadir.Check(dir)
		require.NoError(t, err)
	}
}

func TestSizesOfPgWalFollowTheSegmentSize(t *testing.T) {
	for size, want := range map[string][2]string{"1MB": {"5MB", "64MB"}, "16MB": {"80MB", "1GB"}, "1GB": {"5GB", "64GB"}} {
		f := newFake()
		f.shows["wal_segment_size"] = size
		f.identity.XLogPos = 0x40000000 // a boundary for all of them: nothing there to probe
		dir := filepath.Join(t.TempDir(), "hub")
		require.NoError(t, initFake(t, f, dir, nil))
		s := loaded(t, dir)
		require.Equal(t, want, [2]string{s.Text(guc.MinWalSize), s.Text(guc.MaxWalSize)})
		require.Equal(t, xlog.LSN(0x40000000), remembered(t, dir).Flushed)
	}
}

func TestSettingsComeBackAsTheyWereGiven(t *testing.T) {
	conninfo := `host='a b' password='it''s \\ "x"' user=u # no comment`
	dir := filepath.Join(t.TempDir(), "hub")
	f := newFake()
	f.slot = []transport.Value{{Text: "physical", Valid: true}, {Text: "0/5000028", Valid: true}}
	f.page.Addr = 0x5000000
	require.NoError(t, initFake(t, f, dir, func(o *Options) {
		o.Upstream, o.Slot = conninfo, "hub_slot"
		o.Settings = []string{"port=5433", "wal-keep-size=1 GB", "log_line_prefix=%m '%q\\", "PORT=5434",
			"shared_buffers=128MB", "max_wal_senders=77", "listen_addresses=*", "tcp_keepalives_idle=5"}
	}))
	s := loaded(t, dir)
	require.Equal(t, conninfo, s.String(guc.PrimaryConninfo))
	require.Equal(t, "hub_slot", s.String(guc.PrimarySlotName))
	require.Equal(t, 5434, s.Int(guc.Port))
	require.Equal(t, "1GB", s.Text(guc.WalKeepSize))
	require.Equal(t, `%m '%q\`, s.String(guc.LogLinePrefix))
	require.Equal(t, 77, s.Int(guc.MaxWalSenders))
	require.Equal(t, "*", s.String(guc.ListenAddresses))
	require.Equal(t, 5, s.Int(guc.TcpKeepalivesIdle))
	_, shared, err := s.Show("shared_buffers")
	require.NoError(t, err)
	require.Equal(t, "128MB", shared)
}

func TestSampleShowsTheDefaultsAndLoopbackOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hub")
	require.NoError(t, initFake(t, newFake(), dir, nil))
	s, defaults := loaded(t, dir), guc.New()
	require.Equal(t, "localhost", s.String(guc.ListenAddresses))
	require.True(t, s.Bool(guc.HotStandby))

	// Every line that is commented out says the default: uncommented, it changes nothing.
	path := filepath.Join(dir, datadir.ConfigFile)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var open []string
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "#"); ok && strings.Contains(rest, " = ") && rest[0] != ' ' {
			line = rest
		}
		open = append(open, line)
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(open, "")), 0o600))
	all := loaded(t, dir)
	changed := map[guc.ID]bool{guc.PrimaryConninfo: true, guc.MinWalSize: true, guc.MaxWalSize: true,
		guc.LogTimezone: true, guc.TimeZone: true, guc.ConfigFile: true, guc.DataDirectory: true, guc.HbaFile: true,
		guc.IdentFile: true, guc.DataDirectoryMode: true}
	for _, c := range all.Changed(defaults) {
		require.True(t, changed[c.ID], c.Message())
	}
	require.Greater(t, len(all.NonDefaults()), 30)
}

func TestSlotDecidesWhereToStart(t *testing.T) {
	f := newFake()
	f.slot = []transport.Value{{Text: "physical", Valid: true}, {Text: "0/5023456", Valid: true}, {Text: "1", Valid: true}}
	f.page.Addr = 0x5000000
	dir := filepath.Join(t.TempDir(), "hub")
	require.NoError(t, initFake(t, f, dir, func(o *Options) { o.Slot = "s" }))
	require.Contains(t, f.asked, `READ_REPLICATION_SLOT "s"`)
	require.Equal(t, xlog.LSN(0x5000000), remembered(t, dir).Flushed)
}

// historyOf3 leaves timeline 1 in the middle of segment 0/3000000 and timeline 2 in that of 0/5000000.
const historyOf3 = "1\t0/3012345\tno reason\n\n2\t0/5023456\tno reason\n"

func TestHistoryFilesAreFetchedAndTheStartsTimelineIsFoundInThem(t *testing.T) {
	for _, c := range []struct {
		from, lsn xlog.LSN
		tli       xlog.TimeLineID
	}{
		{0, 0x5100000, 3},         // where the upstream is
		{0x5000000, 0x5000000, 3}, // the segment of the last switch has the parent's bytes at its head
		{0x4FFFFFF, 0x4F00000, 2},
		{0x3012346, 0x3000000, 2},
		{0x3000000, 0x3000000, 2},
		{0x2FFFFFF, 0x2F00000, 1},
	} {
		f := newFake()
		f.identity.TLI = 3
		f.histories = map[xlog.TimeLineID]string{3: historyOf3, 2: "1\t0/3012345\tno reason\n"}
		f.page.TLI, f.page.Addr = c.tli, c.lsn
		dir := filepath.Join(t.TempDir(), "hub")
		require.NoError(t, initFake(t, f, dir, func(o *Options) { o.StartLSN = c.from }))
		r := remembered(t, dir)
		require.Equal(t, c.lsn, r.Flushed)
		require.Equal(t, c.tli, r.Timeline)
		for tli, text := range f.histories {
			got, err := os.ReadFile(filepath.Join(dir, "pg_wal", walfile.HistoryName(tli)))
			require.NoError(t, err)
			require.Equal(t, text, string(got))
		}
		control, err := controldata.Read(dir)
		require.NoError(t, err)
		require.Equal(t, c.tli, control.CheckPointCopy.TLI)
	}
}

func TestAncestorsHistoryThatTheUpstreamLacksIsNotMissed(t *testing.T) {
	f := newFake()
	f.identity.TLI, f.page.TLI = 3, 3
	f.histories = map[xlog.TimeLineID]string{3: historyOf3}
	dir := filepath.Join(t.TempDir(), "hub")
	require.NoError(t, initFake(t, f, dir, nil))
	files, err := filepath.Glob(filepath.Join(dir, "pg_wal", "*.history"))
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestRefusalsLeaveNothingBehind(t *testing.T) {
	null, physical := transport.Value{}, transport.Value{Text: "physical", Valid: true}
	for _, c := range []struct {
		name    string
		message string
		fake    func(*fakeUpstream)
		opts    func(*Options)
	}{
		{"too old", "PostgreSQL 14.9, which is not supported", func(f *fakeUpstream) { f.version, f.num = "14.9", 140009 }, nil},
		{"too new", "PostgreSQL 19devel, which is not supported", func(f *fakeUpstream) { f.version, f.num = "19devel", 190000 }, nil},
		{"segment size", `segment size "3MB"`, func(f *fakeUpstream) { f.shows["wal_segment_size"] = "3MB" }, nil},
		{"segment size", `segment size "many"`, func(f *fakeUpstream) { f.shows["wal_segment_size"] = "many" }, nil},
		{"page size", "WAL pages of 4096 bytes", func(f *fakeUpstream) { f.shows["wal_block_size"] = "4096" }, nil},
		{"no answer", `unrecognized configuration parameter "wal_block_size"`, func(f *fakeUpstream) { delete(f.shows, "wal_block_size") }, nil},
		{"no history", "could not fetch the history of timeline 2", func(f *fakeUpstream) { f.identity.TLI = 2 }, nil},
		{"bad history", "could not fetch the history of timeline 2", func(f *fakeUpstream) {
			f.identity.TLI, f.histories = 2, map[xlog.TimeLineID]string{2: "5\tnonsense\n"}
		}, nil},
		{"other system", "does not fit", func(f *fakeUpstream) { f.page.SystemID++ }, nil},
		{"other version's WAL", "does not fit", func(f *fakeUpstream) { f.page.Magic = walfile.V16.Magic() }, nil},
		{"zeros", "does not fit", func(f *fakeUpstream) { f.page = walfile.PageHeader{Info: walfile.LongHeader} }, nil},
		{"no slot", `slot "s" does not exist`, func(f *fakeUpstream) { f.slot = []transport.Value{null, null, null} }, func(o *Options) { o.Slot = "s" }},
		{"logical slot", "is logical, not physical", func(f *fakeUpstream) {
			f.slot = []transport.Value{{Text: "logical", Valid: true}, null, null}
		}, func(o *Options) { o.Slot = "s" }},
		{"bad restart_lsn", "could not use replication slot", func(f *fakeUpstream) {
			f.slot = []transport.Value{physical, {Text: "x", Valid: true}, null}
		}, func(o *Options) { o.Slot = "s" }},
		{"slot's name", `"primary_slot_name"`, nil, func(o *Options) { o.Slot = "No Slot" }},
		{"ahead", "ahead of the upstream, which is at 0/5123456", nil, func(o *Options) { o.StartLSN = 0x5200000 }},
		{"before all WAL", "no WAL at 0/FF", nil, func(o *Options) { o.StartLSN = 0xFF }},
		{"unknown setting", `"nonsense"`, nil, func(o *Options) { o.Settings = []string{"nonsense=1"} }},
		{"bad value", `"port"`, nil, func(o *Options) { o.Settings = []string{"port=99999"} }},
		{"no value", "requires a value", nil, func(o *Options) { o.Settings = []string{"port"} }},
		{"decided elsewhere", "set by --upstream", nil, func(o *Options) { o.Settings = []string{"primary_conninfo=host=x"} }},
		{"no upstream", "no upstream specified", nil, func(o *Options) { o.Upstream = "" }},
		{"no directory", "no data directory specified", nil, func(o *Options) { o.DataDir = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "hub")
			f := newFake()
			if c.fake != nil {
				c.fake(f)
			}
			err := initFake(t, f, dir, c.opts)
			require.ErrorContains(t, err, c.message)
			requireNothing(t, dir)
			require.Equal(t, len(f.asked) > 0 || strings.HasPrefix(c.name, "too"), f.closed, "the connection is closed if there was one")
		})
	}
}

func TestDirectoryThatIsNotEmptyIsRefusedAndLeftAlone(t *testing.T) {
	for _, name := range []string{"x", ".hidden", "lost+found"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("precious"), 0o644))
		f := newFake()
		err := initFake(t, f, dir, nil)
		require.ErrorContains(t, err, "not empty")
		require.Empty(t, f.asked, "the upstream is not asked in vain")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "precious", string(text))
	}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, initFake(t, newFake(), file, nil))
	require.FileExists(t, file)
}

func TestEmptyDirectoryIsTakenAndItsPermissionsFixed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, initFake(t, newFake(), dir, nil))
	_, err := datadir.Check(dir)
	require.NoError(t, err)
}

// watcher sees what init prints, which is where it is.
type watcher func(line string)

func (w watcher) Write(b []byte) (int, error) {
	w(string(b))
	return len(b), nil
}

// steps are the texts that precede each of build's steps, from a run that is let through.
func steps(t *testing.T) []string {
	var out []string
	dir := filepath.Join(t.TempDir(), "hub")
	w := watcher(func(line string) {
		if strings.HasSuffix(line, " ... ") {
			out = append(out, strings.ReplaceAll(line, dir, ""))
		}
	})
	require.NoError(t, Run(context.Background(), newFake(), Options{DataDir: dir, Upstream: "host=fake"}, w))
	require.Greater(t, len(out), 6)
	return out
}

func TestInterruptionAtAnyStepLeavesNothingBehind(t *testing.T) {
	all := steps(t)
	for _, existed := range []bool{false, true} {
		for i, step := range all[:len(all)-1] { // after the last one it is done
			dir := filepath.Join(t.TempDir(), "hub")
			if existed {
				require.NoError(t, os.Mkdir(dir, 0o700))
			}
			ctx, cancel := context.WithCancel(context.Background())
			seen := 0
			w := watcher(func(line string) {
				if strings.HasSuffix(line, " ... ") {
					if seen == i {
						cancel()
					}
					seen++
				}
			})
			err := Run(ctx, newFake(), Options{DataDir: dir, Upstream: "host=fake"}, w)
			require.ErrorIs(t, err, context.Canceled, step)
			if !existed {
				requireNothing(t, dir)
				continue
			}
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, entries, step)
		}
	}
}

func TestFailureInAStepLeavesNothingBehind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hub")
	var printed bytes.Buffer
	w := watcher(func(line string) {
		printed.WriteString(line)
		if strings.HasPrefix(line, "checking configuration files") {
			f, err := os.OpenFile(filepath.Join(dir, datadir.ConfigFile), os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString("port = nonsense\n")
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
	})
	err := Run(context.Background(), newFake(), Options{DataDir: dir, Upstream: "host=fake"}, w)
	require.ErrorContains(t, err, `"port"`)
	require.Contains(t, printed.String(), "... failed\nremoving what was made")
	requireNothing(t, dir)
}

func TestTwoInitsOfOneDirectoryAtOnceDoNotHarmEachOther(t *testing.T) {
	for _, existed := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "hub")
		if existed {
			require.NoError(t, os.Mkdir(dir, 0o700))
		}
		const rivals = 8
		outcomes := make(chan error)
		for range rivals {
			go func() {
				outcomes <- Run(context.Background(), newFake(), Options{DataDir: dir, Upstream: "host=fake"}, io.Discard)
			}()
		}
		won := 0
		for range rivals {
			if err := <-outcomes; err == nil {
				won++
			}
		}
		require.Equal(t, 1, won)
		require.Equal(t, xlog.LSN(0x5100000), remembered(t, dir).Flushed)
		_, err := datadir.Version(dir)
		require.NoError(t, err)
	}
}

// A kill -9 removes nothing: what is there then must not look like a data directory, whenever it comes.
func TestNothingLooksLikeADataDirectoryUntilAllIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hub")
	last := ""
	w := watcher(func(line string) {
		if strings.HasSuffix(line, " ... ") {
			last = line
			_, err := os.Lstat(filepath.Join(dir, datadir.VersionFile))
			require.ErrorIs(t, err, fs.ErrNotExist, line)
		}
	})
	require.NoError(t, Run(context.Background(), newFake(), Options{DataDir: dir, Upstream: "host=fake"}, w))
	require.Equal(t, "writing PG_VERSION ... ", last)
	require.FileExists(t, filepath.Join(dir, datadir.VersionFile))
}
