package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// AllVersions are the major versions of PostgreSQL that Waypost supports.
var AllVersions = []int{15, 16, 17, 18}

// Versions are the major versions to test with: all, unless WAYPOST_PG_VERSIONS
// ("15 17") narrows them.
func Versions(t testing.TB) []int {
	t.Helper()
	list := strings.Fields(os.Getenv("WAYPOST_PG_VERSIONS"))
	if len(list) == 0 {
		return slices.Clone(AllVersions)
	}
	var versions []int
	for _, s := range list {
		v, err := strconv.Atoi(s)
		require.NoErrorf(t, err, "WAYPOST_PG_VERSIONS")
		require.Containsf(t, AllVersions, v, "WAYPOST_PG_VERSIONS")
		versions = append(versions, v)
	}
	return versions
}

// clientVersion is the version whose client programs (pgbench, pg_receivewal, ...)
// are there; they serve with every server where the programs themselves agree.
const clientVersion = 15

// binDir is where a version's programs are.
func (c *Cluster) binDir(version int) string {
	c.T.Helper()
	dir := "/usr/lib/postgresql/15/bin"
	if version != clientVersion {
		cache := os.Getenv("WAYPOST_PG_CACHE")
		if cache == "" {
			cache = filepath.Join(repository(c.T), ".cache", "postgresql")
		}
		dir = filepath.Join(cache, strconv.Itoa(version), "bin")
	}
	postgres := filepath.Join(dir, "postgres")
	_, err := os.Stat(postgres)
	require.NoErrorf(c.T, err, "PostgreSQL %d is not here; `make setup` gets it", version)
	c.requireReachable(postgres)
	return dir
}

// ClientProgram is the path of one of PostgreSQL 15's client programs.
func (c *Cluster) ClientProgram(name string) string {
	c.T.Helper()
	return filepath.Join(c.binDir(clientVersion), name)
}

// WaypostProgram is the path of one of the built binaries: in WAYPOST_BIN, else in
// the checkout's bin/.
func (c *Cluster) WaypostProgram(name string) string {
	c.T.Helper()
	dir := os.Getenv("WAYPOST_BIN")
	if dir == "" {
		dir = filepath.Join(repository(c.T), "bin")
	}
	path := filepath.Join(dir, name)
	_, err := os.Stat(path)
	require.NoError(c.T, err, "the binaries are not built; `make build` does")
	c.requireReachable(path)
	return path
}

// repository is the root of the checkout that the test runs in.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, parent, dir, "no go.mod above the test")
		dir = parent
	}
}

// NodeDrivers is the folder in whose node_modules the packages of node.js are.
func NodeDrivers(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("WAYPOST_NODE")
	if dir == "" {
		dir = filepath.Join(repository(t), ".cache", "node")
	}
	_, err := os.Stat(filepath.Join(dir, "node_modules", "pg"))
	require.NoError(t, err, "node-postgres is not here; `make setup` gets it")
	return dir
}
