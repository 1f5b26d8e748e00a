package faults

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// middle stands between a relay and its upstream and understands what the upstream says, message by message, so that a
// test can have it say something else. Where cluster.Proxy breaks the connection, this one breaks the protocol.
type middle struct {
	t      *testing.T
	port   int
	target string
	listen net.Listener

	mu      sync.Mutex
	alter   alteration
	refuse  bool
	arrived []time.Time // when connections came
	conns   map[net.Conn]struct{}
	closed  bool
	wg      sync.WaitGroup
}

// alteration makes of a whole message what is passed on instead. Several connections may call it at one time. An error
// closes the connection after that.
type alteration func(m []byte) ([]byte, error)

const errHangUp = hangUp("the connection is to be closed")

type hangUp string

func (e hangUp) Error() string { return string(e) }

func newMiddle(t *testing.T, c *cluster.Cluster, target int) *middle {
	t.Helper()
	m := &middle{t: t, port: c.FreePort(), target: fmt.Sprintf("127.0.0.1:%d", target), conns: map[net.Conn]struct{}{}}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", m.port))
	require.NoError(t, err)
	m.listen = l
	m.wg.Add(1)
	go m.accept()
	t.Cleanup(m.close)
	return m
}

func (m *middle) conninfo() string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", m.port)
}

// set has every message from now on altered; nil for none.
func (m *middle) set(a alteration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.alter = a
}

// setRefuse has new connections closed at once.
func (m *middle) setRefuse(refuse bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = refuse
}

// cut closes the connections there are.
func (m *middle) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for conn := range m.conns {
		_ = conn.Close()
	}
}

// attempts are the times when somebody tried to connect since a time. One attempt may knock twice.
func (m *middle) attempts(since time.Time) []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []time.Time
	for _, at := range m.arrived {
		if at.After(since) && (len(out) == 0 || at.Sub(out[len(out)-1]) > 100*time.Millisecond) {
			out = append(out, at)
		}
	}
	return out
}

func (m *middle) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	_ = m.listen.Close()
	m.cut()
	m.wg.Wait()
}

func (m *middle) accept() {
	defer m.wg.Done()
	for {
		conn, err := m.listen.Accept()
		if err != nil {
			return
		}
		m.wg.Add(1)
		go m.serve(conn)
	}
}

// serve carries one connection until either side ends it.
func (m *middle) serve(client net.Conn) {
	defer m.wg.Done()
	defer client.Close()
	m.mu.Lock()
	m.arrived = append(m.arrived, time.Now())
	refuse := m.refuse || m.closed
	m.mu.Unlock()
	if refuse {
		return
	}
	server, err := net.Dial("tcp", m.target)
	if err != nil {
		return
	}
	defer server.Close()
	m.mu.Lock()
	m.conns[client], m.conns[server] = struct{}{}, struct{}{}
	if m.closed {
		_ = client.Close()
	}
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.conns, client)
		delete(m.conns, server)
	}()
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	m.carry(server, client)
}

// carry passes the server's messages on, altered.
func (m *middle) carry(server, client net.Conn) {
	in := bufio.NewReaderSize(server, 256<<10)
	for {
		var head [5]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		msg := make([]byte, 1+binary.BigEndian.Uint32(head[1:]))
		copy(msg, head[:])
		if _, err := io.ReadFull(in, msg[5:]); err != nil {
			return
		}
		m.mu.Lock()
		alter := m.alter
		m.mu.Unlock()
		var hang error
		if alter != nil {
			msg, hang = alter(msg)
		}
		if _, err := client.Write(msg); err != nil || hang != nil {
			return
		}
	}
}

// The frame of XLogData: 'd', its length, 'w', start, end of WAL, time; then the WAL.
const (
	startOffset = 6
	dataOffset  = 5 + 25
)

func isXLogData(m []byte) bool { return m[0] == 'd' && len(m) > dataOffset && m[5] == 'w' }

func xlogStart(m []byte) xlog.LSN { return xlog.LSN(binary.BigEndian.Uint64(m[startOffset:])) }

// once alters the first XLogData that comes, and passes all else on.
func once(a alteration) alteration {
	var done atomic.Bool
	return func(m []byte) ([]byte, error) {
		if isXLogData(m) && done.CompareAndSwap(false, true) {
			return a(m)
		}
		return m, nil
	}
}

// flipAt flips a bit of the WAL at l, each time that it comes by.
func flipAt(l xlog.LSN) alteration {
	return func(m []byte) ([]byte, error) {
		if isXLogData(m) {
			if start := xlogStart(m); start <= l && l < start+xlog.LSN(len(m)-dataOffset) {
				m[dataOffset+int(l-start)] ^= 0x10
			}
		}
		return m, nil
	}
}
