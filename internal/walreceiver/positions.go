package walreceiver

import (
	"sync"

	"waypost/internal/invariants"
	"waypost/internal/walrcv"
	"waypost/internal/xlogctl"
	"waypost/xlog"
)

// positions publishes how far one stream has come. It keeps
//
//	replayed ≤ flushed ≤ written, and none of them ever goes back
//
// also where a stream begins before the end of what is held, to write the head of a segment: then nothing is published until
// the stream has passed that end.
//
// The receiving and the syncing goroutine use it at once.
type positions struct {
	xlog   *xlogctl.Ctl
	walrcv *walrcv.Data
	tli    xlog.TimeLineID

	mu      sync.Mutex
	flushed xlog.LSN // end of what this stream has synced
}

func newPositions(ctl *xlogctl.Ctl, data *walrcv.Data, start xlog.LSN, tli xlog.TimeLineID) *positions {
	data.WrittenUpto.Store(uint64(ctl.Written()))
	return &positions{xlog: ctl, walrcv: data, tli: tli, flushed: start}
}

// setWritten publishes the end of what is in the page cache.
func (p *positions) setWritten(l xlog.LSN) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.publishWritten(l)
}

// setFlushed publishes the end of what a sync that has returned covered, and gives how many bytes that are new.
func (p *positions) setFlushed(l xlog.LSN) (moved xlog.LSN) {
	p.mu.Lock()
	defer p.mu.Unlock()
	invariants.Check(l >= p.flushed, "flushed goes back")
	moved, p.flushed = l-p.flushed, l
	p.publishWritten(l) // the receiving goroutine may not have come to publish it yet
	if l <= p.xlog.Flushed() {
		return moved
	}
	p.xlog.SetFlushed(l)
	p.walrcv.Update(func(d *walrcv.Fields) {
		d.LatestChunkStart = d.FlushedUpto
		d.FlushedUpto = l
		d.ReceivedTLI = p.tli
	})
	invariants.Check(p.xlog.Flushed() <= p.xlog.Written(), "flushed ≤ written")
	return moved
}

func (p *positions) publishWritten(l xlog.LSN) {
	if l > p.xlog.Written() {
		p.walrcv.WrittenUpto.Store(uint64(l))
		p.xlog.SetWritten(l)
	}
}
