package startup

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/walrcv"
	"waypost/pmsignal"
	"waypost/shmem"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

func contains(s, sub string) bool { return strings.Contains(s, sub) }

// send delivers a signal.
func (g *rig) send(sig os.Signal) {
	c := make(chan os.Signal, 1)
	c <- sig
	close(c)
	g.HandleSignals(c)
}

func TestWalRcvDataIsFilledBeforeThePostmasterIsTold(t *testing.T) {
	g := newRig(t)
	g.set(guc.PrimarySlotName, "relay_1")
	g.Settings = g.conf.Load()
	g.found()
	asked := false
	g.Postmaster = hook(func(r pmsignal.Reason) {
		require.Equal(t, pmsignal.StartWalReceiver, r)
		f := g.WalRcv.Snapshot()
		require.Equal(t, walrcv.Starting, f.State)
		require.Equal(t, "host=upstream password=secret", shmem.String(f.Conninfo[:]))
		require.Equal(t, "relay_1", shmem.String(f.Slotname[:]))
		require.Equal(t, seg(1), f.ReceiveStart)
		require.EqualValues(t, 1, f.ReceiveStartTLI)
		require.Zero(t, f.IsTempSlot)
		asked = true
	})
	_, err := g.superviseReceiver(time.Now())
	require.NoError(t, err)
	require.True(t, asked)
}

type hook func(pmsignal.Reason)

func (h hook) Send(r pmsignal.Reason) error { h(r); return nil }

func (g *rig) requests() int {
	n := 0
	for _, r := range g.wasTold() {
		if r == pmsignal.StartWalReceiver {
			n++
		}
	}
	return n
}

func (g *rig) supervise(now time.Time) time.Duration {
	g.t.Helper()
	wait, err := g.superviseReceiver(now)
	require.NoError(g.t, err)
	return wait
}

func TestWalreceiverThatDoesNotComeUpIsAskedForAgainAfterTenSeconds(t *testing.T) {
	g := newRig(t)
	g.found()
	now := time.Now()
	require.Equal(t, 10*time.Second, g.supervise(now))
	require.Equal(t, time.Second, g.supervise(now.Add(9*time.Second)))
	require.Equal(t, 1, g.requests())
	require.Zero(t, g.supervise(now.Add(10*time.Second)))
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())
	require.Equal(t, 10*time.Second, g.supervise(now.Add(10*time.Second)))
	require.Equal(t, 2, g.requests())
	require.Equal(t, walrcv.Starting, g.WalRcv.State())
}

func TestPauseGrowsWithFailuresAndIsBounded(t *testing.T) {
	g := newRig(t)
	g.set(guc.WalRetrieveRetryInterval, "1s")
	g.Settings = g.conf.Load()
	g.found()
	now := time.Now()
	var pauses []time.Duration
	for range 7 {
		g.supervise(now)
		g.comesUp()
		g.ends()
		pause := g.supervise(now)
		pauses = append(pauses, pause)
		now = now.Add(pause)
	}
	require.Equal(t, []time.Duration{1e9, 2e9, 3e9, 4e9, 4e9, 4e9, 4e9}, pauses)

	// One that has received something and ran for long is replaced at once.
	g.supervise(now)
	g.comesUp()
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(1) + 5000)
	g.receives(l, l.Pos())
	g.ends()
	g.supervise(now.Add(time.Minute))
	require.Equal(t, walrcv.Starting, g.WalRcv.State())
	require.Equal(t, l.Pos(), g.WalRcv.Snapshot().ReceiveStart)
}

func TestChangedSettingsReplaceTheWalreceiver(t *testing.T) {
	for id, to := range map[guc.ID]string{guc.PrimaryConninfo: "host=other", guc.PrimarySlotName: "another"} {
		g := newRig(t)
		g.set(guc.WalRetrieveRetryInterval, "1h")
		g.Settings = g.conf.Load()
		g.run()
		g.comesUp()
		g.send(unix.SIGHUP) // nothing has changed
		g.set(id, to)
		g.send(unix.SIGHUP)
		g.endsWhenTold()
		g.comesUp() // at once
		f := g.WalRcv.Snapshot()
		require.Contains(t, []string{shmem.String(f.Conninfo[:]), shmem.String(f.Slotname[:])}, to)
		require.Contains(t, g.log.String(), `LOG:  parameter "`+id.String()+`" changed, shutting down walreceiver`)
		require.Equal(t, []int{4711}, g.terminated)
	}
}

func TestNodeWithoutConninfoServesAndWaitsForOne(t *testing.T) {
	g := newRig(t)
	g.set(guc.PrimaryConninfo, "")
	g.Settings = g.conf.Load()
	g.run()
	g.eventually("it says so", func() bool { return contains(g.log.String(), "primary_conninfo is not set") })
	require.Zero(t, g.requests())
	g.set(guc.PrimaryConninfo, "host=upstream")
	g.send(unix.SIGHUP)
	g.comesUp()
}

func TestConninfoThatDoesNotFitIsNotCut(t *testing.T) {
	require.Empty(t, upstream{conninfo: strings.Repeat("x", 1023)}.problem())
	require.Contains(t, upstream{conninfo: strings.Repeat("x", 1024)}.problem(), "longer than 1023 bytes")
}

// The upstream's slot let go of a segment whose end was reported, and we came back without remembering that.
func TestSegmentThatTheUpstreamLetGoIsNotAskedForForEver(t *testing.T) {
	l := waltest.New(waltest.Options{})
	l.FillTo(seg(2) - 2*xlog.PageSize - 4000)
	end := l.Pos()
	l.Filler(5 * xlog.PageSize)
	s := l.Segments()
	s.Remove(1, seg(2))
	g := newRig(t)
	g.holds(s)
	g.run()
	for {
		_, from := g.comesUp()
		if from == seg(2) {
			break
		}
		require.Equal(t, seg(2)-xlog.PageSize, from)
		g.ends() // "requested WAL segment has already been removed"
	}
	require.Equal(t, end, g.XLog.Reportable())
	g.receives(l, l.Pos())
	g.replayedUpto(l.Pos())
	require.Equal(t, l.Pos(), g.XLog.Reportable())
}
