package metrics

import (
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// askWithin is how long a new connection may take to send its request before it counts as idle.
const askWithin = time.Second

// limited is a listener of which so many connections at most are open at once. One too many has the connection closed that
// has been without a request for the longest time, so that clients that only sit there shut nobody out; where all are busy
// it waits.
type limited struct {
	net.Listener
	most int

	mu      sync.Mutex // guards the rest
	changed sync.Cond  // there may be room now
	open    int
	quiet   []*limitedConn // those without a request, the longest first
	closed  bool
}

func newLimited(l net.Listener, most int) *limited {
	limited := &limited{Listener: l, most: most}
	limited.changed.L = &limited.mu
	return limited
}

// Accept waits for a connection, and then until there is room for it.
func (l *limited) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.open >= l.most && !l.closed {
		if len(l.quiet) > 0 {
			l.quiet[0].closeLocked()
			continue
		}
		l.changed.Wait()
	}
	if l.closed {
		c.Close()
		return nil, net.ErrClosed
	}
	l.open++
	return &limitedConn{Conn: c, l: l}, nil
}

// Close ends the waiting, too.
func (l *limited) Close() error {
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	return l.Listener.Close()
}

// connState is for http.Server, which tells what becomes of a connection.
func (l *limited) connState(conn net.Conn, state http.ConnState) {
	c := conn.(*limitedConn)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(c)
	c.asked = state != http.StateNew
	switch state {
	case http.StateNew:
		time.AfterFunc(askWithin, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if !c.asked {
				l.quietLocked(c)
			}
		})
	case http.StateIdle:
		l.quietLocked(c)
	}
}

func (l *limited) quietLocked(c *limitedConn) {
	if !c.done {
		l.quiet = append(l.quiet, c)
		l.changed.Signal()
	}
}

func (l *limited) forgetLocked(c *limitedConn) {
	l.quiet = slices.DeleteFunc(l.quiet, func(q *limitedConn) bool { return q == c })
}

type limitedConn struct {
	net.Conn
	l     *limited
	asked bool // has sent a request; guarded by l.mu, as done is
	done  bool // closed
}

func (c *limitedConn) Close() error {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	return c.closeLocked()
}

func (c *limitedConn) closeLocked() error {
	if !c.done {
		c.done = true
		c.l.open--
		c.l.forgetLocked(c)
		c.l.changed.Signal()
	}
	return c.Conn.Close()
}
