package auth

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	client "github.com/xdg-go/scram"

	"waypost/internal/scram"
	"waypost/tests/cluster"
)

// talk is a client that says what it likes.
type talk struct {
	t    *testing.T
	conn net.Conn
}

// begin sends the startup packet; more are further parameters.
func begin(t *testing.T, port int, user string, more ...string) *talk {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	body := binary.BigEndian.AppendUint32(nil, 3<<16)
	for _, text := range append([]string{"user", user, "database", "postgres"}, more...) {
		body = append(append(body, text...), 0)
	}
	body = append(body, 0)
	_, err = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...))
	require.NoError(t, err)
	return &talk{t, conn}
}

// send sends one message.
func (k *talk) send(typ byte, body string) {
	k.t.Helper()
	b := binary.BigEndian.AppendUint32([]byte{typ}, uint32(len(body)+4))
	_, err := k.conn.Write(append(b, body...))
	require.NoError(k.t, err)
}

// next reads one message; "" is the end of the connection.
func (k *talk) next() string {
	k.t.Helper()
	head := make([]byte, 5)
	if _, err := io.ReadFull(k.conn, head); err != nil {
		var netErr net.Error
		require.False(k.t, errors.As(err, &netErr) && netErr.Timeout(), "the server does not answer")
		return ""
	}
	body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
	_, err := io.ReadFull(k.conn, body)
	require.NoError(k.t, err)
	return string(head[:1]) + string(body)
}

// shown is a message without what differs between two builds of one server: file, line and routine.
func shown(message string) string {
	if !strings.HasPrefix(message, "E") {
		return message
	}
	fields := strings.Split(message[1:], "\x00")
	fields = slices.DeleteFunc(fields, func(f string) bool { return f == "" || strings.ContainsRune("FLR", rune(f[0])) })
	return "E " + strings.Join(fields, " ")
}

// rest is all that the server says until it ends the connection.
func (k *talk) rest() (messages []string) {
	k.t.Helper()
	for {
		m := k.next()
		if m == "" {
			return messages
		}
		messages = append(messages, shown(m))
	}
}

// response is a SASLInitialResponse's body.
func response(mechanism, first string) string {
	return mechanism + "\x00" + string(binary.BigEndian.AppendUint32(nil, uint32(len(first)))) + first
}

// TestViolationsOfTheProtocolAreAnsweredAsByPostgreSQL sends what no client would.
func TestViolationsOfTheProtocolAreAnsweredAsByPostgreSQL(t *testing.T) {
	p := newPair(t, methodRules(), nil)
	for _, method := range []string{"scram", "password"} {
		p.roles("CREATE ROLE r_by_" + method + " LOGIN PASSWORD 'x'")
	}
	p.pg.Exec("CREATE ROLE r_by_md5 LOGIN PASSWORD 'md5d0f9f5a8ef6a6e9eb0ef3e6f5f6c9c6e'")
	p.node.Query("CREATE ROLE r_by_md5 LOGIN PASSWORD 'md5d0f9f5a8ef6a6e9eb0ef3e6f5f6c9c6e'")
	type message struct {
		typ  byte
		body string
	}
	good := response("SCRAM-SHA-256", "n,,n=,r=a")
	const proof = ",p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, c := range map[string]struct {
		user string
		send []message
	}{
		"query for a password":        {"r_by_password", []message{{'Q', "SHOW all\x00"}}},
		"query for an MD5 hash":       {"r_by_md5", []message{{'Q', "SHOW all\x00"}}},
		"query for a SASL message":    {"r_by_scram", []message{{'Q', "SHOW all\x00"}}},
		"terminate":                   {"r_by_scram", []message{{'X', ""}}},
		"empty password":              {"r_by_password", []message{{'p', "\x00"}}},
		"empty MD5 hash":              {"r_by_md5", []message{{'p', "\x00"}}},
		"two strings":                 {"r_by_password", []message{{'p', "x\x00y\x00"}}},
		"no string":                   {"r_by_password", []message{{'p', "x"}}},
		"nothing":                     {"r_by_password", []message{{'p', ""}}},
		"password without challenge":  {"r_by_scram", []message{{'p', "x\x00"}}},
		"unknown mechanism":           {"r_by_scram", []message{{'p', response("SCRAM-SHA-1", "n,,n=,r=a")}}},
		"binding without TLS":         {"r_by_scram", []message{{'p', response("SCRAM-SHA-256-PLUS", "p=x,,n=,r=a")}}},
		"longer than it says":         {"r_by_scram", []message{{'p', good + "x"}}},
		"shorter than it says":        {"r_by_scram", []message{{'p', "SCRAM-SHA-256\x00\x00\x00\x00\x09n"}}},
		"empty first message":         {"r_by_scram", []message{{'p', response("SCRAM-SHA-256", "")}}},
		"flag":                        {"r_by_scram", []message{{'p', response("SCRAM-SHA-256", "q,,n=,r=a")}}},
		"identity":                    {"r_by_scram", []message{{'p', response("SCRAM-SHA-256", "n,a=b,n=,r=a")}}},
		"extension":                   {"r_by_scram", []message{{'p', response("SCRAM-SHA-256", "n,,m=1,n=,r=a")}}},
		"zero in a message":           {"r_by_scram", []message{{'p', response("SCRAM-SHA-256", "n,,n=\x00,r=a")}}},
		"nonce":                       {"r_by_scram", []message{{'p', response("SCRAM-SHA-256", "n,,n=,r=a b")}}},
		"no nonce":                    {"r_by_scram", []message{{'p', response("SCRAM-SHA-256", "n,,n=x")}}},
		"other nonce":                 {"r_by_scram", []message{{'p', good}, {'p', "c=biws,r=b" + proof}}},
		"other header":                {"r_by_scram", []message{{'p', good}, {'p', "c=eSws,r=b" + proof}}},
		"bad proof":                   {"r_by_scram", []message{{'p', good}, {'p', "c=biws,r=b,p=A"}}},
		"nothing final":               {"r_by_scram", []message{{'p', good}, {'p', ""}}},
		"query instead of the proof":  {"r_by_scram", []message{{'p', good}, {'Q', "x\x00"}}},
		"client that wants to be led": {"r_by_scram", []message{{'p', "SCRAM-SHA-256\x00\xff\xff\xff\xff"}, {'p', "n,,n=,r=a b"}}},
	} {
		var told [][]string
		for _, port := range []int{p.pg.Port, p.node.Port} {
			k := begin(t, port, c.user)
			require.Equal(t, byte('R'), k.next()[0])
			for i, m := range c.send {
				if i > 0 {
					require.Equal(t, byte('R'), k.next()[0], name)
				}
				k.send(m.typ, m.body)
			}
			told = append(told, k.rest())
		}
		require.Equal(t, told[0], told[1], name)
	}
}

// TestOversizedMessagesEndTheConnectionAtOnce: what a length word promises is not waited for.
func TestOversizedMessagesEndTheConnectionAtOnce(t *testing.T) {
	p := newPair(t, methodRules(), nil)
	for _, method := range []string{"scram", "password"} {
		p.roles("CREATE ROLE r_by_" + method + " LOGIN PASSWORD 'x'")
		for _, port := range []int{p.pg.Port, p.node.Port} {
			k := begin(t, port, "r_by_"+method)
			require.Equal(t, byte('R'), k.next()[0])
			_, err := k.conn.Write([]byte{'p', 0x7f, 0xff, 0xff, 0xff, 'x'})
			require.NoError(t, err)
			for _, m := range k.rest() {
				require.Contains(t, m, "password authentication failed", "no other reason is given")
			}
		}
	}
}

// TestClientThatStallsIsGoneInTime: authentication_timeout holds for the whole, however slowly bytes come.
func TestClientThatStallsIsGoneInTime(t *testing.T) {
	p := newPair(t, methodRules(), map[string]string{"authentication_timeout": "1s"})
	p.roles("CREATE ROLE r_by_scram LOGIN PASSWORD 'x'")
	for _, port := range []int{p.pg.Port, p.node.Port} {
		for _, part := range []string{"", "p", "p\x00\x00\x00\xffSCRAM"} { // nothing, or a message that goes no further
			k := begin(t, port, "r_by_scram")
			require.Equal(t, byte('R'), k.next()[0])
			started := time.Now()
			_, err := k.conn.Write([]byte(part))
			require.NoError(t, err)
			require.Empty(t, k.rest())
			require.Less(t, time.Since(started), 5*time.Second)
			require.Greater(t, time.Since(started), 500*time.Millisecond)
		}
	}
	const told = "FATAL:  canceling authentication due to timeout"
	require.Equal(t, 3, strings.Count(p.pg.Process().LogText(), told))
	cluster.Eventually(t, patience, "the node's log says so, too", func() bool {
		return strings.Count(p.node.Process().LogText(), told) == 3
	})
}

// exchange goes through SCRAM with a password and gives what the server has said, with nonces and salts as long as they
// were but made alike, and how long it took to refuse.
func exchange(t *testing.T, port int, user, password string) (messages []string, took time.Duration) {
	t.Helper()
	c, err := client.SHA256.NewClient("", password, "")
	require.NoError(t, err)
	conversation := c.WithMinIterations(1).NewConversation()
	k := begin(t, port, user)
	messages = append(messages, k.next())
	first, err := conversation.Step("")
	require.NoError(t, err)
	k.send('p', response("SCRAM-SHA-256", first))
	challenge := k.next()
	require.Equal(t, "R\x00\x00\x00\x0b", challenge[:5])
	final, err := conversation.Step(challenge[5:])
	require.NoError(t, err)
	var parts []string
	for part := range strings.SplitSeq(challenge[5:], ",") {
		if part[0] == 'r' || part[0] == 's' {
			part = part[:2] + strings.Repeat("x", len(part)-2)
		}
		parts = append(parts, part)
	}
	messages = append(messages, strings.Join(parts, ","))
	started := time.Now()
	k.send('p', final)
	answer := k.next()
	took = time.Since(started)
	return append(append(messages, strings.ReplaceAll(answer, user, "USER")), k.rest()...), took
}

func plain(t *testing.T, port int, user, password string) (messages []string, took time.Duration) {
	t.Helper()
	k := begin(t, port, user)
	messages = append(messages, k.next())
	started := time.Now()
	k.send('p', password+"\x00")
	answer := k.next()
	took = time.Since(started)
	return append(append(messages, strings.ReplaceAll(answer, user, "USER")), k.rest()...), took
}

// TestNobodyCanTellAnUnknownRoleFromAWrongPassword compares answers byte by byte, and the shortest times: whatever else the
// machine does only makes them longer.
func TestNobodyCanTellAnUnknownRoleFromAWrongPassword(t *testing.T) {
	const many = 16384 // iterations: to be seen if they were left out
	p := newPair(t, methodRules(), map[string]string{"scram_iterations": fmt.Sprint(many)})
	v, err := scram.New(t.Context(), "x", []byte("0123456789abcdef"), many)
	require.NoError(t, err)
	for _, method := range []string{"scram", "md5", "password"} {
		p.roles("CREATE ROLE real_by_"+method+" LOGIN PASSWORD '"+v.String()+"'", "CREATE ROLE none_by_"+method+" LOGIN",
			"CREATE ROLE late_by_"+method+" LOGIN PASSWORD '"+v.String()+"' VALID UNTIL '2001-01-01'")
	}
	for method, try := range map[string]func(*testing.T, int, string, string) ([]string, time.Duration){
		"scram": exchange, "md5": exchange, "password": plain,
	} {
		var want []string
		times := map[string][]time.Duration{}
		for range 21 {
			for _, kind := range []string{"real", "away", "none", "late"} {
				got, took := try(t, p.node.Port, kind+"_by_"+method, "wrong")
				if want == nil {
					want = got
				}
				require.Equal(t, want, got, "%s %s", kind, method)
				times[kind] = append(times[kind], took)
			}
		}
		wrong := slices.Min(times["real"])
		for _, kind := range []string{"away", "none", "late"} {
			// The iterations of a verifier, left out, would show as a factor of ten.
			other := slices.Min(times[kind])
			require.Less(t, other, 2*wrong+200*time.Microsecond, "%s %s, %v beside %v", kind, method, other, wrong)
			require.Less(t, wrong, 2*other+200*time.Microsecond, "%s %s, %v beside %v", kind, method, other, wrong)
			t.Logf("%s: %s %v, wrong password %v", method, kind, other, wrong)
		}
	}
}

// saltOf is the salt that a role's client is sent.
func saltOf(t *testing.T, port int, user string) string {
	t.Helper()
	k := begin(t, port, user)
	k.next()
	k.send('p', response("SCRAM-SHA-256", "n,,n=,r=abc"))
	_, salt, ok := strings.Cut(k.next(), ",s=")
	require.True(t, ok)
	return salt
}

// TestSaltOfAnUnknownRoleOutlastsTheNode: one that changed would give it away.
func TestSaltOfAnUnknownRoleOutlastsTheNode(t *testing.T) {
	p := newPair(t, methodRules(), nil)
	salt := saltOf(t, p.node.Port, "x_by_scram")
	require.Equal(t, salt, saltOf(t, p.node.Port, "x_by_scram"))
	require.NotEqual(t, salt, saltOf(t, p.node.Port, "y_by_scram"))
	p.node.Restart()
	require.Equal(t, salt, saltOf(t, p.node.Port, "x_by_scram"))
	p.node.Stop(cluster.Fast)
}

// TestHalfOpenConnectionsTakeNobodysPlace: who has proved nothing counts for no limit. PostgreSQL, where this is not so, would
// refuse the clients that come after.
func TestHalfOpenConnectionsTakeNobodysPlace(t *testing.T) {
	p := newPair(t, methodRules(), nil)
	p.roles("CREATE ROLE r_by_scram LOGIN REPLICATION PASSWORD 'x'")
	p.node.Configure(map[string]string{"max_connections": "5", "superuser_reserved_connections": "0", "max_wal_senders": "3"})
	p.node.Restart()
	for range 6 {
		for _, more := range [][]string{nil, {"replication", "true"}} {
			require.Equal(t, byte('R'), begin(t, p.node.Port, "r_by_scram", more...).next()[0])
		}
	}
	require.Equal(t, "let in", viaPgx(t, p.node.Port, "user=r_by_scram password=x"))
	require.Equal(t, "let in", viaPgx(t, p.node.Port, "user=r_by_scram password=x replication=true"))
}
