package startup

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/walsnd"
	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// differs is what a walreceiver does that finds the last page held differing from the upstream's.
func (g *rig) differs(at xlog.LSN) {
	g.XLog.DiffersAt.Store(uint64(at))
	g.ends()
}

// broken is a log that ends in the middle of a record, of which the last 300 bytes received are not what was sent; end is that
// of the last complete record.
func broken() (l *waltest.Log, end, cut xlog.LSN, wrong []byte) {
	l = waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 3*xlog.PageSize + 800)
	end = l.Pos()
	l.Filler(2000)
	cut = l.Pos() - 100
	wrong = slices.Clone(l.Bytes(seg(1), cut))
	for i := range 300 {
		wrong[len(wrong)-1-i] ^= 0x55
	}
	return l, end, cut, wrong
}

func TestWrongBytesOfAnUnfinishedRecordAreFetchedAgain(t *testing.T) {
	l, end, cut, wrong := broken()
	g := newRig(t)
	g.run()
	g.comesUp()
	g.receivesBytes(1, wrong)
	g.replayedUpto(end)
	require.Equal(t, cut, g.XLog.Sendable(false), "nobody knows yet")
	g.sends(0, 101, cut)
	g.sends(1, 102, end-xlog.LSN(segSize)-1) // has not come so far
	g.differs(cut - 300)

	_, from := g.comesUp()
	require.Equal(t, end, from)
	require.Equal(t, end, g.XLog.Written())
	require.Zero(t, g.XLog.DiffersAt.Load())
	require.Equal(t, []int{101}, g.wereTerminated(), "whose client has wrong bytes is to come again")
	g.receives(l, cut)
	require.Equal(t, end, g.XLog.Sendable(false), "nothing is sent before a record was checked")
	require.Equal(t, end, g.XLog.Reportable())

	// Wrong once more.
	g.differs(cut - 300)
	_, from = g.comesUp()
	require.Equal(t, end, from)

	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.Equal(t, l.Pos(), g.XLog.Sendable(false), "nor is it held back until there is more")
	require.Equal(t, l.Pos(), g.XLog.Reportable())
	require.Len(t, g.wereTerminated(), 1)
	require.Contains(t, g.log.String(), "WARNING:  the unfinished record at "+end.String()+" is fetched again from "+end.String())
	require.Zero(t, g.XLog.CRCFailures.Load())
}

func (g *rig) wereTerminated() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.terminated)
}

// sends makes a walsender that has sent WAL up to l.
func (g *rig) sends(n int, pid int32, l xlog.LSN) {
	g.Snds[n].Update(func(f *walsnd.Fields) { f.Pid, f.State, f.SentPtr = pid, walsnd.Streaming, l })
}

func TestWrongBytesOfAnUnfinishedRecordAreFetchedAgainAfterARestart(t *testing.T) {
	l, end, cut, wrong := broken()
	g := newRig(t)
	s := l.Segments()
	copy(s.At(1, seg(1)), wrong)
	clear(s.At(1, cut))
	g.holds(s)
	g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: cut})
	g.run()
	_, from := g.comesUp()
	require.Equal(t, cut, from)
	require.EqualValues(t, cut, g.XLog.VouchedUpto.Load())
	g.differs(cut - 300)
	_, from = g.comesUp()
	require.Equal(t, end, from)
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.Equal(t, l.Pos(), g.XLog.Reportable())
	require.NotContains(t, g.log.String(), "ERROR")
}

func TestPagesInDoubtThatDifferAreFetchedAgain(t *testing.T) {
	l, want := unfinished()
	g := newRig(t)
	s := l.Segments()
	clear(s.At(1, want.resume+500))
	g.holds(s)
	g.run()
	g.comesUp()
	g.differs(want.resume - 100)
	_, from := g.comesUp()
	require.Equal(t, want.vouched, from)
	l.Filler(500)
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.Equal(t, l.Pos(), g.XLog.Reportable())
}

func TestDifferenceInWhatWasCheckedIsNeverTakenBack(t *testing.T) {
	l, end, cut, _ := broken()
	g := newRig(t)
	g.run()
	g.comesUp()
	g.receives(l, cut)
	g.replayedUpto(end)
	g.differs(end - 1)
	_, from := g.comesUp()
	require.Equal(t, cut, from)
	require.Equal(t, cut, g.XLog.Written())
	require.Empty(t, g.wereTerminated())
}

func TestNothingIsTakenBackBeforeAllThatIsHeldWasRead(t *testing.T) {
	l, end, cut, wrong := broken()
	g := newRig(t)
	g.set(guc.WalReceiverTimeout, "100ms") // the upstream has nothing
	g.Settings = g.Reload()
	g.found()
	g.receivesBytes(1, wrong)
	g.XLog.DiffersAt.Store(uint64(cut - 300))
	require.False(t, g.takeBackUnfinished())
	require.Equal(t, cut, g.XLog.Written())
	_, err := g.replayFlushed()
	require.NoError(t, err)
	g.receives(l, l.Pos())
	require.False(t, g.takeBackUnfinished(), "more has come meanwhile")
	_, err = g.replayFlushed()
	require.NoError(t, err)
	require.Equal(t, end, g.XLog.Replayed())
	require.NotZero(t, g.fault.at, "the record is complete, and bad")
	require.False(t, g.takeBackUnfinished(), "that is for repair to heal")
}

// What is remembered never goes back, so a node that is killed after a take-back vouches for the same bytes again, of which
// some may be right by then. It heals by the same difference, or, where that is out of sight, by the record's CRC.
func TestTakeBackIsMadeAgainAfterAKill(t *testing.T) {
	l, end, cut, wrong := broken()
	for name, c := range map[string]struct {
		refetched xlog.LSN
		seen      bool
	}{
		"nothing had come again":                 {end, true},
		"some had come again":                    {cut - 200, true},
		"the difference is not in the last page": {end, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.run()
			g.comesUp()
			g.receivesBytes(1, wrong)
			g.replayedUpto(end)
			g.differs(cut - 300)
			g.comesUp()
			g.receives(l, c.refetched)
			g.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: cut}) // as the checkpointer had done before

			b, err := os.ReadFile(g.path(1, 1))
			require.NoError(t, err)
			k := newRig(t) // with what a kill has left
			k.serves(l.Segments(), l.Pos())
			require.NoError(t, os.WriteFile(k.path(1, 1), b, 0o600))
			k.remember(datadir.Remembered{Timeline: 1, CheckedStart: seg(1), Flushed: cut})
			k.run()
			_, from := k.comesUp()
			require.Equal(t, cut, from)
			if c.seen {
				k.eventually("all was read", func() bool { return k.XLog.Replayed() == end })
				k.differs(cut - 100)
				_, from = k.comesUp()
				require.Equal(t, end, from)
			}
			k.receives(l, l.Pos())
			if !c.seen {
				k.endsWhenTold()
			}
			k.replayedUpto(l.Pos())
			require.Equal(t, l.Pos(), k.XLog.Sendable(false))
			require.Equal(t, l.Pos(), k.XLog.Reportable())
			b, err = os.ReadFile(k.path(1, 1))
			require.NoError(t, err)
			require.Equal(t, l.Bytes(seg(1), l.Pos()), b[:l.Pos()-seg(1)])
		})
	}
}

// Streaming had resumed exactly at the end of a record that has been checked since. What was in doubt before it is so no more.
func TestNothingThatWasCheckedIsTakenBackWithWhatIsInDoubt(t *testing.T) {
	l, end, cut, wrong := broken()
	for name, takeBack := range map[string]func(g *rig){
		"it differs": func(g *rig) {
			g.XLog.DiffersAt.Store(uint64(cut - 300))
			require.True(t, g.takeBackUnfinished())
		},
		"it is damaged": func(g *rig) { require.NoError(t, g.damaged(&walfile.Stop{Record: end})) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.found()
			g.receivesBytes(1, wrong)
			_, err := g.replayFlushed()
			require.NoError(t, err)
			require.Equal(t, end, g.XLog.Replayed())
			g.XLog.VouchedUpto.Store(uint64(end - 500))
			g.XLog.ResumedAt.Store(uint64(end))
			_, doubt := g.XLog.InDoubt()
			require.True(t, doubt)
			takeBack(g)
			require.Equal(t, end, g.XLog.Written())
			require.Equal(t, end, g.XLog.Flushed())
			g.receives(l, l.Pos())
			_, err = g.replayFlushed()
			require.NoError(t, err)
			require.Equal(t, l.Pos(), g.XLog.Replayed())
		})
	}
}

// A fault may heal without a repair: the bytes were wrong in memory only, or somebody has put the file right.
func TestFaultThatHealsByItselfKeepsNothingFromBeingTakenBack(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 3*xlog.PageSize + 800)
	bad, _ := l.Filler(500)
	end := l.Pos()
	l.Filler(2000)
	cut := l.Pos() - 100
	wrong := slices.Clone(l.Bytes(seg(1), cut))
	wrong[bad-seg(1)+100] ^= 1
	for i := range 300 {
		wrong[len(wrong)-1-i] ^= 0x55
	}
	g := newRig(t)
	g.set(guc.WalReceiverTimeout, "100ms") // the upstream has nothing to repair with
	g.Settings = g.Reload()
	g.found()
	g.receivesBytes(1, wrong)
	_, err := g.replayFlushed()
	require.NoError(t, err)
	require.Equal(t, bad, g.fault.at)

	f, err := os.OpenFile(g.path(1, 1), os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt(l.Bytes(bad+100, bad+101), int64(bad+100-seg(1)))
	require.NoError(t, err)
	g.fault.again = time.Time{}
	g.rereadReplay()
	_, err = g.replayFlushed()
	require.NoError(t, err)
	require.Equal(t, end, g.XLog.Replayed())
	require.Zero(t, g.fault.at)
	g.XLog.DiffersAt.Store(uint64(cut - 300))
	require.True(t, g.takeBackUnfinished())
	require.Equal(t, end, g.XLog.Written())
}
