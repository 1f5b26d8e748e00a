package pgwire_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
	"waypost/transport/pgwire"
	"waypost/xlog"
)

func connect(t testing.TB, conninfo string, opts transport.ConnectOptions) transport.Conn {
	t.Helper()
	c, err := new(pgwire.Transport).Connect(testContext(t), conninfo, opts)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// testContext ends a call that hangs, long before the test binary's own time is up.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

var physical = transport.ConnectOptions{Replication: true, ApplicationName: "pgwire test"}

func query(t testing.TB, c transport.Conn, sql string) [][]transport.Value {
	t.Helper()
	r, err := c.Exec(testContext(t), sql)
	require.NoError(t, err)
	return r.Rows
}

func TestWholeFunctionTableAgainstPostgreSQL15(t *testing.T) {
	server := startCluster(t, "", "")
	sql := connect(t, server.unix(), transport.ConnectOptions{})
	t.Run("identity", func(t *testing.T) { testIdentity(t, server, sql) })
	t.Run("exec", func(t *testing.T) { testExec(t, sql) })
	t.Run("slots", func(t *testing.T) { testSlots(t, server, sql) })
	t.Run("streaming", func(t *testing.T) { testStreaming(t, server, sql) })
	t.Run("logical", func(t *testing.T) { testLogical(t, server, sql) })
	t.Run("copy", func(t *testing.T) { testCopy(t, sql) })
	t.Run("errors", func(t *testing.T) { testServerErrors(t, server) })
}

func testIdentity(t *testing.T, server *cluster, sql transport.Conn) {
	c := connect(t, server.tcp()+" password=secret", physical)
	id, err := c.IdentifySystem(testContext(t))
	require.NoError(t, err)
	want := query(t, sql, "SELECT system_identifier, pg_current_wal_flush_lsn() FROM pg_control_system()")[0]
	require.Equal(t, want[0].Text, fmt.Sprint(id.SystemID))
	require.Equal(t, want[1].Text, id.XLogPos.String())
	require.Equal(t, xlog.TimeLineID(1), id.TLI)
	require.Empty(t, id.DBName)

	host, port := c.SenderInfo()
	require.Equal(t, "127.0.0.1", host)
	require.Equal(t, server.port, port)
	require.Equal(t, 15, c.ServerVersion().Num/10000)
	require.Equal(t, query(t, sql, "SHOW server_version")[0][0].Text, c.ServerVersion().Text)
	require.Equal(t, query(t, sql, "SHOW server_version_num")[0][0].Text, fmt.Sprint(c.ServerVersion().Num))
	require.Equal(t, "off", c.Parameter("in_hot_standby"))
	require.Contains(t, c.Conninfo(), "user=postgres password=******** ")
	require.Contains(t, c.Conninfo(), "fallback_application_name=pgwire test")
	require.NotContains(t, c.Conninfo(), "secret")
	require.NotContains(t, c.Conninfo(), "replication=true")

	activity := query(t, sql, fmt.Sprintf(
		"SELECT application_name, backend_type FROM pg_stat_activity WHERE pid = %d", c.BackendPID()))
	require.Equal(t, [][]transport.Value{{{Text: "pgwire test", Valid: true}, {Text: "walsender", Valid: true}}}, activity)

	require.Equal(t, "16MB", query(t, c, "SHOW wal_segment_size")[0][0].Text)
}

func testExec(t *testing.T, sql transport.Conn) {
	r, err := sql.Exec(testContext(t), "SELECT 1 AS one, NULL::text AS none, '' AS empty UNION ALL SELECT 2, 'x', 'y'")
	require.NoError(t, err)
	require.Equal(t, transport.ExecOKTuples, r.Status)
	require.Equal(t, "SELECT 2", r.Tag)
	require.Equal(t, []transport.Column{{Name: "one", TypeOID: 23}, {Name: "none", TypeOID: 25}, {Name: "empty", TypeOID: 25}}, r.Columns)
	require.Equal(t, [][]transport.Value{
		{{Text: "1", Valid: true}, {}, {Valid: true}},
		{{Text: "2", Valid: true}, {Text: "x", Valid: true}, {Text: "y", Valid: true}},
	}, r.Rows)

	r, err = sql.Exec(testContext(t), "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 10)")
	require.NoError(t, err)
	require.Equal(t, transport.ExecOKCommand, r.Status)
	require.Equal(t, "INSERT 0 10", r.Tag)

	_, err = sql.Exec(testContext(t), "SELECT 1/0")
	var server *transport.ServerError
	require.ErrorAs(t, err, &server)
	require.Equal(t, "22012", server.SQLState())
	require.Equal(t, "ERROR", server.Severity)
	_, err = sql.Exec(testContext(t), "")
	require.EqualError(t, err, "empty query")
	require.Equal(t, "10", query(t, sql, "SELECT count(*) FROM t")[0][0].Text, "an error leaves the connection usable")

	long := query(t, sql, "SELECT repeat('x', 3000000)")[0][0].Text
	require.Equal(t, strings.Repeat("x", 3000000), long)
}

func testSlots(t *testing.T, server *cluster, sql transport.Conn) {
	c := connect(t, server.tcp(), physical)
	slot, err := c.CreateSlot(testContext(t), transport.CreateSlotOptions{Name: "physical_slot"})
	require.NoError(t, err)
	require.Equal(t, transport.CreatedSlot{}, slot, "a physical slot has no consistent point and no snapshot")
	reserved := query(t, sql, "SELECT restart_lsn IS NOT NULL, temporary FROM pg_replication_slots WHERE slot_name = 'physical_slot'")
	require.Equal(t, [][]transport.Value{{{Text: "t", Valid: true}, {Text: "f", Valid: true}}}, reserved)

	_, err = c.CreateSlot(testContext(t), transport.CreateSlotOptions{Name: "physical_slot"})
	var failure *transport.ServerError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "42710", failure.Code)
	require.ErrorContains(t, err, `create replication slot "physical_slot": ERROR:  replication slot "physical_slot" already exists`)

	_, err = c.CreateSlot(testContext(t), transport.CreateSlotOptions{Name: "temporary_slot", Temporary: true})
	require.NoError(t, err)
	require.Equal(t, "t", query(t, sql, "SELECT temporary FROM pg_replication_slots WHERE slot_name = 'temporary_slot'")[0][0].Text)

	// 15 does not know the command: what reaches us is the server's own refusal, and the connection lives on.
	failover := true
	err = c.AlterSlot(testContext(t), "physical_slot", transport.AlterSlotOptions{Failover: &failover})
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "0A000", failure.Code)

	slots := query(t, c, "READ_REPLICATION_SLOT physical_slot")
	require.Equal(t, "physical", slots[0][0].Text)
	r, err := c.Exec(testContext(t), "DROP_REPLICATION_SLOT physical_slot")
	require.NoError(t, err)
	require.Equal(t, transport.ExecOKCommand, r.Status)

	l := connect(t, server.tcp()+" dbname=postgres", transport.ConnectOptions{Replication: true, Logical: true})
	slot, err = l.CreateSlot(testContext(t), transport.CreateSlotOptions{Name: "logical_slot", Temporary: true, TwoPhase: true})
	require.NoError(t, err)
	require.True(t, slot.ConsistentPoint.Valid())
	require.NotEmpty(t, slot.SnapshotName)
	id, err := l.IdentifySystem(testContext(t))
	require.NoError(t, err)
	require.Equal(t, "postgres", id.DBName)
}

func testStreaming(t *testing.T, server *cluster, sql transport.Conn) {
	for name, conninfo := range map[string]string{"tcp": server.tcp(), "unix": server.unix()} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, conninfo, physical)
			id, err := c.IdentifySystem(testContext(t))
			require.NoError(t, err)
			start := xlog.DefaultSegSize.SegStart(id.XLogPos)
			got, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: start, TLI: 1})
			require.NoError(t, err)
			require.True(t, got.Streaming)
			_, err = c.IdentifySystem(testContext(t))
			require.ErrorIs(t, err, transport.ErrBusy)

			query(t, sql, "INSERT INTO t SELECT generate_series(1, 20000)")
			end, err := xlog.ParseLSN(query(t, sql, "SELECT pg_current_wal_flush_lsn()")[0][0].Text)
			require.NoError(t, err)
			wal := receiveUntil(t, c, start, end)
			require.Equal(t, segmentBytes(t, server, start)[:len(wal)], wal, "what is received is what the server has on disk")

			status := protocol.AppendStandbyStatusUpdate(nil, &protocol.StandbyStatusUpdate{
				Write: end, Flush: end, Apply: end, ReplyTime: xlog.Now(), ReplyRequested: true,
			})
			require.NoError(t, c.Send(status, time.Time{}))
			for {
				ev, err := c.Receive(time.Now().Add(time.Minute))
				require.NoError(t, err)
				if ev.Kind == transport.Keepalive {
					require.GreaterOrEqual(t, ev.End, end)
					break
				}
			}
			next, err := c.EndStreaming(testContext(t))
			require.NoError(t, err)
			require.Equal(t, transport.NextTimeline{}, next)
			_, err = c.IdentifySystem(testContext(t))
			require.NoError(t, err, "after the stream the connection takes commands again")
		})
	}
}

// receiveUntil gathers WAL up to end.
func receiveUntil(t testing.TB, c transport.Conn, start, end xlog.LSN) []byte {
	t.Helper()
	var wal []byte
	for at := start; at < end; {
		ev, err := c.Receive(time.Now().Add(time.Minute))
		require.NoError(t, err)
		if ev.Kind == transport.XLogData {
			require.Equal(t, at, ev.Start)
			require.NotZero(t, ev.SendTime)
			wal = append(wal, ev.Data...)
			at += xlog.LSN(len(ev.Data))
		}
	}
	return wal
}

func segmentBytes(t testing.TB, server *cluster, start xlog.LSN) []byte {
	t.Helper()
	n := uint64(xlog.DefaultSegSize.SegNo(start))
	name := fmt.Sprintf("%08X%08X%08X", 1, n/256, n%256)
	b, err := os.ReadFile(filepath.Join(server.data(), "pg_wal", name))
	require.NoError(t, err)
	return b
}

func testLogical(t *testing.T, server *cluster, sql transport.Conn) {
	query(t, sql, `CREATE TABLE l (a text); CREATE PUBLICATION "odd ""name" FOR TABLE l`)
	c := connect(t, server.tcp()+" dbname=postgres", transport.ConnectOptions{Replication: true, Logical: true})
	require.Equal(t, []transport.Value{{Valid: true}}, query(t, c, "SHOW search_path")[0])
	slot, err := c.CreateSlot(testContext(t), transport.CreateSlotOptions{
		Name: "l", Temporary: true, Snapshot: transport.NoExportSnapshot,
	})
	require.NoError(t, err)
	require.Empty(t, slot.SnapshotName)
	got, err := c.StartStreaming(testContext(t), transport.StreamOptions{
		SlotName: "l", StartPoint: slot.ConsistentPoint, Logical: &transport.LogicalOptions{
			ProtoVersion: 3, PublicationNames: []string{`odd "name`}, Streaming: "on", Binary: true, TwoPhase: true, Origin: "none",
		},
	})
	require.NoError(t, err)
	require.True(t, got.Streaming)
	query(t, sql, "INSERT INTO l VALUES (repeat('long', 100000))")
	var kinds string
	for !strings.HasSuffix(kinds, "C") {
		ev, err := c.Receive(time.Now().Add(time.Minute))
		require.NoError(t, err)
		if ev.Kind == transport.XLogData {
			kinds += string(ev.Data[:1])
			if ev.Data[0] == 'I' {
				require.Greater(t, len(ev.Data), 400000, "a logical message comes whole")
			}
		}
	}
	require.Equal(t, "BRIC", kinds)
	next, err := c.EndStreaming(testContext(t))
	require.NoError(t, err)
	require.Equal(t, transport.NextTimeline{}, next)
}

func testCopy(t *testing.T, sql transport.Conn) {
	query(t, sql, "CREATE TABLE c (a int)")
	r, err := sql.Exec(testContext(t), "COPY c FROM STDIN")
	require.NoError(t, err)
	require.Equal(t, transport.ExecOKCopyIn, r.Status)
	require.NoError(t, sql.Send(protocol.AppendCopyData(nil, []byte("1\n2\n3\n")), time.Time{}))
	_, err = sql.EndStreaming(testContext(t))
	require.NoError(t, err)

	r, err = sql.Exec(testContext(t), "COPY c TO STDOUT")
	require.NoError(t, err)
	require.Equal(t, transport.ExecOKCopyOut, r.Status)
	var text string
	for {
		ev, err := sql.Receive(time.Now().Add(time.Minute))
		require.NoError(t, err)
		if ev.Kind == transport.EndOfCopy {
			break
		}
		text += string(ev.Data)
	}
	require.Equal(t, "1\n2\n3\n", text)
	require.Equal(t, "3", query(t, sql, "SELECT count(*) FROM c")[0][0].Text)
}

func testServerErrors(t *testing.T, server *cluster) {
	c := connect(t, server.tcp(), physical)
	var failure *transport.ServerError
	_, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: 0x1000000, TLI: 7})
	require.ErrorAs(t, err, &failure)
	require.ErrorContains(t, err, "requested timeline 7 is not in this server's history")
	_, err = c.ReadTimelineHistoryFile(testContext(t), 9)
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "58P01", failure.Code)

	// A start in the future is refused only when the stream has begun.
	got, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: 0xFF_00000000, TLI: 1})
	require.NoError(t, err)
	require.True(t, got.Streaming)
	_, err = c.Receive(time.Now().Add(time.Minute))
	require.ErrorAs(t, err, &failure)
	require.ErrorContains(t, err, "requested starting point FF/0 is ahead of the WAL flush position of this server")

	// So is a segment that is gone.
	got, err = c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: 0x10, TLI: 1})
	require.NoError(t, err)
	require.True(t, got.Streaming)
	_, err = c.Receive(time.Now().Add(time.Minute))
	require.ErrorAs(t, err, &failure)
	require.ErrorContains(t, err, "requested WAL segment 000000010000000000000000 has already been removed")
	_, err = c.IdentifySystem(testContext(t))
	require.NoError(t, err, "the server stays ready for commands")
}
