package startup

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/pmsignal"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// garbage fills bytes as a recycled segment's old content might.
func garbage(b []byte) {
	for i := range b {
		b[i] = byte(i*7 + 13)
	}
}

func TestNewNodeBeginsAtItsFirstSegment(t *testing.T) {
	g := newRig(t)
	require.Equal(t, at(seg(1)), g.found())
	require.Equal(t, []pmsignal.Reason{pmsignal.RecoveryStarted, pmsignal.BeginHotStandby}, g.wasTold())
	require.EqualValues(t, 1, g.Ckpt.NextSegment.Load(), "not even the first segment has been begun")
	require.EqualValues(t, waltest.DefaultSystemID, g.XLog.SystemID.Load())
	require.Equal(t, segSize, g.XLog.Segsize())
	require.EqualValues(t, 150000, g.XLog.ServerVersionNum.Load())
}

func TestNodeIsTheVersionThatItsUpstreamLastWas(t *testing.T) {
	for last, want := range map[datadir.UpstreamVersion]string{
		{Num: 150018, Text: "15.18 (Debian 15.18-0+deb12u1)"}: "15.18 (Debian 15.18-0+deb12u1)",
		{Num: 140002, Text: "14.2"}:                           "15.0",
	} {
		g := newRig(t)
		require.NoError(t, datadir.StoreUpstreamVersion(g.DataDir, last, 0o600))
		require.Equal(t, at(seg(1)), g.found())
		require.Equal(t, want, g.XLog.ServerVersion())
	}
}

func TestEndOfWALIsFoundForEveryWayToStop(t *testing.T) {
	big := 3*xlog.PageSize + 500 // a record of that many bytes goes over four or five pages
	for _, c := range []struct {
		name string
		make func(l *waltest.Log) (damage func(*waltest.Segments), want positions)
	}{
		{"zeros follow", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			return nil, at(l.Pos())
		}},
		{"torn in the page it began on", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			l.Filler(300)
			return func(s *waltest.Segments) { clear(s.At(1, end+200)) }, at(end)
		}},
		{"in the middle of a record over several pages", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			l.Filler(big)
			cut := end.PageStart() + 2*xlog.PageSize + 1000 // in the third page of the record
			return func(s *waltest.Segments) { clear(s.At(1, cut)) }, positions{end, end, cut.PageStart()}
		}},
		{"at a page's end in a record", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			l.Filler(big)
			cut := end.PageStart() + 2*xlog.PageSize
			return func(s *waltest.Segments) { clear(s.At(1, cut)) }, positions{end, end, cut - xlog.PageSize}
		}},
		{"in a record that crosses into a segment that is there", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			l.FillTo(seg(2) - 4000)
			end := l.Pos()
			l.Filler(big)
			return func(s *waltest.Segments) { clear(s.At(1, seg(2)+100)) }, positions{end, end, seg(2)}
		}},
		{"in a record that crosses into a segment that is not there", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			l.FillTo(seg(2) - 2*xlog.PageSize - 4000)
			end := l.Pos()
			l.Filler(big)
			return func(s *waltest.Segments) { s.Remove(1, seg(2)) }, positions{end, end, seg(2) - xlog.PageSize}
		}},
		{"in a record longer than a segment", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			l.Filler(3 << 20)
			cut := seg(3) + 20*xlog.PageSize
			return func(s *waltest.Segments) { garbage(s.At(1, cut+100)) }, positions{end, end, cut}
		}},
		{"after a segment switch", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			l.Switch()
			return nil, at(seg(2))
		}},
		{"after a segment switch whose rest was not received", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			_, end := l.Switch()
			return func(s *waltest.Segments) { garbage(s.At(1, end+3000)) }, at(end)
		}},
		{"after an overwritten record", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			l.Unfinished(big, 1)
			l.Overwrite()
			l.Filler(100)
			return nil, at(l.Pos())
		}},
		{"in the record that overwrites", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			l.Unfinished(big, 1)
			over, _ := l.Overwrite()
			return func(s *waltest.Segments) { clear(s.At(1, over+8)) }, at(end)
		}},
		{"garbage of a recycled segment", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			l.FillTo(seg(2))
			old := waltest.New(waltest.Options{})
			old.FillTo(seg(2))
			return func(s *waltest.Segments) {
				s.Files[walfile.Segment{TLI: 1, SegNo: 2}] = append([]byte(nil), old.Bytes(seg(1), seg(2))...)
			}, at(seg(2))
		}},
		{"garbage in the middle of a page", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			return func(s *waltest.Segments) { garbage(s.At(1, end)) }, at(end)
		}},
		{"a lost page with good ones behind it", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			l.FillTo(end + 5*xlog.PageSize)
			return func(s *waltest.Segments) { clear(s.At(1, end)[:xlog.PageSize]) }, at(end)
		}},
		{"a file that ends early", func(l *waltest.Log) (func(*waltest.Segments), positions) {
			end := l.Pos()
			return func(s *waltest.Segments) { s.Truncate(1, end+8) }, at(end)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := waltest.New(waltest.Options{})
			l.FillTo(seg(1) + 5*xlog.PageSize + 4000)
			damage, want := c.make(l)
			s := l.Segments()
			if damage != nil {
				damage(s)
			}
			g := newRig(t)
			g.holds(s)
			require.Equal(t, want, g.found(), g.log.String())
			require.NotContains(t, g.log.String(), "ERROR")
			for n, f := range segmentSizes(t, g) {
				require.EqualValues(t, segSize, f, n)
			}
		})
	}
}

func segmentSizes(t *testing.T, g *rig) map[string]int64 {
	sizes := map[string]int64{}
	entries, err := os.ReadDir(g.walDir())
	require.NoError(t, err)
	for _, e := range entries {
		if walfile.IsSegmentName(e.Name()) {
			info, err := e.Info()
			require.NoError(t, err)
			sizes[e.Name()] = info.Size()
		}
	}
	return sizes
}

func TestRealServersWALIsReadToItsEnd(t *testing.T) {
	d := waltest.Fixture(t, walfile.V15)
	all, err := d.Segments()
	require.NoError(t, err)
	control, err := os.ReadFile(waltest.FixturePath(t, walfile.V15, "pg_control"))
	require.NoError(t, err)
	c, err := controldata.Decode(control)
	require.NoError(t, err)

	g := newRig(t)
	require.NoError(t, os.Remove(g.walDir()))
	require.NoError(t, os.Rename(d.Path, g.walDir()))
	c.State = controldata.ShutDownInRecovery
	require.NoError(t, c.Write(g.DataDir, time.Now(), 0o600))
	m, err := datadir.OpenMemory(g.DataDir, 0o600)
	require.NoError(t, err)
	start := seg(all[0].SegNo)
	require.NoError(t, m.Store(datadir.Remembered{SystemID: c.SystemID, Timeline: 1, CheckedStart: start, Flushed: start + xlog.LSN(segSize)}))
	require.NoError(t, m.Close())

	p := g.found()
	cp := g.XLog.Checkpoint()
	require.Equal(t, c.CheckPoint, cp.RecordStart, "the shutdown checkpoint is the last record: %s", g.log)
	require.Equal(t, cp.RecordEnd, p.end)
	require.Equal(t, at(p.end), p)
	require.False(t, g.XLog.LastXact().IsZero())
	after, err := controldata.Read(g.DataDir)
	require.NoError(t, err)
	require.Equal(t, controldata.InArchiveRecovery, after.State)
}

// What was flushed once counts as held, wherever in a record it ends; and only that where a sync failed.
func TestRememberedFlushIsVouchedFor(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 3*xlog.PageSize + 1000)
	end := l.Pos()
	first := l.Prev()
	l.Filler(4 * xlog.PageSize)
	flushed := end + 2*xlog.PageSize + 123
	s := l.Segments()
	clear(s.At(1, flushed.PageStart()+xlog.PageSize))

	g := newRig(t)
	g.holds(s)
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: first, Flushed: flushed})
	require.Equal(t, positions{end, flushed, flushed}, g.found())

	for _, failed := range []bool{false, true} {
		l.Filler(100)
		g = newRig(t)
		g.holds(l.Segments())
		g.SyncFailed = failed
		g.remember(datadir.Remembered{Timeline: 1, CheckedStart: first, Flushed: flushed, Distrust: !failed})
		require.Equal(t, positions{end, flushed, flushed}, g.found(), "the rest is on disk, but is not believed")
		r, ok, err := datadir.ReadRemembered(g.DataDir)
		require.NoError(t, err)
		require.True(t, ok && r.Distrust, "it is distrusted as well after one more crash")
	}
}

func TestSyncThatFailsAtStartIsRememberedForTheNextStart(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) + 5000)
	g := newRig(t)
	g.holds(l.Segments())
	require.NoError(t, os.Symlink("nowhere", g.path(7, 1))) // cannot be opened to be synced
	err := g.Run()
	require.True(t, durable.IsSyncError(err), err)
	require.NotContains(t, g.wasTold(), pmsignal.BeginHotStandby)
	r, ok, err := datadir.ReadRemembered(g.DataDir)
	require.NoError(t, err)
	require.True(t, ok && r.Distrust)
}

// The rest of a record from before our first byte is covered by no CRC that we could check.
func TestHeadWithoutItsRecordIsGoodOnlyAsFarAsItWasFlushed(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) - 4000)
	l.Filler(5 * xlog.PageSize)
	l.CheckPoint(false)
	l.FillTo(seg(2) + 20*xlog.PageSize)
	s := l.Segments()
	s.Remove(1, seg(1))
	for _, flushed := range []xlog.LSN{seg(2), seg(2) + xlog.PageSize + 77} {
		g := newRig(t)
		g.holds(s)
		g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(2), Flushed: flushed})
		require.Equal(t, positions{seg(2), flushed, flushed}, g.found())
		require.Zero(t, g.XLog.Checkpoint(), "what was seen behind does not count")
	}
	g := newRig(t)
	g.holds(s)
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(2), Flushed: seg(2) + 6*xlog.PageSize})
	require.Equal(t, at(l.Pos()), g.found())
}

func TestLostTailBelowTheRememberedFlushIsSaidAndFetchedAgain(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 10*xlog.PageSize + 2000)
	first := l.Prev()
	end := l.Pos()
	l.FillTo(seg(3) + 5*xlog.PageSize)
	lost := func(s *waltest.Segments) {
		clear(s.At(1, seg(2)))
		s.Remove(1, seg(3))
	}
	for name, damage := range map[string]func(*waltest.Segments){
		"zeros":            func(s *waltest.Segments) { clear(s.At(1, end)) },
		"garbage":          func(s *waltest.Segments) { garbage(s.At(1, end)) },
		"a file too short": func(s *waltest.Segments) { s.Truncate(1, end+30) },
	} {
		t.Run(name, func(t *testing.T) {
			s := l.Segments()
			damage(s)
			lost(s)
			g := newRig(t)
			g.holds(s)
			g.remember(datadir.Remembered{Timeline: 1, CheckedStart: first, Flushed: l.Pos()})
			require.Equal(t, at(end), g.found())
			require.Contains(t, g.log.String(), "ERROR:  WAL on disk is damaged")
			require.Contains(t, g.log.String(), end.String())
			kept, err := os.ReadFile(filepath.Join(g.walDir(), "000000010000000000000001.damaged"))
			require.NoError(t, err)
			require.Equal(t, s.Files[walfile.Segment{TLI: 1, SegNo: 1}], kept)
		})
	}
	t.Run("a missing file", func(t *testing.T) {
		s := l.Segments()
		s.Remove(1, seg(1))
		lost(s)
		g := newRig(t)
		g.holds(s)
		g.remember(datadir.Remembered{Timeline: 1, CheckedStart: first, Flushed: l.Pos()})
		require.Equal(t, at(seg(1)), g.found(), "no segment gets an unwritten head")
		require.Contains(t, g.log.String(), "ERROR:  WAL on disk is damaged")
	})
}

// Damage in the middle costs nothing of what is good behind it: it stays held, and is mended once the upstream is there.
func TestDamageInTheMiddleFoundAtStartIsMendedLater(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 10*xlog.PageSize + 2000)
	first := l.Prev()
	end := l.Pos()
	l.Filler(600)
	l.FillTo(seg(3) + 5*xlog.PageSize)
	flushed := l.Pos() - 3*xlog.PageSize - 333
	for name, c := range map[string]struct {
		damage func(*waltest.Segments)
		end    xlog.LSN
	}{
		"a flipped bit":  {flip(end + 30), end},
		"a missing file": {func(s *waltest.Segments) { s.Remove(1, seg(1)) }, seg(1)},
		"a short file":   {func(s *waltest.Segments) { s.Truncate(1, end+8) }, end},
		"two places": {func(s *waltest.Segments) {
			flip(end + 30)(s)
			flip(seg(2) + 9*xlog.PageSize + 5000)(s)
		}, end},
	} {
		t.Run(name, func(t *testing.T) {
			s := l.Segments()
			c.damage(s)
			g := newRig(t)
			g.holds(s)
			g.serves(l.Segments(), l.Pos())
			g.remember(datadir.Remembered{Timeline: 1, CheckedStart: first, Flushed: flushed})
			require.Equal(t, positions{c.end, l.Pos(), l.Pos()}, g.found())
			require.Contains(t, g.log.String(), "ERROR:  WAL on disk is damaged")
			for range 5 {
				_, err := g.replayFlushed()
				require.NoError(t, err)
			}
			require.Equal(t, l.Pos(), g.XLog.Replayed(), g.log.String())
			for n := xlog.SegNo(1); n < 3; n++ {
				b, err := os.ReadFile(g.path(1, n))
				require.NoError(t, err)
				require.Equal(t, l.Bytes(seg(n), seg(n+1)), b)
			}
		})
	}
}

func TestEndIsFoundInMillisecondsWhateverLiesBefore(t *testing.T) {
	l := waltest.New(waltest.Options{SegSize: 16 << 20, Start: xlog.LSN(64 * 16 << 20)})
	l.FillTo(xlog.LSN(64*16<<20) + 40*xlog.PageSize)
	g := newRig(t)
	g.holds(l.Segments())
	dir := walfile.Dir{Path: g.walDir(), SegSize: 16 << 20}
	for n := xlog.SegNo(1); n < 64; n++ { // 1 GB, which nobody may look at
		require.NoError(t, os.WriteFile(dir.SegmentPath(1, n), nil, 0o600))
		require.NoError(t, os.Truncate(dir.SegmentPath(1, n), 16<<20))
	}
	c, err := controldata.New(walfile.V15, waltest.DefaultSystemID, 16<<20, 1)
	require.NoError(t, err)
	require.NoError(t, c.Write(g.DataDir, time.Now(), 0o600))
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: l.Options().Start, Flushed: l.Options().Start})
	began := time.Now()
	require.Equal(t, at(l.Pos()), g.found())
	require.Less(t, time.Since(began), 200*time.Millisecond)
}

func TestUnfinishedFilesAreRemoved(t *testing.T) {
	g := newRig(t)
	left := filepath.Join(g.walDir(), "xlogtemp.4711")
	require.NoError(t, os.WriteFile(left, []byte("x"), 0o600))
	require.Equal(t, at(seg(1)), g.found())
	require.NoFileExists(t, left)
}

func TestDirectoriesThatDoNotFitAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(g *rig)
		want  string
	}{
		"no standby.signal": {func(g *rig) { os.Remove(filepath.Join(g.DataDir, datadir.StandbySignal)) }, "this node has no upstream"},
		"other version": {func(g *rig) {
			os.WriteFile(filepath.Join(g.DataDir, datadir.VersionFile), []byte("16\n"), 0o600)
		}, "database files are incompatible with each other"},
		"another system's memory": {func(g *rig) {
			m, _ := datadir.OpenMemory(g.DataDir, 0o600)
			m.Store(datadir.Remembered{SystemID: 1, Timeline: 1, CheckedStart: seg(1), Flushed: seg(1)})
			m.Close()
		}, "remembered position is of another database system"},
		"memory that contradicts itself": {func(g *rig) {
			g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(2), Flushed: seg(1)})
		}, "remembered position contains invalid data"},
		"no memory": {func(g *rig) { os.Remove(filepath.Join(g.DataDir, datadir.RememberedFile)) }, "the position up to which WAL was flushed is not known"},
		"a primary's control file": {func(g *rig) {
			c, _ := controldata.Read(g.DataDir)
			c.State = controldata.InProduction
			c.Write(g.DataDir, time.Now(), 0o600)
		}, "control file is not that of a relay"},
		"no pg_control": {func(g *rig) { os.Remove(filepath.Join(g.DataDir, controldata.FileName)) }, "read control file"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			c.spoil(g)
			require.ErrorContains(t, g.begin(), c.want)
			require.Empty(t, g.wasTold())
			require.Zero(t, g.XLog.SegmentSize.Load())
		})
	}
}
