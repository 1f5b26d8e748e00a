package relay

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// toolRig is a relay with some segments, and the primary that they are from.
type toolRig struct {
	*cluster.Cluster
	primary  *cluster.Postgres
	relay    *cluster.Waypost
	size     xlog.SegSize
	upto     xlog.LSN
	segments []string // the relay's complete ones, known to equal the primary's
}

func newToolRig(t *testing.T) *toolRig {
	t.Helper()
	c := cluster.New(t)
	r := &toolRig{Cluster: c, primary: c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})}
	r.relay = c.NewWaypost("relay", r.primary.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
	r.primary.PgbenchInit(1)
	r.size, r.upto = r.primary.SegSize(), r.primary.SwitchWAL()
	r.relay.WaitPos(patience, r.upto)
	r.segments = c.RequireSameSegments(r.primary.WalDir(), r.relay.WalDir(), r.size, r.upto)
	require.Greater(t, len(r.segments), 3)
	return r
}

// client runs one of PostgreSQL 15's programs and gives all that it prints.
func (r *toolRig) client(code int, program string, args ...string) string {
	r.T.Helper()
	got, stdout, stderr := r.RunCode(append([]string{r.ClientProgram(program)}, args...)...)
	require.Equalf(r.T, code, got, "%s %q prints:\n%s%s", program, args, stdout, stderr)
	return stdout + stderr
}

// controlData is what pg_controldata prints of a data directory.
func controlData(c *cluster.Cluster, dir string) map[string]string {
	c.T.Helper()
	fields := map[string]string{}
	for _, line := range strings.Split(c.Run(c.ClientProgram("pg_controldata"), "-D", dir), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	return fields
}

func TestPostgreSQLsToolsReadARelaysDirectory(t *testing.T) {
	r := newToolRig(t)

	for _, options := range [][]string{{}, {"--stats=record"}, {"--bkp-details"}} {
		dumpOf := func(dir string) string {
			return r.client(0, "pg_waldump", append(options, filepath.Join(dir, r.segments[1]), r.segments[len(r.segments)-1])...)
		}
		want := dumpOf(r.primary.WalDir())
		require.NotEmpty(t, want)
		require.Equal(t, want, dumpOf(r.relay.WalDir()))
	}

	theirs, ours := controlData(r.Cluster, r.primary.DataDir), controlData(r.Cluster, r.relay.DataDir)
	require.Equal(t, "in archive recovery", ours["Database cluster state"])
	require.NotContains(t, ours, "WARNING")
	for _, field := range []string{
		"pg_control version number", "Catalog version number", "Database system identifier", "Maximum data alignment",
		"Database block size", "WAL block size", "Bytes per WAL segment", "Data page checksum version", "wal_level setting",
	} {
		require.NotEmpty(t, theirs[field], field)
		require.Equal(t, theirs[field], ours[field], field)
	}

	gone, kept := r.segments[1], r.segments[2]
	printed := r.client(0, "pg_archivecleanup", "-d", r.relay.WalDir(), kept)
	require.Contains(t, printed, gone)
	require.False(t, exists(filepath.Join(r.relay.WalDir(), gone)))
	require.ErrorContains(t, r.tryStream(r.size.Start(r.size.SegNo(r.upto)-xlog.SegNo(len(r.segments)-1))),
		fmt.Sprintf("requested WAL segment %s has already been removed", gone))
	r.requireReceivewalTakes(r.segments[2:])
}

// tryStream asks the relay to stream from a position on, and gives its answer where that is a refusal.
func (r *toolRig) tryStream(start xlog.LSN) error {
	r.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, r.relay.Conninfo()+" replication=true")
	require.NoError(r.T, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "START_REPLICATION "+start.String()).ReadAll()
	return err
}

// requireReceivewalTakes has pg_receivewal take the relay's segments, of which it has
// the first already, and end by itself where they do.
func (r *toolRig) requireReceivewalTakes(segments []string) {
	r.T.Helper()
	dir := r.Mkdir("archive")
	r.Run("cp", filepath.Join(r.primary.WalDir(), segments[0]), dir)
	end := r.size.SegStart(r.upto)
	r.client(0, "pg_receivewal", "-D", dir, "-d", r.relay.Conninfo(), "--endpos", end.String(), "--synchronous", "--no-loop")
	require.Equal(r.T, segments, r.RequireSameSegments(r.primary.WalDir(), dir, r.size, end))
}

func TestPostgreSQLsToolsTalkToARelay(t *testing.T) {
	r := newToolRig(t)
	port := strconv.Itoa(r.relay.Port)
	require.Contains(t, r.client(0, "pg_isready", "-h", "127.0.0.1", "-p", port), "accepting connections")

	psql := func(code int, conninfo, command string) string {
		return strings.TrimSpace(r.client(code, "psql", "-X", "-A", "-t", "-d", conninfo, "-c", command))
	}
	conninfo := r.relay.Conninfo() + " replication=true"
	identity := strings.Split(psql(0, conninfo, "IDENTIFY_SYSTEM"), "|")
	require.Len(t, identity, 4)
	require.Equal(t, controlData(r.Cluster, r.primary.DataDir)["Database system identifier"], identity[0])
	require.Equal(t, "1", identity[1])
	require.GreaterOrEqual(t, parseLSN(t, identity[2]), r.upto)
	for command, code := range map[string]int{
		"SHOW wal_segment_size": 0, "SHOW server_version": 0, "SHOW data_directory_mode": 0, "SHOW integer_datetimes": 0,
		"SHOW no_such_setting": 1, "IDENTIFY_SYSTEM now": 1, "TIMELINE_HISTORY 0": 1, "VACUUM": 1,
	} {
		want := psql(code, r.primary.Conninfo()+" replication=true", command)
		require.Equal(t, want, psql(code, conninfo, command), command)
	}
	require.Equal(t, "on", psql(0, r.relay.Conninfo(), "SHOW in_hot_standby"))

	r.requireReceivewalTakes(r.segments[1:])
}

func TestPgCtlRulesARelay(t *testing.T) {
	r := newToolRig(t)
	pid := strconv.Itoa(r.relay.Process().PID)
	require.Contains(t, r.client(0, "pg_ctl", "status", "-D", r.relay.DataDir), "server is running (PID: "+pid+")")

	r.relay.Configure(map[string]string{"wal_keep_size": "123MB"})
	require.Contains(t, r.client(0, "pg_ctl", "reload", "-D", r.relay.DataDir), "server signaled")
	cluster.EventuallyOK(t, patience, "the relay has its new setting", func() error {
		if !strings.Contains(r.relay.Process().LogText(), `parameter "wal_keep_size" changed to "123MB"`) {
			return errors.New("its log does not say so")
		}
		return nil
	})
	require.Contains(t, r.client(0, "pg_ctl", "stop", "-D", r.relay.DataDir, "-m", "fast"), "server stopped")
	require.Zero(t, r.relay.Process().Wait(promptly).ExitCode())
	require.Contains(t, r.client(3, "pg_ctl", "status", "-D", r.relay.DataDir), "no server running")
	require.Contains(t, r.client(2, "pg_isready", "-h", "127.0.0.1", "-p", strconv.Itoa(r.relay.Port)), "no response")
	require.Empty(t, r.relay.SharedMemory())
}
