package pgwire_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

// asStandby restarts the server as a standby of nobody.
func (c *cluster) asStandby(t *testing.T) {
	t.Helper()
	c.stop()
	path := filepath.Join(c.data(), "standby.signal")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	if attr := credential(t); attr != nil {
		require.NoError(t, os.Chown(path, int(attr.Credential.Uid), int(attr.Credential.Gid)))
	}
	c.start(t)
}

func TestPromotionOfPostgreSQL15EndsTheStreamWithTheNextTimeline(t *testing.T) {
	server := startCluster(t, "", "")
	server.asStandby(t)
	c := connect(t, server.tcp()+" target_session_attrs=standby", physical)
	require.Equal(t, "on", c.Parameter("in_hot_standby"))
	id, err := c.IdentifySystem(testContext(t))
	require.NoError(t, err)
	start := xlog.DefaultSegSize.SegStart(id.XLogPos)
	_, err = c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: start, TLI: id.TLI})
	require.NoError(t, err)
	receiveUntil(t, c, start, id.XLogPos)

	sql := connect(t, server.unix(), transport.ConnectOptions{})
	query(t, sql, "SELECT pg_promote()")
	end := id.XLogPos
	for ended := false; !ended; {
		ev := receive(t, c)
		switch ev.Kind {
		case transport.XLogData:
			end = ev.Start + xlog.LSN(len(ev.Data))
		case transport.EndOfCopy:
			require.False(t, ev.Shutdown)
			ended = true
		}
	}
	next, err := c.EndStreaming(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.NextTimeline{TLI: 2, SwitchPoint: end}, next)

	history, err := c.ReadTimelineHistoryFile(testContext(t), 2)
	require.NoError(t, err)
	require.Equal(t, "00000002.history", history.Name)
	onDisk, err := os.ReadFile(filepath.Join(server.data(), "pg_wal", history.Name))
	require.NoError(t, err)
	require.Equal(t, onDisk, history.Content)

	again, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: end, TLI: 1})
	require.NoError(t, err)
	require.Equal(t, transport.StartResult{Next: next}, again)
	started, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: end, TLI: 2})
	require.NoError(t, err)
	require.True(t, started.Streaming)
	require.Equal(t, end, receive(t, c).Start)
}

func TestFastShutdownOfPostgreSQL15EndsTheStreamAfterItsCheckpoint(t *testing.T) {
	server := startCluster(t, "", "")
	c := connect(t, server.tcp(), physical)
	id, err := c.IdentifySystem(testContext(t))
	require.NoError(t, err)
	at := xlog.DefaultSegSize.SegStart(id.XLogPos)
	_, err = c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: at, TLI: 1})
	require.NoError(t, err)
	receiveUntil(t, c, at, id.XLogPos)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		server.stop()
	}()
	at = id.XLogPos
	for {
		ev := receive(t, c)
		if ev.Kind == transport.EndOfCopy {
			require.True(t, ev.Shutdown)
			break
		}
		if ev.Kind == transport.XLogData {
			at = ev.Start + xlog.LSN(len(ev.Data))
		}
		require.NoError(t, c.Send(protocol.AppendStandbyStatusUpdate(nil, &protocol.StandbyStatusUpdate{Write: at, Flush: at}),
			time.Now().Add(time.Minute)))
	}
	require.Greater(t, at, id.XLogPos, "the shutdown checkpoint has come")
	<-stopped
	next, err := c.EndStreaming(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.NextTimeline{}, next)
	_, err = c.IdentifySystem(testContext(t))
	require.ErrorIs(t, err, transport.ErrServerClosed)
}

func TestStreamOverTLSWithSCRAMAgainstPostgreSQL15(t *testing.T) {
	cert, key := selfSigned(t)
	server := startCluster(t, fmt.Sprintf("ssl = on\nssl_cert_file = '%s'\nssl_key_file = '%s'\n", cert, key),
		"hostssl all,replication scram 127.0.0.1/32 scram-sha-256")
	sql := connect(t, server.unix(), transport.ConnectOptions{})
	query(t, sql, "CREATE ROLE scram LOGIN REPLICATION PASSWORD 'right'")
	conninfo := fmt.Sprintf("host=localhost hostaddr=127.0.0.1 port=%d user=scram sslmode=verify-full sslrootcert=%s "+
		"channel_binding=require ssl_min_protocol_version=TLSv1.3 ", server.port, cert)

	var refused *transport.ServerError
	require.ErrorAs(t, connectError(t, conninfo+"password=wrong", physical), &refused)
	require.Equal(t, "28P01", refused.Code)

	c := connect(t, conninfo+"password=right",
		transport.ConnectOptions{Replication: true, MustUsePassword: true, ApplicationName: "tls"})
	id, err := c.IdentifySystem(testContext(t))
	require.NoError(t, err)
	start := xlog.DefaultSegSize.SegStart(id.XLogPos)
	_, err = c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: start, TLI: 1})
	require.NoError(t, err)
	query(t, sql, "CREATE TABLE t AS SELECT generate_series(1, 50000)")
	end, err := xlog.ParseLSN(query(t, sql, "SELECT pg_current_wal_flush_lsn()")[0][0].Text)
	require.NoError(t, err)
	wal := receiveUntil(t, c, start, end)
	require.Equal(t, segmentBytes(t, server, start)[:len(wal)], wal)

	// What Pending read ahead, being all that it can do under TLS, is not lost.
	for c.Pending() {
		receive(t, c)
	}
	c.Interrupt()
	_, err = c.Receive(time.Time{})
	require.ErrorIs(t, err, transport.ErrInterrupted)
	require.NoError(t, c.Send(protocol.AppendStandbyStatusUpdate(nil, &protocol.StandbyStatusUpdate{ReplyRequested: true}), time.Time{}))
	require.Eventually(t, c.Pending, time.Minute, time.Millisecond)
	require.True(t, c.Pending())
	require.Equal(t, transport.Keepalive, receive(t, c).Kind)
	_, err = c.EndStreaming(testContext(t))
	require.NoError(t, err)
}
