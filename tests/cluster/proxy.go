package cluster

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

// Proxy is a TCP proxy in front of a server, which can be told to misbehave. Its
// orders hold for connections there are and connections to come.
type Proxy struct {
	Port   int
	target string
	listen net.Listener

	mu      sync.Mutex
	changed *sync.Cond // on any change of the fields below
	faults  faults
	conns   map[net.Conn]struct{}
	closed  bool
	carried [2]int64 // bytes, by Direction
	wg      sync.WaitGroup
}

// Direction is one of the two ways of a connection.
type Direction int

// The directions, seen from the proxy.
const (
	ToServer Direction = iota
	ToClient
)

// faults are the orders in force.
type faults struct {
	stalled [2]bool
	refuse  bool
	delay   time.Duration
	chunk   int // most bytes passed on at once; 0 for no limit
	pause   time.Duration
	alter   [2]func([]byte) []byte
}

// NewProxy starts a proxy in front of a port of this machine.
func (c *Cluster) NewProxy(target int) *Proxy {
	c.T.Helper()
	port := c.FreePort()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(c.T, err)
	x := &Proxy{Port: port, target: fmt.Sprintf("127.0.0.1:%d", target), listen: l, conns: map[net.Conn]struct{}{}}
	x.changed = sync.NewCond(&x.mu)
	x.wg.Add(1)
	go x.accept()
	c.T.Cleanup(x.close)
	return x
}

// Conninfo is how to reach the server through the proxy.
func (x *Proxy) Conninfo() string { return conninfo(x.Port) }

// Stall stops passing bytes on in one direction, until Resume. Connections stay open.
func (x *Proxy) Stall(d Direction) { x.order(func(f *faults) { f.stalled[d] = true }) }

// Resume takes every order back.
func (x *Proxy) Resume() { x.order(func(f *faults) { *f = faults{} }) }

// Refuse closes new connections at once.
func (x *Proxy) Refuse() { x.order(func(f *faults) { f.refuse = true }) }

// Delay holds each piece of data back for d.
func (x *Proxy) Delay(d time.Duration) { x.order(func(f *faults) { f.delay = d }) }

// Drip passes at most n bytes on at once, with a pause after each.
func (x *Proxy) Drip(n int, pause time.Duration) {
	x.order(func(f *faults) { f.chunk, f.pause = n, pause })
}

// Alter passes on what alter makes of each piece of data, in pieces as they are
// read. Several connections call it at the same time.
func (x *Proxy) Alter(d Direction, alter func([]byte) []byte) {
	x.order(func(f *faults) { f.alter[d] = alter })
}

// Cut closes all connections, in the middle of whatever they carry. New ones are
// accepted.
func (x *Proxy) Cut() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for conn := range x.conns {
		_ = conn.Close()
	}
	clear(x.conns)
	x.changed.Broadcast()
}

// Carried is how many bytes have been passed on in a direction.
func (x *Proxy) Carried(d Direction) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.carried[d]
}

// Connections is how many connections are open.
func (x *Proxy) Connections() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.conns) / 2
}

func (x *Proxy) order(set func(*faults)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	set(&x.faults)
	x.changed.Broadcast()
}

func (x *Proxy) close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	_ = x.listen.Close()
	x.Cut()
	x.wg.Wait()
}

func (x *Proxy) accept() {
	defer x.wg.Done()
	for {
		client, err := x.listen.Accept()
		if err != nil {
			return // closed
		}
		x.dial(client)
	}
}

// dial connects an accepted client with the server, if the orders and the server let it.
func (x *Proxy) dial(client net.Conn) {
	x.mu.Lock()
	refuse := x.faults.refuse
	x.mu.Unlock()
	if refuse {
		_ = client.Close()
		return
	}
	server, err := net.Dial("tcp", x.target)
	if err != nil {
		_ = client.Close()
		return
	}
	if !x.register(client, server) {
		_ = client.Close()
		_ = server.Close()
		return
	}
	go x.carry(client, server, ToServer)
	go x.carry(server, client, ToClient)
}

// register takes up a connection's two ends, unless the proxy is closed.
func (x *Proxy) register(client, server net.Conn) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return false
	}
	x.conns[client], x.conns[server] = struct{}{}, struct{}{}
	x.wg.Add(2)
	return true
}

// carry passes bytes on in one direction until either end is closed.
func (x *Proxy) carry(from, to net.Conn, d Direction) {
	defer x.wg.Done()
	defer x.forget(from, to)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !x.pass(to, buf[:n], d) {
			return
		}
		if err != nil {
			return
		}
	}
}

// forget closes both ends: half of a broken connection is of no use.
func (x *Proxy) forget(from, to net.Conn) {
	_ = from.Close()
	_ = to.Close()
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.conns, from)
	delete(x.conns, to)
	x.changed.Broadcast()
}

// pass writes b as the orders in force want it; false when the connection is gone.
func (x *Proxy) pass(to net.Conn, b []byte, d Direction) bool {
	f, ok := x.await(to, d)
	if !ok {
		return false
	}
	if f.alter[d] != nil {
		b = f.alter[d](b)
	}
	wait(f.delay)
	for len(b) > 0 {
		if f, ok = x.await(to, d); !ok {
			return false
		}
		n := len(b)
		if f.chunk > 0 {
			n = min(n, f.chunk)
		}
		written, err := to.Write(b[:n])
		x.mu.Lock()
		x.carried[d] += int64(written)
		x.mu.Unlock()
		if err != nil {
			return false
		}
		b = b[n:]
		wait(f.pause)
	}
	return true
}

// await waits while the direction is stalled; false when the connection is gone.
func (x *Proxy) await(to net.Conn, d Direction) (faults, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.faults.stalled[d] {
		if _, open := x.conns[to]; !open || x.closed {
			return faults{}, false
		}
		x.changed.Wait()
	}
	return x.faults, true
}

// wait passes time; to be slow is what a Proxy is for.
func wait(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
