package shmem

import (
	"math"
	"sync/atomic"
	"time"
)

// Forever is the timeout of a wait that only an event ends.
const Forever = time.Duration(-1)

// Latch wakes one process. The waker stores what it has to say elsewhere, then calls Set; the owner calls Reset, then
// looks, then calls Wait. In that order no wake is lost, and a wake too many costs one look.
type Latch struct {
	word atomic.Uint32 // 1 when set
}

// Set wakes the owner, or keeps its next Wait from sleeping.
func (l *Latch) Set() {
	if l.word.Swap(1) == 0 {
		futexWake(&l.word, math.MaxInt32, allBits)
	}
}

// Reset must come before the owner looks at what the latch tells of.
func (l *Latch) Reset() { l.word.Store(0) }

// IsSet says whether the latch is set.
func (l *Latch) IsSet() bool { return l.word.Load() == 1 }

// Wait sleeps until the latch is set or timeout has passed (Forever: never), and says whether it is set.
func (l *Latch) Wait(timeout time.Duration) bool {
	if timeout < 0 {
		for l.word.Load() == 0 {
			futexWait(&l.word, 0, allBits, Forever)
		}
		return true
	}
	end := time.Now().Add(timeout)
	for l.word.Load() == 0 {
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		futexWait(&l.word, 0, allBits, left)
	}
	return true
}

// Broadcast tells any number of processes that something has moved, with one system call for all of them, and none
// when nobody sleeps. A waiter takes Seq, looks, and then calls Wait with it: whatever moved after Seq ends the wait.
//
// Each waiter names the bits that it listens to. Signal reaches all; Nudge only those who share a bit, so that one
// waiter among many can be called by another goroutine or process of its own.
type Broadcast struct {
	seq     atomic.Uint32
	waiters atomic.Int32 // too high after a waiter was killed; that costs a system call, no more
}

// Seq is the ticket for the next Wait.
func (b *Broadcast) Seq() uint32 { return b.seq.Load() }

// Waiters is how many sleep, for shmdump.
func (b *Broadcast) Waiters() int32 { return b.waiters.Load() }

// Signal wakes everybody. Store what has moved first.
func (b *Broadcast) Signal() { b.Nudge(allBits) }

// Nudge wakes those who listen to one of bits. Others who are about to sleep look once more, which does no harm.
func (b *Broadcast) Nudge(bits uint32) {
	b.seq.Add(1)
	if b.waiters.Load() != 0 {
		futexWake(&b.seq, math.MaxInt32, bits)
	}
}

// Wait sleeps until somebody signals after seq was taken, or until timeout has passed (Forever: never). It may return
// early; callers look again.
func (b *Broadcast) Wait(seq, bits uint32, timeout time.Duration) {
	if b.seq.Load() != seq {
		return
	}
	b.waiters.Add(1)
	futexWait(&b.seq, seq, bits, timeout)
	b.waiters.Add(-1)
}
