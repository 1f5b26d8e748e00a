package walfile_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
)

// dumpStats reads what pg_waldump --stats=record printed, summed up by resource manager.
func dumpStats(t testing.TB, v walfile.Version) map[string]walfile.RecordStats {
	row := regexp.MustCompile(`^([A-Za-z0-9]+)/\S+ +(\d+) +\([^)]*\) +(\d+) +\([^)]*\) +(\d+) +\(`)
	stats := map[string]walfile.RecordStats{}
	for line := range strings.Lines(waltest.FixtureText(t, v, "pg_waldump.stats.txt")) {
		m := row.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		number := func(i int) uint64 {
			n, err := strconv.ParseUint(m[i], 10, 64)
			require.NoError(t, err)
			return n
		}
		s := stats[m[1]]
		s.Count += number(2)
		s.RecordBytes += number(3)
		s.ImageBytes += number(4)
		stats[m[1]] = s
	}
	return stats
}

func TestStatsOfRealServersAreAsPgWaldumpSays(t *testing.T) {
	for _, v := range waltest.FixtureVersions {
		s, err := walfile.Stats(waltest.Fixture(t, v))
		require.NoError(t, err)
		require.Equal(t, walfile.EndOfWAL, s.Stop.Kind)
		got := map[string]walfile.RecordStats{}
		for id, n := range s.Rmgr {
			if n.Count > 0 {
				got[walfile.RmgrID(id).String()] = n
			}
		}
		want := dumpStats(t, v)
		require.GreaterOrEqual(t, len(want), 13, "resource managers")
		require.Equal(t, want, got)
	}
}

func TestStatsOfAnEmptyDirectory(t *testing.T) {
	_, err := walfile.Stats(newDir(t))
	require.ErrorIs(t, err, walfile.ErrNoSegments)
}
