package backend_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

func regular(t *testing.T) *backendtest.Client {
	t.Helper()
	c := newNode(t, backendtest.Options{}).Connect()
	c.Start("user", "postgres", "database", "postgres")
	c.Until('Z')
	return c
}

func TestRegularBackendAnswersShow(t *testing.T) {
	c := regular(t)
	for _, tc := range []struct{ sql, name, value string }{
		{"SHOW server_version", "server_version", "15.18"},
		{"show SERVER_VERSION_NUM;", "server_version_num", "150018"},
		{"SHOW wal_segment_size", "wal_segment_size", "1MB"},
		{"SHOW in_hot_standby", "in_hot_standby", "on"},
		{"/* a /* nested */ comment */ SHOW -- and another\n datestyle ; ; ", "DateStyle", "ISO, MDY"},
		{"SHOW TIME ZONE", "TimeZone", "GMT"},
		{"SHOW SESSION AUTHORIZATION", "session_authorization", "postgres"},
		{`SHOW "data_directory_mode"`, "data_directory_mode", "0700"},
	} {
		c.Query(tc.sql)
		names, rows, tags := c.Rows()
		require.Equal(t, []string{tc.name}, names, tc.sql)
		require.Equal(t, [][]string{{tc.value}}, rows, tc.sql)
		require.Equal(t, []string{"SHOW"}, tags)
	}
	c.Query("SHOW port; SHOW fsync")
	_, rows, tags := c.Rows()
	require.Len(t, rows, 2)
	require.Equal(t, []string{"SHOW", "SHOW"}, tags)

	c.Query("SHOW ALL")
	names, rows, _ := c.Rows()
	require.Equal(t, []string{"name", "setting", "description"}, names)
	require.Greater(t, len(rows), 50)
}

func TestWhatOnlyAServerWithTablesRunsIsRefusedAsAHotStandbyDoes(t *testing.T) {
	c := regular(t)
	for _, tc := range []struct {
		sql     string
		code    protocol.SQLSTATE
		message string
	}{
		{"CREATE TABLE t (a int)", "25006", "cannot execute CREATE TABLE in a read-only transaction"},
		{"INSERT INTO t VALUES (1)", "25006", "cannot execute INSERT in a read-only transaction"},
		{"VACUUM", "25006", "cannot execute VACUUM during recovery"},
		{"LISTEN c", "25006", "cannot execute LISTEN during recovery"},
		{"PREPARE TRANSACTION 'x'", "25006", "cannot execute PREPARE TRANSACTION during recovery"},
		{"LOCK TABLE t", "25006", "cannot execute LOCK TABLE during recovery"},
		{"LOCK TABLE t IN ACCESS SHARE MODE", "25P01", "LOCK TABLE can only be used in transaction blocks"},
		{"EXPLAIN SELECT 1", "0A000", "EXPLAIN is not supported"},
		{"COPY t TO STDOUT", "0A000", "COPY is not supported"},
		{"SHOW nosuch", "42704", `unrecognized configuration parameter "nosuch"`},
		{"SHOW", "42601", "syntax error at end of input"},
		{"SELECT nosuch", "42703", `column "nosuch" does not exist`},
		{"IDENTIFY_SYSTEM", "42601", `syntax error at or near "IDENTIFY_SYSTEM"`},
		{"SELECT $1", "42P02", "there is no parameter $1"},
	} {
		c.Query(tc.sql)
		e := c.MustFail()
		require.Equal(t, tc.code, e.Code, tc.sql)
		require.Equal(t, tc.message, e.Message, tc.sql)
		require.Equal(t, protocol.SeverityError, e.Severity, tc.sql)
		c.Must('Z')
	}
	// A statement that fails ends its query, not those before it.
	c.Query("SHOW port; SELECT 1/0; SHOW port")
	require.Equal(t, "TDCEZ", c.Until('Z'))
}

func TestEmptyQuery(t *testing.T) {
	c := regular(t)
	for _, sql := range []string{"", " ; ;\n", "-- nothing", "/**/"} {
		c.Query(sql)
		require.Equal(t, "IZ", c.Until('Z'))
	}
}

func TestAfterAnErrorAllIsSkippedUpToSync(t *testing.T) {
	c := regular(t)
	c.Send('P', []byte("\x00SELECT nosuch\x00\x00\x00"))
	c.Send('B', []byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
	c.Send('E', []byte("\x00\x00\x00\x00\x00"))
	c.Query("SHOW port") // skipped, too
	c.Send('S', nil)
	require.Equal(t, protocol.CodeUndefinedColumn, c.MustFail().Code)
	c.Must('Z')
	c.Query("SHOW port")
	require.Equal(t, "TDCZ", c.Until('Z'))
}

func TestReplicationConnectionsHaveNoExtendedProtocol(t *testing.T) {
	c := newNode(t, backendtest.Options{}).Connect()
	c.StartReplication()
	c.Send('P', []byte("\x00SELECT 1\x00\x00\x00"))
	c.Send('S', nil)
	e := c.MustFail()
	require.Equal(t, protocol.CodeProtocolViolation, e.Code)
	require.Equal(t, "extended query protocol not supported in a replication connection", e.Message)
	c.Must('Z')
	c.Send('F', make([]byte, 8))
	require.Equal(t, "fastpath function calls not supported in a replication connection", c.MustFail().Message)
	c.Must('Z')
}

func TestLeftoversOfACopyAreIgnored(t *testing.T) {
	c := regular(t)
	c.Send('d', []byte("late"))
	c.Send('c', nil)
	c.Send('f', []byte("sorry\x00"))
	c.Query("SHOW port")
	require.Equal(t, "TDCZ", c.Until('Z'))
}

func TestUnknownMessageTypeIsFatal(t *testing.T) {
	c := regular(t)
	c.Send('?', nil)
	e := c.MustFail()
	require.Equal(t, protocol.Error{Severity: "FATAL", Code: "08P01", Message: "invalid frontend message type 63"}, *e)
	c.MustEnd()
	require.Error(t, c.Session.Result(t))
}

func TestImpossibleLengthClosesTheConnection(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	c.SendRaw([]byte{'Q', 0, 0, 0, 1})
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "LOG:  invalid message length")
}

func TestQueryWithoutItsTerminatorIsAnError(t *testing.T) {
	c := regular(t)
	c.Send('Q', []byte("SHOW port"))
	require.Equal(t, protocol.CodeProtocolViolation, c.MustFail().Code)
	c.Must('Z')
}

func TestClientThatGoesAwayIsNoError(t *testing.T) {
	c := regular(t)
	require.NoError(t, c.Close())
	require.NoError(t, c.Session.Result(t))
}

func TestDatabaseWalsenderTakesSQLToo(t *testing.T) {
	c := newNode(t, backendtest.Options{}).Connect()
	c.Start("user", "postgres", "database", "postgres", "replication", "database")
	c.Until('Z')
	c.Query("SELECT 1")
	require.Equal(t, "TDCZ", c.Until('Z'))
	c.Query("BEGIN; SELECT 1/0")
	require.Equal(t, "CEZ", c.Until('Z'))
	c.Query("IDENTIFY_SYSTEM")
	require.Equal(t, protocol.CodeInFailedSQLTransaction, c.MustFail().Code)
	c.Must('Z')
	c.Query("ROLLBACK")
	require.Equal(t, "CZ", c.Until('Z'))
	c.Query("IDENTIFY_SYSTEM")
	_, rows, _ := c.Rows()
	require.Equal(t, "postgres", rows[0][3])
}
