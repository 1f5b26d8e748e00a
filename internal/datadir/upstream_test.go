package datadir

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpstreamVersionIsRemembered(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, GlobalDir), 0o700))
	_, ok, err := ReadUpstreamVersion(dir)
	require.NoError(t, err)
	require.False(t, ok)

	want := UpstreamVersion{Num: 150018, Text: "15.18 (Debian 15.18-0+deb12u1)"}
	require.NoError(t, StoreUpstreamVersion(dir, want, 0o600))
	got, ok, err := ReadUpstreamVersion(dir)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, want, got)

	path := filepath.Join(dir, UpstreamVersionFile)
	before, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, StoreUpstreamVersion(dir, want, 0o600))
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "the same version is not written again")
}

func TestDamagedUpstreamVersionIsNone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, GlobalDir), 0o700))
	for _, text := range []string{"", "\n\n", "150018", "150018\n15.18", "x\n15.18\n", "150018\n15.18\nmore\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, UpstreamVersionFile), []byte(text), 0o600))
		_, ok, err := ReadUpstreamVersion(dir)
		require.NoError(t, err)
		require.Falsef(t, ok, "%q", text)
	}
}
