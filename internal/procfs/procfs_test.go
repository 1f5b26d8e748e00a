package procfs

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOurOwnProcess(t *testing.T) {
	begun := time.Now()
	var before Times
	for { // until the system's clock of CPU time has gone on by a tick
		now, ok := ReadTimes(os.Getpid())
		require.True(t, ok)
		require.NotEmpty(t, now.Start)
		if before.Start == "" {
			before = now
		}
		require.Equal(t, before.Start, now.Start)
		if now.User+now.System > before.User+before.System {
			break
		}
		require.Less(t, time.Since(begun), 10*time.Second)
	}
	exact, ok := ReadMemory(os.Getpid())
	require.True(t, ok)
	rough, ok := EstimateMemory(os.Getpid())
	require.True(t, ok)
	for _, m := range []Memory{exact, rough} {
		require.Positive(t, m.Private)
		require.Greater(t, m.Resident, m.Private)
	}
}

func TestAProcessThatHasGoneHasNothing(t *testing.T) {
	c := exec.Command("/bin/true")
	require.NoError(t, c.Start())
	pid := c.Process.Pid
	require.Eventually(t, func() bool { // a zombie until it is waited for
		_, ok := ReadTimes(pid)
		return !ok
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, c.Wait())
	_, ok := ReadTimes(pid)
	require.False(t, ok)
	_, ok = ReadMemory(pid)
	require.False(t, ok)
	_, ok = EstimateMemory(pid)
	require.False(t, ok)
}
