package guc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// requireSame says by name what differs: all of the settings would be too much to read.
func requireSame(t *testing.T, want, have *Settings) {
	t.Helper()
	require.Equal(t, want.files, have.files)
	require.Equal(t, want.wait, have.wait)
	require.Equal(t, want.others, have.others)
	for id := range numParams {
		require.Equal(t, want.values[id], have.values[id], params[id].Name)
	}
}
