package pmsignal

import (
	"os"
	"os/signal"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/shmem"
)

// newPMSignal makes a segment whose postmaster is the test itself.
func newPMSignal(t *testing.T) *PMSignal {
	t.Helper()
	l := shmem.NewLayout()
	Reserve(l, 4)
	s, err := shmem.Create([]string{t.TempDir()}, "pm", l, 1)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	p, err := Map(s)
	require.NoError(t, err)
	return p
}

func TestReasonIsSetBeforeTheSignalComes(t *testing.T) {
	p := newPMSignal(t)
	news := make(chan os.Signal, 1)
	signal.Notify(news, unix.SIGUSR1)
	defer signal.Stop(news)

	require.False(t, p.Take(StartWalReceiver))
	require.NoError(t, p.Send(StartWalReceiver))
	select {
	case <-news:
	case <-time.After(10 * time.Second):
		t.Fatal("no SIGUSR1 came")
	}
	require.True(t, p.Pending(StartWalReceiver))
	require.True(t, p.Take(StartWalReceiver))
	require.False(t, p.Take(StartWalReceiver))
	require.False(t, p.Take(BeginHotStandby))
	require.EqualValues(t, 1, p.Sent(StartWalReceiver))
}

func TestChildSlotLife(t *testing.T) {
	p := newPMSignal(t)
	require.Equal(t, Unused, p.ChildState(2))
	p.AssignChild(2)
	require.False(t, p.IsWalSender(2), "a child that has not come up is no walsender")
	require.NoError(t, p.MarkActive(2))
	require.False(t, p.IsWalSender(2), "a backend that has not marked itself is no walsender")
	p.MarkWalSender(2)
	require.True(t, p.IsWalSender(2))
	require.Equal(t, 1, p.Count(WalSender))
	p.UnmarkWalSender(2)
	require.False(t, p.IsWalSender(2))
	p.MarkInactive(2)
	require.True(t, p.ReleaseChild(2), "it had left in good order")
	require.Equal(t, Unused, p.ChildState(2))
}

func TestChildThatDiedInSharedMemoryIsFound(t *testing.T) {
	p := newPMSignal(t)
	p.AssignChild(0)
	require.NoError(t, p.MarkActive(0))
	require.False(t, p.ReleaseChild(0))
	p.AssignChild(0)
	p.MarkWalSender(0)
	require.False(t, p.ReleaseChild(0))
}

func TestNamesAreComplete(t *testing.T) {
	for r := range NumReasons {
		require.Regexp(t, `^PMSIGNAL_[A-Z]`, r.String())
	}
	require.Equal(t, "PM_CHILD_WALSENDER", WalSender.String())
	require.Equal(t, "PMQUIT_FOR_CRASH", QuitForCrash.String())
}
