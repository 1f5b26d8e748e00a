package nodeinit

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
)

func TestSystemsZoneIsFoundAsInitdbFindsIt(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(filepath.Join(guc.ZoneDir, "Europe/Berlin"), link))
	tokyo, err := os.ReadFile(filepath.Join(guc.ZoneDir, "Asia/Tokyo"))
	require.NoError(t, err)
	copied, nonsense := filepath.Join(dir, "copy"), filepath.Join(dir, "nonsense")
	require.NoError(t, os.WriteFile(copied, tokyo, 0o644))
	require.NoError(t, os.WriteFile(nonsense, []byte("TZif"), 0o644))
	nowhere := filepath.Join(dir, "nowhere")

	require.Equal(t, "America/New_York", systemZone("america/new_york", link, guc.ZoneDir), "TZ goes first")
	require.Equal(t, "Europe/Berlin", systemZone("", link, guc.ZoneDir))
	require.Equal(t, "Europe/Berlin", systemZone("Mars/Base", link, guc.ZoneDir), "what is no zone does not count")
	require.Contains(t, []string{"Japan", "Asia/Tokyo"}, systemZone("", copied, guc.ZoneDir), "with and without old names")
	require.Empty(t, systemZone("", nonsense, guc.ZoneDir))
	require.Empty(t, systemZone("", nowhere, guc.ZoneDir))
}

func TestZoneGoesIntoTheConfigurationUnlessItIsGiven(t *testing.T) {
	s := newSettings()
	require.NoError(t, s.set("timezone", "Asia/Tokyo"))
	require.NoError(t, s.setZone("Europe/Berlin"))
	require.NoError(t, s.setZone(""))
	require.Equal(t, "Asia/Tokyo", s.known[guc.TimeZone])
	require.Contains(t, s.config(), "\nlog_timezone = 'Europe/Berlin' ")
	require.Contains(t, s.config(), "\nTimeZone = 'Asia/Tokyo' ")
}
