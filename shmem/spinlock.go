package shmem

import (
	"sync/atomic"
	"time"
)

// Spinlock guards a few fields of shared memory for the length of a few instructions (PostgreSQL's slock_t). It spins
// first and then sleeps on a futex, because the holder can be a goroutine whose thread has been preempted.
//
// Nothing may allocate, call the system, log or panic while it is held. It is not recursive. When its holder is
// killed it stays locked; that is a crash, and the postmaster makes a new segment. The postmaster itself takes none.
type Spinlock struct {
	state atomic.Uint32 // free, held, or held with sleepers
}

const (
	free     = 0
	held     = 1
	heldWait = 2

	spins = 100
)

// Lock takes the lock.
func (l *Spinlock) Lock() {
	for range spins {
		if l.state.Load() == free && l.state.CompareAndSwap(free, held) {
			return
		}
	}
	for l.state.Swap(heldWait) != free {
		// The timeout only bounds the harm of a wake that never comes.
		futexWait(&l.state, heldWait, allBits, 100*time.Millisecond)
	}
}

// Init makes the lock free, whoever had it: for what nobody but the caller can be using now.
func (l *Spinlock) Init() { l.state.Store(free) }

// Unlock gives the lock back.
func (l *Spinlock) Unlock() {
	if l.state.Swap(free) == heldWait {
		futexWake(&l.state, 1, allBits)
	}
}

// Held says whether somebody has the lock, for shmdump.
func (l *Spinlock) Held() bool { return l.state.Load() != free }

// Peek copies *p without taking the lock that guards it, for a reader that has the segment mapped read-only. It tries
// until it has met the lock free and two copies alike, but not for ever: after a crash the lock may never be free
// again, and what is there is the best there is.
func Peek[T comparable](lock *Spinlock, p *T) T {
	last := *p
	for range spins {
		again := *p
		if !lock.Held() && again == last {
			break
		}
		last = again
	}
	return last
}
