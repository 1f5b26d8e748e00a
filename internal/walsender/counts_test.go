package walsender_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/backend/backendtest"
	"waypost/internal/pgstat"
	"waypost/internal/walsnd"
	"waypost/xlog"
)

func TestWhatIsSentIsCountedSoonAfter(t *testing.T) {
	end := 3*segSize + 12345
	n, c, _ := streaming(t, backendtest.Options{}, 3, segSize, end)
	collect(t, c, segSize, end)
	sent := &n.Stats.Waypost.Sent
	eventually(t, "the bytes are counted", func() bool { return sent.Bytes.Load() == uint64(end-segSize) })
	require.WithinDuration(t, time.Now(), xlog.TimestampTz(sent.LastAt.Load()).Time(), time.Minute)
	io := &n.Stats.IO[pgstat.IOWalSender]
	require.Equal(t, uint64(end-segSize), io.ReadBytes.Load())
	require.Equal(t, n.Snds[0].Messages.Load(), io.Reads.Load())

	// Little by little, idle in between.
	for range 3 {
		more := end + 100
		n.SetEnd(more)
		collect(t, c, end, more)
		end = more
	}
	eventually(t, "the rest is counted", func() bool { return sent.Bytes.Load() == uint64(end-segSize) })
}

func TestWhatWasSentIsCountedWhenTheSessionEnds(t *testing.T) {
	end := 2*segSize + 500
	n, c, _ := streaming(t, backendtest.Options{}, 2, segSize, end)
	collect(t, c, segSize, end)
	require.NoError(t, c.Close())
	eventually(t, "the session has ended", func() bool { return n.Snds[0].Snapshot().Pid == 0 })
	require.EqualValues(t, end-segSize, n.Stats.Waypost.Sent.Bytes.Load())
}

func TestLastWalSenderOfAShutdownSavesTheCounters(t *testing.T) {
	end := 2*segSize + 500
	n, first, _ := streaming(t, backendtest.Options{}, 2, segSize, end)
	collect(t, first, segSize, end)
	second := n.Connect()
	second.StartReplication()
	eventually(t, "a second one is there", func() bool { return n.Snds[1].Snapshot().Pid != 0 })
	require.NoError(t, os.Chmod(n.Dir, 0o700))
	file := filepath.Join(n.Dir, pgstat.FileName)
	n.Stats.LeaveToSenders()
	require.NoError(t, first.Close())
	eventually(t, "the first has ended", func() bool { return n.Snds[0].Snapshot().Pid == 0 })
	require.NoFileExists(t, file, "there is one left")
	require.NoError(t, second.Close())
	var s pgstat.Stats
	eventually(t, "the file is there", func() bool {
		s = pgstat.Stats{}
		return s.Restore(n.Dir, backendtest.SystemID, xlog.Now()) == nil && s.Waypost.Sent.Bytes.Load() > 0
	})
	require.EqualValues(t, end-segSize, s.Waypost.Sent.Bytes.Load())
}

func TestWalSenderShowsWhatItWaitsFor(t *testing.T) {
	const start = segSize
	n, c, _ := streaming(t, backendtest.Options{}, 1, start, start+500)
	collect(t, c, start, start+500)
	waiting := func(e activity.WaitEvent) func() bool {
		return func() bool {
			for i := range n.Status {
				if n.Status[i].Waiting() == e {
					return true
				}
			}
			return false
		}
	}
	eventually(t, "waits for WAL", waiting(activity.WalSenderMain))
	// More than socket buffers hold, and nobody reads.
	n.MakeSegments(1, 2, 15)
	n.SetEnd(16 * segSize)
	eventually(t, "waits for the client", waiting(activity.WalSenderWriteData))
	require.Equal(t, walsnd.Streaming, n.Snds[0].Snapshot().State)
}
