package walfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

func newDir(t testing.TB) walfile.Dir {
	return walfile.Dir{Path: t.TempDir(), SegSize: xlog.MinSegSize}
}

// names lists a directory's files.
func names(t testing.TB, d walfile.Dir) []string {
	entries, err := os.ReadDir(d.Path)
	require.NoError(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWrittenSegmentsAreTheBytesWritten(t *testing.T) {
	l, _ := mixed(waltest.Options{})
	d := newDir(t)
	w := walfile.NewSegmentWriter(d, 1, l.Options().Start)
	for at, n := l.Options().Start, xlog.LSN(1); at < l.Pos(); n = n*7%300007 + 1 {
		to := min(at+n, l.Pos())
		require.NoError(t, w.Write(l.Bytes(at, to), at))
		require.Equal(t, to, w.Written())
		require.LessOrEqual(t, w.Flushed(), w.Written())
		if n%3 == 0 {
			got, err := w.Flush()
			require.NoError(t, err)
			require.Equal(t, to, got)
			require.Equal(t, to, w.Flushed())
		}
		at = to
	}
	got, err := w.Flush()
	require.NoError(t, err)
	require.Equal(t, l.Pos(), got)
	require.NoError(t, w.Close())
	for key, want := range l.Segments().Files {
		file, err := os.ReadFile(d.SegmentPath(key.TLI, key.SegNo))
		require.NoError(t, err)
		require.Equal(t, want, file)
	}
	require.Len(t, names(t, d), len(l.Segments().Files), "temporary files are left")
}

func TestWriteGoesOnWhileFlushing(t *testing.T) {
	const total = 5 << 20
	d := newDir(t)
	w := walfile.NewSegmentWriter(d, 1, d.SegSize.Start(1))
	done := make(chan struct{})
	var flushing sync.WaitGroup
	flushing.Go(func() {
		for stop := false; !stop; {
			select {
			case <-done:
				stop = true
			default:
			}
			before := w.Written()
			got, err := w.Flush()
			require.NoError(t, err)
			require.GreaterOrEqual(t, got, before)
			require.LessOrEqual(t, got, w.Written())
		}
	})
	p := make([]byte, 30_011)
	for at := d.SegSize.Start(1); at < d.SegSize.Start(1)+total; at = w.Written() {
		require.NoError(t, w.Write(p, at))
	}
	close(done)
	flushing.Wait()
	require.Equal(t, w.Written(), w.Flushed())
	require.NoError(t, w.Close())
}

func TestWriteMustBeContiguous(t *testing.T) {
	d := newDir(t)
	w := walfile.NewSegmentWriter(d, 1, d.SegSize.Start(1))
	require.NoError(t, w.Write(make([]byte, 100), w.Written()))
	for _, off := range []xlog.LSN{0, 99, 101} {
		require.ErrorIs(t, w.Write([]byte{1}, d.SegSize.Start(1)+off), walfile.ErrNotContiguous)
	}
	require.Equal(t, d.SegSize.Start(1)+100, w.Written())
	require.NoError(t, w.Close())
}

func TestASegmentNeverGetsAnUnwrittenHead(t *testing.T) {
	d := newDir(t)
	at := d.SegSize.Start(1) + 8192
	w := walfile.NewSegmentWriter(d, 1, at)
	require.ErrorIs(t, w.Write([]byte{1}, at), fs.ErrNotExist)
	require.Equal(t, at, w.Written())
	require.Empty(t, names(t, d))
	require.NoError(t, d.Allocate(1, 1))
	require.NoError(t, w.Write([]byte{1}, at))
	require.NoError(t, w.Close())
}

func TestASegmentOfTheWrongLengthIsNotWritten(t *testing.T) {
	d := newDir(t)
	require.NoError(t, os.WriteFile(d.SegmentPath(1, 1), make([]byte, 1000), 0o600))
	w := walfile.NewSegmentWriter(d, 1, d.SegSize.Start(1))
	require.ErrorContains(t, w.Write([]byte{1}, d.SegSize.Start(1)), "1000 bytes")
	require.NoError(t, w.Close())
}

// fileSizeLimited runs f with a limit on files' sizes, which makes writes past it fail as on a full disk.
func fileSizeLimited(t *testing.T, limit uint64, f func()) {
	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: old.Max}))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &old)) }()
	f()
}

func TestAFailedAllocationLeavesNothing(t *testing.T) {
	if !waltest.Alone(t) {
		return
	}
	d := newDir(t)
	w := walfile.NewSegmentWriter(d, 1, d.SegSize.Start(1))
	fileSizeLimited(t, 300_000, func() {
		require.ErrorIs(t, d.Allocate(1, 1), unix.EFBIG)
		require.ErrorIs(t, w.Write([]byte{1}, w.Written()), unix.EFBIG)
	})
	require.Empty(t, names(t, d))
	require.Equal(t, d.SegSize.Start(1), w.Written())
	require.NoError(t, w.Write([]byte{1}, w.Written()), "there is room again")
	require.NoError(t, w.Close())
}

func TestAFullDiskSurfacesAndCountsWhatWasWritten(t *testing.T) {
	if !waltest.Alone(t) {
		return
	}
	d := newDir(t)
	require.NoError(t, d.Allocate(1, 1))
	w := walfile.NewSegmentWriter(d, 1, d.SegSize.Start(1))
	fileSizeLimited(t, 300_000, func() {
		require.ErrorIs(t, w.Write(make([]byte, 400_000), w.Written()), unix.EFBIG)
	})
	require.Equal(t, d.SegSize.Start(1)+300_000, w.Written())
	got, err := w.Flush()
	require.NoError(t, err)
	require.Equal(t, w.Written(), got)
	require.NoError(t, w.Close())
}

func TestAllocatedSegmentIsZerosAndNotReplaced(t *testing.T) {
	for _, size := range []xlog.SegSize{xlog.MinSegSize, xlog.DefaultSegSize} {
		d := walfile.Dir{Path: t.TempDir(), SegSize: size, Perm: 0o640}
		require.NoError(t, d.Allocate(3, 7))
		b, err := os.ReadFile(d.SegmentPath(3, 7))
		require.NoError(t, err)
		require.Len(t, b, int(size))
		for i, c := range b {
			if c != 0 {
				require.Zero(t, c, i)
			}
		}
		info, err := os.Stat(d.SegmentPath(3, 7))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o640), info.Mode())
		require.NoError(t, os.WriteFile(d.SegmentPath(3, 7), []byte("mine"), 0o600))
		require.ErrorIs(t, d.Allocate(3, 7), walfile.ErrSegmentExists)
		b, err = os.ReadFile(d.SegmentPath(3, 7))
		require.NoError(t, err)
		require.Equal(t, "mine", string(b))
		require.Equal(t, []string{walfile.SegmentName(3, 7, size)}, names(t, d))
	}
}

func TestManyAllocateTheSameSegmentAndOneDoes(t *testing.T) {
	d := newDir(t)
	var made, there int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := d.Allocate(1, 1)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case errors.Is(err, walfile.ErrSegmentExists):
				there++
			}
		})
	}
	all.Wait()
	require.Equal(t, []int{1, 7}, []int{made, there})
	require.Len(t, names(t, d), 1)
}

func TestRecycledSegmentIsReadAsEnd(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(l.Options().Start + xlog.LSN(xlog.MinSegSize))
	l.FillTo(l.Options().Start + 2*xlog.LSN(xlog.MinSegSize))
	d := l.Segments().WriteTo(t, t.TempDir())
	require.NoError(t, d.Recycle(walfile.Segment{TLI: 1, SegNo: 1}, 1, 3))
	require.ErrorIs(t, d.Recycle(walfile.Segment{TLI: 1, SegNo: 2}, 1, 3), walfile.ErrSegmentExists)
	list, err := d.Segments()
	require.NoError(t, err)
	require.Equal(t, []walfile.Segment{{TLI: 1, SegNo: 2}, {TLI: 1, SegNo: 3}}, list)
	src := walfile.NewSegmentReader(d)
	defer src.Close()
	r := walfile.NewReader(src, walfile.ReaderOptions{SegSize: d.SegSize, History: walfile.NewHistory(1)})
	r.Begin(d.SegSize.Start(2), 0)
	_, stop := readAll(t, r)
	require.Equal(t, walfile.Garbage, stop.Kind)
	require.Equal(t, d.SegSize.Start(3), stop.LSN)
	require.Equal(t, d.SegSize.Start(3), stop.Record)
}

func TestBranchCopiesTheParentsHead(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.Filler(300_000)
	at := l.Pos()
	l.Filler(300_000)
	d := l.Segments().WriteTo(t, t.TempDir())
	require.NoError(t, d.Branch(2, 1, at))
	b, err := os.ReadFile(d.SegmentPath(2, 1))
	require.NoError(t, err)
	want := make([]byte, d.SegSize)
	copy(want, l.Bytes(l.Options().Start, at))
	require.Equal(t, want, b)
	require.ErrorIs(t, d.Branch(2, 1, at), walfile.ErrSegmentExists)

	require.NoError(t, d.Branch(2, 1, d.SegSize.Start(9)), "a switch at a segment's start needs no parent's bytes")
	require.ErrorIs(t, d.Branch(2, 1, d.SegSize.Start(5)+8192), fs.ErrNotExist)
	require.NoError(t, os.Truncate(d.SegmentPath(1, 1), 8192))
	require.NoError(t, os.Remove(d.SegmentPath(2, 1)))
	require.Error(t, d.Branch(2, 1, at))
	require.Len(t, names(t, d), 2)
}

func TestAFailedSyncIsFinal(t *testing.T) {
	d := newDir(t)
	w := walfile.NewSegmentWriter(d, 1, d.SegSize.Start(1))
	require.NoError(t, w.Write(make([]byte, 100), w.Written()))
	// The directory cannot be synced once it has another name: as good as a disk that fails.
	moved := filepath.Join(t.TempDir(), "moved")
	require.NoError(t, os.Rename(d.Path, moved))
	at, err := w.Flush()
	var failed *walfile.SyncError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, d.SegSize.Start(1), at)
	require.NoError(t, os.Rename(moved, d.Path))
	_, again := w.Flush()
	require.Equal(t, err, again)
	require.Equal(t, d.SegSize.Start(1), w.Flushed())
	require.NoError(t, w.Close())
}

// A checked replacement was renamed over a damaged segment while a reader had the damaged one open.
func TestAReplacedSegmentIsReadAfterAStop(t *testing.T) {
	l := waltest.New(waltest.Options{})
	for range 100 {
		l.Filler(1000)
	}
	d := l.Segments().WriteTo(t, t.TempDir())
	path := d.SegmentPath(1, 1)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	bad := append([]byte(nil), good...)
	bad[50_000] ^= 1
	require.NoError(t, os.WriteFile(path, bad, 0o600))

	src := walfile.NewSegmentReader(d)
	defer src.Close()
	r := walfile.NewReader(src, walfile.ReaderOptions{SegSize: d.SegSize, History: walfile.NewHistory(1)})
	r.Begin(l.Options().Start, 0)
	before, stop := readAll(t, r)
	require.Equal(t, walfile.Corrupt, stop.Kind)
	require.NoError(t, os.WriteFile(path+".new", good, 0o600))
	require.NoError(t, os.Rename(path+".new", path))
	after, stop := readAll(t, r)
	require.Equal(t, walfile.EndOfWAL, stop.Kind)
	require.Equal(t, 100, len(before)+len(after))
}
