package walsender

import (
	"sync/atomic"
	"time"
)

// clock holds a stream's times, all by the monotonic clock. The receiver calls heard; the rest is the sender's.
type clock struct {
	base      time.Time
	timeout   atomic.Int64 // wal_sender_timeout, ns; 0: never
	lastReply atomic.Int64 // ns after base
	pinging   atomic.Bool  // an answer was asked for and has not come
	lastPing  time.Time
}

func (c *clock) start() { c.base = time.Now() }

func (c *clock) heard(now time.Time) {
	c.lastReply.Store(int64(now.Sub(c.base)))
	c.pinging.Store(false)
}

func (c *clock) pinged(now time.Time) {
	c.lastPing = now
	c.pinging.Store(true)
}

// silence is for how long the client has said nothing.
func (c *clock) silence(now time.Time) time.Duration {
	return now.Sub(c.base) - time.Duration(c.lastReply.Load())
}

// expired says whether the client has been silent for wal_sender_timeout.
func (c *clock) expired(now time.Time) bool {
	t := time.Duration(c.timeout.Load())
	return t > 0 && c.silence(now) >= t
}

// pingDue says whether the client has been silent for half of that, and has not been asked yet.
func (c *clock) pingDue(now time.Time) bool {
	t := time.Duration(c.timeout.Load())
	return t > 0 && !c.pinging.Load() && c.silence(now) >= t/2
}

// untilDue is how long nothing is due, if nothing happens meanwhile. mayPing is false where no keepalive can be sent.
func (c *clock) untilDue(now time.Time, mayPing bool) time.Duration {
	const longest = 10 * time.Second
	t := time.Duration(c.timeout.Load())
	if t <= 0 {
		return longest
	}
	if mayPing && !c.pinging.Load() {
		t /= 2
	}
	return max(0, t-c.silence(now))
}

// keepTime sends a keepalive when it is due, and ends the stream when the client has been silent for too long.
func (st *stream) keepTime(now time.Time) error {
	c := &st.clock
	if c.expired(now) && !st.conn.Readable() {
		// What lies in the socket is an answer that the receiver has not come to yet: our slowness, not the client's.
		return errReplicationTimeout()
	}
	if st.ahead && c.aheadExpired(now) {
		end, _ := st.w.sendable(st.requireFlush)
		return aheadOfUs(st.sentPtr, end)
	}
	if c.pingDue(now) && !st.doneSent {
		return st.keepalive(true)
	}
	return nil
}

// aheadExpired says whether a client that is ahead of us has waited for wal_sender_timeout.
func (c *clock) aheadExpired(now time.Time) bool {
	t := time.Duration(c.timeout.Load())
	return t > 0 && now.Sub(c.base) >= t
}

// sleep is how long there is nothing to do but to wait for WAL, the client or a signal.
func (st *stream) sleep() time.Duration {
	now := time.Now()
	d := st.clock.untilDue(now, !st.doneSent)
	if t := time.Duration(st.clock.timeout.Load()); st.ahead && t > 0 {
		d = min(d, max(0, t-now.Sub(st.clock.base)))
	}
	if st.w.lastCycle.Load() != nil {
		d = min(d, st.untilNextPing(now))
	}
	if left, counted := st.untilFlush(now); counted {
		d = min(d, left)
	}
	// A due time that has just passed must not make the loop spin.
	return max(d, time.Millisecond)
}
