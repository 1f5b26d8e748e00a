// Package ckptctl is the shared area CheckpointerCtl: what others ask of the checkpointer, and what it has done.
package ckptctl

import (
	"sync/atomic"

	"waypost/shmem"
	"waypost/xlog"
)

// Ctl is the area.
type Ctl struct {
	PID atomic.Int32 // the checkpointer's process id; checkpointer

	// A restartpoint is wanted when Requested is ahead of Done. Anyone adds; the checkpointer stores Done and Failed.
	Requested atomic.Uint64
	Done      atomic.Uint64
	Failed    atomic.Uint64

	// NextSegment is the first segment that the walreceiver has not begun: the checkpointer keeps the following ones
	// ready, on timeline NextTLI. Written by the walreceiver (by startup before there is one).
	NextSegment atomic.Uint64
	NextTLI     atomic.Uint32
	_           [4]byte
	// Counters since the start of this generation; checkpointer, but SegmentsMissed, which is the walreceiver's: it had to
	// make a segment itself because none was ready.
	SegmentsPrepared atomic.Uint64
	SegmentsRecycled atomic.Uint64
	SegmentsRemoved  atomic.Uint64
	SegmentsMissed   atomic.Uint64

	RestartpointLSN  atomic.Uint64 // start of the checkpoint record that the last restartpoint stands on
	RestartpointRedo atomic.Uint64 // and its redo position
	RestartpointTime atomic.Int64  // TimestampTz
	RemovedUpto      atomic.Uint64 // SegNo: all segments before it were removed (lastRemovedSegNo + 1)
	RememberedFlush  atomic.Uint64 // LSN: the flushed position last remembered durably

	// Latch wakes the checkpointer's main loop. Only the checkpointer waits on it.
	Latch shmem.Latch
}

// Area is the place of Ctl in the segment.
var Area = shmem.Area[Ctl]{Name: "CheckpointerCtl"}

// Request asks for a restartpoint and wakes the checkpointer. The result is the number to wait for in Done + Failed.
func (c *Ctl) Request() uint64 {
	n := c.Requested.Add(1)
	c.Latch.Set()
	return n
}

// SegmentBegun tells that the walreceiver has begun the segment before next, on timeline tli.
func (c *Ctl) SegmentBegun(next xlog.SegNo, tli xlog.TimeLineID) {
	c.NextTLI.Store(uint32(tli))
	c.NextSegment.Store(uint64(next))
	c.Latch.Set()
}
