package sessions

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// chain is a primary under load, a relay of it, and a standby behind that.
type chain struct {
	*cluster.Cluster
	primary, standby *cluster.Postgres
	relay            *cluster.Waypost
}

func newChain(t *testing.T, version int, settings map[string]string) *chain {
	t.Helper()
	c := &chain{Cluster: cluster.New(t)}
	c.primary = c.NewPostgres("primary", version, cluster.PostgresOptions{SegSizeMB: 1})
	c.relay = c.NewWaypost("relay", c.primary.Conninfo(), cluster.WaypostOptions{Settings: settings})
	c.standby = c.StandbyOf(c.primary, "standby", c.relay.Conninfo(), nil)
	c.relay.WaitConsumer(patience, "standby")
	c.primary.WaitConsumer(patience, "relay")
	return c
}

// positions are named places in the WAL.
type positions map[string]xlog.LSN

// parsePositions names the values of a row.
func parsePositions(t *testing.T, row []string, names ...string) positions {
	t.Helper()
	p := positions{}
	for i, name := range names {
		lsn, err := xlog.ParseLSN(row[i])
		require.NoErrorf(t, err, "%s in %q", name, row)
		p[name] = lsn
	}
	return p
}

const (
	ofConsumer = "SELECT sent_lsn, write_lsn, flush_lsn, replay_lsn, " +
		"extract(epoch FROM clock_timestamp() - reply_time) AS since_reply, " +
		"extract(epoch FROM write_lag), extract(epoch FROM flush_lag), extract(epoch FROM replay_lag) " +
		"FROM pg_stat_replication WHERE application_name = '%s' AND state = 'streaming'"
	ofReceiver = "SELECT written_lsn, flushed_lsn, pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), latest_end_lsn " +
		"FROM pg_stat_wal_receiver"
)

// server is either kind.
type server interface {
	Query(sql string) [][]string
}

// consumerSays is what a server's pg_stat_replication says of one.
func consumerSays(t *testing.T, s server, name string) (positions, []string) {
	t.Helper()
	rows := s.Query(fmt.Sprintf(ofConsumer, name))
	require.Lenf(t, rows, 1, "rows of %s", name)
	return parsePositions(t, rows[0], "sent", "write", "flush", "replay"), rows[0][4:]
}

func receiverSays(t *testing.T, s server) positions {
	t.Helper()
	rows := s.Query(ofReceiver)
	require.Len(t, rows, 1)
	return parsePositions(t, rows[0], "written", "flushed", "received", "replayed", "latest end")
}

// TestPgStatReplicationAgreesWithWhatTheConsumerSays looks at both ends of both streams again and again under load. What
// a consumer had before the look has been sent; what was said of it, it has by the time that it is asked after.
func TestPgStatReplicationAgreesWithWhatTheConsumerSays(t *testing.T) {
	t.Parallel()
	c := newChain(t, 17, nil)
	load := c.primary.StartAckLoad(4)
	load.WaitAcked(t, patience, 200)
	lags := 0
	for range cluster.Count(25, 2000) {
		load.WaitAcked(t, patience, 20)
		lags += requireAgreement(t, c.relay, "standby", c.standby)
		lags += requireAgreement(t, c.primary, "relay", c.relay)
	}
	require.Positive(t, lags, "no lag was ever measured under load")
	load.Stop()

	end := c.primary.FlushLSN()
	for _, link := range []struct {
		sender   server
		consumer string
		receiver server
	}{{c.primary, "relay", c.relay}, {c.relay, "standby", c.standby}} {
		cluster.EventuallyOK(t, patience, link.consumer+" has all, and its sender says so", func() error {
			sent, _ := consumerSays(t, link.sender, link.consumer)
			got := receiverSays(t, link.receiver)
			for _, p := range []positions{sent, got} {
				for name, lsn := range p {
					if lsn < end {
						return fmt.Errorf("%s: %s is %s, the end is %s", link.consumer, name, lsn, end)
					}
				}
			}
			return nil
		})
	}
	requireNames(t, c)
}

// requireAgreement compares what a sender says of a consumer with what the consumer says of itself, before and after. It
// gives how many lags were there.
func requireAgreement(t *testing.T, sender server, consumer string, receiver server) (lags int) {
	t.Helper()
	before := receiverSays(t, receiver)
	said, times := consumerSays(t, sender, consumer)
	after := receiverSays(t, receiver)
	// "a <= b" for each pair, in the words of the two.
	for _, pair := range []struct {
		what string
		a, b xlog.LSN
	}{
		{"written before <= sent", before["written"], said["sent"]},
		{"write <= sent", said["write"], said["sent"]},
		{"flush <= write", said["flush"], said["write"]},
		{"replay <= flush", said["replay"], said["flush"]},
		{"write <= written after", said["write"], after["written"]},
		{"flush <= flushed after", said["flush"], after["flushed"]},
		{"flush <= pg_last_wal_receive_lsn() after", said["flush"], after["received"]},
		{"replay <= pg_last_wal_replay_lsn() after", said["replay"], after["replayed"]},
	} {
		require.LessOrEqualf(t, pair.a, pair.b, "%s: %s; said %v, before %v, after %v",
			consumer, pair.what, said, before, after)
	}
	for i, text := range times {
		if text == "" {
			continue
		}
		seconds, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		require.GreaterOrEqualf(t, seconds, -0.001, "time %d of %s", i, consumer)
		require.Lessf(t, seconds, patience.Seconds(), "time %d of %s", i, consumer)
		if i > 0 {
			lags++
		} else {
			require.Less(t, seconds, 10.0, "the last reply of %s", consumer)
		}
	}
	return lags
}

// requireNames: who is who, at both ends of the relay.
func requireNames(t *testing.T, c *chain) {
	t.Helper()
	row := c.relay.Query("SELECT status, sender_host, sender_port, received_tli, conninfo, pid FROM pg_stat_wal_receiver")[0]
	require.Equal(t, []string{"streaming", "127.0.0.1", strconv.Itoa(c.primary.Port), "1"}, row[:4])
	require.Contains(t, row[4], "application_name=relay")
	require.Equal(t, c.relay.Pids("walreceiver"), []int{atoi(t, row[5])})

	row = c.relay.Query("SELECT r.pid, r.usename, r.client_addr, r.client_port, r.backend_start, a.backend_type, " +
		"a.application_name FROM pg_stat_replication r JOIN pg_stat_activity a USING (pid)")[0]
	require.Contains(t, c.relay.Pids("walsender"), atoi(t, row[0]))
	require.Equal(t, []string{"postgres", "127.0.0.1"}, row[1:3])
	require.Equal(t, []string{"walsender", "standby"}, row[5:])
	started, err := time.Parse("2006-01-02 15:04:05.999999-07", row[4])
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), started, 5*time.Minute)
}

// TestASessionBeginsWhenItsClientComes: its process may have been there before.
func TestASessionBeginsWhenItsClientComes(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{})
	for range 5 {
		before := time.Now()
		conn := connect(t, relay.Conninfo())
		r, err := conn.Exec(t.Context(), "SELECT backend_start, xact_start, query_start, state_change, now(), clock_timestamp() "+
			"FROM pg_stat_activity WHERE pid = pg_backend_pid()").ReadAll()
		require.NoError(t, err)
		last := before
		for _, field := range r[0].Rows[0] {
			at, err := time.Parse("2006-01-02 15:04:05.999999-07", string(field))
			require.NoError(t, err)
			require.Falsef(t, at.Before(last.Truncate(time.Microsecond)), "%q: one is before the one in front of it", r[0].Rows[0])
			last = at
		}
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
