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
//	replayed ≤ flushed ≤ written, on XLog.TimelineID, and none of them ever goes back
//
// also where a stream begins before the end of what is held. That is so at a switch of timeline: the new timeline's
// first segment is fetched from its start, and until its file holds, synced, all that the old timeline's file does,
// the published positions stay on the old timeline. Then the timeline moves, before the positions: a reader who takes a
// position first and the timeline second never reads a new position for one on the old timeline.
//
// The receiving and the syncing goroutine use it at once.
type positions struct {
	xlog   *xlogctl.Ctl
	walrcv *walrcv.Data
	tli    xlog.TimeLineID

	mu        sync.Mutex
	written   xlog.LSN // end of what this stream has written
	flushed   xlog.LSN // and of what it has synced
	switching bool     // XLog.TimelineID is still the old timeline
}

func newPositions(ctl *xlogctl.Ctl, data *walrcv.Data, start xlog.LSN, tli xlog.TimeLineID) *positions {
	p := &positions{xlog: ctl, walrcv: data, tli: tli, written: start, flushed: start}
	p.switching = ctl.Timeline() != tli
	data.WrittenUpto.Store(uint64(max(start, ctl.Written())))
	return p
}

// setWritten publishes the end of what is in the page cache.
func (p *positions) setWritten(l xlog.LSN) {
	p.mu.Lock()
	defer p.mu.Unlock()
	invariants.Check(l >= p.written, "written goes back")
	p.written = l
	if !p.switching {
		p.publishWritten(l)
	}
}

// setFlushed publishes the end of what a sync that has returned covered.
func (p *positions) setFlushed(l xlog.LSN) {
	p.mu.Lock()
	defer p.mu.Unlock()
	invariants.Check(l >= p.flushed, "flushed goes back")
	p.flushed = l
	p.written = max(p.written, l) // the receiving goroutine may not have come to publish it yet
	if p.switching {
		if l < p.xlog.Written() {
			return
		}
		p.switchTimeline()
	}
	p.publishWritten(p.written)
	p.publishFlushed(l)
}

func (p *positions) switchTimeline() {
	p.xlog.PrevTimeline.Store(uint32(p.xlog.Timeline()))
	p.xlog.TimelineID.Store(uint32(p.tli))
	p.switching = false
}

func (p *positions) publishWritten(l xlog.LSN) {
	if l > p.xlog.Written() {
		p.walrcv.WrittenUpto.Store(uint64(l))
		p.xlog.SetWritten(l)
	}
}

func (p *positions) publishFlushed(l xlog.LSN) {
	if l <= p.xlog.Flushed() {
		return
	}
	p.xlog.SetFlushed(l)
	p.walrcv.Update(func(d *walrcv.Fields) {
		d.LatestChunkStart = d.FlushedUpto
		d.FlushedUpto = l
		d.ReceivedTLI = p.tli
	})
	invariants.Check(p.xlog.Flushed() <= p.xlog.Written(), "flushed ≤ written")
}
