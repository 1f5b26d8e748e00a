package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// cpuOf is the processor time, user and system, that a process has used so far. Its clock has nanoseconds where
// /proc/<pid>/stat has hundredths of a second; threads that have ended count.
func (b *bench) cpuOf(pid int) time.Duration {
	const schedClock = 2 // CPUCLOCK_SCHED of the kernel's make_process_cpuclock
	var ts unix.Timespec
	require.NoErrorf(b, unix.ClockGettime(int32(^pid<<3|schedClock), &ts), "read the processor clock of process %d", pid)
	return time.Duration(ts.Nano())
}

func (b *bench) cpuOfAll(pids []int) (sum time.Duration) {
	for _, pid := range pids {
		sum += b.cpuOf(pid)
	}
	return sum
}

// privateDirty is the memory in KB that is a process's alone: pages it has written and shares with nobody.
func (b *bench) privateDirty(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	require.NoError(b, err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Private_Dirty:"); ok {
			var kb float64
			_, err := fmt.Sscan(rest, &kb)
			require.NoError(b, err)
			return kb
		}
	}
	b.Fatalf("smaps_rollup of process %d has no Private_Dirty", pid)
	return 0
}

const gb = 1 << 30

// perGB is processor seconds per GB.
func perGB(cpu time.Duration, bytes int64) float64 { return cpu.Seconds() / (float64(bytes) / gb) }
