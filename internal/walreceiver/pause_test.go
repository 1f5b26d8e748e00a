package walreceiver

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// A stream that comes evenly is written as evenly where a segment ends: neither making the next file nor syncing the last
// one, however slow the disk, holds it up.
func TestNoPauseAtASegmentsEnd(t *testing.T) {
	const (
		step   = 32 << 10
		every  = 2 * time.Millisecond
		ofSync = 400 * time.Millisecond // of the disk
		bound  = ofSync / 2             // generous, for a busy machine
	)
	g := newRig(t)
	var mu sync.Mutex
	var longest time.Duration // between two writes' ends, of which the later is the first or second in its segment
	var overall time.Duration
	var last time.Time
	g.filesWith(func(f *files) {
		f.write = func(p []byte, l xlog.LSN) error {
			err := f.walFiles.Write(p, l)
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			if gap := now.Sub(last); !last.IsZero() {
				overall = max(overall, gap)
				if segSize.Offset(l) < 2*step {
					longest = max(longest, gap)
				}
			}
			last = now
			return err
		}
		f.flush = func() (xlog.LSN, error) {
			time.Sleep(ofSync)
			return f.walFiles.Flush()
		}
	})
	g.run()
	end := segSize.Start(4) + 10*step/2
	for l := segSize.Start(1); l < end; l += step {
		g.upstream.Advance(min(l+step, g.wal.Pos()))
		time.Sleep(every)
	}
	g.waitFlushed(min(end, g.wal.Pos()))
	mu.Lock()
	defer mu.Unlock()
	t.Logf("longest gap at a segment's end %v, anywhere %v", longest, overall)
	require.NotZero(t, longest, "no segment's end was met")
	require.Less(t, longest, bound)
}
