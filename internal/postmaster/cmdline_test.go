package postmaster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// directory has the files that the command line's questions are answered from.
func directory(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o750))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "pg_wal"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgresql.conf"), []byte(config), 0o600))
	return dir
}

func answer(t *testing.T, args ...string) (string, error) {
	t.Helper()
	line, err := parseCommandLine(args)
	require.NoError(t, err)
	return readSetting(line)
}

func TestPrintedSettingsAreThoseThatTheNodeWouldHave(t *testing.T) {
	dir := directory(t, "port = 5433\nwork_mem = 8MB\nmy.own = 'x'\nwal_sender_timeout = 1min\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgresql.auto.conf"), []byte("max_connections = 20\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pg_wal", "000000010000000000000001"), make([]byte, 1<<20), 0o600))
	for name, want := range map[string]string{
		"port": "5433", "work_mem": "8192", "sort_mem": "8192", "my.own": "x",
		"wal_sender_timeout": "60000", "max_connections": "20",
		"wal_segment_size": "1048576", "data_directory_mode": "488", "data_directory": dir, "hba_file": dir + "/pg_hba.conf",
		"huge_pages_status": "off", "hot_standby": "on", "checkpoint_completion_target": "0.9", "wal_level": "replica",
	} {
		text, err := answer(t, "-D", dir, "-C", name)
		require.NoError(t, err, name)
		require.Equal(t, want, text, name)
	}
	text, err := answer(t, "-D", dir, "-C", "port", "-c", "port=5434")
	require.NoError(t, err)
	require.Equal(t, "5434", text, "the command line has the last word")
	t.Setenv("PGPORT", "5435")
	text, err = answer(t, "-D", dir, "-C", "port")
	require.NoError(t, err)
	require.Equal(t, "5433", text, "the environment has the first")
	_, err = answer(t, "-D", dir, "-C", "nonsense")
	require.EqualError(t, err, `unrecognized configuration parameter "nonsense"`)
	_, err = answer(t, "-D", dir, "-C", "data_checksums")
	require.ErrorContains(t, err, "known to a running node alone")
}

func TestPrintedSharedMemoryGrowsWithTheConnections(t *testing.T) {
	dir := directory(t, "")
	size := func(connections string) int {
		text, err := answer(t, "-D", dir, "-C", "shared_memory_size", "-N", connections)
		require.NoError(t, err)
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	require.Positive(t, size("1"))
	require.Greater(t, size("20000"), size("1"))
}

func TestPrintingFromBadFilesSaysWhatIsWrong(t *testing.T) {
	dir := directory(t, "port = x\n")
	_, err := answer(t, "-D", dir, "-C", "work_mem")
	require.ErrorContains(t, err, `invalid value for parameter "port": "x"`)
	require.Equal(t, 1, printSetting(&commandLine{settings: mustParse(t, "-D", dir).settings, dir: dir, print: "port"}))
}

func mustParse(t *testing.T, args ...string) *commandLine {
	t.Helper()
	line, err := parseCommandLine(args)
	require.NoError(t, err)
	return line
}

func TestDescribeConfigIsAskedForWithoutADirectory(t *testing.T) {
	t.Setenv("PGDATA", "")
	line := mustParse(t, "--describe-config")
	require.True(t, line.describe)
	for l := range strings.Lines(line.settings.DescribeConfig()) {
		require.Len(t, strings.Split(l, "\t"), 9, l)
	}
}
