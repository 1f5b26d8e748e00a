package cluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// userTables lists the tables that hold a user's rows.
const userTables = `
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1`

// Tables gives, for each user table, the number of its rows and a checksum over all
// of them that does not depend on their order.
func (p *Postgres) Tables() map[string]string {
	p.c.T.Helper()
	tables := map[string]string{}
	for _, row := range p.Query(userTables) {
		tables[row[0]] = p.QueryOne(fmt.Sprintf(
			"SELECT count(*) || ' rows, checksum ' || coalesce(sum(hashtextextended(r::text, 0)), 0) FROM %s AS r", row[0]))
	}
	return tables
}

// RequireSameTables fails unless standby has replayed all that primary has and the
// user tables of both hold the same rows. There must be at least one. Nobody may
// write meanwhile.
func RequireSameTables(primary, standby *Postgres) {
	primary.c.T.Helper()
	standby.WaitReplay(2*time.Minute, primary.FlushLSN())
	want := primary.Tables()
	require.NotEmpty(primary.c.T, want, "no tables to compare")
	require.Equalf(primary.c.T, want, standby.Tables(), "tables of %s and %s", primary.Name, standby.Name)
}

// RequireSameSegments compares, byte for byte, every WAL segment in copyDir that
// ends at or before upto with the one of the same name in originDir, and gives
// their names. A segment that origin has removed already fails the test, and so
// does a copy without any complete segment.
func (c *Cluster) RequireSameSegments(originDir, copyDir string, size xlog.SegSize, upto xlog.LSN) []string {
	c.T.Helper()
	var compared []string
	for _, name := range segmentNames(c, copyDir) {
		if size.Start(segNo(c, name, size)+1) > upto {
			continue
		}
		requireSameFile(c, filepath.Join(originDir, name), filepath.Join(copyDir, name))
		compared = append(compared, name)
	}
	require.NotEmptyf(c.T, compared, "%s has no complete segment before %s", copyDir, upto)
	return compared
}

func requireSameFile(c *Cluster, origin, other string) {
	c.T.Helper()
	want, err := os.ReadFile(origin)
	require.NoError(c.T, err)
	got, err := os.ReadFile(other)
	require.NoError(c.T, err)
	require.Lenf(c.T, got, len(want), "length of %s", other)
	if !bytes.Equal(want, got) {
		at := 0
		for want[at] == got[at] {
			at++
		}
		c.T.Fatalf("%s differs from %s at offset %d", other, origin, at)
	}
}

// segmentNames are the names of the WAL segments in dir, in order within a timeline.
func segmentNames(c *Cluster, dir string) []string {
	c.T.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(c.T, err)
	var names []string
	for _, e := range entries {
		if len(e.Name()) == 24 && strings.Trim(e.Name(), "0123456789ABCDEF") == "" {
			names = append(names, e.Name())
		}
	}
	return names
}

// segNo reads a segment's number from its name: after eight digits of timeline, the
// high 32 bits of its position, and its number within those 4 GB.
func segNo(c *Cluster, name string, size xlog.SegSize) xlog.SegNo {
	c.T.Helper()
	var timeline, high, low uint32
	_, err := fmt.Sscanf(name, "%08X%08X%08X", &timeline, &high, &low)
	require.NoErrorf(c.T, err, "name of segment %s", name)
	perHigh := uint64(1) << 32 / uint64(size)
	return xlog.SegNo(uint64(high)*perHigh + uint64(low))
}
