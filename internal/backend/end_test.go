package backend_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend"
	"waypost/internal/backend/backendtest"
)

// slow is a Replication whose statistics go to a disk that stands still.
type slow struct {
	backend.Replication
	saving, saved, lastCycle chan struct{}
}

func (r slow) Close()          {}
func (r slow) SaveLast()       { close(r.saving); <-r.saved }
func (r slow) LastCycle() bool { close(r.lastCycle); return true }

func TestSessionThatSavesStatisticsTakesSignalsAndIsWaitedFor(t *testing.T) {
	r := slow{saving: make(chan struct{}), saved: make(chan struct{}), lastCycle: make(chan struct{})}
	n := backendtest.New(t, backendtest.Options{Replication: func(*backend.Session) (backend.Replication, error) {
		return r, nil
	}})
	c := n.Connect()
	c.StartReplication()
	require.NoError(t, c.Close())
	arrives := func(ch chan struct{}, what string) {
		t.Helper()
		select {
		case <-ch:
		case <-time.After(5 * time.Second):
			close(r.saved)
			require.Fail(t, what)
		}
	}
	arrives(r.saving, "it does not save")
	require.False(t, n.PM.IsWalSender(c.Session.Slot), "what was claimed is given back before")
	c.Session.Signal(unix.SIGUSR2)
	arrives(r.lastCycle, "the signal waits for the disk")
	// Whoever ends the session now must not leave shared memory before it is saved.
	c.Session.Signal(unix.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- c.Session.Result(t) }()
	select {
	case <-ended:
		require.Fail(t, "it has left without being saved")
	case <-time.After(50 * time.Millisecond):
	}
	close(r.saved)
	<-ended
}
