// Package procfs reads what the system tells of a process (proc(5)): its memory and CPU time. A process that has gone, or
// is a zombie, has none.
package procfs

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// Times are a process's CPU times, in seconds.
type Times struct {
	User, System float64
	Start        string // when it began, in the system's ticks: with the id, which process it is
}

// Memory is in bytes.
type Memory struct {
	Private  int64 // see ReadMemory and EstimateMemory
	Resident int64 // mapped in, shared memory and the executable's pages included
}

// ticks is how many of the units of /proc/…/stat make a second: USER_HZ, 100 on every Linux that Go runs on.
const ticks = 100

func read(pid int, name string) ([]byte, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + name)
	return b, err == nil
}

// ReadTimes gives false for a process that has gone.
func ReadTimes(pid int) (Times, bool) {
	b, ok := read(pid, "stat")
	if !ok {
		return Times{}, false
	}
	// The name, in parentheses, may have blanks in it.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return Times{}, false
	}
	user, err1 := strconv.ParseFloat(f[11], 64)
	system, err2 := strconv.ParseFloat(f[12], 64)
	return Times{User: user / ticks, System: system / ticks, Start: f[19]}, err1 == nil && err2 == nil
}

// ReadMemory gives as private what the process has written to: pages that it has not are the executable's, and no cost,
// even where no other process has them mapped just now. The kernel walks the page tables for it.
func ReadMemory(pid int) (m Memory, ok bool) {
	b, ok := read(pid, "smaps_rollup")
	if !ok {
		return m, false
	}
	for line := range bytes.Lines(b) {
		name, rest, _ := strings.Cut(string(line), ":")
		kB, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "Private_Dirty", "Swap":
			m.Private += kB << 10
		case "Rss":
			m.Resident = kB << 10
		}
	}
	return m, true
}

// EstimateMemory gives as private what is resident and not of files or shared memory. It costs the kernel next to nothing,
// so that hundreds of processes can be asked every few seconds.
func EstimateMemory(pid int) (m Memory, ok bool) {
	b, ok := read(pid, "statm")
	f := strings.Fields(string(b))
	if !ok || len(f) < 3 {
		return m, false
	}
	resident, err1 := strconv.ParseInt(f[1], 10, 64)
	shared, err2 := strconv.ParseInt(f[2], 10, 64)
	page := int64(os.Getpagesize())
	return Memory{Private: (resident - shared) * page, Resident: resident * page}, err1 == nil && err2 == nil
}
