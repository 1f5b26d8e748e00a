package sessions

import (
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// TestASessionIsCancelledAndEnded by its own user's Ctrl-C, by pg_cancel_backend, and by pg_terminate_backend, which ends a
// stream, too.
func TestASessionIsCancelledAndEnded(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	asleep := func(name string) (pid int) {
		cluster.Eventually(t, patience, name+" sleeps", func() bool {
			rows := relay.Query(fmt.Sprintf("SELECT pid FROM pg_stat_activity WHERE application_name = '%s' AND state = 'active' "+
				"AND wait_event = 'PgSleep'", name))
			if len(rows) == 1 {
				pid = atoi(t, rows[0][0])
			}
			return len(rows) == 1
		})
		return pid
	}
	sleep := func(name string) *cluster.Process {
		return c.StartProgram(name, c.Dir, []string{"PGAPPNAME=" + name},
			c.ClientProgram("psql"), "-X", "-d", relay.Conninfo(), "-c", "SELECT pg_sleep(600)")
	}

	psql := sleep("interrupted")
	asleep("interrupted")
	psql.Signal(syscall.SIGINT)
	require.Equal(t, 1, psql.Wait(patience).ExitCode())
	require.Contains(t, psql.LogText(), "ERROR:  canceling statement due to user request")

	psql = sleep("cancelled")
	require.Equal(t, "t", relay.QueryOne("SELECT pg_cancel_backend("+strconv.Itoa(asleep("cancelled"))+")"))
	require.Equal(t, 1, psql.Wait(patience).ExitCode())
	require.Contains(t, psql.LogText(), "ERROR:  canceling statement due to user request")

	psql = sleep("terminated")
	require.Equal(t, "t", relay.QueryOne("SELECT pg_terminate_backend("+strconv.Itoa(asleep("terminated"))+", 30000)"))
	require.Equal(t, 2, psql.Wait(patience).ExitCode())
	require.Contains(t, psql.LogText(), "FATAL:  terminating connection due to administrator command")

	stream := consume(t, relay.Conninfo(), "consumer", primary.FlushLSN())
	stream.waitFor(t, primary.SwitchWAL())
	require.Equal(t, "t", relay.QueryOne("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_replication"))
	<-stream.done
	var e *pgconn.PgError
	require.ErrorAs(t, stream.err, &e)
	require.Equal(t, "57P01", e.Code)
	require.Empty(t, relay.Query("SELECT * FROM pg_stat_replication"))
}

// TestWaypostProcessesShowsEachProcess: the view and the system's own list agree.
func TestWaypostProcessesShowsEachProcess(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	stream := consume(t, relay.Conninfo(), "consumer", primary.FlushLSN())
	stream.waitFor(t, primary.SwitchWAL())
	connect(t, relay.Conninfo())
	cluster.EventuallyOK(t, patience, "the view shows the processes that there are", func() error {
		var shown, there []int
		for _, row := range relay.Query("SELECT pid FROM waypost_processes WHERE pid <> pg_backend_pid()") {
			shown = append(shown, atoi(t, row[0]))
		}
		there = append(there, relay.Process().PID)
		for _, p := range relay.Process().Children() {
			there = append(there, p.PID)
		}
		slices.Sort(shown)
		slices.Sort(there)
		for _, pid := range shown {
			if !slices.Contains(there, pid) {
				return fmt.Errorf("%d is shown, there are %v", pid, there)
			}
		}
		if len(shown) < 6 || len(there)-len(shown) > 1 { // a spare that was launched meanwhile
			return fmt.Errorf("%v are shown, there are %v", shown, there)
		}
		return nil
	})
	require.Equal(t, "t", relay.QueryOne("SELECT bool_and(private_bytes > 0 AND resident_bytes >= private_bytes AND cpu_user >= 0 "+
		"AND cpu_system >= 0 AND started <= clock_timestamp() AND pm_state LIKE 'PM\\_%') FROM waypost_processes "+
		"WHERE backend_type IN ('startup', 'checkpointer', 'walreceiver', 'walsender')"))
	types := relay.Query("SELECT DISTINCT backend_type FROM waypost_processes")
	for _, kind := range []string{"startup", "checkpointer", "walreceiver", "walsender", "client backend"} {
		require.Contains(t, types, []string{kind})
	}
}
