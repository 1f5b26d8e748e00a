package walsender_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/procsignal"
	"waypost/internal/walsnd"
	"waypost/protocol"
)

func TestIdentifySystem(t *testing.T) {
	for version, typ := range map[uint32]protocol.OID{150018: protocol.Int4OID, 160014: protocol.Int8OID, 180004: protocol.Int8OID} {
		n := newNode(t, backendtest.Options{Version: version})
		n.SetEnd(0x12345678)
		c := n.Connect()
		c.StartReplication()
		c.Query("IDENTIFY_SYSTEM;")
		want := protocol.AppendRowDescription(nil, protocol.Column{Name: "systemid", Type: protocol.TextOID},
			protocol.Column{Name: "timeline", Type: typ}, protocol.Column{Name: "xlogpos", Type: protocol.TextOID},
			protocol.Column{Name: "dbname", Type: protocol.TextOID})
		require.Equal(t, want[5:], c.Must('T'))
		_, rows, tags := c.Rows()
		require.Equal(t, [][]string{{fmt.Sprint(backendtest.SystemID), "1", "0/12345678", "NULL"}}, rows)
		require.Equal(t, []string{"IDENTIFY_SYSTEM"}, tags)
	}
}

func TestIdentifySystemGivesWhatWouldBeSent(t *testing.T) {
	n := newNode(t, backendtest.Options{Config: "wal_sender_require_flush = on"})
	n.SetEnd(0x200000)
	n.XLog.SetWritten(0x300000)
	c := n.Connect()
	c.StartReplication()
	c.Query("IDENTIFY_SYSTEM")
	_, rows, _ := c.Rows()
	require.Equal(t, "0/200000", rows[0][2])
}

func TestTimelineHistory(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	const text = "1\t0/300000\tno recovery target specified\n"
	n.WriteFile("pg_wal/00000002.history", text)
	c := n.Connect()
	c.StartReplication()
	c.Query("TIMELINE_HISTORY 2")
	names, rows, tags := c.Rows()
	require.Equal(t, []string{"filename", "content"}, names)
	require.Equal(t, [][]string{{"00000002.history", text}}, rows)
	require.Equal(t, []string{"TIMELINE_HISTORY"}, tags)

	c.Query("TIMELINE_HISTORY 9")
	c.Must('T') // PostgreSQL, too, finds out only after it
	e := c.MustFail()
	require.Equal(t, protocol.CodeUndefinedFile, e.Code)
	require.Equal(t, `could not open file "pg_wal/00000009.history": No such file or directory`, e.Message)
	c.Must('Z')
}

func TestSlotsDoNotExistYet(t *testing.T) {
	c := newNode(t, backendtest.Options{}).Connect()
	c.StartReplication()
	c.Query("READ_REPLICATION_SLOT foo")
	names, rows, _ := c.Rows()
	require.Equal(t, []string{"slot_type", "restart_lsn", "restart_tli"}, names)
	require.Equal(t, [][]string{{"NULL", "NULL", "NULL"}}, rows)
}

func TestRefusedCommandsLeaveTheSessionUsable(t *testing.T) {
	n := newNode(t, backendtest.Options{Version: 170010})
	n.MakeSegments(1, 1, 1)
	n.SetEnd(segSize + 0x1000)
	c := n.Connect()
	c.StartReplication()
	for _, tc := range []struct {
		sql     string
		copy    bool // the error comes in copy mode
		code    protocol.SQLSTATE
		message string
	}{
		{"SELECT 1", false, "0A000", "cannot execute SQL commands in WAL sender for physical replication"},
		{"", false, "0A000", "cannot execute SQL commands in WAL sender for physical replication"},
		{"identify_system", false, "0A000", "cannot execute SQL commands in WAL sender for physical replication"},
		{"IDENTIFY_SYSTEM x", false, "42601", "syntax error"},
		{"START_REPLICATION", false, "42601", "syntax error"},
		{"START_REPLICATION 0/0 foo", false, "42601", "syntax error"},
		{"TIMELINE_HISTORY 0", false, "42601", "invalid timeline 0"},
		{"SHOW nope", false, "42704", `unrecognized configuration parameter "nope"`},
		{"START_REPLICATION SLOT s 0/0", false, "42704", `replication slot "s" does not exist`},
		{"DROP_REPLICATION_SLOT s", false, "42704", `replication slot "s" does not exist`},
		{"ALTER_REPLICATION_SLOT s (FAILOVER)", false, "42704", `replication slot "s" does not exist`},
		{"CREATE_REPLICATION_SLOT s PHYSICAL", false, "0A000", "replication slots are not supported yet"},
		{"START_REPLICATION SLOT s LOGICAL 0/0", false, "0A000", "logical replication is not supported"},
		{"BASE_BACKUP", false, "0A000", "BASE_BACKUP is not supported: this server relays write-ahead log and has no tables"},
		{"UPLOAD_MANIFEST", false, "0A000", "UPLOAD_MANIFEST is not supported: this server relays write-ahead log and has no tables"},
		{"START_REPLICATION 0/100000 TIMELINE 7", false, "XX000", "requested timeline 7 is not in this server's history"},
		{"START_REPLICATION 5/0", true, "XX000", "requested starting point 5/0 is ahead of the WAL flush position of this server 0/101000"},
		{"START_REPLICATION FFFFFFFF/FFFFFFFF", true, "XX000", "requested starting point FFFFFFFF/FFFFFFFF is ahead of the WAL flush position of this server 0/101000"},
		{"START_REPLICATION 0/100", true, "58P01", "requested WAL segment 000000010000000000000000 has already been removed"},
	} {
		c.Query(tc.sql)
		if tc.copy {
			c.Must('W')
		}
		e := c.MustFail()
		require.Equal(t, tc.code, e.Code, tc.sql)
		require.Equal(t, tc.message, e.Message, tc.sql)
		require.Equal(t, protocol.SeverityError, e.Severity, tc.sql)
		require.Equal(t, "I", string(c.Must('Z')))
	}
	c.Query("IDENTIFY_SYSTEM")
	require.Equal(t, "TDCZ", c.Until('Z'))
	require.Equal(t, walsnd.Startup, n.Snds[0].Snapshot().State)
}

func TestCommandsOfLaterVersionsAreSQLToEarlierOnes(t *testing.T) {
	c := newNode(t, backendtest.Options{Version: 160014}).Connect()
	c.StartReplication()
	c.Query("UPLOAD_MANIFEST")
	require.Equal(t, "cannot execute SQL commands in WAL sender for physical replication", c.MustFail().Message)
}

func TestStreamingNeedsASegmentSize(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.XLog.SegmentSize.Store(0)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/0")
	require.Equal(t, protocol.CodeObjectNotInPrerequisiteState, c.MustFail().Code)
}

func TestInitStoppingEndsASessionThatDoesNotStream(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.StartReplication()
	initStopping(t, n, c)
	e := c.MustFail()
	require.Equal(t, protocol.Error{Severity: "FATAL", Code: "57P01",
		Message: "terminating connection due to administrator command"}, *e)
	c.MustEnd()
	require.Error(t, c.Session.Result(t))
	require.Zero(t, n.Snds[0].Snapshot().Pid)
}

// initStopping does what the checkpointer does: the flag, then the signal.
func initStopping(t *testing.T, n *backendtest.Node, c *backendtest.Client) {
	t.Helper()
	require.NoError(t, n.Procs[c.Session.Slot].Send(procsignal.WalSndInitStopping)) // the signal reaches the test, which passes it on
	c.Session.Signal(unix.SIGUSR1)
}

func TestLastCycleEndsASessionThatDoesNotStream(t *testing.T) {
	c := newNode(t, backendtest.Options{}).Connect()
	c.StartReplication()
	c.Session.Signal(unix.SIGUSR2)
	require.Equal(t, protocol.CodeAdminShutdown, c.MustFail().Code)
	c.MustEnd()
}

func TestSigusr1WithoutAFlagMeansNothing(t *testing.T) {
	c := newNode(t, backendtest.Options{}).Connect()
	c.StartReplication()
	c.Session.Signal(unix.SIGUSR1)
	c.Query("SHOW port")
	require.Equal(t, "TDCZ", c.Until('Z'))
}
