package postmaster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPassphraseIsWhatTheCommandPrintsFirst(t *testing.T) {
	for _, within := range []time.Duration{0, time.Minute} {
		p, err := askPassphrase("echo '%p %%'; echo rest", "prompt", within)
		require.NoError(t, err)
		require.Equal(t, "prompt %", p)
		_, err = askPassphrase("exit 3", "", within)
		require.EqualError(t, err, "ssl_passphrase_command failed: exit status 3")
	}
	_, err := askPassphrase("", "", 0)
	require.ErrorContains(t, err, "is not set")
}

// The postmaster does nothing else while it waits.
func TestPassphraseCommandThatHangsIsEndedAtAReload(t *testing.T) {
	began := time.Now()
	for _, command := range []string{"sleep 1000", "sleep 1000 & sleep 1000", "sleep 1000 | cat"} {
		_, err := askPassphrase(command, "", 50*time.Millisecond)
		require.EqualError(t, err, "ssl_passphrase_command has not ended within 50ms")
	}
	require.Less(t, time.Since(began), 30*time.Second)
}
