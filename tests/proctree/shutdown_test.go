package proctree

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

var orderly = []string{"PM_STARTUP", "PM_RECOVERY", "PM_HOT_STANDBY", "PM_STOP_BACKENDS", "PM_WAIT_BACKENDS", "PM_SHUTDOWN",
	"PM_SHUTDOWN_2", "PM_WAIT_DEAD_END", "PM_NO_CHILDREN"}

func TestFastShutdownGoesThroughTheStatesInOrder(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	backend, sender := n.connect(), n.walSender()
	backend.do("stay")
	n.Signal(syscall.SIGINT)
	require.Zero(t, n.exitCode())
	require.Equal(t, orderly, n.states())
	backend.requireClosed()
	sender.requireClosed()
	// The walsender lived to PM_SHUTDOWN_2; the spares and the backend were told to end before.
	require.Contains(t, n.signals("walsender"), "user defined signal 2")
	require.Equal(t, "user defined signal 2", n.signals("checkpointer"))
	require.Equal(t, "terminated", n.signals("startup"))
	require.Equal(t, "terminated", n.signals("walreceiver"))
	n.requireNothingLeft()
}

func TestSmartShutdownWaitsForRegularBackendsAlone(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	backend, sender := n.connect(), n.walSender()
	backend.do("stay")
	n.Signal(syscall.SIGTERM)
	n.eventually("shutdown begins", func() bool { return n.statusLine() == "stopping" })
	require.Equal(t, orderly[:3], n.states(), "the backend is waited for")
	sender.do("still here")
	backend.send("exit 0")
	require.Zero(t, n.exitCode())
	require.Equal(t, orderly, n.states())
	n.requireNothingLeft()
}

// Without startup there is no recovery to wait in: whoever is left is told to end, and the node does not hang.
func TestStartupThatEndsInASmartShutdownEndsTheNode(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	backend := n.connect()
	backend.do("stay")
	n.Signal(syscall.SIGTERM)
	n.eventually("shutdown begins", func() bool { return n.statusLine() == "stopping" })
	require.NoError(t, syscall.Kill(n.pid("startup"), syscall.SIGTERM))
	require.Zero(t, n.exitCode())
	require.Equal(t, orderly, n.states())
	require.Equal(t, "terminated", n.signals("walreceiver"))
	n.requireNothingLeft()
}

func TestSmartThenFastThenImmediate(t *testing.T) {
	n := newNode(t, "", "FAKE_STUBBORN=")
	n.startServing()
	backend := n.connect()
	backend.do("stay")
	n.Signal(syscall.SIGTERM)
	n.eventually("shutdown begins", func() bool { return n.statusLine() == "stopping" })
	n.Signal(syscall.SIGINT)
	require.Zero(t, n.exitCode())
	require.Equal(t, orderly, n.states())
}

func TestImmediateShutdownWaitsForNobody(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	sender := n.walSender()
	n.Signal(syscall.SIGQUIT)
	require.Zero(t, n.exitCode())
	sender.requireClosed()
	require.Equal(t, []string{"PM_STARTUP", "PM_RECOVERY", "PM_HOT_STANDBY", "PM_WAIT_BACKENDS", "PM_WAIT_DEAD_END", "PM_NO_CHILDREN"}, n.states())
	require.NotContains(t, n.signals("walsender"), "user defined signal 2")
	n.requireNothingLeft()
}

func TestUnmarkedWalsenderDiesWithTheRegularBackends(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	marked, unmarked := n.walSender(), n.walSender()
	unmarked.do("unmark")
	n.Signal(syscall.SIGINT)
	require.Zero(t, n.exitCode())
	require.Contains(t, n.signals("walsender"), "terminated")
	require.Contains(t, n.signals("walsender"), "user defined signal 2")
	marked.requireClosed()
	unmarked.requireClosed()
}

func TestStubbornChildrenAreKilled(t *testing.T) {
	n := newNode(t, "", "FAKE_STUBBORN=walreceiver checkpointer")
	n.startServing()
	began := time.Now()
	n.Signal(syscall.SIGQUIT)
	require.Zero(t, n.exitCode())
	require.GreaterOrEqual(t, time.Since(began), 5*time.Second)
	require.Contains(t, n.LogText(), "issuing SIGKILL to recalcitrant children")
	n.requireNothingLeft()
}

func TestStoppedDeadEndDoesNotHoldUpAnOrderlyShutdown(t *testing.T) {
	n := newNode(t, "walsender_prelaunch = 0")
	n.startServing()
	backend := n.connect()
	backend.do("stay")
	n.Signal(syscall.SIGTERM)
	n.eventually("shutdown begins", func() bool { return n.statusLine() == "stopping" })
	before := n.Children()
	n.connect().do("stay")
	deadEnds := slices.DeleteFunc(n.Children(), func(p cluster.Proc) bool { return slices.Contains(before, p) })
	require.Len(t, deadEnds, 1)
	require.NoError(t, syscall.Kill(deadEnds[0].PID, syscall.SIGSTOP))
	backend.send("exit 0")
	require.Zero(t, n.exitCode())
	require.Equal(t, orderly, n.states())
	require.Contains(t, n.LogText(), "issuing SIGKILL to recalcitrant children")
	n.requireNothingLeft()
}

func TestReloadReachesEveryChild(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	n.walSender()
	n.Signal(syscall.SIGHUP)
	for _, p := range programs {
		n.eventually(p+" reloads", func() bool { return strings.Contains(n.signals(p), "hangup") })
	}
	require.Contains(t, n.LogText(), "received SIGHUP, reloading configuration files")
}
