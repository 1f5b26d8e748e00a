package datadir

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

func position(flushed xlog.LSN) Remembered {
	return Remembered{SystemID: 7710099792495901303, Timeline: 3, CheckedStart: flushed - 40, Flushed: flushed,
		WrittenAt: time.Date(2026, 11, 20, 5, 45, 0, 123000, time.UTC)}
}

func TestRememberedPositionSurvivesReopening(t *testing.T) {
	dir := newDir(t)
	_, ok, err := ReadRemembered(dir)
	require.NoError(t, err)
	require.False(t, ok)
	for n := xlog.LSN(0x3000000); n < 0x3000005; n++ {
		m, err := OpenMemory(dir, 0o600)
		require.NoError(t, err)
		last, ok := m.Last()
		require.Equal(t, n > 0x3000000, ok)
		if ok {
			require.Equal(t, position(n-1), last)
		}
		r := position(n)
		require.NoError(t, m.Store(r))
		last, ok = m.Last()
		require.True(t, ok)
		require.Equal(t, r, last)
		require.NoError(t, m.Close())
	}
	m, err := OpenMemory(dir, 0o600)
	require.NoError(t, err)
	r := position(0x4000000)
	r.Distrust = true
	require.NoError(t, m.Store(r))
	require.NoError(t, m.Close())
	got, ok, err := ReadRemembered(dir)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, r, got)
}

func TestTornWriteLeavesThePreviousPosition(t *testing.T) {
	dir := newDir(t)
	path := filepath.Join(dir, RememberedFile)
	m, err := OpenMemory(dir, 0o600)
	require.NoError(t, err)
	require.NoError(t, m.Store(position(100)))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, m.Store(position(200)))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, m.Close())
	for cut := range after { // the first cut bytes of the write arrived
		torn := append(append([]byte(nil), after[:cut]...), before[cut:]...)
		require.NoError(t, os.WriteFile(path, torn, 0o600))
		got, ok, err := ReadRemembered(dir)
		require.NoError(t, err)
		require.True(t, ok)
		require.Contains(t, []xlog.LSN{100, 200}, got.Flushed)
		require.Equal(t, position(got.Flushed), got)
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	slot := encodeSlot(position(100), 1)
	for i := range slotSize * 8 {
		b := slot
		b[i/8] ^= 1 << (i % 8)
		_, seq, err := decodeSlot(&b)
		require.NoError(t, err)
		require.Zero(t, seq, "bit %d", i)
	}
}

func TestShortFileHasNothingToRemember(t *testing.T) {
	dir := newDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, RememberedFile), []byte("x"), 0o600))
	m, err := OpenMemory(dir, 0o600)
	require.NoError(t, err)
	_, ok := m.Last()
	require.False(t, ok)
	require.NoError(t, m.Store(position(1)))
	require.NoError(t, m.Store(position(2)))
	require.NoError(t, m.Close())
	got, ok, err := ReadRemembered(dir)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, position(2), got)
}

func TestTwoWritersCountOnFromEachOther(t *testing.T) {
	dir := newDir(t)
	a, err := OpenMemory(dir, 0o600)
	require.NoError(t, err)
	defer a.Close()
	b, err := OpenMemory(dir, 0o600)
	require.NoError(t, err)
	defer b.Close()
	for i, m := range []*Memory{a, b, b, b, a, b, a} {
		require.NoError(t, m.Store(position(xlog.LSN(1000+i))))
		got, ok, err := ReadRemembered(dir)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, xlog.LSN(1000+i), got.Flushed)
	}
}

func TestMarkOfDistrustIsNotWipedOutByAnotherProcess(t *testing.T) {
	dir := newDir(t)
	checkpointer, err := OpenMemory(dir, 0o600)
	require.NoError(t, err)
	defer checkpointer.Close()
	require.NoError(t, checkpointer.Store(position(100)))
	marked := position(100)
	marked.Distrust = true
	require.NoError(t, Distrust(dir)) // the walreceiver's
	require.NoError(t, Distrust(dir), "twice does no harm")
	require.ErrorIs(t, checkpointer.Store(position(200)), ErrDistrusted)
	got, _, err := ReadRemembered(dir)
	require.NoError(t, err)
	require.Equal(t, marked, got)

	startup, err := OpenMemory(dir, 0o600) // of the next generation: has seen the mark
	require.NoError(t, err)
	defer startup.Close()
	require.NoError(t, startup.Store(position(300)))
	got, _, err = ReadRemembered(dir)
	require.NoError(t, err)
	require.Equal(t, position(300), got)
}

func TestMarkOfDistrustWhereNothingIsRemembered(t *testing.T) {
	dir := newDir(t)
	require.NoError(t, Distrust(dir))
	_, ok, err := ReadRemembered(dir)
	require.NoError(t, err)
	require.False(t, ok)
}
