package relay

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/procsignal"
	"waypost/internal/shmdump"
	"waypost/tests/cluster"
)

// postmaster is no kind of child, but can be killed as one.
const postmaster = "postmaster"

// kinds are the processes of a relay that are killed.
var kinds = []string{
	postmaster, procsignal.Startup.String(), procsignal.WalReceiver.String(), procsignal.WalSender.String(),
	procsignal.Checkpointer.String(), procsignal.Spare.String(),
}

// A relay, on which the primary's commits wait, loses one process after the other under
// load. It comes back each time, by itself unless the postmaster was the one, and so do
// the streams above and below.
func TestKilledProcessesCostNothing(t *testing.T) {
	random := cluster.Random(t)
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
	below := c.NewWaypost("below", relay.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
	standby := c.StandbyOf(primary, "standby", relay.Conninfo(), nil)
	synchronousTo(primary, "relay", "on")
	load := primary.StartAckLoad(4)

	for _, kind := range victims(random, cluster.Count(12, 200)) {
		load.WaitAcked(t, patience, moment(random))
		killOne(t, relay, kind)
		require.Lenf(t, relay.SharedMemory(), 1, "after the kill of a %s", kind)
	}
	load.WaitAcked(t, patience, 100)
	load.Stop()

	upto := primary.SwitchWAL()
	for _, w := range []*cluster.Waypost{relay, below} {
		w.WaitPos(patience, upto)
		c.RequireSameSegments(primary.WalDir(), w.WalDir(), primary.SegSize(), upto)
	}
	cluster.RequireSameTables(primary, standby)
	load.RequireAllOn(standby)
	relay.Stop(cluster.Fast)
	require.Empty(t, relay.SharedMemory())
}

// victims are n kinds, each once before any comes again.
func victims(random *rand.Rand, n int) []string {
	var list []string
	for len(list) < n {
		for _, i := range random.Perm(len(kinds)) {
			list = append(list, kinds[i])
		}
	}
	return list[:n]
}

// moment is when to kill, in commits from now: often at once, when the node has hardly begun.
func moment(random *rand.Rand) int64 {
	if random.IntN(3) == 0 {
		return 0
	}
	return random.Int64N(300)
}

// killOne kills a process of that kind, and waits until the node serves again.
func killOne(t *testing.T, w *cluster.Waypost, kind string) {
	t.Helper()
	if kind == postmaster {
		killPostmaster(t, w)
		return
	}
	var before uint64
	cluster.EventuallyOK(t, patience, w.Name+" has a "+kind+" that can be killed", func() error {
		d, err := tryDump(w)
		if err != nil {
			return err
		}
		before = d.Segment.Generation
		return killFirst(d.Processes, kind)
	})
	cluster.EventuallyOK(t, patience, fmt.Sprintf("%s serves again after the kill of a %s", w.Name, kind), func() error {
		require.Truef(t, w.Running(), "it has ended after the kill of a %s", kind)
		d, err := tryDump(w)
		if err != nil {
			return err
		}
		if d.Segment.Generation <= before {
			return fmt.Errorf("generation %d", d.Segment.Generation)
		}
		_, err = w.TryIdentifySystem()
		return err
	})
}

// killPostmaster kills the postmaster alone; its children are to follow it.
func killPostmaster(t *testing.T, w *cluster.Waypost) {
	t.Helper()
	w.Process().Signal(syscall.SIGKILL)
	w.Process().Wait(promptly)
	w.WaitReleased()
	w.Start()
}

// killFirst kills the first process of that kind.
func killFirst(processes []shmdump.Process, kind string) error {
	for _, p := range processes {
		if p.Kind == kind && p.Alive {
			return syscall.Kill(p.PID, syscall.SIGKILL)
		}
	}
	return errors.New("there is none")
}
