package metrics

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/shmdump"
	"waypost/tests/cluster"
)

// counted waits until a counter is not zero.
func counted(t *testing.T, w *cluster.Waypost, name string) {
	t.Helper()
	cluster.Eventually(t, patience, name+" counts", func() bool { return counter(t, w, name) > 0 })
}

func TestCountersSurviveARestartWithWhatWasSentLast(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	archive := c.StartReceivewal("archive", relay.Conninfo())
	relay.WaitConsumer(patience, "archive") // before the next segment begins, where it would start
	relay.WaitPos(patience, primary.SwitchWAL())
	counted(t, relay, "Waypost.Sent.Bytes")
	// What comes while the client does not read is sent when the checkpointer has long ended.
	kill(t, archive.PID, syscall.SIGSTOP)
	primary.PgbenchInit(3)
	relay.WaitPos(patience, primary.SwitchWAL())
	received, sent := counter(t, relay, "Waypost.Received.Bytes"), counter(t, relay, "Waypost.Sent.Bytes")
	require.Less(t, sent, received, "the client is behind")
	relay.Process().Signal(syscall.SIGINT)
	cluster.Eventually(t, patience, "the checkpointer has ended", func() bool { return len(relay.Pids("checkpointer")) == 0 })
	kill(t, archive.PID, syscall.SIGCONT)
	require.Zero(t, relay.Process().Wait(patience).ExitCode())

	primary.Stop(cluster.Fast) // nothing new comes
	archive.Signal(syscall.SIGINT)
	relay.Start()
	require.GreaterOrEqual(t, counter(t, relay, "Waypost.Received.Bytes"), received)
	require.GreaterOrEqual(t, counter(t, relay, "Waypost.Sent.Bytes"), received, "the last walsender has saved")
	require.NotZero(t, counter(t, relay, "WAL.Records"))
	require.NotZero(t, counter(t, relay, "Checkpointer.SegmentsPrepared"))
}

func TestCrashCostsNoMoreThanSinceTheLastRestartpoint(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	relay.WaitStreaming(patience)
	primary.PgbenchInit(1)
	primary.Exec("CHECKPOINT")
	relay.WaitPos(patience, primary.SwitchWAL())
	counted(t, relay, "Checkpointer.RestartpointsDone")
	file := filepath.Join(relay.DataDir, "pg_stat", "waypost.stat")
	cluster.Eventually(t, patience, "the counters are saved", func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
	relay.SignalKind("walreceiver", syscall.SIGKILL)
	cluster.Eventually(t, patience, "another generation", func() bool {
		s, err := shmdump.Open(relay.DataDir)
		if err != nil {
			return false
		}
		defer s.Close()
		return s.Generation() == 2
	})
	relay.WaitServing(patience)
	counted(t, relay, "Checkpointer.RestartpointsDone")

	// A postmaster that is killed leaves no less.
	relay.Kill9()
	relay.Start()
	counted(t, relay, "Checkpointer.RestartpointsDone")
}

func TestDamagedCountersAreNoReasonNotToStart(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	relay.WaitStreaming(patience)
	relay.Stop(cluster.Fast)
	file := filepath.Join(relay.DataDir, "pg_stat", "waypost.stat")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	b[len(b)/2] ^= 1
	require.NoError(t, os.WriteFile(file, b, 0o600))
	relay.Start()
	cluster.Eventually(t, patience, "the log tells", func() bool {
		return strings.Contains(relay.Process().LogText(), "could not restore statistics")
	})
	require.FileExists(t, file+".damaged")
	relay.WaitPos(patience, primary.SwitchWAL())
}
