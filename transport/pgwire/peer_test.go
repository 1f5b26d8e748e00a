package pgwire_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

// peer is the server's end of one connection, of which a test's script says what it does.
type peer struct {
	t       *testing.T
	conn    net.Conn
	startup map[string]string
}

// serve runs script for every connection and returns the string to connect with. When the test ends, the scripts'
// connections are closed and the scripts waited for.
func serve(t *testing.T, script func(*peer)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	var running sync.WaitGroup
	var conns []net.Conn
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			running.Go(func() {
				defer conn.Close()
				script(&peer{t: t, conn: conn})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return fmt.Sprintf("host=127.0.0.1 port=%d user=u sslmode=disable", l.Addr().(*net.TCPAddr).Port)
}

// greeted is serve with a script that begins after the handshake of a server 15.
func greeted(t *testing.T, script func(*peer)) string {
	return serve(t, func(p *peer) {
		p.greet()
		script(p)
	})
}

// streaming is greeted with a script that begins when the client has asked for a stream.
func streaming(t *testing.T, script func(*peer)) transport.Conn {
	t.Helper()
	c := connect(t, greeted(t, func(p *peer) {
		p.expectQuery("START_REPLICATION")
		p.send(protocol.AppendCopyBothResponse(nil))
		script(p)
	}), physical)
	got, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: streamStart, TLI: 1})
	require.NoError(t, err)
	require.True(t, got.Streaming)
	return c
}

const streamStart xlog.LSN = 0x3000000

// stop ends a script: the peer is gone, or the test has failed and says why.
func (p *peer) stop(format string, args ...any) {
	if format != "" {
		p.t.Errorf("peer: "+format, args...)
	}
	runtime.Goexit()
}

func (p *peer) send(messages ...[]byte) {
	for _, m := range messages {
		if _, err := p.conn.Write(m); err != nil {
			p.stop("")
		}
	}
}

func (p *peer) read(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(p.conn, b); err != nil {
		p.stop("")
	}
	return b
}

// message reads the client's next message.
func (p *peer) message() (typ byte, body []byte) {
	h := p.read(5)
	return h[0], p.read(int(binary.BigEndian.Uint32(h[1:])) - 4)
}

func (p *peer) expect(typ byte) []byte {
	got, body := p.message()
	if got == protocol.MsgTerminate && typ != got {
		p.stop("")
	}
	if got != typ {
		p.stop("expected message %q, got %q", typ, got)
	}
	return body
}

func (p *peer) expectQuery(prefix string) string {
	sql := strings.TrimSuffix(string(p.expect(protocol.MsgQuery)), "\x00")
	if !strings.HasPrefix(sql, prefix) {
		p.stop("expected %q, got %q", prefix, sql)
	}
	return sql
}

func (p *peer) readStartup() {
	n := binary.BigEndian.Uint32(p.read(4))
	fields := strings.Split(string(p.read(int(n) - 4)[4:]), "\x00")
	p.startup = make(map[string]string)
	for i := 0; i+1 < len(fields) && fields[i] != ""; i += 2 {
		p.startup[fields[i]] = fields[i+1]
	}
}

// greet takes the client in without a password. parameters go over those of a primary of version 15.
func (p *peer) greet(parameters ...string) {
	p.readStartup()
	p.welcome(parameters...)
}

func (p *peer) welcome(parameters ...string) {
	b := protocol.AppendAuthenticationOk(nil)
	b = protocol.AppendParameterStatus(b, "server_version", "15.18")
	if len(parameters) == 0 {
		parameters = []string{"in_hot_standby", "off", "default_transaction_read_only", "off"}
	}
	for i := 0; i+1 < len(parameters); i += 2 {
		b = protocol.AppendParameterStatus(b, parameters[i], parameters[i+1])
	}
	b = protocol.AppendBackendKeyData(b, 4711, []byte("key!"))
	p.send(ready(b))
}

func ready(b []byte) []byte { return protocol.AppendReadyForQuery(b, protocol.TxIdle) }

func complete(b []byte, tag string) []byte { return protocol.AppendCommandComplete(b, tag) }

// xlogData is an XLogData message whose bytes are each the low byte of their position.
func xlogData(start xlog.LSN, n int) []byte {
	return protocol.AppendXLogData(nil, &protocol.XLogData{
		Start: start, WalEnd: start + xlog.LSN(n), SendTime: 42, Data: walBytes(start, n),
	})
}

func walBytes(start xlog.LSN, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(uint64(start) + uint64(i))
	}
	return b
}

func serverFailure(severity protocol.Severity, code protocol.SQLSTATE, message string) []byte {
	return protocol.AppendErrorResponse(nil, &protocol.Error{
		Severity: severity, Code: code, Message: message, Detail: "the detail", Hint: "the hint",
	})
}

// identity answers IDENTIFY_SYSTEM.
func identity(b []byte) []byte {
	b = protocol.AppendRowDescription(b,
		protocol.Column{Name: "systemid", Type: protocol.TextOID}, protocol.Column{Name: "timeline", Type: protocol.Int8OID},
		protocol.Column{Name: "xlogpos", Type: protocol.TextOID}, protocol.Column{Name: "dbname", Type: protocol.TextOID})
	b = protocol.AppendDataRow(b, []byte("7000000000000000001"), []byte("3"), []byte("16/B374D848"), nil)
	return ready(complete(b, "IDENTIFY_SYSTEM"))
}

// switchTo is what a walsender says about the timeline that follows, with the CommandComplete it sends twice.
func switchTo(b []byte, tli, at string) []byte {
	b = protocol.AppendRowDescription(b, protocol.Column{Name: "next_tli", Type: protocol.Int8OID},
		protocol.Column{Name: "next_tli_startpos", Type: protocol.TextOID})
	b = protocol.AppendDataRow(b, []byte(tli), []byte(at))
	return ready(complete(complete(b, "START_STREAMING"), "START_REPLICATION"))
}
