package backend_test

import (
	"encoding/binary"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/launch"
	"waypost/internal/procsignal"
	"waypost/internal/walsender"
	"waypost/pmsignal"
	"waypost/protocol"
)

func newNode(t testing.TB, o backendtest.Options) *backendtest.Node {
	t.Helper()
	o.Replication = walsender.New
	return backendtest.New(t, o)
}

func request(code protocol.ProtocolVersion) []byte {
	return binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, uint32(code))
}

func TestGreetingIsPostgreSQLs(t *testing.T) {
	common := []string{"server_encoding SQL_ASCII", "client_encoding SQL_ASCII", "application_name wire", "is_superuser on",
		"session_authorization postgres", "DateStyle ISO, MDY", "IntervalStyle postgres", "TimeZone GMT", "integer_datetimes on",
		"standard_conforming_strings on", "in_hot_standby on", "default_transaction_read_only off"}
	for _, tc := range []struct {
		version uint32
		extra   []string
		first   string
		last    string
	}{
		{150018, []string{"server_version 15.18"}, "application_name", "TimeZone"},
		{160014, []string{"server_version 16.14", "scram_iterations 4096"}, "in_hot_standby", "server_encoding"},
		{170010, []string{"server_version 17.10", "scram_iterations 4096"}, "in_hot_standby", "server_encoding"},
		{180004, []string{"server_version 18.4", "scram_iterations 4096", `search_path "$user", public`}, "in_hot_standby", "server_encoding"},
	} {
		n := newNode(t, backendtest.Options{Version: tc.version})
		c := n.Connect()
		c.Start("user", "postgres", "replication", "true", "application_name", "wire")
		require.Equal(t, []byte{0, 0, 0, 0}, c.Must('R'))
		var got []string
		var key []byte
		for key == nil {
			m, err := c.Next()
			require.NoError(t, err)
			if m.Type == 'K' {
				key = m.Body
				continue
			}
			require.Equal(t, byte('S'), m.Type)
			name, value, err := protocol.DecodeParameterStatus(m.Body)
			require.NoError(t, err)
			got = append(got, name+" "+value)
		}
		require.ElementsMatch(t, append(tc.extra, common...), got)
		require.True(t, strings.HasPrefix(got[0], tc.first+" "), got[0])
		require.True(t, strings.HasPrefix(got[len(got)-1], tc.last+" "), got[len(got)-1])
		require.Len(t, key, 8)
		require.Equal(t, uint32(os.Getpid()), binary.BigEndian.Uint32(key))
		require.Equal(t, "I", string(c.Must('Z')))
	}
}

func TestEncryptionIsRefusedOnceEach(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	for _, code := range []protocol.ProtocolVersion{protocol.SSLRequestCode, protocol.GSSENCRequestCode} {
		c.SendRaw(request(code))
		var answer [1]byte
		_, err := c.Read(answer[:])
		require.NoError(t, err)
		require.Equal(t, "N", string(answer[:]))
	}
	c.SendRaw(request(protocol.SSLRequestCode))
	e := c.MustFail()
	require.Equal(t, protocol.SeverityFatal, e.Severity)
	require.Equal(t, protocol.CodeFeatureNotSupported, e.Code)
	require.Equal(t, "unsupported frontend protocol 1234.5679: server supports 3.0 to 3.0", e.Message)
	c.MustEnd()
	require.Error(t, c.Session.Result(t))
}

func TestSessionBeginsAfterRefusedEncryption(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.SendRaw(request(protocol.SSLRequestCode))
	var answer [1]byte
	_, err := c.Read(answer[:])
	require.NoError(t, err)
	c.StartReplication()
}

func TestBytesSentAheadOfAnEncryptionAnswerAreRefused(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.SendRaw(append(request(protocol.SSLRequestCode), backendtest.StartupPacket(3<<16, "user", "postgres")...))
	var answer [1]byte
	_, err := c.Read(answer[:])
	require.NoError(t, err)
	e := c.MustFail()
	require.Equal(t, protocol.CodeProtocolViolation, e.Code)
	require.Equal(t, "received unencrypted data after SSL request", e.Message)
	require.NotEmpty(t, e.Detail)
}

func TestCancelRequestIsClosedWithoutAnAnswer(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	for _, tc := range []struct {
		pid  int
		logs bool
	}{{os.Getpid(), false}, {1 << 30, true}} {
		c := n.Connect()
		b := append([]byte{0, 0, 0, 16}, request(protocol.CancelRequestCode)[4:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(tc.pid))
		c.SendRaw(append(b, 1, 2, 3, 4))
		c.MustEnd()
		require.NoError(t, c.Session.Result(t))
		require.Equal(t, tc.logs, strings.Contains(n.Log.String(), "PID 1073741824 in cancel request did not match any process"))
	}
}

func TestProtocolVersionIsNegotiated(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.SendRaw(backendtest.StartupPacket(3<<16|2, "user", "postgres", "replication", "true", "_pq_.trace", "on"))
	body := c.Must('v')
	require.Equal(t, "\x00\x03\x00\x00\x00\x00\x00\x01_pq_.trace\x00", string(body))
	c.Must('R')
	c.Until('Z')

	for _, version := range []uint32{0, 2 << 16, 4 << 16} {
		c := n.Connect()
		c.SendRaw(backendtest.StartupPacket(version, "user", "postgres"))
		e := c.MustFail()
		require.Equal(t, protocol.CodeFeatureNotSupported, e.Code)
		require.Contains(t, e.Message, "unsupported frontend protocol")
		c.MustEnd()
	}
}

func TestBadStartupPacketsEndTheSessionAlone(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	for _, tc := range []struct {
		name, packet string
		answer       string // what the client is told, if anything
		log          string
	}{
		{"nothing", "", "", ""},
		{"half a length", "\x00\x00", "", "incomplete startup packet"},
		{"length too small", "\x00\x00\x00\x04", "", "invalid length of startup packet"},
		{"length too large", "\x00\x00\x27\x15xxxx", "", "invalid length of startup packet"},
		{"length negative", "\xff\xff\xff\xffxxxx", "", "invalid length of startup packet"},
		{"an HTTP request", "GET / HTTP/1.1\r\n\r\n", "", "invalid length of startup packet"},
		{"a TLS handshake", "\x16\x03\x01\x00\xc4\x01", "", "invalid length of startup packet"},
		{"half a packet", "\x00\x00\x00\x20\x00\x03\x00\x00user", "", "incomplete startup packet"},
		{"no terminator", "\x00\x00\x00\x08\x00\x03\x00\x00", "invalid startup packet layout: expected terminator as last byte", ""},
		{"no user", "\x00\x00\x00\x09\x00\x03\x00\x00\x00", "no PostgreSQL user name specified in startup packet", ""},
		{"bad replication", string(backendtest.StartupPacket(3<<16, "user", "p", "replication", "foo")),
			`invalid value for parameter "replication": "foo"`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := n.Connect()
			c.SendRaw([]byte(tc.packet))
			require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
			if tc.answer != "" {
				e := c.MustFail()
				require.Equal(t, tc.answer, e.Message)
				require.Equal(t, protocol.SeverityFatal, e.Severity)
				require.Error(t, c.Session.Result(t))
			}
			c.MustEnd()
			if tc.answer == "" {
				require.NoError(t, c.Session.Result(t))
			}
			require.Contains(t, n.Log.String(), tc.log)
		})
	}
}

func TestSlowDripDoesNotOutlastAuthenticationTimeout(t *testing.T) {
	n := newNode(t, backendtest.Options{Config: "authentication_timeout = 1s"})
	c := n.Connect()
	began := time.Now()
	packet := backendtest.StartupPacket(3<<16, "user", "postgres", "replication", "true")
	drip := time.NewTicker(100 * time.Millisecond)
	defer drip.Stop()
	for ended := false; !ended; {
		select {
		case <-c.Session.Done():
			ended = true
		case <-drip.C:
			if _, err := c.Write(packet[:1]); err == nil {
				packet = packet[1:]
			}
		}
	}
	took := time.Since(began)
	require.Greater(t, took, 900*time.Millisecond)
	require.Less(t, took, 5*time.Second)
	require.NoError(t, c.Session.Result(t))
	require.NotEmpty(t, packet, "the packet was never complete")
}

func TestRefusedClientsAreToldWhy(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	for _, tc := range []struct {
		cac     launch.CAC
		code    protocol.SQLSTATE
		message string
		detail  string
	}{
		{launch.CACStartup, "57P03", "the database system is starting up", ""},
		{launch.CACNotConsistent, "57P03", "the database system is not yet accepting connections",
			"Consistent recovery state has not been yet reached."},
		{launch.CACShutdown, "57P03", "the database system is shutting down", ""},
		{launch.CACRecovery, "57P03", "the database system is in recovery mode", ""},
		{launch.CACTooMany, "53300", "sorry, too many clients already", ""},
	} {
		c := n.ConnectAs("tcp", tc.cac)
		require.Eventually(t, func() bool { return c.Session.Process.Proc.Kind() == procsignal.DeadEnd }, 5*time.Second, time.Millisecond)
		c.Start("user", "postgres", "replication", "true")
		e := c.MustFail()
		require.Equal(t, protocol.Error{Severity: "FATAL", Code: tc.code, Message: tc.message, Detail: tc.detail}, *e)
		c.MustEnd()
		require.Error(t, c.Session.Result(t))
	}
}

// Few processes tell clients why they are refused: one that does not ask must not keep them from the others.
func TestRefusedClientThatIsSilentDoesNotStay(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.ConnectAs("tcp", launch.CACTooMany)
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
}

func TestPgHbaDecides(t *testing.T) {
	n := newNode(t, backendtest.Options{HBA: `
local  all          all                    trust
host   all          good   127.0.0.1/32    trust
host   replication  good   127.0.0.1/32    trust
host   all          bad    0.0.0.0/0       reject
host   replication  bad    0.0.0.0/0       reject
`})
	n.Roles("create user good replication", "create user other replication")
	for _, tc := range []struct {
		network, user, replication string
		message                    string
	}{
		{"tcp", "good", "true", ""},
		{"tcp", "good", "database", ""},
		{"tcp", "good", "false", ""},
		{"unix", "other", "false", ""},
		{"unix", "other", "true", `no pg_hba.conf entry for replication connection from host "[local]", user "other", no encryption`},
		{"tcp", "other", "true", `no pg_hba.conf entry for replication connection from host "127.0.0.1", user "other", no encryption`},
		{"tcp", "other", "false", `no pg_hba.conf entry for host "127.0.0.1", user "other", database "postgres", no encryption`},
		{"tcp", "bad", "true", `pg_hba.conf rejects replication connection for host "127.0.0.1", user "bad", no encryption`},
		{"tcp", "bad", "database", `pg_hba.conf rejects connection for host "127.0.0.1", user "bad", database "postgres", no encryption`},
	} {
		c := n.ConnectAs(tc.network, launch.CACOK)
		c.Start("user", tc.user, "database", "postgres", "replication", tc.replication)
		if tc.message == "" {
			c.Must('R')
			c.Until('Z')
			continue
		}
		e := c.MustFail()
		require.Equal(t, tc.message, e.Message)
		require.Equal(t, protocol.CodeInvalidAuthorization, e.Code)
		require.Equal(t, protocol.SeverityFatal, e.Severity)
		c.MustEnd()
	}
}

func TestRulesThatWereHandedOnHoldWhateverTheFileSays(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.WriteFile("pg_hba.conf", "host all all nonsense\n")
	c := n.Connect()
	c.Start("user", "postgres")
	c.Must('R')
	c.Until('Z')
}

func TestOptionsOfTheStartupPacket(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	for _, tc := range []struct {
		name, value string
		code        protocol.SQLSTATE
		message     string
	}{
		{"nosuch", "1", "42704", `unrecognized configuration parameter "nosuch"`},
		{"wal_sender_timeout", "abc", "22023", `invalid value for parameter "wal_sender_timeout": "abc"`},
		{"port", "12", "55P02", `parameter "port" cannot be changed without restarting the server`},
		{"options", "-c nosuch=1", "42704", `unrecognized configuration parameter "nosuch"`},
		{"options", "-z", "42601", "invalid command-line argument for server process: -z"},
		{"client_encoding", "foo", "22023", `invalid value for parameter "client_encoding": "foo"`},
	} {
		c := n.Connect()
		c.Start("user", "postgres", "replication", "true", tc.name, tc.value)
		c.Must('R')
		e := c.MustFail()
		require.Equal(t, tc.code, e.Code)
		require.Equal(t, tc.message, e.Message)
		require.Equal(t, protocol.SeverityFatal, e.Severity)
		c.MustEnd()
	}
	c := n.Connect()
	c.StartReplication("client_encoding", "utf-8", "datestyle", "iso", "options", "-c wal_sender_timeout=10s --extra-float-digits=3")
	for name, want := range map[string]string{"client_encoding": "UTF8", "datestyle": "ISO, MDY", "wal_sender_timeout": "10s"} {
		c.Query("SHOW " + name)
		_, rows, _ := c.Rows()
		require.Equal(t, [][]string{{want}}, rows, name)
	}
}

// Between its being admitted and its being marked as a walsender nothing but its startup packet tells them apart.
func TestReplicationClientTakesNoRegularPlaceBeforeItIsMarked(t *testing.T) {
	n := newNode(t, backendtest.Options{Config: "max_connections = 1"})
	first := n.Connect()
	first.StartReplication()
	first.Session.Process.Proc.SetKind(procsignal.Backend)
	second := n.Connect()
	second.Start("user", "postgres")
	second.Until('Z')
}

func TestTooManyConnections(t *testing.T) {
	n := newNode(t, backendtest.Options{Config: "max_connections = 2", WalSenders: 1})
	for range 2 {
		c := n.Connect()
		c.Start("user", "postgres")
		c.Until('Z')
	}
	c := n.Connect()
	c.Start("user", "postgres")
	c.Must('R')
	e := c.MustFail()
	require.Equal(t, protocol.CodeTooManyConnections, e.Code)
	require.Equal(t, "sorry, too many clients already", e.Message)
	require.NoError(t, c.Close())

	// Walsenders are counted by themselves.
	first := n.Connect()
	first.StartReplication()
	second := n.Connect()
	second.Start("user", "postgres", "replication", "true")
	second.Must('R')
	e = second.MustFail()
	require.Equal(t, protocol.CodeTooManyConnections, e.Code)
	require.Equal(t, "number of requested standby connections exceeds max_wal_senders (currently 1)", e.Message)

	// A place comes free with its session.
	first.Send('X', nil)
	require.NoError(t, first.Session.Result(t))
	third := n.Connect()
	third.StartReplication()
}

func TestOnlyReplicationMarksTheProcess(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	regular := n.Connect()
	regular.Start("user", "postgres")
	regular.Until('Z')
	require.Equal(t, procsignal.Backend, regular.Session.Process.Proc.Kind())
	require.Equal(t, pmsignal.Active, n.PM.ChildState(regular.Session.Slot))

	before := n.PM.Sent(pmsignal.AdvanceStateMachine)
	c := n.Connect()
	c.StartReplication()
	require.Equal(t, procsignal.WalSender, c.Session.Process.Proc.Kind())
	require.True(t, n.PM.IsWalSender(c.Session.Slot))
	require.Equal(t, before+1, n.PM.Sent(pmsignal.AdvanceStateMachine))
	require.EqualValues(t, os.Getpid(), n.Snds[0].Snapshot().Pid)

	c.Send('X', nil)
	require.NoError(t, c.Session.Result(t))
	require.False(t, n.PM.IsWalSender(c.Session.Slot))
	require.Zero(t, n.Snds[0].Snapshot().Pid)
}

func TestFailedAuthenticationLeavesNothingClaimed(t *testing.T) {
	n := newNode(t, backendtest.Options{HBA: "host all all all reject\n"})
	c := n.Connect()
	c.Start("user", "postgres", "replication", "true")
	c.MustFail()
	require.Error(t, c.Session.Result(t))
	require.Zero(t, n.Snds[0].Snapshot().Pid)
	require.False(t, n.PM.IsWalSender(c.Session.Slot))
}

func TestConnectionsAreLogged(t *testing.T) {
	n := newNode(t, backendtest.Options{Config: "log_connections = on\nlog_disconnections = on\nlog_replication_commands = on"})
	c := n.Connect()
	c.StartReplication("application_name", "receiver")
	c.Query("IDENTIFY_SYSTEM")
	c.Until('Z')
	c.Send('X', nil)
	require.NoError(t, c.Session.Result(t))
	log := n.Log.String()
	require.Regexp(t, `LOG:  connection received: host=127\.0\.0\.1 port=\d+`, log)
	require.Contains(t, log, "LOG:  replication connection authorized: user=postgres application_name=receiver")
	require.Contains(t, log, "LOG:  received replication command: IDENTIFY_SYSTEM")
	require.Regexp(t, `LOG:  disconnection: session time: 0:00:0\d\.\d{3} user=postgres database= host=127\.0\.0\.1 port=\d+`, log)
}

func TestSigtermBeforeTheStartupPacketSaysNothing(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	require.Eventually(t, func() bool { return c.Session.Process.Proc.Kind() == procsignal.Backend }, 5*time.Second, time.Millisecond)
	c.Session.Signal(unix.SIGTERM)
	require.NoError(t, c.Session.Result(t))
	c.MustEnd()
}

func TestSigtermEndsAnIdleSessionWithItsReason(t *testing.T) {
	for _, replication := range []string{"true", "false"} {
		n := newNode(t, backendtest.Options{})
		c := n.Connect()
		c.Start("user", "postgres", "replication", replication)
		c.Until('Z')
		c.Session.Signal(unix.SIGTERM)
		e := c.MustFail()
		require.Equal(t, protocol.Error{Severity: "FATAL", Code: "57P01",
			Message: "terminating connection due to administrator command"}, *e)
		c.MustEnd()
		require.Error(t, c.Session.Result(t))
		require.Contains(t, n.Log.String(), "FATAL:  terminating connection due to administrator command")
		require.False(t, n.PM.IsWalSender(c.Session.Slot))
	}
}

func TestClientThatLosesItsPlaceIsToldWhy(t *testing.T) {
	for replaced, want := range map[bool]protocol.Error{
		true:  {Severity: "FATAL", Code: "53300", Message: "too many connections have not been authenticated yet"},
		false: {Severity: "FATAL", Code: "57P01", Message: "terminating connection due to administrator command"},
	} {
		n := newNode(t, backendtest.Options{HBA: "local all all password\nhost all all all password\n"})
		n.Replaced = func() bool { return replaced }
		c := n.Connect()
		c.Start("user", "postgres", "database", "postgres")
		c.Must('R')
		c.Session.Signal(unix.SIGTERM)
		require.Equal(t, want, *c.MustFail())
		c.MustEnd()
		require.Error(t, c.Session.Result(t))
	}
}

// Once the client is in, nobody is asked any more: the control socket is closed.
func TestClientThatIsInKeepsItsPlace(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.Replaced = func() bool { return true }
	c := n.Connect()
	c.Start("user", "postgres", "database", "postgres")
	c.Until('Z')
	c.Session.Signal(unix.SIGTERM)
	require.Equal(t, "57P01", string(c.MustFail().Code))
	c.MustEnd()
	require.Error(t, c.Session.Result(t))
}

func TestReloadTakesEffectWithTheNextCommand(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.StartReplication()
	n.WriteFile("postgresql.conf", "wal_sender_timeout = 7s\n")
	c.Session.Signal(unix.SIGHUP)
	require.Eventually(t, func() bool {
		c.Query("SHOW wal_sender_timeout")
		_, rows, _ := c.Rows()
		return rows[0][0] == "7s"
	}, 5*time.Second, 10*time.Millisecond)
}
