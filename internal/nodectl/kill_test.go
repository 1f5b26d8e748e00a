package nodectl

import (
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKillSendsWhatItIsToldTo(t *testing.T) {
	for _, s := range signalNames {
		cmd := exec.Command("sleep", "600")
		require.NoError(t, cmd.Start())
		require.NoError(t, Kill(s.name, strconv.Itoa(cmd.Process.Pid)))
		require.Error(t, cmd.Wait())
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		require.True(t, ok)
		require.Equal(t, s.sig, status.Signal())
	}
	requireCode(t, 1, Kill("TERM", strconv.Itoa(deadPid(t))), "could not send signal 15")
	requireCode(t, 1, Kill("STOP", "1"), "unrecognized signal name")
	for _, pid := range []string{"0", "-1", "x", ""} {
		requireCode(t, 1, Kill("TERM", pid), "invalid PID")
	}
}

func TestModesAreKnownByNameAndFirstLetter(t *testing.T) {
	for text, want := range map[string]Mode{"smart": Smart, "s": Smart, "fast": Fast, "f": Fast, "immediate": Immediate, "i": Immediate} {
		got, err := parseMode(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := parseMode("slow")
	requireCode(t, 1, err, "unrecognized shutdown mode")
}
