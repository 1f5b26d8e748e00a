package pgstat

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/shmem"
	"waypost/xlog"
)

const system = 7_000_000_000_000_000_001

var mode = datadir.ModeFor(0o700)

// filled has a different number in each counter.
func filled() *Stats {
	s := &Stats{}
	n := uint64(0)
	s.visit("", func(_ string, field any) {
		n++
		switch f := field.(type) {
		case *atomic.Uint64:
			f.Store(n)
		case *atomic.Int64:
			f.Store(int64(n))
		case *Reset:
			f.At.Store(int64(n))
		}
	})
	s.Archiver.SetNames(func(n *ArchiverNames) { shmem.SetString(n.LastArchived[:], "000000010000000000000003") })
	return s
}

// numbers are all values by name.
func numbers(s *Stats) map[string]int64 {
	all := make(map[string]int64)
	s.visit("", func(name string, field any) {
		switch f := field.(type) {
		case *atomic.Uint64:
			all[name] = int64(f.Load())
		case *atomic.Int64:
			all[name] = f.Load()
		case *Reset:
			all[name] = f.At.Load()
		}
	})
	return all
}

func TestCountersSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	old := filled()
	require.NoError(t, old.Save(dir, mode, system))
	s := &Stats{}
	require.NoError(t, s.Restore(dir, system, 1000))
	require.Equal(t, numbers(old), numbers(s))
	require.Equal(t, old.Archiver.Names(), s.Archiver.Names())
	require.Contains(t, numbers(s), "IO.walsender.Reads")
	require.Contains(t, numbers(s), "Waypost.Sent.LastAt")
}

func TestWhatIsCountedBeforeTheRestoreComesOnTop(t *testing.T) {
	dir := t.TempDir()
	old := filled()
	require.NoError(t, old.Save(dir, mode, system))
	s := &Stats{}
	s.Waypost.Received.Add(10, 1_000_000)
	s.Archiver.SetNames(func(n *ArchiverNames) { shmem.SetString(n.LastArchived[:], "newer") })
	require.NoError(t, s.Restore(dir, system, 2_000_000))
	require.Equal(t, old.Waypost.Received.Bytes.Load()+10, s.Waypost.Received.Bytes.Load())
	require.EqualValues(t, 1_000_000, s.Waypost.Received.LastAt.Load(), "the later of the two times")
	name := s.Archiver.Names().LastArchived
	require.Equal(t, "newer", shmem.String(name[:]))
}

func TestWithoutAFileCountingBeginsNow(t *testing.T) {
	s := &Stats{}
	require.NoError(t, s.Restore(t.TempDir(), system, 1000))
	for name, n := range numbers(s) {
		switch name {
		case "WAL.Reset", "Checkpointer.Reset", "Archiver.Reset", "Bgwriter", "IOReset", "Prefetch", "SLRU", "Waypost.StatsReset":
			require.EqualValues(t, 1000, n, name)
		default: // the database was never reset
			require.Zero(t, n, name)
		}
	}
}

func TestFileThatCannotBeUsedIsPutAsideAndCountingBeginsNow(t *testing.T) {
	good := filled().encode(system, 5)
	for what, data := range map[string][]byte{
		"one bit":        append(append([]byte(nil), good[:100]...), append([]byte{good[100] ^ 4}, good[101:]...)...),
		"cut":            good[:len(good)/2],
		"empty":          nil,
		"another's":      filled().encode(system+1, 5),
		"another format": append([]byte("WPSTATS\n\x02"), good[9:]...),
		"far too large":  make([]byte, maxFile+1),
	} {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, Dir), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), data, 0o600))
		s := &Stats{}
		require.ErrorContains(t, s.Restore(dir, system, 1000), DamagedName, what)
		require.Zero(t, s.WAL.Records.Load(), what)
		require.EqualValues(t, 1000, s.WAL.Reset.At.Load(), what)
		require.NoFileExists(t, filepath.Join(dir, FileName), what)
		kept, err := os.ReadFile(filepath.Join(dir, DamagedName))
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, kept), what)
		// The next save makes a good one.
		require.NoError(t, s.Save(dir, mode, system), what)
		require.NoError(t, (&Stats{}).Restore(dir, system, 1), what)
	}
}

func TestResetMakesItsTargetZeroAndNothingElse(t *testing.T) {
	groups := map[string][]string{"archiver": {"Archiver."}, "bgwriter": {"Bgwriter"}, "checkpointer": {"Checkpointer."},
		"io": {"IO.", "IOReset"}, "recovery_prefetch": {"Prefetch"}, "slru": {"SLRU"}, "wal": {"WAL."}, "waypost": {"Waypost."}}
	require.Len(t, groups, len(Targets()))
	for _, target := range Targets() {
		s := filled()
		before := numbers(s)
		require.True(t, s.ResetShared(target, 999_999), target)
		stamped := 0
		for name, n := range numbers(s) {
			in := false
			for _, prefix := range groups[target] {
				in = in || len(name) >= len(prefix) && name[:len(prefix)] == prefix
			}
			switch {
			case !in:
				require.Equal(t, before[name], n, "%s by %s", name, target)
			case n == 999_999:
				stamped++
			default:
				require.Zero(t, n, name)
			}
		}
		require.Equal(t, 1, stamped, "%s has one time of reset", target)
	}
	s := filled()
	require.False(t, s.ResetShared("nonsense", 1))
	require.Equal(t, numbers(filled()), numbers(s))
	s.ResetDatabase(77)
	require.Zero(t, s.Database.Sessions.Load())
	require.EqualValues(t, 77, s.Database.Reset.At.Load())
	s.ResetAllShared(88)
	require.Zero(t, s.Archiver.Names())
	require.Zero(t, s.WAL.Write.Load())
	require.EqualValues(t, 88, s.WAL.Reset.At.Load())
	require.EqualValues(t, 77, s.Database.Reset.At.Load())
}

func TestOnlyOneSavesLastAndOnlyOnceTheCheckpointerHasLeft(t *testing.T) {
	s := &Stats{}
	require.False(t, s.TakeLastSave())
	s.LeaveToSenders()
	require.True(t, s.TakeLastSave())
	require.False(t, s.TakeLastSave())
}

// Whatever is in the file: no crash, and it counts whole or not at all.
func FuzzFile(f *testing.F) {
	f.Add(filled().encode(system, 5))
	f.Add([]byte(fileMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, sealed := range [][]byte{b, resealed(b)} {
			s := &Stats{}
			if err := s.decode(sealed, system); err != nil {
				require.Equal(t, numbers(&Stats{}), numbers(s))
				continue
			}
			again := &Stats{}
			require.NoError(t, again.decode(s.encode(system, xlog.Now()), system))
			require.Equal(t, numbers(s), numbers(again))
		}
	})
}

// resealed is b with a checksum that is right, so that the fuzzer gets past it.
func resealed(b []byte) []byte {
	if len(b) < 4 {
		return b
	}
	body := append([]byte(nil), b[:len(b)-4]...)
	sum := checksum(body)
	return append(body, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
}

func TestBytesThatDidNotRiseLeaveTheTime(t *testing.T) {
	var p Progress
	p.Add(5, 100)
	p.Add(0, 200)
	require.EqualValues(t, 100, p.LastAt.Load())
	p.Add(1, 300)
	require.EqualValues(t, 300, p.LastAt.Load())
}

func TestWritersDoNotShareCacheLines(t *testing.T) {
	offset := func(group any, field string) uintptr {
		f, ok := reflect.TypeOf(group).FieldByName(field)
		require.True(t, ok, field)
		return f.Offset
	}
	const line = 64
	require.GreaterOrEqual(t, offset(WAL{}, "Write")-offset(WAL{}, "Bytes"), uintptr(line), "walreceiver and startup")
	require.GreaterOrEqual(t, offset(Waypost{}, "Sent")-offset(Waypost{}, "Flushed"), uintptr(line), "walsenders, walreceiver")
	require.GreaterOrEqual(t, offset(Waypost{}, "Checked")-offset(Waypost{}, "Sent"), uintptr(line), "startup and walsenders")
	require.GreaterOrEqual(t, reflect.TypeFor[IO]().Size()-offset(IO{}, "InitFsyncMicros"), uintptr(line), "two kinds")
}
