package pgwire_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
	"waypost/transport/pgwire"
)

func connectError(t *testing.T, conninfo string, opts transport.ConnectOptions) error {
	t.Helper()
	c, err := new(pgwire.Transport).Connect(testContext(t), conninfo, opts)
	if err == nil {
		c.Close()
	}
	require.Error(t, err)
	return err
}

// port is the port in a string that serve returned.
func port(conninfo string) string {
	_, rest, _ := strings.Cut(conninfo, "port=")
	n, _, _ := strings.Cut(rest, " ")
	return n
}

// both is a string with two hosts.
func both(one, two string) string {
	return fmt.Sprintf("host=127.0.0.1,127.0.0.1 port=%s,%s user=u sslmode=disable ", port(one), port(two))
}

func connectedTo(t *testing.T, conninfo string) string {
	t.Helper()
	_, n := connect(t, conninfo, physical).SenderInfo()
	return fmt.Sprint(n)
}

// closedPort is a port where nobody listens.
func closedPort(t *testing.T) string { return fmt.Sprintf("port=%d ", freePort(t)) }

func welcomes(t *testing.T, parameters ...string) string {
	return serve(t, func(p *peer) {
		p.greet(parameters...)
		p.message()
	})
}

func refuses(t *testing.T, code protocol.SQLSTATE, message string) string {
	return serve(t, func(p *peer) {
		p.readStartup()
		p.send(serverFailure("FATAL", code, message))
	})
}

func TestStartupPacketAsksForWhatTheOptionsSay(t *testing.T) {
	for name, c := range map[string]struct {
		conninfo string
		opts     transport.ConnectOptions
		want     map[string]string
	}{
		"physical": {"", transport.ConnectOptions{Replication: true, ApplicationName: "walreceiver"},
			map[string]string{"user": "u", "database": "replication", "replication": "true", "application_name": "walreceiver"}},
		"application name given": {"application_name=mine options='-c geqo=off' dbname=ignored replication=database",
			transport.ConnectOptions{Replication: true, ApplicationName: "walreceiver"},
			map[string]string{"user": "u", "database": "replication", "replication": "true", "application_name": "mine",
				"options": "-c geqo=off"}},
		"regular": {"dbname=d client_encoding=LATIN1", transport.ConnectOptions{},
			map[string]string{"user": "u", "database": "d", "client_encoding": "LATIN1"}},
		"regular without a database": {"", transport.ConnectOptions{}, map[string]string{"user": "u", "database": "u"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(chan map[string]string, 1)
			conninfo := serve(t, func(p *peer) {
				p.greet()
				got <- p.startup
				p.message()
			})
			connect(t, conninfo+" "+c.conninfo, c.opts)
			require.Equal(t, c.want, <-got)
		})
	}
}

func TestLogicalConnectionForcesPlainFormatsAndClearsTheSearchPath(t *testing.T) {
	conninfo := serve(t, func(p *peer) {
		p.greet()
		if p.startup["replication"] != "database" || p.startup["client_encoding"] != "UTF8" || p.startup["options"] !=
			"-c geqo=off -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3" {
			p.stop("startup packet: %v", p.startup)
		}
		p.expectQuery("SELECT pg_catalog.set_config('search_path', '', false)")
		b := protocol.AppendRowDescription(nil, protocol.Column{Name: "set_config", Type: protocol.TextOID})
		p.send(ready(complete(protocol.AppendDataRow(b, []byte("")), "SELECT 1")))
		p.message()
	})
	connect(t, conninfo+" dbname=d options='-c geqo=off'", transport.ConnectOptions{Replication: true, Logical: true})
}

func TestRefusalsCarryTheServersWords(t *testing.T) {
	err := connectError(t, refuses(t, "28P01", "password authentication failed for user \"u\""), physical)
	require.Equal(t, &transport.ServerError{
		Severity: "FATAL", Code: "28P01", Message: "password authentication failed for user \"u\"",
		Detail: "the detail", Hint: "the hint",
	}, err)
}

func TestNextHostIsTriedOnlyWhereTheFirstCannotServe(t *testing.T) {
	good := welcomes(t)
	for name, bad := range map[string]string{
		"nobody listens": closedPort(t),
		"starting up":    refuses(t, "57P03", "the database system is starting up"),
		"hangs up": serve(t, func(p *peer) {
			p.readStartup()
		}),
		"speaks nonsense": serve(t, func(p *peer) {
			p.readStartup()
			p.send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, port(good), connectedTo(t, both(bad, good)))
		})
	}
	var refused *transport.ServerError
	require.ErrorAs(t, connectError(t, both(refuses(t, "28P01", "wrong password"), good), physical), &refused)
	require.Equal(t, "28P01", refused.Code)
}

func TestErrorsOfAllHostsAreTold(t *testing.T) {
	starting := refuses(t, "57P03", "the database system is starting up")
	err := connectError(t, both(closedPort(t), starting), physical)
	require.ErrorContains(t, err, "connection refused")
	require.ErrorContains(t, err, "the database system is starting up")
	var state transport.SQLStater
	require.ErrorAs(t, err, &state)
	require.Equal(t, "57P03", state.SQLState(), "the last host's decides")
}

func TestEachCauseIsSaidOnce(t *testing.T) {
	n := freePort(t)
	err := connectError(t, fmt.Sprintf("host=127.0.0.1 port=%d user=u", n), physical)
	require.EqualError(t, err, fmt.Sprintf(
		`connect to server at "127.0.0.1", port %d: dial tcp 127.0.0.1:%d: connect: connection refused`, n, n),
		"with sslmode=prefer it was tried twice")
}

func TestTargetSessionAttrsAreDecidedByWhatTheServerReports(t *testing.T) {
	primary := welcomes(t)
	standby := welcomes(t, "in_hot_standby", "on", "default_transaction_read_only", "off")
	readOnly := welcomes(t, "in_hot_standby", "off", "default_transaction_read_only", "on")
	old := welcomes(t, "integer_datetimes", "on")
	for _, c := range []struct{ first, second, attrs, want string }{
		{standby, primary, "any", standby},
		{standby, primary, "primary", primary},
		{standby, primary, "read-write", primary},
		{readOnly, primary, "read-write", primary},
		{readOnly, standby, "primary", readOnly},
		{primary, standby, "standby", standby},
		{primary, standby, "read-only", standby},
		{primary, readOnly, "read-only", readOnly},
		{primary, standby, "prefer-standby", standby},
		{primary, readOnly, "prefer-standby", primary},
		{old, primary, "primary", primary},
		{old, primary, "any", old},
	} {
		require.Equal(t, port(c.want), connectedTo(t, both(c.first, c.second)+"target_session_attrs="+c.attrs), c.attrs)
	}
	for attrs, message := range map[string]string{
		"primary": "server is in hot standby mode", "read-write": "session is read-only",
	} {
		require.ErrorContains(t, connectError(t, standby+" target_session_attrs="+attrs, physical), message)
	}
	for attrs, message := range map[string]string{
		"standby": "server is not in hot standby mode", "read-only": "session is not read-only",
	} {
		require.ErrorContains(t, connectError(t, primary+" target_session_attrs="+attrs, physical), message)
	}
	require.ErrorContains(t, connectError(t, old+" target_session_attrs=standby", physical),
		"server does not report the state that target_session_attrs asks for")
}

func TestLoadBalancingReachesEveryHost(t *testing.T) {
	one, two := welcomes(t), welcomes(t)
	seen := make(map[string]bool)
	require.Eventually(t, func() bool {
		seen[connectedTo(t, both(one, two)+"load_balance_hosts=random")] = true
		return len(seen) == 2
	}, time.Minute, time.Millisecond)
}

func TestHostaddrIsDialledAndHostIsTheName(t *testing.T) {
	conninfo := welcomes(t)
	c := connect(t, fmt.Sprintf("host=no.such.name.invalid hostaddr=127.0.0.1 port=%s user=u sslmode=disable", port(conninfo)), physical)
	host, _ := c.SenderInfo()
	require.Equal(t, "no.such.name.invalid", host)
	c = connect(t, fmt.Sprintf("hostaddr=127.0.0.1 port=%s user=u sslmode=disable", port(conninfo)), physical)
	host, _ = c.SenderInfo()
	require.Equal(t, "127.0.0.1", host)
	require.ErrorContains(t, connectError(t, "hostaddr=localhost user=u sslmode=disable", physical),
		`could not parse network address "localhost"`)
}

func TestConnectTimeoutCoversASilentServer(t *testing.T) {
	silent := serve(t, func(p *peer) {
		p.readStartup()
		p.read(1)
	})
	started := time.Now()
	err := connectError(t, silent+" connect_timeout=1", physical)
	require.ErrorIs(t, err, transport.ErrDeadline)
	require.ErrorContains(t, err, "timeout expired")
	require.GreaterOrEqual(t, time.Since(started), 2*time.Second, "below 2 seconds it is 2, as for libpq")
}

func TestCancelledConnectEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	closed := make(chan struct{})
	silent := serve(t, func(p *peer) {
		defer close(closed)
		p.readStartup()
		cancel()
		p.read(1)
	})
	_, err := new(pgwire.Transport).Connect(ctx, silent, physical)
	require.ErrorIs(t, err, context.Canceled)
	<-closed
}

func TestNothingThatFollowsTheGreetingIsLost(t *testing.T) {
	conninfo := serve(t, func(p *peer) {
		p.readStartup()
		b := protocol.AppendAuthenticationOk(nil)
		b = protocol.AppendBackendKeyData(b, 1, []byte("key!"))
		b = ready(b)
		b = protocol.AppendParameterStatus(b, "in_hot_standby", "off")
		p.send(identity(b), nil)
		p.expectQuery("IDENTIFY_SYSTEM")
		p.message()
	})
	c := connect(t, conninfo, physical)
	id, err := c.IdentifySystem(testContext(t))
	require.NoError(t, err)
	require.Equal(t, uint64(7000000000000000001), id.SystemID)
	require.Equal(t, "off", c.Parameter("in_hot_standby"))
}

func TestAbsurdMessageWhileConnectingIsRefused(t *testing.T) {
	conninfo := serve(t, func(p *peer) {
		p.readStartup()
		p.send(protocol.AppendAuthenticationOk(nil), binary.BigEndian.AppendUint32([]byte{'S'}, 1<<30))
		p.read(1)
	})
	var network *transport.ConnError
	require.ErrorAs(t, connectError(t, conninfo, physical), &network)
}

// asksForPassword greets after a clear-text password, which it passes on.
func asksForPassword(t *testing.T, passwords chan<- string) string {
	return serve(t, func(p *peer) {
		p.readStartup()
		const cleartext = 3
		p.send([]byte{'R', 0, 0, 0, 8, 0, 0, 0, cleartext})
		passwords <- strings.TrimSuffix(string(p.expect(protocol.MsgPassword)), "\x00")
		p.welcome()
		p.message()
	})
}

func TestMustUsePassword(t *testing.T) {
	opts := transport.ConnectOptions{Replication: true, MustUsePassword: true}
	passwords := make(chan string, 1)
	asking := asksForPassword(t, passwords)
	connect(t, asking+" password=secret", opts)
	require.Equal(t, "secret", <-passwords)

	var missing *transport.PasswordRequiredError
	require.ErrorAs(t, connectError(t, asking, opts), &missing)
	require.Equal(t, "Non-superusers must provide a password in the connection string.", missing.Detail)
	require.Equal(t, "2F003", missing.SQLState())
	require.ErrorAs(t, connectError(t, welcomes(t)+" password=secret", opts), &missing)
	require.Equal(t, "Non-superuser cannot connect if the server does not request a password.", missing.Detail)
}

func TestPasswordFileIsSearchedPerHostAndOnlyIfPrivate(t *testing.T) {
	passwords := make(chan string, 1)
	asking := asksForPassword(t, passwords)
	file := filepath.Join(t.TempDir(), "pass")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "127.0.0.1:1:*:*:other\n127.0.0.1:%s:replication:u:mine\n", port(asking)), 0o600))
	connect(t, both(closedPort(t), asking)+"passfile="+file, physical)
	require.Equal(t, "mine", <-passwords, "the host that answered was not the first")

	require.NoError(t, os.Chmod(file, 0o640))
	connect(t, asking+" passfile="+file, physical)
	require.Empty(t, <-passwords, "a file that others can read is not used")
}

func TestRequirePeer(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			(&peer{t: t, conn: conn}).greet()
		}
	}()
	name := os.Getenv("USER")
	if os.Geteuid() == 0 {
		name = "root"
	}
	require.NotEmpty(t, name)
	c := connect(t, "user=u requirepeer="+name+" host="+dir, physical)
	host, _ := c.SenderInfo()
	require.Equal(t, dir, host)
	require.ErrorContains(t, connectError(t, "user=u requirepeer=nobody host="+dir, physical),
		`requirepeer specifies "nobody", but actual peer user name is "`+name+`"`)
}

func TestAbstractSocket(t *testing.T) {
	dir := fmt.Sprintf("@pgwire%d", os.Getpid())
	l, err := net.Listen("unix", dir+"/.s.PGSQL.77")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			(&peer{t: t, conn: conn}).greet()
		}
	}()
	c := connect(t, "user=u sslmode=require port=77 host="+dir, physical)
	host, n := c.SenderInfo()
	require.Equal(t, dir, host)
	require.Equal(t, 77, n)
}

func TestSlotCommandsFollowTheServersVersion(t *testing.T) {
	yes, no := true, false
	for version, want := range map[string][]string{
		"14.9": {`CREATE_REPLICATION_SLOT "s" PHYSICAL RESERVE_WAL`,
			`CREATE_REPLICATION_SLOT "s" TEMPORARY LOGICAL pgoutput TWO_PHASE NOEXPORT_SNAPSHOT`,
			`START_REPLICATION SLOT "s" LOGICAL 0/1 (proto_version '3', streaming 'on', publication_names '"p"', binary 'true')`},
		"15.1": {`CREATE_REPLICATION_SLOT "s" PHYSICAL (RESERVE_WAL)`,
			`CREATE_REPLICATION_SLOT "s" TEMPORARY LOGICAL pgoutput (TWO_PHASE, SNAPSHOT 'nothing')`,
			`START_REPLICATION SLOT "s" LOGICAL 0/1 (proto_version '3', streaming 'on', two_phase 'on', publication_names '"p"', binary 'true')`},
		"17.0": {`CREATE_REPLICATION_SLOT "s" PHYSICAL (RESERVE_WAL)`,
			`CREATE_REPLICATION_SLOT "s" TEMPORARY LOGICAL pgoutput (TWO_PHASE, SNAPSHOT 'nothing')`,
			`START_REPLICATION SLOT "s" LOGICAL 0/1 (proto_version '3', streaming 'on', two_phase 'on', origin 'none', publication_names '"p"', binary 'true')`},
	} {
		t.Run(version, func(t *testing.T) {
			commands := make(chan string, 10)
			conninfo := serve(t, func(p *peer) {
				p.greet("server_version", version)
				for {
					sql := p.expectQuery("")
					if !strings.HasPrefix(sql, "SELECT") {
						commands <- sql
					}
					p.send(serverFailure("ERROR", "0A000", "no"), ready(nil))
				}
			})
			refused := func(err error) {
				t.Helper()
				var server *transport.ServerError
				require.ErrorAs(t, err, &server)
			}
			c := connect(t, conninfo, physical)
			_, err := c.CreateSlot(testContext(t), transport.CreateSlotOptions{Name: "s"})
			refused(err)
			require.Equal(t, want[0], <-commands)
			refused(c.AlterSlot(testContext(t), "s", transport.AlterSlotOptions{Failover: &yes, TwoPhase: &no}))
			require.Equal(t, `ALTER_REPLICATION_SLOT "s" ( FAILOVER true, TWO_PHASE false )`, <-commands)

			l := connectLogical(t, version, commands)
			_, err = l.CreateSlot(testContext(t), transport.CreateSlotOptions{
				Name: "s", Temporary: true, TwoPhase: true, Snapshot: transport.NoExportSnapshot,
			})
			refused(err)
			require.Equal(t, want[1], <-commands)
			_, err = l.StartStreaming(testContext(t), transport.StreamOptions{
				SlotName: "s", StartPoint: 1, Logical: &transport.LogicalOptions{
					ProtoVersion: 3, PublicationNames: []string{"p"}, Binary: true, Streaming: "on", TwoPhase: true, Origin: "none",
				},
			})
			refused(err)
			require.Equal(t, want[2], <-commands)
		})
	}
}

// connectLogical makes a logical connection to a server that takes its first query and refuses all that follow.
func connectLogical(t *testing.T, version string, commands chan<- string) transport.Conn {
	return connect(t, serve(t, func(p *peer) {
		p.greet("server_version", version)
		p.expectQuery("SELECT")
		p.send(ready(complete(nil, "SELECT 1")))
		for {
			commands <- p.expectQuery("")
			p.send(serverFailure("ERROR", "0A000", "no"), ready(nil))
		}
	}), transport.ConnectOptions{Replication: true, Logical: true})
}

func TestMalformedAnswersToCommandsAreProtocolErrors(t *testing.T) {
	row := func(values ...[]byte) []byte {
		b := protocol.AppendRowDescription(nil, make([]protocol.Column, len(values))...)
		return ready(complete(protocol.AppendDataRow(b, values...), "IDENTIFY_SYSTEM"))
	}
	for name, answer := range map[string][]byte{
		"system identifier":   row([]byte("x"), []byte("1"), []byte("0/1"), nil),
		"timeline":            row([]byte("1"), []byte("-1"), []byte("0/1"), nil),
		"position":            row([]byte("1"), []byte("1"), []byte("1"), nil),
		"too few columns":     row([]byte("1"), []byte("1")),
		"no result":           ready(complete(nil, "IDENTIFY_SYSTEM")),
		"no row":              ready(complete(protocol.AppendRowDescription(nil, make([]protocol.Column, 4)...), "")),
		"cut row description": {'T', 0, 0, 0, 8, 0, 1, 'x', 0},
		"cut row":             {'D', 0, 0, 0, 8, 0, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, greeted(t, func(p *peer) {
				p.expectQuery("IDENTIFY_SYSTEM")
				p.send(answer)
				p.message()
			}), physical)
			_, err := c.IdentifySystem(testContext(t))
			var broken *transport.ProtocolError
			require.ErrorAs(t, err, &broken)
		})
	}
}

func TestCallersConnectTimeoutCountsForEachHostWhereConninfoHasNone(t *testing.T) {
	silent := serve(t, func(p *peer) {
		p.readStartup()
		p.read(1)
	})
	opts := physical
	opts.ConnectTimeout = 300 * time.Millisecond
	require.ErrorContains(t, connectError(t, silent, opts), "timeout expired")
	second := welcomes(t)
	_, to := connect(t, both(silent, second), opts).SenderInfo()
	require.Equal(t, port(second), fmt.Sprint(to), "the next host has its own time")
	_, to = connect(t, both(silent, second)+"connect_timeout=2", opts).SenderInfo()
	require.Equal(t, port(second), fmt.Sprint(to))

	slow := serve(t, func(p *peer) {
		p.readStartup()
		time.Sleep(2 * opts.ConnectTimeout)
		p.welcome()
		p.message()
	})
	connect(t, slow+" connect_timeout=0", opts) // the user wants no bound
}
