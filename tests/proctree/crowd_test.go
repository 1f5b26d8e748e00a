package proctree

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/launch"
)

// Anybody who reaches the port can open connections and say nothing. They take the places that are for clients, and not
// the walreceiver's.
func TestCrowdOfClientsDoesNotTakeTheWalReceiversPlace(t *testing.T) {
	n := newNode(t, "max_connections = 2\nmax_wal_senders = 2\nwalsender_prelaunch = 1")
	n.startServing()
	var crowd []*client
	for range 40 {
		crowd = append(crowd, n.connect())
	}
	n.eventually("some are turned away", func() bool { return strings.Contains(n.LogText(), "no child slot is free") })
	old := n.pid("walreceiver")
	require.NoError(t, syscall.Kill(old, syscall.SIGTERM))
	n.eventually("walreceiver ends", func() bool { return n.pid("walreceiver") != old })
	// More come, and take every place that they can.
	for range 20 {
		crowd = append(crowd, n.connect())
	}
	require.NoError(t, syscall.Kill(n.pid("startup"), syscall.SIGINT))
	n.eventually("another walreceiver", func() bool { return n.pid("walreceiver") != 0 })
	require.NotContains(t, n.LogText(), "could not start walreceiver")
	// Once they have gone, clients are served as before.
	for _, c := range crowd {
		c.conn.Close()
	}
	n.eventually("they have gone", func() bool { return len(n.Children()) <= 4 })
	n.walSender().do("as before")
	n.Signal(syscall.SIGINT)
	require.Zero(t, n.exitCode())
	n.requireNothingLeft()
}

// walsender_prelaunch can be raised by a reload, beyond what the segment was laid out for.
func TestSparesAreNotCountedAsClients(t *testing.T) {
	n := newNode(t, "max_connections = 2\nmax_wal_senders = 2")
	n.startServing()
	n.c.WriteFile(filepath.Join(n.dir, "postgresql.auto.conf"), "walsender_prelaunch = 64\n")
	n.Signal(syscall.SIGHUP)
	n.eventually("spares fill the room", func() bool { return len(n.Children()) == 3+2*4+2+8 })
	for range 3 {
		c := n.connect()
		c.send("acceptability")
		answer, err := c.r.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintln(launch.CACOK), answer)
	}
	require.NotContains(t, n.LogText(), "no child slot is free")
	n.Signal(syscall.SIGINT)
	require.Zero(t, n.exitCode())
}

// Clients that never prove who they are take each other's places, and nobody else's: neither of those who have proved it,
// old as they are, nor of those who come later.
func TestStrangersTakeOnlyEachOthersPlaces(t *testing.T) {
	n := newNode(t, "max_connections = 2\nmax_wal_senders = 2\nwalsender_prelaunch = 1", "FAKE_STRANGERS=1")
	n.startServing()
	const most = 4 // max_connections + max_wal_senders
	var in []*client
	for _, as := range []string{"walsender", "a regular backend"} {
		c := n.connect()
		c.do("let in")
		c.do(as)
		in = append(in, c)
	}
	var crowd []*client
	for range 40 {
		crowd = append(crowd, n.connect())
	}
	late := n.connect()
	late.send("acceptability")
	answer, err := late.r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintln(launch.CACOK), answer)
	late.do("done")
	late.do("let in")
	for _, c := range crowd[:len(crowd)-most+1] {
		c.requireClosed()
	}
	for _, c := range append(in, crowd[len(crowd)-most+1:]...) {
		c.do("still there")
	}
	require.Contains(t, n.LogText(), "too many connections have not been authenticated yet")
	require.NotContains(t, n.LogText(), "no child slot is free")
	n.Signal(syscall.SIGINT)
	require.Zero(t, n.exitCode())
	n.requireNothingLeft()
}
