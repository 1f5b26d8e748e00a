package relay

import (
	"context"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/walsnd"
	"waypost/tests/cluster"
	"waypost/xlog"
)

// promptly bounds an orderly stop; it lies far below every timeout of a connection.
const promptly = 10 * time.Second

func TestPrimarysFastShutdownReachesEverybodyAndWaitsForNobody(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	// No report by the clock: what the shutdown waits for comes because it was asked for.
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{
		Settings: map[string]string{"wal_receiver_status_interval": "0"},
	})
	standby := c.StandbyOf(primary, "standby", relay.Conninfo(), nil)
	synchronousTo(primary, "relay", "remote_apply")
	size := primary.SegSize()
	load := primary.StartAckLoad(4)
	load.WaitAcked(t, patience, 200)

	began := time.Now()
	primary.Stop(cluster.Fast)
	require.Less(t, time.Since(began), promptly)
	load.Stop()

	control := controlData(c, primary.DataDir)
	require.Equal(t, "shut down", control["Database cluster state"])
	checkpoint := parseLSN(t, control["Latest checkpoint location"])
	cluster.Eventually(t, patience, "the relay has read the shutdown checkpoint", func() bool {
		last := dump(relay).XLogCtl.Checkpoint
		return last != nil && last.Shutdown && last.Record == checkpoint.String()
	})
	end := relay.IdentifySystem().Pos
	require.Greater(t, end, checkpoint)
	standby.WaitReplay(patience, end)
	load.RequireAllOn(standby)
	file := segmentAt(relay.WalDir(), size, checkpoint)
	printed := c.Run(c.ClientProgram("pg_waldump"), "-s", checkpoint.String(), "-e", end.String(), file)
	require.Contains(t, printed, "CHECKPOINT_SHUTDOWN")
	require.Equal(t, 1, strings.Count(printed, "\n"), "it is the last record: %s", printed)

	primary.Start()
	relay.WaitPos(patience, primary.SwitchWAL())
	cluster.RequireSameTables(primary, standby)
}

func TestRelaysFastShutdownUnderLoadLeavesNothingUnsent(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 4})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	below := c.NewWaypost("below", relay.Conninfo(), cluster.WaypostOptions{})
	standby := c.StandbyOf(primary, "standby", relay.Conninfo(), nil)
	archive := c.StartReceivewal("archive", relay.Conninfo())
	load := primary.StartAckLoad(8)
	load.WaitAcked(t, patience, 500)
	cluster.Eventually(t, patience, "three clients stream", func() bool {
		streaming := 0
		for _, client := range dump(relay).WalSnd {
			if client.State == walsnd.Streaming.String() {
				streaming++
			}
		}
		return streaming == 3
	})

	began := time.Now()
	relay.Stop(cluster.Fast)
	require.Less(t, time.Since(began), promptly)
	load.WaitAcked(t, patience, 100) // the primary goes on
	load.Stop()

	require.Equal(t, []string{
		"PM_STARTUP", "PM_RECOVERY", "PM_HOT_STANDBY", "PM_STOP_BACKENDS", "PM_WAIT_BACKENDS",
		"PM_SHUTDOWN", "PM_SHUTDOWN_2", "PM_WAIT_DEAD_END", "PM_NO_CHILDREN",
	}, states(relay))
	require.Equal(t, "shut down in recovery", controlData(c, relay.DataDir)["Database cluster state"])

	end := rememberedFlush(t, relay)
	require.Equal(t, end, below.IdentifySystem().Pos)
	require.Equal(t, end, standby.ReceiveLSN())
	size := primary.SegSize()
	want := readWAL(t, segmentAt(relay.WalDir(), size, end), size, end)
	require.Equal(t, want, readWAL(t, segmentAt(primary.WalDir(), size, end), size, end))
	require.Equal(t, want, readWAL(t, segmentAt(below.WalDir(), size, end), size, end))
	require.Equal(t, want, readWAL(t, segmentAt(archive.Dir, size, end)+".partial", size, end))
	require.NotContains(t, relay.Process().LogText(), "PANIC")
	require.Empty(t, relay.SharedMemory())
}

var stateLine = regexp.MustCompile(`state changed from \w+ to (\w+)`)

// states are the states that the log says the node went through.
func states(w *cluster.Waypost) []string {
	var list []string
	for _, m := range stateLine.FindAllStringSubmatch(w.Process().LogText(), -1) {
		list = append(list, m[1])
	}
	return list
}

// One client reads and says nothing; the other does not even read, so that its
// walsender is in the middle of a message that it cannot send.
func TestClientThatNeverAnswersDelaysShutdownByItsTimeoutOnly(t *testing.T) {
	for name, read := range map[string]bool{"reads": true, "does not read": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const timeout = time.Second
			c := cluster.New(t)
			primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
			relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{
				"wal_sender_shutdown_timeout": timeout.String(), "wal_keep_size": "4GB",
			}})
			start := relay.IdentifySystem().Pos
			primary.PgbenchInit(1) // more than sockets buffer
			relay.WaitPos(patience, primary.SwitchWAL())

			client := startSilentClient(t, relay, start)
			wanted := walsnd.Catchup
			if read {
				go func() { _, _ = io.Copy(io.Discard, client) }()
				wanted = walsnd.Streaming
			}
			cluster.Eventually(t, patience, "the client's walsender is "+wanted.String(), func() bool {
				clients := dump(relay).WalSnd
				return len(clients) == 1 && clients[0].State == wanted.String()
			})
			began := time.Now()
			relay.Stop(cluster.Fast)
			took := time.Since(began)
			require.GreaterOrEqual(t, took, timeout, "it is given its time")
			require.Less(t, took, timeout+promptly)
			require.Contains(t, relay.Process().LogText(), "terminating walsender process due to replication shutdown timeout")
		})
	}
}

// startSilentClient starts streaming from start, and leaves the rest to the caller.
func startSilentClient(t *testing.T, relay *cluster.Waypost, start xlog.LSN) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pg, err := pgconn.Connect(ctx, relay.Conninfo()+" replication=true")
	require.NoError(t, err)
	hijacked, err := pg.Hijack()
	require.NoError(t, err)
	t.Cleanup(func() { _ = hijacked.Conn.Close() })
	query := []byte("START_REPLICATION " + start.String() + "\x00")
	message := append([]byte{'Q', 0, 0, 0, byte(4 + len(query))}, query...)
	_, err = hijacked.Conn.Write(message)
	require.NoError(t, err)
	return hijacked.Conn
}
