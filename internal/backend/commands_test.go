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

func TestRegularBackendRefusesOtherSQL(t *testing.T) {
	c := regular(t)
	for sql, code := range map[string]protocol.SQLSTATE{
		"SELECT 1":              protocol.CodeFeatureNotSupported,
		"BEGIN":                 protocol.CodeFeatureNotSupported,
		"SHOW nosuch":           protocol.CodeUndefinedObject,
		"SHOW":                  protocol.CodeSyntaxError,
		"SHOW a b":              protocol.CodeSyntaxError,
		"SHOW 'port'":           protocol.CodeSyntaxError,
		"SHOW a.":               protocol.CodeSyntaxError,
		`SHOW "port`:            protocol.CodeSyntaxError,
		"SHOW port /* no end":   protocol.CodeSyntaxError,
		"IDENTIFY_SYSTEM":       protocol.CodeFeatureNotSupported,
		"START_REPLICATION 0/0": protocol.CodeFeatureNotSupported,
	} {
		c.Query(sql)
		e := c.MustFail()
		require.Equal(t, code, e.Code, sql)
		require.Equal(t, protocol.SeverityError, e.Severity, sql)
		c.Must('Z')
	}
	// A statement that fails ends its query, not those before it.
	c.Query("SHOW port; SELECT 1; SHOW port")
	require.Equal(t, "TDCEZ", c.Until('Z'))
}

func TestEmptyQuery(t *testing.T) {
	c := regular(t)
	for _, sql := range []string{"", " ; ;\n", "-- nothing", "/**/"} {
		c.Query(sql)
		require.Equal(t, "IZ", c.Until('Z'))
	}
}

func TestExtendedProtocolIsSkippedUpToSync(t *testing.T) {
	c := regular(t)
	c.Send('P', []byte("\x00SELECT 1\x00\x00\x00"))
	c.Send('B', []byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
	c.Send('E', []byte("\x00\x00\x00\x00\x00"))
	c.Query("SHOW port") // skipped, too
	c.Send('S', nil)
	require.Equal(t, protocol.CodeFeatureNotSupported, c.MustFail().Code)
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
	require.Equal(t, "only SHOW is supported in a query", c.MustFail().Message)
	c.Must('Z')
	c.Query("IDENTIFY_SYSTEM")
	_, rows, _ := c.Rows()
	require.Equal(t, "postgres", rows[0][3])
}
