package protocol

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/jackc/pgproto3/v2"
	"github.com/stretchr/testify/require"
)

// startup makes a startup packet without its length word; blanks in parameters stand for NUL.
func startup(version ProtocolVersion, parameters string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(version))
	return append(b, strings.ReplaceAll(parameters, " ", "\x00")...)
}

// withLength puts the length word in front.
func withLength(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b)+4)), b...)
}

func parseStartup(t *testing.T, b []byte) *StartupMessage {
	p, err := ParseStartupPacket(b)
	require.NoError(t, err)
	return p.(*StartupMessage)
}

func TestStartupMessageOfAStandby(t *testing.T) {
	m := parseStartup(t, startup(LatestVersion,
		"user repl database replication replication true application_name walreceiver client_encoding UTF8  "))
	require.Equal(t, &StartupMessage{
		Version: LatestVersion, User: "repl", Replication: ReplicationPhysical, ApplicationName: "walreceiver",
		Settings: []Setting{{"application_name", "walreceiver"}, {"client_encoding", "UTF8"}},
	}, m)
	require.False(t, m.NeedsNegotiation())
}

func TestStartupMessageOfPgproto3(t *testing.T) {
	b, err := (&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "me", "options": "-c a=b"},
	}).Encode(nil)
	require.NoError(t, err)
	packet, err := NewReader(bytes.NewReader(b)).ReadStartupPacket()
	require.NoError(t, err)
	require.Equal(t, &StartupMessage{Version: LatestVersion, User: "me", Database: "me", Options: "-c a=b"},
		parseStartup(t, packet))
}

func TestDatabaseOfTheSession(t *testing.T) {
	for parameters, want := range map[string]string{
		"user u  ":            "u",
		"user u database d  ": "d",
		"user u database   ":  "u",
		"user u database d replication database  ":          "d",
		"user u replication database  ":                     "u",
		"user u database d replication on  ":                "",
		"user u database d replication false  ":             "d",
		"database d user u replication 1 x y  ":             "",
		"user " + strings.Repeat("u", 70) + "  ":            strings.Repeat("u", 63),
		"user u database " + strings.Repeat("d", 64) + "  ": strings.Repeat("d", 63),
	} {
		require.Equal(t, want, parseStartup(t, startup(LatestVersion, parameters)).Database, parameters)
	}
}

func TestReplicationParameter(t *testing.T) {
	for value, want := range map[string]Replication{
		"true": ReplicationPhysical, "on": ReplicationPhysical, "yes": ReplicationPhysical, "1": ReplicationPhysical,
		"T": ReplicationPhysical, "tRu": ReplicationPhysical, "Y": ReplicationPhysical, "ON": ReplicationPhysical,
		"database": ReplicationDatabase,
		"false":    ReplicationNone, "off": ReplicationNone, "of": ReplicationNone, "no": ReplicationNone, "0": ReplicationNone,
		"F": ReplicationNone, "n": ReplicationNone,
	} {
		require.Equal(t, want, parseStartup(t, startup(LatestVersion, "user u replication "+value+"  ")).Replication, value)
	}
	for _, value := range []string{"", "maybe", "o", "2", "truex", "Database", "10", "onn", "databas"} {
		_, err := ParseStartupPacket(startup(LatestVersion, "user u replication "+value+"  "))
		e := requireCode(t, err, CodeInvalidParameterValue, `invalid value for parameter "replication": "`+value+`"`)
		require.Equal(t, SeverityFatal, e.Severity)
		require.Equal(t, `Valid values are: "false", 0, "true", 1, "database".`, e.Hint)
	}
}

func TestNewerMinorVersionsAndProtocolOptionsAreNegotiated(t *testing.T) {
	m := parseStartup(t, startup(LatestVersion+2, "user u  "))
	require.True(t, m.NeedsNegotiation())
	require.Equal(t, uint16(2), m.Version.Minor())
	m = parseStartup(t, startup(LatestVersion, "user u _pq_.a 1 _pq_.b 2 x y  "))
	require.True(t, m.NeedsNegotiation())
	require.Equal(t, []string{"_pq_.a", "_pq_.b"}, m.UnrecognizedOptions)
	require.Equal(t, []Setting{{"x", "y"}}, m.Settings)
}

func TestMissingUserComesAfterNegotiation(t *testing.T) {
	for _, parameters := range []string{" ", "user   ", "database d  "} {
		p, err := ParseStartupPacket(startup(LatestVersion+9, parameters))
		e := requireCode(t, err, CodeInvalidAuthorization, "no PostgreSQL user name specified in startup packet")
		require.Equal(t, SeverityFatal, e.Severity)
		require.True(t, p.(*StartupMessage).NeedsNegotiation())
	}
}

func TestStartupPacketLayout(t *testing.T) {
	for _, parameters := range []string{"", "user", "user ", "user u", "user u ", "user u  x", "user u   ", "user u x", "user u x  y"} {
		_, err := ParseStartupPacket(startup(LatestVersion, parameters))
		e := requireCode(t, err, CodeProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
		require.Equal(t, SeverityFatal, e.Severity, parameters)
	}
}

func TestOtherMajorVersionsAreRefused(t *testing.T) {
	for version, text := range map[ProtocolVersion]string{
		2 << 16:         "unsupported frontend protocol 2.0: server supports 3.0 to 3.0",
		5:               "unsupported frontend protocol 0.5: server supports 3.0 to 3.0",
		4<<16 | 1:       "unsupported frontend protocol 4.1: server supports 3.0 to 3.0",
		1234<<16 | 5681: "unsupported frontend protocol 1234.5681: server supports 3.0 to 3.0",
		0xffffffff:      "unsupported frontend protocol 65535.65535: server supports 3.0 to 3.0",
	} {
		_, err := ParseStartupPacket(startup(version, "user u  "))
		e := requireCode(t, err, CodeFeatureNotSupported, text)
		require.Equal(t, text, e.Message)
		require.Equal(t, SeverityFatal, e.Severity)
	}
}

func TestClientsOfOldProtocolsCanReadTheirRefusal(t *testing.T) {
	old := startup(2<<16, "")
	_, err := ParseStartupPacket(old)
	e := requireCode(t, err, CodeFeatureNotSupported, "")
	require.Equal(t, "EFATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0\n\x00",
		string(AppendStartupError(nil, old, e)))
	for _, b := range [][]byte{startup(4<<16, ""), startup(SSLRequestCode, ""), startup(LatestVersion, ""), nil} {
		require.Equal(t, AppendErrorResponse(nil, e), AppendStartupError(nil, b, e))
	}
}

func TestEncryptionRequests(t *testing.T) {
	wire := append(withLength(startup(GSSENCRequestCode, "")), withLength(startup(SSLRequestCode, ""))...)
	r := NewReader(iotest.OneByteReader(bytes.NewReader(wire)))
	b, err := r.ReadStartupPacket()
	require.NoError(t, err)
	p, err := ParseStartupPacket(b)
	require.NoError(t, err)
	require.Equal(t, GSSENCRequest{}, p)
	require.Zero(t, r.Buffered())
	require.Contains(t, UnencryptedDataAfter(p).Message, "GSSAPI")

	r = NewReader(bytes.NewReader(append(withLength(startup(SSLRequestCode, "")), "injected"...)))
	b, err = r.ReadStartupPacket()
	require.NoError(t, err)
	p, err = ParseStartupPacket(b)
	require.NoError(t, err)
	require.Equal(t, SSLRequest{}, p)
	require.Equal(t, len("injected"), r.Buffered())
	require.Equal(t, "received unencrypted data after SSL request", UnencryptedDataAfter(p).Message)
}

func TestCancelRequest(t *testing.T) {
	for _, key := range []string{"abcd", "x", strings.Repeat("k", 256)} {
		p, err := ParseStartupPacket(startup(CancelRequestCode, "\x00\x00\x10\x92"+key))
		require.NoError(t, err)
		require.Equal(t, &CancelRequest{PID: 4242, Key: []byte(key)}, p)
	}
	for _, key := range []string{"", strings.Repeat("k", 257)} {
		_, err := ParseStartupPacket(startup(CancelRequestCode, "\x00\x00\x10\x92"+key))
		require.True(t, requireCode(t, err, CodeProtocolViolation, "invalid length of startup packet").LogOnly)
	}
	_, err := ParseStartupPacket(startup(CancelRequestCode, "\x00"))
	requireCode(t, err, CodeProtocolViolation, "invalid length of startup packet")
}

func TestLengthOfStartupPacket(t *testing.T) {
	read := func(length uint32) error {
		_, err := NewReader(&script{[][]byte{binary.BigEndian.AppendUint32(nil, length)}}).ReadStartupPacket()
		return err
	}
	for _, length := range []uint32{0, 4, 7, 10005, 0x15ffffff, 0x7fffffff, 0x80000008, 0xffffffff} {
		require.True(t, requireCode(t, read(length), CodeProtocolViolation, "invalid length of startup packet").LogOnly)
	}
	require.Equal(t, errNotNow, read(8))
	require.Equal(t, errNotNow, read(10004))
}

func TestTruncatedStartupPacket(t *testing.T) {
	whole := withLength(startup(LatestVersion, "user u  "))
	for n := range len(whole) {
		_, err := NewReader(bytes.NewReader(whole[:n])).ReadStartupPacket()
		if n == 0 {
			require.Equal(t, io.EOF, err)
			continue
		}
		require.True(t, requireCode(t, err, CodeProtocolViolation, "incomplete startup packet").LogOnly)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}

func TestSlowDrippingStartupPacketGoesOnAfterEachDeadline(t *testing.T) {
	var portions [][]byte
	for _, c := range withLength(startup(LatestVersion, "user u  ")) {
		portions = append(portions, []byte{c})
	}
	src := &script{}
	r := NewReader(src)
	for _, p := range portions[:len(portions)-1] {
		src.portions = append(src.portions, p)
		_, err := r.ReadStartupPacket()
		require.Equal(t, errNotNow, err)
	}
	src.portions = append(src.portions, portions[len(portions)-1])
	b, err := r.ReadStartupPacket()
	require.NoError(t, err)
	require.Equal(t, "u", parseStartup(t, b).User)
}

func TestDirectTLSIsSeenAndNotConsumed(t *testing.T) {
	r := NewReader(bytes.NewReader([]byte{0x16, 3, 1, 2, 0}))
	_, err := r.ReadStartupPacket()
	require.Equal(t, ErrDirectTLS, err)
	require.Equal(t, 5, r.Buffered())
}

func TestApplicationNameIsMadePrintable(t *testing.T) {
	m := parseStartup(t, startup(LatestVersion, "user u application_name a\té\x7f  "))
	require.Equal(t, `a\x09\xc3\xa9\x7f`, m.ApplicationName)
	require.Equal(t, []Setting{{"application_name", "a\té\x7f"}}, m.Settings)
}

func TestNothingOfAStartupMessageIsPartOfThePacket(t *testing.T) {
	b := startup(LatestVersion, "user u x y  ")
	m := parseStartup(t, b)
	clear(b)
	require.Equal(t, "u", m.User)
	require.Equal(t, []Setting{{"x", "y"}}, m.Settings)
}
