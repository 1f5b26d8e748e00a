package walfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// As a server wrote it after three promotions.
const history4 = "1\t0/3000148\tno recovery target specified\n\n2\t0/50000A0\tbefore 2026-11-20 05:00:00+00\n\n\n3\t1/6000000\tat restore point \"x\"\n"

func TestHistoryFileIsRead(t *testing.T) {
	h, err := walfile.ParseHistory(4, []byte(history4))
	require.NoError(t, err)
	require.Equal(t, []walfile.HistoryEntry{
		{TLI: 1, Begin: 0, End: 0x3000148},
		{TLI: 2, Begin: 0x3000148, End: 0x50000A0},
		{TLI: 3, Begin: 0x50000A0, End: 0x1_06000000},
		{TLI: 4, Begin: 0x1_06000000},
	}, h.Entries())
	require.EqualValues(t, 4, h.TLI())

	for l, tli := range map[xlog.LSN]xlog.TimeLineID{
		0: 1, 0x3000147: 1, 0x3000148: 2, 0x500009F: 2, 0x50000A0: 3, 0x1_05FFFFFF: 3, 0x1_06000000: 4, walfile.NoLimit: 4,
	} {
		require.Equal(t, tli, h.TLIOf(l), "%v", l)
	}
	for l, tli := range map[xlog.LSN]xlog.TimeLineID{0: 1, 0x2FFFFFF: 1, 0x3000000: 2, 0x4000000: 2, 0x5000000: 3, 0x1_05FFFFFF: 3, 0x1_06000000: 4} {
		require.Equal(t, tli, h.SegmentTLI(xlog.DefaultSegSize.SegNo(l), xlog.DefaultSegSize), "%v", l)
	}
	at, next, ok := h.SwitchPoint(2)
	require.Equal(t, []any{xlog.LSN(0x50000A0), xlog.TimeLineID(3), true}, []any{at, next, ok})
	at, next, ok = h.SwitchPoint(4)
	require.Equal(t, []any{xlog.LSN(0), xlog.TimeLineID(0), true}, []any{at, next, ok})
	_, _, ok = h.SwitchPoint(5)
	require.False(t, ok)
	require.True(t, h.Contains(1))
	require.False(t, h.Contains(5))
}

func TestHistoryFileRules(t *testing.T) {
	for text, ok := range map[string]bool{
		"":                           true, // no ancestors
		"\n\n  \t\n":                 true,
		"# a comment\n  # another\n": true,
		"  1\t0/3000000\n":           true,
		"1 0/3000000":                true, // any white space, no end of line
		"1\t0/3000000\r\n":           true,
		"1\t0/3000000\t1\t0/4":       true, // the rest does not count
		"x\n":                        false,
		"1\n":                        false,
		"1\t\n":                      false,
		"1\t3000000\n":               false,
		"1\t0/\n":                    false,
		"1\t0/0\n":                   false,
		"1\t0/3000000x\n":            false,
		"0\t0/3000000\n":             false,
		"-1\t0/3000000\n":            false,
		"99999999999\t0/3000000\n":   false,
		"1\x00\t0/3000000\n":         false,
		"5\t0/3000000\n":             false, // not less than the child's
		"6\t0/3000000\n":             false,
		"2\t0/3000000\n2\t0/4000000": false, // not rising
		"2\t0/3000000\n1\t0/4000000": false,
		"1\t0/4000000\n2\t0/3000000": false, // a switch back
		"1\t0/3000000\n2\t0/3000000": true,
	} {
		h, err := walfile.ParseHistory(5, []byte(text))
		if ok {
			require.NoError(t, err, "%q", text)
			require.EqualValues(t, 5, h.TLI())
			continue
		}
		var bad *walfile.HistoryError
		require.ErrorAs(t, err, &bad, "%q", text)
		require.EqualValues(t, 5, bad.TLI)
		require.Contains(t, bad.Error(), "00000005.history")
	}
}

func TestHistoryOfAChildIsItsParentsAndOneLine(t *testing.T) {
	text := walfile.AppendHistory(nil, 1, 0x3000148, "no recovery target specified")
	require.Equal(t, "1\t0/3000148\tno recovery target specified\n", string(text))
	text = walfile.AppendHistory(text, 2, 0x50000A0, "before 2026-11-20 05:00:00+00")
	text = walfile.AppendHistory(append(text, '\n'), 3, 0x1_06000000, `at restore point "x"`)
	require.Equal(t, history4, string(text))

	want, err := walfile.ParseHistory(4, text)
	require.NoError(t, err)
	h := walfile.NewHistory(1)
	for _, c := range []struct {
		tli xlog.TimeLineID
		at  xlog.LSN
	}{{2, 0x3000148}, {3, 0x50000A0}, {4, 0x1_06000000}} {
		parent := h
		h, err = h.Child(c.tli, c.at)
		require.NoError(t, err)
		rel, at := parent.Compare(h)
		require.Equal(t, walfile.Ancestor, rel)
		require.Equal(t, c.at, at)
	}
	require.Equal(t, want, h)
	for _, bad := range []struct {
		tli xlog.TimeLineID
		at  xlog.LSN
	}{{4, 0x1_07000000}, {3, 0x1_07000000}, {5, 0x1_05FFFFFF}} {
		_, err := h.Child(bad.tli, bad.at)
		require.Error(t, err)
	}
}

func TestHistoriesCompared(t *testing.T) {
	parse := func(tli xlog.TimeLineID, text string) *walfile.History {
		h, err := walfile.ParseHistory(tli, []byte(text))
		require.NoError(t, err)
		return h
	}
	one, two, three := walfile.NewHistory(1), parse(2, "1 0/300"), parse(3, "1 0/300\n2 0/500")
	for _, c := range []struct {
		name string
		a, b *walfile.History
		want walfile.Relation
		at   xlog.LSN
	}{
		{"the same", three, parse(3, "1 0/300\n2 0/500"), walfile.Same, 0},
		{"parent", one, two, walfile.Ancestor, 0x300},
		{"grandparent", one, three, walfile.Ancestor, 0x300},
		{"parent, further on", two, three, walfile.Ancestor, 0x500},
		{"child", three, two, walfile.Descendant, 0x500},
		{"siblings of one point", two, parse(3, "1 0/300"), walfile.Diverged, 0x300},
		{"siblings of two points", two, parse(3, "1 0/200"), walfile.Diverged, 0x200},
		{"one number, two timelines", two, parse(2, "1 0/200"), walfile.Diverged, 0x200},
		{"cousins", three, parse(4, "1 0/300\n2 0/400"), walfile.Diverged, 0x400},
		{"nephew", parse(4, "1 0/300"), three, walfile.Diverged, 0x300},
		{"nothing in common", walfile.NewHistory(5), three, walfile.Unrelated, 0},
	} {
		rel, at := c.a.Compare(c.b)
		require.Equal(t, c.want, rel, "%s: %v", c.name, rel)
		require.Equal(t, c.at, at, c.name)
		back, at := c.b.Compare(c.a)
		require.Equal(t, c.at, at, c.name)
		switch rel {
		case walfile.Ancestor:
			require.Equal(t, walfile.Descendant, back)
		case walfile.Descendant:
			require.Equal(t, walfile.Ancestor, back)
		default:
			require.Equal(t, rel, back)
		}
	}
}

func TestHistoryFilesInADirectory(t *testing.T) {
	d := newDir(t)
	h, err := d.History(1)
	require.NoError(t, err)
	require.Equal(t, walfile.NewHistory(1), h)
	h, err = d.History(4)
	require.NoError(t, err)
	require.Equal(t, walfile.NewHistory(4), h, "a missing file means no ancestors")
	require.NoError(t, d.WriteHistory(4, []byte("old")))
	_, err = d.History(4)
	require.Error(t, err)
	require.NoError(t, d.WriteHistory(4, []byte(history4)))
	h, err = d.History(4)
	require.NoError(t, err)
	require.Len(t, h.Entries(), 4)
	require.Equal(t, []string{"00000004.history"}, names(t, d))
	require.NoError(t, os.Chmod(filepath.Join(d.Path, "00000004.history"), 0o600))
}

// branches makes three timelines: 1 goes on after 2 left it, 2 after 3 left it.
func branches() (one, two, three *waltest.Log, h *walfile.History, starts []xlog.LSN) {
	h = walfile.NewHistory(1)
	one = waltest.New(waltest.Options{})
	grow := func(l *waltest.Log, count int) {
		for range count {
			start, _ := l.Filler(3000)
			starts = append(starts, start)
		}
	}
	child := func(l *waltest.Log, tli xlog.TimeLineID) *waltest.Log {
		c := l.Branch(tli)
		h, _ = h.Child(tli, c.Pos())
		return c
	}
	grow(one, 200)
	two = child(one, 2)
	grow(two, 500)
	three = child(two, 3)
	grow(three, 500)
	kept := starts
	grow(one, 900)
	grow(two, 900)
	return one, two, three, h, kept
}

func TestReadingFollowsTimelines(t *testing.T) {
	one, two, three, h, want := branches()
	segs := one.Segments().Add(two.Segments()).Add(three.Segments())
	r := walfile.NewReader(segs, walfile.ReaderOptions{SegSize: xlog.MinSegSize, History: h})
	r.Begin(one.Options().Start, 0)
	for _, start := range want {
		rec, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, start, rec.LSN())
		require.Equal(t, h.TLIOf(start), rec.TLI())
	}
	_, err := r.Next()
	require.True(t, walfile.IsStop(err, walfile.EndOfWAL), "%v", err)
}

func TestAnAbandonedBranchIsNotReadOn(t *testing.T) {
	one, two, _, h, want := branches()
	at, _, _ := h.SwitchPoint(1)
	segs := one.Segments() // timeline 2's segment is not there yet
	r := walfile.NewReader(segs, walfile.ReaderOptions{SegSize: xlog.MinSegSize, History: h})
	r.Begin(one.Options().Start, 0)
	got, stop := readAll(t, r)
	require.Equal(t, walfile.MissingSegment, stop.Kind, "%v", stop)
	require.Equal(t, at, stop.LSN)
	require.EqualValues(t, 2, stop.TLI)
	require.Equal(t, want[:200], got)
	segs.Add(two.Segments())
	more, stop := readAll(t, r)
	require.Equal(t, walfile.MissingSegment, stop.Kind)
	require.EqualValues(t, 3, stop.TLI)
	require.Equal(t, want[200:700], more)
}

// The reader is at the end of timeline 1 when it becomes known that the log goes on with timeline 2.
func TestATimelineSwitchWhileReading(t *testing.T) {
	one, two, _, h, want := branches()
	at, _, _ := h.SwitchPoint(1)
	segs := one.Segments()
	r := segs.Reader(1, one.Options().Start)
	r.SetLimit(at)
	got, stop := readAll(t, r)
	require.Equal(t, walfile.NeedMore, stop.Kind)
	require.Equal(t, want[:200], got)
	segs.Add(two.Segments())
	known, err := walfile.NewHistory(1).Child(2, at)
	require.NoError(t, err)
	r.SetHistory(known)
	for i, start := range want[200:700] {
		r.SetLimit(walfile.NoLimit - xlog.LSN(xlog.MaxSegSize)) // as high as it may be: read blocks end at the file's end
		rec, err := r.Next()
		require.NoError(t, err, i)
		require.Equal(t, start, rec.LSN())
		require.EqualValues(t, 2, rec.TLI())
	}
}

func TestPagesOfTheWrongTimelineAreRefused(t *testing.T) {
	one, two, _, h, want := branches()
	at, _, _ := h.SwitchPoint(1)
	segs := one.Segments().Add(two.Segments())
	// Timeline 1's file with timeline 2's name.
	copy(segs.At(2, at.PageStart()+xlog.PageSize), segs.At(1, at.PageStart()+xlog.PageSize))
	known, err := walfile.NewHistory(1).Child(2, at)
	require.NoError(t, err)
	r := walfile.NewReader(segs, walfile.ReaderOptions{SegSize: xlog.MinSegSize, History: known})
	r.Begin(one.Options().Start, 0)
	got, stop := readAll(t, r)
	require.Equal(t, walfile.OtherTimeline, stop.Kind)
	require.Equal(t, at.PageStart()+xlog.PageSize, stop.LSN)
	require.Subset(t, want, got)
}

func TestUnknownAncestorsAreRead(t *testing.T) {
	one, two, _, _, want := branches()
	segs := one.Segments().Add(two.Segments())
	for key, file := range segs.Files { // all under timeline 2's name, whose history file is lost
		segs.Files[walfile.Segment{TLI: 2, SegNo: key.SegNo}] = file
	}
	segs.Add(two.Segments())
	r := segs.Reader(2, one.Options().Start)
	got, _ := readAll(t, r)
	require.Equal(t, want[:700], got[:700])

	// But a timeline never falls.
	segs = two.Segments()
	b := segs.At(2, two.Pos().PageStart()-10*xlog.PageSize)
	b[pageTLI] = 1
	first, err := segs.Reader(2, 0).FindFirst(xlog.MinSegSize.SegStart(two.Pos()))
	require.NoError(t, err)
	_, stop := readAll(t, segs.Reader(2, first))
	require.Equal(t, walfile.OtherTimeline, stop.Kind)
}
