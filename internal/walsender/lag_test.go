package walsender

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/xlog"
)

// lagAt is a time ms milliseconds after the tests' beginning of time.
func lagAt(ms int) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(ms) * time.Millisecond)
}

func (t *lagTracker) reply(write, flush, apply xlog.LSN, ms int) [3]int64 {
	return t.read(&protocol.StandbyStatusUpdate{Write: write, Flush: flush, Apply: apply}, lagAt(ms))
}

func TestLagIsTheTimeSinceThePositionWasReachedHere(t *testing.T) {
	var l lagTracker
	require.Equal(t, [3]int64{noLag, noLag, noLag}, l.reply(100, 100, 100, 5), "nothing was sent yet")
	l.write(100, lagAt(10))
	l.write(200, lagAt(20))
	l.write(200, lagAt(21)) // not moved: no sample
	l.write(300, lagAt(30))
	require.Equal(t, [3]int64{30_000, 40_000, 40_000}, l.reply(200, 100, 100, 50))
	require.Equal(t, [3]int64{30_000, 30_000, 50_000}, l.reply(300, 300, 100, 60))
}

func TestLagOfAStuckPositionGrows(t *testing.T) {
	var l lagTracker
	l.write(100, lagAt(10))
	l.write(200, lagAt(20))
	require.EqualValues(t, 40_000, l.reply(100, 0, 0, 50)[0])
	// Between two samples: as if the WAL had come at an even pace.
	require.EqualValues(t, 45_000, l.reply(150, 0, 0, 60)[0])
	require.EqualValues(t, 55_000, l.reply(150, 0, 0, 70)[0])
	// A position before the first sample: what the lag would be if it were reached now.
	require.EqualValues(t, 60_000, l.reply(150, 50, 0, 70)[1])
}

func TestLagOfAnIdleClientIsNotMeasured(t *testing.T) {
	var l lagTracker
	l.write(100, lagAt(10))
	require.EqualValues(t, 10_000, l.reply(100, 100, 100, 20)[0])
	require.Equal(t, [3]int64{noLag, noLag, noLag}, l.reply(100, 100, 100, 30))
	// The next burst is not measured from the old sample.
	l.write(200, lagAt(1000))
	require.EqualValues(t, 5_000, l.reply(150, 150, 150, 1005)[0])
}

func TestLagDoesNotGoBackWithTheClock(t *testing.T) {
	var l lagTracker
	l.write(100, lagAt(50))
	require.Equal(t, [3]int64{noLag, noLag, noLag}, l.reply(100, 100, 100, 40))
}

func TestLagWhenPositionsGoBack(t *testing.T) {
	var l lagTracker
	l.write(100, lagAt(10))
	l.write(200, lagAt(20))
	l.write(300, lagAt(30))
	l.reply(200, 0, 0, 40)
	require.EqualValues(t, noLag, l.reply(150, 0, 0, 50)[0])
}

func TestFullLagRingKeepsTheSlowestReadersOldestSample(t *testing.T) {
	var l lagTracker
	const count = 5 * lagSamples
	for i := 1; i <= count; i++ {
		l.write(xlog.LSN(i*10), lagAt(i))
		l.reply(xlog.LSN(i*10), 0, 0, i) // the write position keeps up, flush and apply do not
	}
	lag := l.reply(xlog.LSN(count*10), 5, 5, count+7)
	require.EqualValues(t, (count+7-1)*1000, lag[1], "counted from the first sample, which was pushed out")
	// Once it has passed that one, the ring counts again.
	lag = l.reply(xlog.LSN(count*10), xlog.LSN(count*10), 5, count+8)
	require.EqualValues(t, 8_000, lag[1])
}

func TestLagStaysWithinTheTimesOfItsSamples(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var l lagTracker
	lsn, ms := xlog.LSN(0), 0
	var reported [3]xlog.LSN
	for range 20_000 {
		ms += rng.IntN(3)
		lsn += xlog.LSN(rng.IntN(100))
		l.write(lsn, lagAt(ms))
		if rng.IntN(3) > 0 {
			continue
		}
		for i := range reported {
			reported[i] += xlog.LSN(rng.Int64N(int64(lsn-reported[i]) + 1))
		}
		for _, lag := range l.reply(reported[0], reported[1], reported[2], ms) {
			require.GreaterOrEqual(t, lag, int64(noLag))
			require.LessOrEqual(t, lag, int64(ms)*1000)
		}
	}
}
