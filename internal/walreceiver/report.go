package walreceiver

import (
	"sync"
	"time"

	"waypost/internal/invariants"
	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/protocol"
	"waypost/shmem"
	"waypost/xlog"
)

// sender is the part of transport.Conn that reports need.
type sender interface {
	Send(msg []byte, deadline time.Time) error
}

// reporter tells the upstream how far the node has come. Any goroutine may report; each report is made and sent under one
// lock, so the positions that the upstream sees never go back. It keeps
//
//	reported write ≤ written, reported flush ≤ flushed to disk, reported apply ≤ replayed
//
// and reports nothing of what is in doubt (XLog.Reportable).
type reporter struct {
	conn     sender
	xlog     *xlogctl.Ctl
	walrcv   *walrcv.Data
	settings func() *settings

	mu     sync.Mutex
	buf    []byte
	last   protocol.StandbyStatusUpdate // what was reported last
	sentAt time.Time
	err    error // the first failed send: the connection is broken
}

// urgency says when a report may be left out.
type urgency int

const (
	ifMoved urgency = iota // left out when nothing has moved and the last report is younger than wal_receiver_status_interval
	ifNews  urgency = iota // left out when it would say the same as the last one
	always                 // the upstream has asked
)

// report sends a status report.
func (r *reporter) report(u urgency) error { return r.send(u, false) }

// ping sends one that the upstream is to answer at once.
func (r *reporter) ping() error { return r.send(always, true) }

func (r *reporter) send(u urgency, replyRequested bool) error {
	interval := r.settings().statusInterval
	if u == ifMoved && interval <= 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	now := time.Now()
	next := r.positions()
	moved := next.Write != r.last.Write || next.Flush != r.last.Flush
	switch {
	case u == ifMoved && !moved && now.Sub(r.sentAt) < interval:
		return nil
	case u == ifNews && !moved && next.Apply == r.last.Apply:
		return nil
	}
	next.ReplyTime = xlog.FromTime(now)
	next.ReplyRequested = replyRequested
	r.buf = protocol.AppendStandbyStatusUpdate(r.buf[:0], &next)
	if err := r.transmit(now); err != nil {
		return err
	}
	r.last, r.sentAt = next, now
	r.walrcv.ReportedWrite.Store(uint64(next.Write))
	r.walrcv.ReportedFlush.Store(uint64(next.Flush))
	r.walrcv.ReportedApply.Store(uint64(next.Apply))
	r.walrcv.RepliesSent.Add(1)
	return nil
}

func (r *reporter) transmit(now time.Time) error {
	if err := r.conn.Send(r.buf, r.deadline(now)); err != nil {
		r.err = upstreamError("could not send data to WAL stream", err)
	}
	return r.err
}

// positions reads what may be reported, in the order of the inequality from its low end, so that it holds although all
// three move meanwhile.
func (r *reporter) positions() protocol.StandbyStatusUpdate {
	var m protocol.StandbyStatusUpdate
	m.Apply = r.xlog.Replayed()
	m.Flush = r.xlog.Reportable()
	m.Write = r.xlog.ReportableWrite()
	m.Apply = min(m.Apply, m.Flush)
	invariants.Check(m.Apply <= m.Flush && m.Flush <= m.Write, "reported apply ≤ flush ≤ write")
	invariants.Check(m.Flush <= r.xlog.Flushed(), "reported flush ≤ flushed")
	invariants.Check(m.Write <= r.xlog.Written(), "reported write ≤ written")
	return m
}

// deadline is when a send that does not get through means that the upstream has gone.
func (r *reporter) deadline(now time.Time) time.Time {
	if timeout := r.settings().timeout; timeout > 0 {
		return now.Add(timeout)
	}
	return time.Time{}
}

// untilDue is how long it is until wal_receiver_status_interval asks for a report.
func (r *reporter) untilDue() time.Duration {
	interval := r.settings().statusInterval
	if interval <= 0 {
		return shmem.Forever
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(0, interval-time.Since(r.sentAt))
}

// noFeedback tells the upstream that this node holds back no transaction: an earlier connection may have left an xmin in
// the slot. A node without tables never has one of its own.
func (r *reporter) noFeedback() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	now := time.Now()
	r.buf = protocol.AppendHotStandbyFeedback(r.buf[:0], &protocol.HotStandbyFeedback{ReplyTime: xlog.FromTime(now)})
	return r.transmit(now)
}
