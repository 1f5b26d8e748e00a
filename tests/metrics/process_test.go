package metrics

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

func TestMetricsAgreeWithSharedMemoryAndFollowTheLoad(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	port := c.FreePort()
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: listensOn(port)})
	relay.WaitStreaming(patience)
	c.StartReceivewal("archive", relay.Conninfo())
	end := primary.SwitchWAL()
	relay.WaitPos(patience, end)
	cluster.Eventually(t, patience, "the client reports all", func() bool {
		lag, ok := mustScrape(t, port).value("waypost_walsender_lag_bytes", "application_name", "archive", "position", "write")
		return ok && lag == 0
	})

	before := mustScrape(t, port)
	require.EqualValues(t, 1, before.must(t, "pg_up"))
	require.EqualValues(t, 1, before.must(t, "pg_in_recovery"))
	require.EqualValues(t, 1, before.must(t, "waypost_walreceiver_up"))
	require.EqualValues(t, 1, before.must(t, "waypost_walsenders"))
	require.EqualValues(t, 2, before.must(t, "pg_stat_wal_receiver_status", "upstream_host", "127.0.0.1"))
	cluster.Eventually(t, patience, "the positions are those of shared memory", func() bool {
		// The upstream may log something at any time.
		x, s := dump(relay).XLogCtl, mustScrape(t, port)
		return s.must(t, "waypost_wal_position_bytes", "position", "flushed") == lsn(t, x.FlushedUpto) &&
			s.must(t, "waypost_wal_position_bytes", "position", "replayed") == lsn(t, x.ReplayedUpto)
	})
	require.EqualValues(t, 1<<20, before.must(t, "pg_settings_wal_segment_size_bytes"))
	require.Greater(t, before.must(t, "waypost_process_resident_memory_bytes", "backend_type", "walsender"), 1e6)
	for _, kind := range []string{"postmaster", "startup", "walreceiver", "checkpointer", "walsender", "metrics"} {
		require.EqualValues(t, 1, before.must(t, "waypost_processes", "backend_type", kind), kind)
	}

	primary.PgbenchInit(1)
	end = primary.SwitchWAL()
	relay.WaitPos(patience, end)
	grew := func(name string, labels ...string) func() bool {
		was := before.must(t, name, labels...)
		return func() bool { return mustScrape(t, port).must(t, name, labels...) > was }
	}
	for _, stage := range []string{"received", "written", "flushed", "checked", "sent"} {
		cluster.Eventually(t, patience, "more WAL is "+stage, grew("waypost_wal_bytes_total", "stage", stage))
	}
	cluster.Eventually(t, patience, "the client was sent more",
		grew("waypost_walsender_sent_bytes_total", "application_name", "archive"))
	cluster.Eventually(t, patience, "records were checked", grew("pg_stat_wal_records_total"))
	cluster.Eventually(t, patience, "there were syncs",
		grew("pg_stat_io_fsyncs_total", "backend_type", "walreceiver", "context", "normal"))

	// At rest, what came in has gone all the way.
	cluster.Eventually(t, patience, "all stages are even", func() bool {
		s := mustScrape(t, port)
		received := s.must(t, "waypost_wal_bytes_total", "stage", "received")
		return received == s.must(t, "waypost_wal_bytes_total", "stage", "written") &&
			received == s.must(t, "waypost_wal_bytes_total", "stage", "flushed") &&
			received == float64(counter(t, relay, "Waypost.Received.Bytes")) &&
			s.must(t, "waypost_wal_bytes_total", "stage", "sent") == float64(counter(t, relay, "Waypost.Sent.Bytes"))
	})
}

func TestReloadStartsMovesAndStopsTheMetricsProcess(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	require.Empty(t, relay.Pids("metrics"), "off unless it is wanted")

	first, second := c.FreePort(), c.FreePort()
	setAddress(relay, address(first))
	mustScrape(t, first)
	pid := only(t, relay, "metrics")
	setAddress(relay, ":"+strings.TrimPrefix(address(second), "127.0.0.1:"))
	mustScrape(t, second)
	require.Equal(t, pid, only(t, relay, "metrics"), "it moves")
	notServed(t, first)
	setAddress(relay, "")
	notServed(t, second)
	cluster.Eventually(t, patience, "the process has ended", func() bool { return len(relay.Pids("metrics")) == 0 })
	setAddress(relay, address(first))
	mustScrape(t, first)
}

func TestKilledMetricsProcessHarmsNobodyAndIsReplaced(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	port := c.FreePort()
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: listensOn(port)})
	relay.WaitStreaming(patience)
	mustScrape(t, port)
	was, receiver, startup := only(t, relay, "metrics"), only(t, relay, "walreceiver"), only(t, relay, "startup")
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		kill(t, was, sig)
		cluster.Eventually(t, patience, "another one runs", func() bool {
			pids := relay.Pids("metrics")
			return len(pids) == 1 && pids[0] != was
		})
		s := mustScrape(t, port)
		require.EqualValues(t, 1, s.must(t, "waypost_generation"), "nothing was begun anew")
		require.EqualValues(t, 1, s.must(t, "waypost_processes", "backend_type", "metrics"))
		was = only(t, relay, "metrics")
	}
	require.Equal(t, receiver, only(t, relay, "walreceiver"))
	require.Equal(t, startup, only(t, relay, "startup"))
	require.Contains(t, relay.Process().LogText(), "was terminated by signal 9")
}

func TestAddressThatIsTakenIsTriedAgainAndStopsNobody(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: listensOn(port)})
	relay.WaitStreaming(patience)
	cluster.Eventually(t, patience, "the log tells", func() bool {
		return strings.Contains(relay.Process().LogText(), "could not serve metrics on \""+address(port)+"\"")
	})
	require.NoError(t, l.Close())
	mustScrape(t, port)
	require.EqualValues(t, 1, mustScrape(t, port).must(t, "waypost_generation"))
}

// The catching up of the clients is what a shutdown waits for, so that is what must be seen.
func TestMetricsAreServedUntilTheLastClientHasAll(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	port := c.FreePort()
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: listensOn(port)})
	archive := c.StartReceivewal("archive", relay.Conninfo())
	relay.WaitPos(patience, primary.SwitchWAL())
	cluster.Eventually(t, patience, "the client streams", func() bool {
		_, ok := mustScrape(t, port).
			value("waypost_walsender_sent_bytes_total", "application_name", "archive", "state", "streaming")
		return ok
	})
	kill(t, archive.PID, syscall.SIGSTOP)
	relay.Process().Signal(syscall.SIGINT)
	cluster.Eventually(t, patience, "the walsender is stopping, and shown", func() bool {
		s, err := scrape(port)
		if err != nil {
			return false
		}
		_, ok := s.value("waypost_walsender_sent_bytes_total", "application_name", "archive", "state", "stopping")
		checkpointers, _ := s.value("waypost_processes", "backend_type", "checkpointer")
		return ok && checkpointers == 0
	})
	kill(t, archive.PID, syscall.SIGCONT)
	state := relay.Process().Wait(20 * time.Second)
	require.Zero(t, state.ExitCode(), relay.Process().LogText())
	_, err := scrape(port)
	require.Error(t, err)
}

func TestStoppedMetricsProcessDoesNotHoldUpTheShutdown(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	port := c.FreePort()
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: listensOn(port)})
	mustScrape(t, port)
	kill(t, only(t, relay, "metrics"), syscall.SIGSTOP)
	relay.Process().Signal(syscall.SIGINT)
	require.Zero(t, relay.Process().Wait(20*time.Second).ExitCode(), relay.Process().LogText())
}
