package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// ProtocolVersion is a version's major number in its upper and its minor number in its lower 16 bits; the request
// codes that stand in its place have a major number of 1234.
type ProtocolVersion uint32

// LatestVersion is the newest version that we speak.
const LatestVersion ProtocolVersion = 3 << 16

// Request codes that a startup packet may have in place of a version.
const (
	CancelRequestCode ProtocolVersion = 1234<<16 | 5678
	SSLRequestCode    ProtocolVersion = 1234<<16 | 5679
	GSSENCRequestCode ProtocolVersion = 1234<<16 | 5680
)

// Major is the major number.
func (v ProtocolVersion) Major() uint16 { return uint16(v >> 16) }

// Minor is the minor number.
func (v ProtocolVersion) Minor() uint16 { return uint16(v) }

const (
	// maxStartupPacket is the longest startup packet, bytes, without its length word (MAX_STARTUP_PACKET_LENGTH).
	maxStartupPacket = 10000

	// maxNameLen is the longest name, bytes (NAMEDATALEN - 1).
	maxNameLen = 63

	// maxCancelKey is the longest cancel key, bytes, of protocol 3.2.
	maxCancelKey = 256

	// tlsHandshake is the first byte of a TLS record that begins a handshake. No startup packet begins with it: its
	// length would be hundreds of megabytes.
	tlsHandshake = 0x16
)

// ErrDirectTLS says that the client begins with a TLS handshake and no SSLRequest, as PostgreSQL 17's clients may
// (sslnegotiation=direct). Nothing was consumed.
var ErrDirectTLS = errors.New("client begins with a TLS handshake")

// StartupPacket is one of SSLRequest, GSSENCRequest, *CancelRequest and *StartupMessage.
type StartupPacket interface{ startupPacket() }

// SSLRequest asks for TLS. The answer is one byte, 'S' or 'N', and another startup packet follows.
type SSLRequest struct{}

// GSSENCRequest asks for GSSAPI encryption. The answer is one byte, 'G' or 'N', and another startup packet follows.
type GSSENCRequest struct{}

func (SSLRequest) startupPacket()      {}
func (GSSENCRequest) startupPacket()   {}
func (*CancelRequest) startupPacket()  {}
func (*StartupMessage) startupPacket() {}

// CancelRequest asks to cancel what another connection is doing. It is never answered.
type CancelRequest struct {
	PID uint32
	Key []byte // what that connection's BackendKeyData had
}

// Replication says what the startup packet's "replication" asks for.
type Replication uint8

const (
	ReplicationNone     Replication = iota // a regular backend
	ReplicationPhysical                    // a walsender without a database: replication commands only
	ReplicationDatabase                    // a walsender that takes SQL and logical replication too
)

// Setting is a run-time parameter that the client wants set.
type Setting struct{ Name, Value string }

// StartupMessage begins a session.
type StartupMessage struct {
	Version     ProtocolVersion
	User        string // at most 63 bytes
	Database    string // at most 63 bytes; the user's name if none was given; empty for ReplicationPhysical
	Replication Replication

	// Options is the command line that the client gives to its backend; ParseOptions takes it apart. It is applied
	// before Settings.
	Options string

	// ApplicationName is application_name made printable (it is also in Settings as it came).
	ApplicationName string

	// Settings are all other parameters in the order they came: application_name, client_encoding …
	Settings []Setting

	// UnrecognizedOptions are the names of the protocol options ("_pq_.…") asked for. We know none.
	UnrecognizedOptions []string
}

// NeedsNegotiation says whether a NegotiateProtocolVersion has to go out before authentication.
func (m *StartupMessage) NeedsNegotiation() bool {
	return m.Version > LatestVersion || len(m.UnrecognizedOptions) > 0
}

// ReadStartupPacket gives the next startup packet without its length word, for ParseStartupPacket; it lives until the
// next call of r. Errors are as Reader says, and ErrDirectTLS.
func (r *Reader) ReadStartupPacket() ([]byte, error) {
	if err := r.fill(1); err != nil {
		return nil, err
	}
	if r.in.bytes()[0] == tlsHandshake {
		return nil, ErrDirectTLS
	}
	if err := r.fill(4); err != nil {
		return nil, midMessage(err, "incomplete startup packet")
	}
	n := int(int32(binary.BigEndian.Uint32(r.in.bytes())))
	if n < 8 || n > 4+maxStartupPacket {
		return nil, commErrorf(nil, "invalid length of startup packet")
	}
	if err := r.fill(n); err != nil {
		return nil, midMessage(err, "incomplete startup packet")
	}
	return r.consume(n)[4:], nil
}

// ParseStartupPacket takes a startup packet apart. Nothing of what it returns is part of b.
//
// The error is an *Error, FATAL or for the log only. If only the user's name is missing, the message comes along with
// the error, because PostgreSQL answers NeedsNegotiation before it looks at the name.
func ParseStartupPacket(b []byte) (StartupPacket, error) {
	if len(b) < 4 {
		return nil, commErrorf(nil, "invalid length of startup packet")
	}
	version := ProtocolVersion(binary.BigEndian.Uint32(b))
	switch version {
	case SSLRequestCode:
		return SSLRequest{}, nil
	case GSSENCRequestCode:
		return GSSENCRequest{}, nil
	case CancelRequestCode:
		return parseCancelRequest(b[4:])
	}
	if version.Major() != LatestVersion.Major() {
		return nil, UnsupportedProtocol(version)
	}
	return parseStartupMessage(version, b[4:])
}

// UnsupportedProtocol is the refusal of a version, and of a second request for the same encryption.
func UnsupportedProtocol(v ProtocolVersion) *Error {
	return Fatalf(CodeFeatureNotSupported, "unsupported frontend protocol %d.%d: server supports %d.0 to %d.%d",
		v.Major(), v.Minor(), LatestVersion.Major(), LatestVersion.Major(), LatestVersion.Minor())
}

// UnencryptedDataAfter is the refusal of a client that sent more (Reader.Buffered) before it had our answer to its
// SSLRequest or GSSENCRequest: somebody may have put it there to have it taken for encrypted.
func UnencryptedDataAfter(request StartupPacket) *Error {
	name := "SSL request"
	if _, ok := request.(GSSENCRequest); ok {
		name = "GSSAPI encryption request"
	}
	return Fatalf(CodeProtocolViolation, "received unencrypted data after %s", name).WithDetail(
		"This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.")
}

// AppendStartupError appends e as an answer to the startup packet b: as an ErrorResponse, or, to a client of a
// protocol before 3.0, in the way that it can read.
func AppendStartupError(dst, b []byte, e *Error) []byte {
	if len(b) >= 4 && ProtocolVersion(binary.BigEndian.Uint32(b)).Major() < LatestVersion.Major() {
		return appendCString(append(dst, MsgErrorResponse), string(e.Severity)+":  "+e.Message+"\n")
	}
	return AppendErrorResponse(dst, e)
}

func parseCancelRequest(b []byte) (StartupPacket, error) {
	if len(b) <= 4 || len(b) > 4+maxCancelKey {
		return nil, commErrorf(nil, "invalid length of startup packet")
	}
	return &CancelRequest{PID: binary.BigEndian.Uint32(b), Key: bytes.Clone(b[4:])}, nil
}

// parseStartupMessage reads names and values until an empty name, which must be the last byte. Like PostgreSQL it
// takes the packet as if one NUL more stood behind it, and complains about the layout only after the values.
func parseStartupMessage(version ProtocolVersion, b []byte) (StartupPacket, error) {
	m := &StartupMessage{Version: version}
	rest := b
	for len(rest) > 0 && rest[0] != 0 {
		name, after, ok := bytes.Cut(rest, []byte{0})
		if !ok || len(after) == 0 {
			break // no value
		}
		value, after, _ := bytes.Cut(after, []byte{0})
		if err := m.set(string(name), string(value)); err != nil {
			return nil, err
		}
		rest = after
	}
	if len(rest) != 1 || rest[0] != 0 {
		return nil, Fatalf(CodeProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
	}
	return m, m.finish()
}

func (m *StartupMessage) set(name, value string) error {
	switch {
	case name == "database":
		m.Database = value
	case name == "user":
		m.User = value
	case name == "options":
		m.Options = value
	case name == "replication":
		return m.setReplication(value)
	case strings.HasPrefix(name, "_pq_."):
		m.UnrecognizedOptions = append(m.UnrecognizedOptions, name)
	default:
		m.Settings = append(m.Settings, Setting{name, value})
		if name == "application_name" {
			m.ApplicationName = cleanASCII(value)
		}
	}
	return nil
}

func (m *StartupMessage) setReplication(value string) error {
	if value == "database" {
		m.Replication = ReplicationDatabase
		return nil
	}
	on, ok := parseBool(value)
	switch {
	case !ok:
		return Fatalf(CodeInvalidParameterValue, "invalid value for parameter %q: \"%s\"", "replication", value).
			WithHint(`Valid values are: "false", 0, "true", 1, "database".`)
	case on:
		m.Replication = ReplicationPhysical
	default:
		m.Replication = ReplicationNone
	}
	return nil
}

// finish fills in what follows from the rest.
func (m *StartupMessage) finish() error {
	if m.User == "" {
		return Fatalf(CodeInvalidAuthorization, "no PostgreSQL user name specified in startup packet")
	}
	if m.Database == "" {
		m.Database = m.User
	}
	m.User = m.User[:min(len(m.User), maxNameLen)]
	m.Database = m.Database[:min(len(m.Database), maxNameLen)]
	if m.Replication == ReplicationPhysical {
		m.Database = ""
	}
	return nil
}

// parseBool is PostgreSQL's parse_bool: any case, and any beginning that can mean only one word.
func parseBool(s string) (value, ok bool) {
	s = strings.ToLower(s)
	switch {
	case s == "":
		return false, false
	case s == "1", s == "on", strings.HasPrefix("true", s), strings.HasPrefix("yes", s):
		return true, true
	case s == "0", s == "of", s == "off", strings.HasPrefix("false", s), strings.HasPrefix("no", s):
		return false, true
	default:
		return false, false
	}
}

// cleanASCII makes a name fit for logs and process titles: what is not printable ASCII becomes \xNN.
func cleanASCII(s string) string {
	const digits = "0123456789abcdef"
	var out []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c < 0x7f {
			out = append(out, c)
			continue
		}
		out = append(out, '\\', 'x', digits[c>>4], digits[c&15])
	}
	return string(out)
}
