package shmem

import (
	"math"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Operations of futex(2). The private flag is left out on purpose: the words lie in memory shared by processes.
const (
	futexWaitBitset = 9
	futexWakeBitset = 10
	allBits         = math.MaxUint32
)

// futexWait sleeps while *word is still val, until a wake whose bits meet mask, or until timeout has passed (a negative
// timeout never passes). It may return early for no reason: callers look again. It goes through Syscall, so that the
// Go scheduler gives the processor to another goroutine meanwhile.
func futexWait(word *atomic.Uint32, val, mask uint32, timeout time.Duration) {
	var deadline *unix.Timespec
	if timeout >= 0 {
		// FUTEX_WAIT_BITSET takes an absolute time on the monotonic clock, so steps of the wall clock do no harm.
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
			return
		}
		ts := unix.NsecToTimespec(now.Nano() + int64(timeout))
		deadline = &ts
	}
	syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitBitset, uintptr(val),
		uintptr(unsafe.Pointer(deadline)), 0, uintptr(mask))
}

// futexWake wakes up to n sleepers on word whose mask meets bits. It never blocks, so it needs no scheduler's help.
func futexWake(word *atomic.Uint32, n int32, bits uint32) {
	syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakeBitset, uintptr(n), 0, 0, uintptr(bits))
}
