package startup

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/internal/walsnd"
	"waypost/pmsignal"
	"waypost/transport"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// damagedStream runs a node that has received l, with something done to it on the way, from an upstream that has l too,
// with something else done to that. The walreceiver stays.
func damagedStream(t *testing.T, l *waltest.Log, here, there func(*waltest.Segments)) *rig {
	g := newRig(t)
	up := l.Segments()
	if there != nil {
		there(up)
	}
	g.serves(up, l.Pos())
	walsnd.Claim(g.Snds, os.Getpid(), func(*walsnd.Fields) {})
	g.run()
	g.comesUp()
	s := l.Segments()
	here(s)
	var all []byte
	for n := xlog.SegNo(1); seg(n) < l.Pos(); n++ {
		all = append(all, s.Files[walfile.Segment{TLI: 1, SegNo: n}]...)
	}
	g.receivesBytes(1, all[:l.Pos()-seg(1)])
	return g
}

func flip(l xlog.LSN) func(*waltest.Segments) {
	return func(s *waltest.Segments) { s.At(1, l)[0] ^= 0x10 }
}

// threeSegments is a log with a record at a known place in its first segment.
func threeSegments() (l *waltest.Log, bad xlog.LSN) {
	l = waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 10*xlog.PageSize + 4000)
	bad, _ = l.Filler(1000)
	l.FillTo(seg(3) + 5000)
	return l, bad
}

func TestDamageInTheMiddleIsRepairedFromTheUpstream(t *testing.T) {
	l, bad := threeSegments()
	for name, damage := range map[string]func(*waltest.Segments){
		"flipped bit":        flip(bad + 100),
		"flipped header":     flip(bad + 8),
		"page header":        flip(bad.PageStart() + xlog.PageSize + 2),
		"page of zeros":      func(s *waltest.Segments) { clear(s.At(1, bad.PageStart()+xlog.PageSize)[:xlog.PageSize]) },
		"first page's start": flip(seg(2) + 3),
		"a whole segment":    func(s *waltest.Segments) { clear(s.At(1, seg(2))) },
	} {
		t.Run(name, func(t *testing.T) {
			g := damagedStream(t, l, damage, nil)
			g.replayedUpto(l.Pos())
			for n := xlog.SegNo(1); n < 3; n++ {
				b, err := os.ReadFile(g.path(1, n))
				require.NoError(t, err)
				require.Equal(t, l.Bytes(seg(n), seg(n+1)), b)
			}
			log := g.log.String()
			require.Contains(t, log, "ERROR:  WAL is damaged")
			require.Contains(t, log, "has been replaced by a checked copy")
			require.NotZero(t, g.XLog.CRCFailures.Load())
			require.NotZero(t, g.Stats.Waypost.CRCFailed.Count.Load())
			require.Equal(t, g.XLog.RepairedCount.Load(), g.Stats.Waypost.Refetched.Count.Load())
			require.NotZero(t, g.XLog.RepairedCount.Load())
			require.NotZero(t, g.XLog.SegmentsChanged.Load())
			require.EqualValues(t, 1, g.Snds[0].Snapshot().NeedReload)
			require.Zero(t, g.XLog.CorruptAt.Load())
			require.Empty(t, g.terminated, "the walreceiver, in another segment, went on")
			kept, err := filepath.Glob(filepath.Join(g.walDir(), "*.damaged"))
			require.NoError(t, err)
			require.NotEmpty(t, kept)
			for _, reply := range g.up.Replies() {
				require.Zero(t, reply.Flush)
			}
		})
	}
}

func TestDamageInTheSegmentBeingReceivedIsRepairedWithoutTheWalreceiver(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 10*xlog.PageSize + 4000)
	bad, _ := l.Filler(1000)
	l.FillTo(seg(1) + 20*xlog.PageSize)
	g := damagedStream(t, l, flip(bad+100), nil)
	g.endsWhenTold()
	_, from := g.comesUp()
	require.Equal(t, l.Pos(), from, "what is held is not asked for again")
	g.replayedUpto(l.Pos())
	b, err := os.ReadFile(g.path(1, 1))
	require.NoError(t, err)
	require.Len(t, b, int(segSize))
	require.Equal(t, l.Bytes(seg(1), l.Pos()), b[:l.Pos()-seg(1)])
	require.Equal(t, []int{4711}, g.terminated)
}

// The stream goes on while the replacement is fetched, and may be through with the segment by then.
func TestWALReceivedDuringARepairIsInTheReplacement(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 10*xlog.PageSize + 4000)
	bad, _ := l.Filler(1000)
	l.FillTo(seg(1) + 20*xlog.PageSize)
	planned := l.Pos()
	l.FillTo(seg(2) + 5000)
	g := newRig(t)
	g.serves(l.Segments(), planned-100) // so that fetching does not end yet
	g.run()
	g.comesUp()
	s := l.Segments()
	flip(bad + 100)(s)
	g.receivesBytes(1, s.At(1, seg(1))[:planned-seg(1)])
	g.eventually("a replacement is being made", func() bool {
		temps, _ := filepath.Glob(filepath.Join(g.walDir(), "xlogtemp*"))
		return len(temps) > 0
	})
	g.receives(l, l.Pos())
	g.up.Advance(l.Pos())
	g.eventually("the segment is replaced", func() bool { return g.XLog.RepairedCount.Load() == 1 })
	b, err := os.ReadFile(g.path(1, 1))
	require.NoError(t, err)
	require.True(t, bytes.Equal(l.Bytes(seg(1), seg(2)), b), "what was flushed meanwhile is lost")
	g.replayedUpto(l.Pos())
	require.EqualValues(t, 1, g.XLog.RepairedCount.Load())
}

func TestSegmentThatIsGoneInTheMiddleOfARecordIsFetchedAgain(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) - 4000)
	l.Filler(6 * xlog.PageSize)
	l.FillTo(seg(4) + 5000)
	g := newRig(t)
	g.serves(l.Segments(), l.Pos())
	g.found()
	g.receives(l, l.Pos())
	require.NoError(t, os.Remove(g.path(1, 2)))
	_, err := g.replayFlushed()
	require.NoError(t, err)
	require.Zero(t, g.XLog.CorruptAt.Load(), g.log)
	_, err = g.replayFlushed()
	require.NoError(t, err)
	require.Equal(t, l.Pos(), g.XLog.Replayed())
}

func TestSegmentThatTheDiskCannotReadIsFetchedAgain(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) - 4000)
	l.Filler(6 * xlog.PageSize) // the fault shows in its second segment
	l.FillTo(seg(4) + 5000)
	g := newRig(t)
	g.serves(l.Segments(), l.Pos())
	g.found()
	g.receives(l, l.Pos())
	require.NoError(t, os.Remove(g.path(1, 2)))
	require.NoError(t, os.Symlink("/proc/self/mem", g.path(1, 2))) // nothing is mapped where it is read: EIO
	_, err := g.replayFlushed()
	require.NoError(t, err)
	require.Contains(t, g.log.String(), "the disk cannot read it")
	require.Zero(t, g.XLog.CorruptAt.Load(), g.log)
	_, err = g.replayFlushed()
	require.NoError(t, err)
	require.Equal(t, l.Pos(), g.XLog.Replayed())
}

func TestDamageInTheSecondSegmentOfARecord(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) - 4000)
	l.Filler(6 * xlog.PageSize)
	l.FillTo(seg(3) + 5000)
	g := damagedStream(t, l, flip(seg(2)+2*xlog.PageSize+3000), nil)
	g.replayedUpto(l.Pos())
	require.EqualValues(t, 1, g.XLog.RepairedCount.Load(), "the first is good")
}

func TestSameBytesUpstreamRaiseTheAlarm(t *testing.T) {
	l, bad := threeSegments()
	g := damagedStream(t, l, flip(bad+100), flip(bad+100))
	g.eventually("the alarm", func() bool { return contains(g.log.String(), "the upstream has the same bytes") })
	require.EqualValues(t, bad, g.XLog.CorruptAt.Load())
	require.Equal(t, bad, g.XLog.Replayed(), "nothing past it is reported as applied")

	l.FillTo(seg(4) + 9000)
	g.receives(l, l.Pos()) // receiving goes on
	require.Equal(t, bad, g.XLog.Replayed())
	require.Empty(t, g.terminated)
	require.Zero(t, g.XLog.RepairedCount.Load())
}

func TestAlarmEndsWhenTheUpstreamIsMended(t *testing.T) {
	l, bad := threeSegments()
	g := newRig(t)
	up := l.Segments()
	flip(bad + 100)(up)
	g.serves(up, l.Pos())
	g.found()
	s := l.Segments()
	flip(bad + 100)(s)
	g.receivesBytes(1, append(append(s.At(1, seg(1)), s.At(1, seg(2))...), s.At(1, seg(3))[:l.Pos()-seg(3)]...))
	_, err := g.replayFlushed()
	require.NoError(t, err)
	require.EqualValues(t, bad, g.XLog.CorruptAt.Load())
	wait, err := g.replayFlushed()
	require.NoError(t, err)
	require.Positive(t, wait, "it is not tried again and again")
	first := g.fault.interval
	g.fault.again = g.fault.again.Add(-first)
	_, err = g.replayFlushed()
	require.NoError(t, err)
	require.Greater(t, g.fault.interval, first, "the pause grows")

	g.serves(l.Segments(), l.Pos())
	g.fault.again = g.fault.again.Add(-g.fault.interval)
	_, err = g.replayFlushed()
	require.NoError(t, err)
	require.Zero(t, g.XLog.CorruptAt.Load())
	_, err = g.replayFlushed()
	require.NoError(t, err)
	require.Equal(t, l.Pos(), g.XLog.Replayed())
}

func TestSegmentIsNotReplacedByWhatDoesNotCheckOut(t *testing.T) {
	l, bad := threeSegments()
	other := waltest.New(waltest.Options{}) // a log of the same length with other records
	other.FillTo(seg(1) + 10*xlog.PageSize + 3000)
	other.FillTo(bad)
	other.Filler(1000)
	other.FillTo(l.Pos())
	for name, c := range map[string]struct {
		there func(*waltest.Segments)
		want  string
	}{
		"damaged in another way": {flip(bad + 200), "the upstream's copy is damaged as well"},
		"damaged elsewhere":      {flip(bad + 3*xlog.PageSize), "the upstream's copy is damaged as well"},
		"another history": {func(s *waltest.Segments) {
			for n := xlog.SegNo(1); n <= 3; n++ {
				copy(s.At(1, seg(n)), other.Segments().At(1, seg(n)))
			}
		}, "it has another history"},
	} {
		t.Run(name, func(t *testing.T) {
			g := damagedStream(t, l, flip(bad+100), c.there)
			g.eventually("the refusal", func() bool { return contains(g.log.String(), c.want) })
			require.Equal(t, bad, g.XLog.Replayed())
			require.Zero(t, g.XLog.RepairedCount.Load())
			b, err := os.ReadFile(g.path(1, 1))
			require.NoError(t, err)
			s := l.Segments()
			flip(bad + 100)(s)
			require.Equal(t, s.At(1, seg(1)), b)
			g.eventually("nothing is left behind", func() bool {
				left, _ := filepath.Glob(filepath.Join(g.walDir(), "xlogtemp*"))
				return len(left) == 0
			})
		})
	}
}

func TestDamageInARecordLongerThanASegment(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 5000)
	l.Filler(3 << 20)
	l.FillTo(seg(6) + 5000)
	for name, damage := range map[string]func(*waltest.Segments){
		"its middle":        flip(seg(3) + 5*xlog.PageSize + 99),
		"a page header":     flip(seg(2) + 5*xlog.PageSize + 3),
		"its first segment": flip(seg(1) + 9*xlog.PageSize + 99),
	} {
		t.Run(name, func(t *testing.T) {
			g := damagedStream(t, l, damage, nil)
			g.replayedUpto(l.Pos())
			for n := xlog.SegNo(1); n <= 5; n++ {
				b, err := os.ReadFile(g.path(1, n))
				require.NoError(t, err)
				require.Equal(t, l.Bytes(seg(n), seg(n+1)), b)
			}
		})
	}
}

// What damaged the disk may have filled it, too: then there is no copy for the DBA, but a node.
func TestFullDiskKeepsNoNodeWithDamageFromStarting(t *testing.T) {
	if !waltest.Alone(t) {
		return
	}
	if !waltest.Alone(t) {
		return
	}
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) + 10*xlog.PageSize + 2000)
	first, end := l.Prev(), l.Pos()
	l.Filler(600)
	s := l.Segments()
	flip(end + 30)(s)
	g := newRig(t)
	g.holds(s)
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: first, Flushed: l.Pos()})
	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 100_000, Max: old.Max}))
	err := g.begin()
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &old))
	require.NoError(t, err)
	require.Contains(t, g.log.String(), "WARNING:  could not keep damaged WAL segment")
	require.Equal(t, end, g.XLog.Written())
	left, err := filepath.Glob(filepath.Join(g.walDir(), "*[a-z]*"))
	require.NoError(t, err)
	require.Empty(t, left, "nothing half is left")
}

// An upstream that went its own way, but has all that this node had checked before the damage, is another one all the same.
func TestSegmentIsNotReplacedByAnotherHistoryBehindTheDamage(t *testing.T) {
	for name, behind := range map[string]xlog.LSN{
		"in the same segment": seg(1) + 20*xlog.PageSize,
		"in the next one":     seg(3) + 5000,
	} {
		t.Run(name, func(t *testing.T) {
			var bad xlog.LSN
			makeLog := func(size int) *waltest.Log {
				l := waltest.New(waltest.Options{})
				l.FillTo(seg(1) + 10*xlog.PageSize + 4000)
				bad, _ = l.Filler(1000)
				if behind > seg(2) {
					size += int(seg(2) - l.Pos()) // the rest of the segment is one record, which will be damaged, too
				}
				l.Filler(size)
				l.FillTo(behind)
				return l
			}
			l, other := makeLog(200), makeLog(300)
			g := newRig(t)
			g.serves(other.Segments(), other.Pos())
			g.found()
			s := l.Segments()
			flip(bad + 100)(s)
			var all []byte
			for n := xlog.SegNo(1); seg(n) < l.Pos(); n++ {
				all = append(all, s.At(1, seg(n))...)
			}
			if behind > seg(2) {
				flip(seg(2) - 20*xlog.PageSize + 100)(s)
			}
			g.receivesBytes(1, all[:l.Pos()-seg(1)])
			_, err := g.replayFlushed()
			require.NoError(t, err)
			require.Contains(t, g.log.String(), "it has another history")
			require.Zero(t, g.XLog.RepairedCount.Load())
		})
	}
}

// A walreceiver that ends while the upstream is asked for a segment is replaced: commits may wait for what it reports.
func TestReceivingGoesOnDuringARepairThatHangs(t *testing.T) {
	l, bad := threeSegments()
	g := newRig(t)
	g.serves(l.Segments(), seg(1)) // so that it sends nothing
	g.run()
	g.comesUp()
	s := l.Segments()
	flip(bad + 100)(s)
	g.receivesBytes(1, append(append(s.At(1, seg(1)), s.At(1, seg(2))...), s.At(1, seg(3))[:l.Pos()-seg(3)]...))
	g.eventually("a replacement is being made", func() bool {
		temps, _ := filepath.Glob(filepath.Join(g.walDir(), "xlogtemp*"))
		return len(temps) > 0
	})
	g.ends()
	_, from := g.comesUp()
	require.Equal(t, l.Pos(), from)
	l.FillTo(seg(4))
	g.receives(l, l.Pos())
	require.Equal(t, bad, g.XLog.Replayed())
	g.up.Advance(l.Pos())
	g.replayedUpto(l.Pos())
	require.EqualValues(t, 1, g.XLog.RepairedCount.Load())
}

// deaf is a postmaster that cannot be told anything any more.
type deaf struct {
	*rig
	is    atomic.Bool
	tried chan struct{}
}

func (d *deaf) Send(r pmsignal.Reason) error {
	if !d.is.Load() {
		return d.rig.Send(r)
	}
	d.tried <- struct{}{}
	return unix.EPERM
}

// The walreceiver ends and cannot be asked for again, and then the node is stopped.
func TestStopDuringARepairIsNoFailedRepair(t *testing.T) {
	l, bad := threeSegments()
	g := newRig(t)
	postmaster := &deaf{rig: g, tried: make(chan struct{}, 1)}
	g.Postmaster = postmaster
	g.serves(l.Segments(), seg(1)) // so that it sends nothing
	g.run()
	g.comesUp()
	s := l.Segments()
	flip(bad + 100)(s)
	g.receivesBytes(1, append(append(s.At(1, seg(1)), s.At(1, seg(2))...), s.At(1, seg(3))[:l.Pos()-seg(3)]...))
	g.eventually("a replacement is being made", func() bool {
		temps, _ := filepath.Glob(filepath.Join(g.walDir(), "xlogtemp*"))
		return len(temps) > 0
	})
	postmaster.is.Store(true)
	g.ends()
	<-postmaster.tried
	g.send(unix.SIGTERM)
	require.Equal(t, ErrStopped, g.ended())
	require.NotContains(t, g.log.String(), "could not repair WAL")
}

func TestNothingFromAFaultOnIsSentUntilItIsMended(t *testing.T) {
	l, bad := threeSegments()
	s := l.Segments()
	flip(bad + 100)(s)
	received := func(t *testing.T) *rig {
		g := newRig(t)
		g.run()
		g.comesUp()
		g.receivesBytes(1, append(append(bytes.Clone(s.At(1, seg(1))), s.At(1, seg(2))...), s.At(1, seg(3))[:l.Pos()-seg(3)]...))
		return g
	}
	foundAtStart := func(t *testing.T) *rig {
		g := newRig(t)
		g.holds(s)
		g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: l.Pos()})
		g.run()
		g.comesUp()
		return g
	}
	for name, c := range map[string]func(*testing.T) *rig{"received": received, "found at start": foundAtStart} {
		t.Run(name, func(t *testing.T) {
			g := c(t)
			g.eventually("the fault is known", func() bool { return g.XLog.FaultAt.Load() != 0 })
			require.Equal(t, bad, g.XLog.Sendable(false))
			require.Equal(t, bad, g.XLog.Sendable(true))
			require.Equal(t, l.Pos(), g.XLog.Reportable(), "commits do not wait for a repair")
			g.serves(l.Segments(), l.Pos())
			g.replayedUpto(l.Pos())
			require.Equal(t, l.Pos(), g.XLog.Sendable(false))
		})
	}
}

func TestWhatTheUpstreamSaysTwiceIsSent(t *testing.T) {
	l, bad := threeSegments()
	g := damagedStream(t, l, flip(bad+100), flip(bad+100))
	g.eventually("the alarm", func() bool { return contains(g.log.String(), "the upstream has the same bytes") })
	require.Equal(t, l.Pos(), g.XLog.Sendable(false))
}

// Two servers that were promoted apart from each other have a timeline 2 each.
func TestSegmentIsNotReplacedFromAnotherTimelineOfTheSameNumber(t *testing.T) {
	old, at, next, history := promotion()
	g := newRig(t)
	g.serves(next.Segments(), next.Pos())
	require.NoError(t, os.WriteFile(filepath.Join(g.upDir, walfile.HistoryName(2)),
		walfile.AppendHistory(nil, 1, at-800, "no recovery target specified"), 0o600))
	g.up.Switch(transport.NextTimeline{TLI: 2, SwitchPoint: at - 800})
	g.run()
	g.comesUp()
	g.receives(old, at)
	g.waits(map[xlog.TimeLineID][]byte{2: history})
	g.goesOn()
	s := next.Segments()
	s.At(2, seg(3)+5*xlog.PageSize+99)[0] ^= 1
	from := g.XLog.Flushed()
	b := append(bytes.Clone(s.At(2, from)), s.At(2, seg(3))...)
	g.receivesBytes(2, b[:seg(3)+10*xlog.PageSize-from])
	g.eventually("the refusal", func() bool { return contains(g.log.String(), "the upstream's timeline 2 is not this node's") })
	require.Zero(t, g.XLog.RepairedCount.Load())
}

func TestDamageFoundAtStartIsNotSentBeforeReplayHasSeenIt(t *testing.T) {
	l, bad := threeSegments()
	s := l.Segments()
	flip(bad + 100)(s)
	g := newRig(t)
	g.holds(s)
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: l.Pos()})
	require.Equal(t, l.Pos(), g.found().resume)
	require.Equal(t, bad, g.XLog.Sendable(false))
}
