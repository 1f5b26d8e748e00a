package walfile_test

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// readAll reads until the Reader stops, and gives the records' starts.
func readAll(t testing.TB, r *walfile.Reader) ([]xlog.LSN, *walfile.Stop) {
	var starts []xlog.LSN
	for {
		rec, err := r.Next()
		if err != nil {
			stop := walfile.AsStop(err)
			require.NotNil(t, stop, "%v", err)
			return starts, stop
		}
		starts = append(starts, rec.LSN())
	}
}

// mixed makes a log of records of many lengths, some of them over several pages and over segments.
func mixed(o waltest.Options) (*waltest.Log, []xlog.LSN) {
	l := waltest.New(o)
	var starts []xlog.LSN
	add := func(start, _ xlog.LSN) { starts = append(starts, start) }
	add(l.CheckPoint(true))
	for i, seed := 0, uint32(1); l.Pos() < l.Options().Start+3*xlog.LSN(l.Options().SegSize)/2; i++ {
		seed = seed*1664525 + 1013904223
		switch {
		case i%97 == 0:
			add(l.Filler(40000 + int(seed>>20)))
		case i%11 == 0:
			add(l.Commit(uint32(700+i), time.Unix(1_800_000_000, 0)))
		default:
			add(l.Filler(261 + 24 + int(seed>>24)))
		}
	}
	return l, starts
}

func TestRecordsOfEveryVersionAndSegmentSizeAreReadBack(t *testing.T) {
	for v := walfile.OldestVersion; v <= walfile.NewestVersion; v++ {
		for _, size := range []xlog.SegSize{xlog.MinSegSize, 4 << 20} {
			l, want := mixed(waltest.Options{Version: v, SegSize: size, Start: size.Start(1<<32/xlog.SegNo(size) - 1)}) // over 4 GB
			r := l.Segments().Reader(1, l.Options().Start)
			got, stop := readAll(t, r)
			require.Equal(t, want, got)
			require.Equal(t, walfile.EndOfWAL, stop.Kind, "%v", stop)
			require.Equal(t, l.Pos(), stop.Record)
			require.Equal(t, l.Pos(), r.Pos())
			require.Equal(t, l.Prev(), r.Prev())
			require.Equal(t, v, r.Version())
			require.EqualValues(t, waltest.DefaultSystemID, r.SystemID())
		}
	}
}

func TestReadBlockSizeMakesNoDifference(t *testing.T) {
	l, want := mixed(waltest.Options{})
	for _, block := range []int{1, xlog.PageSize, 3 * xlog.PageSize, 4 << 20} {
		r := walfile.NewReader(l.Segments(), walfile.ReaderOptions{SegSize: xlog.MinSegSize, History: walfile.NewHistory(1), BlockSize: block})
		r.Begin(l.Options().Start, 0)
		got, _ := readAll(t, r)
		require.Equal(t, want, got, block)
	}
}

// The limit moves byte by byte over all of a short log: each record comes when, and only when, its last byte is
// there.
func TestReadingBehindAMovingLimit(t *testing.T) {
	l := waltest.New(waltest.Options{})
	ends := map[xlog.LSN]xlog.LSN{} // of each record, by its start
	for _, n := range []int{24, 100, 8000, 30000, 24, 8144, 24, 300, 27, 50000, 61} {
		start, end := l.Filler(n)
		ends[start] = end
	}
	r := l.Segments().Reader(1, l.Options().Start)
	got := 0
	for limit := l.Options().Start; limit <= l.Pos(); limit++ {
		r.SetLimit(limit)
		for {
			rec, err := r.Next()
			if err != nil {
				require.True(t, walfile.IsStop(err, walfile.NeedMore), "%v", err)
				stop := walfile.AsStop(err)
				require.LessOrEqual(t, stop.Held, limit)
				break
			}
			got++
			require.Equal(t, ends[rec.LSN()], rec.End())
			require.Equal(t, limit, rec.End(), "the record came late")
		}
	}
	require.Equal(t, len(ends), got)
}

func TestZerosBelowTheLimitAreCorrupt(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.Filler(100)
	r := l.Segments().Reader(1, l.Options().Start)
	r.SetLimit(l.Pos() + 100)
	_, stop := readAll(t, r)
	require.Equal(t, walfile.Corrupt, stop.Kind)
	require.Equal(t, l.Pos(), stop.LSN)
}

func TestPositionsWithoutALog(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.Filler(100)
	r := l.Segments().Reader(1, 0)
	for at, kind := range map[xlog.LSN]walfile.StopKind{
		0:                                   walfile.MissingSegment,
		l.Options().Start - 8:               walfile.MissingSegment,
		l.Options().Start + 2<<20:           walfile.MissingSegment,
		l.Options().Start + 8192:            walfile.EndOfWAL,
		walfile.NoLimit:                     walfile.NeedMore,
		walfile.NoLimit - 7:                 walfile.NeedMore,
		walfile.NoLimit - 1<<20:             walfile.MissingSegment,
		walfile.NoLimit.PageStart() - 1<<20: walfile.MissingSegment,
	} {
		_, err := r.FindFirst(at)
		require.True(t, walfile.IsStop(err, kind), "%v: %v", at, err)
		r.Begin(at, 0)
		_, err = r.Next()
		require.True(t, walfile.IsStop(err, kind), "%v: %v", at, err)
	}
	r.Begin(l.Options().Start+8, 0)
	_, err := r.Next()
	require.ErrorContains(t, err, "within a page header")
}

func TestFindFirstFromAnyPosition(t *testing.T) {
	l := waltest.New(waltest.Options{})
	var starts []xlog.LSN
	for _, n := range []int{100, 8000, 30000, 24, 8144, 300} {
		start, _ := l.Filler(n)
		starts = append(starts, start)
	}
	r := l.Segments().Reader(1, 0)
	i := 0
	for at := l.Options().Start; at <= starts[len(starts)-1]; at++ {
		for starts[i] < at {
			i++
		}
		got, err := r.FindFirst(at)
		require.NoError(t, err, "%v", at)
		require.Equal(t, starts[i], got, "from %v", at)
	}
	rec, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, starts[len(starts)-1], rec.LSN())
}

func TestSegmentSwitchSkipsTheRestOfTheSegment(t *testing.T) {
	l := waltest.New(waltest.Options{})
	first, _ := l.Filler(100)
	sw, end := l.Switch()
	after, _ := l.Filler(100)
	segs := l.Segments()
	for i, b := 0, segs.At(1, end); i < len(b); i++ {
		b[i] = 0xAA // nobody looks
	}
	r := segs.Reader(1, l.Options().Start)
	_, err := r.Next()
	require.NoError(t, err)
	rec, err := r.Next()
	require.NoError(t, err)
	require.True(t, rec.IsSwitch())
	require.Equal(t, end, rec.End())
	require.Equal(t, l.Options().Start+xlog.LSN(xlog.MinSegSize), rec.Next())
	got, _ := readAll(t, r)
	require.Equal(t, []xlog.LSN{after}, got)

	// Behind a limit, the switch is there as soon as it is written itself.
	r = segs.Reader(1, l.Options().Start)
	r.SetLimit(end)
	got, stop := readAll(t, r)
	require.Equal(t, []xlog.LSN{first, sw}, got)
	require.Equal(t, walfile.NeedMore, stop.Kind)
	require.Equal(t, l.Options().Start+xlog.LSN(xlog.MinSegSize), stop.Record)
}

func TestSegmentSwitchAtTheVeryEndOfASegment(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(l.Options().Start + xlog.LSN(xlog.MinSegSize) - 24)
	sw, end := l.Switch()
	require.Equal(t, sw+24, end)
	after, _ := l.Filler(100)
	got, stop := readAll(t, l.Segments().Reader(1, l.Options().Start))
	require.Equal(t, []xlog.LSN{sw, after}, got[len(got)-2:])
	require.Equal(t, walfile.EndOfWAL, stop.Kind)
}

func TestOverwrittenContRecordIsSkipped(t *testing.T) {
	for _, more := range []int{0, 1, 5, 127} { // 127: the overwriting page begins a segment
		l := waltest.New(waltest.Options{})
		first, _ := l.Filler(100)
		l.Unfinished(1_500_000, more)
		over, _ := l.Overwrite()
		last, _ := l.Filler(100)
		r := l.Segments().Reader(1, l.Options().Start)
		got, stop := readAll(t, r)
		require.Equal(t, []xlog.LSN{first, over, last}, got, "%d pages", more)
		require.Equal(t, walfile.EndOfWAL, stop.Kind)
	}
}

func TestOverwritingPageMustNameTheRecordItVoids(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.Filler(100)
	void := l.Unfinished(50000, 2)
	over, _ := l.Overwrite()
	forge := func(n walfile.NewRecord) *walfile.Stop {
		segs := l.Segments()
		copy(segs.At(1, over), n.Append(nil, l.Options().Start+walfile.LongPageHeaderSize))
		_, stop := readAll(t, segs.Reader(1, l.Options().Start))
		return stop
	}
	stop := forge(walfile.OverwriteContRecordRecord(void+8, time.Now()))
	require.Equal(t, walfile.Corrupt, stop.Kind)
	require.Equal(t, over, stop.LSN)
	stop = forge(walfile.NewRecord{Info: walfile.OpNoop, Main: make([]byte, 16)})
	require.Equal(t, walfile.Corrupt, stop.Kind)
	require.Equal(t, walfile.EndOfWAL, forge(walfile.OverwriteContRecordRecord(void, time.Now())).Kind)
}

// An aborted record: its promotion has not come yet, so that all there is to say is what the next writer needs to
// know.
func TestUnfinishedRecordTellsItsStartAndItsGoodPages(t *testing.T) {
	for _, more := range []int{0, 1, 5, 126} {
		l := waltest.New(waltest.Options{})
		l.Filler(100)
		rec := l.Unfinished(1_500_000, more)
		_, stop := readAll(t, l.Segments().Reader(1, l.Options().Start))
		require.Equal(t, walfile.Torn, stop.Kind, "%v", stop)
		require.Equal(t, rec, stop.Record)
		require.Equal(t, l.Pos(), stop.LSN)
		require.Equal(t, l.Pos(), stop.Held)
	}
	l := waltest.New(waltest.Options{})
	rec := l.Unfinished(1_500_000, 127) // up to the segment's end
	_, stop := readAll(t, l.Segments().Reader(1, l.Options().Start))
	require.Equal(t, walfile.MissingSegment, stop.Kind)
	require.Equal(t, []xlog.LSN{rec, l.Pos()}, []xlog.LSN{stop.Record, stop.Held})
	require.ErrorIs(t, stop, fs.ErrNotExist)
}

func TestStopIsNotTheEnd(t *testing.T) {
	l, want := mixed(waltest.Options{})
	whole := l.Segments()
	r := walfile.NewReader(whole, walfile.ReaderOptions{SegSize: xlog.MinSegSize, History: walfile.NewHistory(1)})
	r.Begin(l.Options().Start, 0)
	// Damage the middle of every page in turn, and mend it once the Reader has stopped.
	var got []xlog.LSN
	for page := l.Options().Start; page+xlog.PageSize < l.Pos(); page += xlog.PageSize {
		b := whole.At(1, page+4000)
		b[0] ^= 0x40
		starts, stop := readAll(t, r)
		require.Equal(t, walfile.Corrupt, stop.Kind, "%v", stop)
		require.Less(t, stop.Record, page+xlog.PageSize)
		b[0] ^= 0x40
		got = append(got, starts...)
	}
	starts, _ := readAll(t, r)
	require.Equal(t, want, append(got, starts...))
}

func TestReadErrorsAreNotStops(t *testing.T) {
	l, _ := mixed(waltest.Options{})
	broken := errors.New("input/output error")
	r := walfile.NewReader(failingSource{l.Segments(), l.Options().Start + 500_000, broken}, walfile.ReaderOptions{SegSize: xlog.MinSegSize, History: walfile.NewHistory(1)})
	r.Begin(l.Options().Start, 0)
	for {
		_, err := r.Next()
		if err == nil {
			continue
		}
		require.ErrorIs(t, err, broken)
		require.Nil(t, walfile.AsStop(err))
		return
	}
}

type failingSource struct {
	*waltest.Segments
	at  xlog.LSN
	err error
}

func (f failingSource) ReadAt(p []byte, tli xlog.TimeLineID, l xlog.LSN) (int, error) {
	if l+xlog.LSN(len(p)) > f.at {
		return 0, f.err
	}
	return f.Segments.ReadAt(p, tli, l)
}
