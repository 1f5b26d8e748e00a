package xlogctl

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/shmem"
	"waypost/xlog"
)

func newCtl(t *testing.T) *Ctl {
	t.Helper()
	l := shmem.NewLayout()
	Area.Reserve(l, 1)
	s, err := shmem.Create([]string{t.TempDir()}, "xlogctl", l, 1)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	c, err := Area.Map(s)
	require.NoError(t, err)
	return c
}

// stand sets the positions: written, flushed, replayed.
func stand(c *Ctl, written, flushed, replayed xlog.LSN) {
	c.SetWritten(written)
	c.SetFlushed(flushed)
	c.ReplayedUpto.Store(uint64(replayed))
}

func TestWhatIsFlushedMayBeReportedAndWhatIsWrittenSent(t *testing.T) {
	c := newCtl(t)
	stand(c, 300, 200, 100)
	require.EqualValues(t, 300, c.Sendable(false))
	require.EqualValues(t, 200, c.Sendable(true))
	require.EqualValues(t, 200, c.Reportable())
}

func TestBytesInDoubtAreNeitherSentNorReported(t *testing.T) {
	c := newCtl(t)
	c.VouchedUpto.Store(100)
	c.ResumedAt.Store(8192)
	stand(c, 9000, 8500, 100)
	from, doubt := c.InDoubt()
	require.True(t, doubt)
	require.EqualValues(t, 100, from)
	for _, replayed := range []xlog.LSN{100, 8192} { // not even when a record ends right there: the doubt reaches to it
		c.ReplayedUpto.Store(uint64(replayed))
		require.EqualValues(t, 100, c.Sendable(false))
		require.EqualValues(t, 100, c.Reportable())
	}
	c.ReplayedUpto.Store(8200)
	require.EqualValues(t, 9000, c.Sendable(false))
	require.EqualValues(t, 8500, c.Reportable())
}

func TestTakenBackBytesAreInDoubtUntilARecordWasCheckedAcrossThem(t *testing.T) {
	c := newCtl(t)
	stand(c, 900, 800, 500)
	c.TakeBack(500)
	require.EqualValues(t, 500, c.Written())
	require.EqualValues(t, 500, c.Flushed())
	stand(c, 900, 850, 500) // fetched again
	require.EqualValues(t, 500, c.Sendable(false))
	require.EqualValues(t, 500, c.Reportable())
	c.ReplayedUpto.Store(600)
	require.EqualValues(t, 900, c.Sendable(false))
	require.EqualValues(t, 850, c.Reportable())
}

func TestWrittenWALWakesWhoWaitsForIt(t *testing.T) {
	c := newCtl(t)
	woken := make(chan xlog.LSN)
	go func() {
		for {
			seq := c.WALAdvanced.Seq()
			if l := c.Written(); l != 0 {
				woken <- l
				return
			}
			c.WALAdvanced.Wait(seq, 1, shmem.Forever)
		}
	}()
	c.SetWritten(77)
	select {
	case l := <-woken:
		require.EqualValues(t, 77, l)
	case <-time.After(10 * time.Second):
		t.Fatal("not woken")
	}
}

func TestTextsAndCheckpointComeBackWhole(t *testing.T) {
	c := newCtl(t)
	c.SetServerVersion("17.10 (Debian 17.10-1)", 170010)
	cp := Checkpoint{RecordStart: 1, RecordEnd: 2, Redo: 3, TimelineID: 4, Shutdown: 1, Length: 5}
	c.SetCheckpoint(&cp)
	require.Equal(t, "17.10 (Debian 17.10-1)", c.ServerVersion())
	require.Equal(t, c.ServerVersion(), c.PeekServerVersion())
	require.Equal(t, cp, c.Checkpoint())
	require.Equal(t, cp, c.PeekCheckpoint())
	require.True(t, c.LastXact().IsZero())
}
