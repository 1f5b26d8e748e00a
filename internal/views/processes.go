package views

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"waypost/internal/sql"
)

var processViews = [...]view{
	{
		"waypost_processes",
		"pid backend_type child_slot pm_state started private_bytes resident_bytes cpu_user cpu_system",
		func(s *scan) error {
			s.addProcess(int64(s.PostmasterPID()), "postmaster", nil, nil, timeOf(s.PostmasterStart), true)
			s.eachProcess(func(p *process) {
				s.addProcess(p.pid, p.kind.String(), int64(p.slot), orNull(s.Procs[p.slot].LaunchedIn()),
					whenOf(p.BackendStart), p.seen)
			})
			return nil
		},
	},
}

// addProcess gives a process with what the system knows of it. One that has ended meanwhile has NULLs.
func (s *scan) addProcess(pid int64, kind string, slot, state, started sql.Value, seen bool) {
	row := []sql.Value{pid, kind, slot, state, nil, nil, nil, nil, nil}
	if seen {
		row[4] = started
		dir := "/proc/" + strconv.FormatInt(pid, 10) + "/"
		if s.wants(5, 7) {
			row[5], row[6] = memory(dir)
		}
		if s.wants(7, 9) {
			row[7], row[8] = cpu(dir)
		}
	}
	s.add(row...)
}

// memory is what a process costs, and what it has mapped in, in bytes (proc(5), smaps_rollup). Pages that it has not
// written to are the executable's, and no cost, even where no other process has them mapped just now.
func memory(dir string) (private, resident sql.Value) {
	b, err := os.ReadFile(dir + "smaps_rollup")
	if err != nil {
		return nil, nil
	}
	own, all := int64(0), int64(0)
	for line := range bytes.Lines(b) {
		name, rest, _ := strings.Cut(string(line), ":")
		kB, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "Private_Dirty", "Swap":
			own += kB << 10
		case "Rss":
			all = kB << 10
		}
	}
	return own, all
}

// ticks is how many of the units of /proc/…/stat make a second: USER_HZ, 100 on every Linux that Go runs on.
const ticks = 100

// cpu is the time that a process has spent, in seconds (proc(5), stat).
func cpu(dir string) (user, system sql.Value) {
	b, err := os.ReadFile(dir + "stat")
	if err != nil {
		return nil, nil
	}
	// The name, in parentheses, may have blanks in it.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return nil, nil
	}
	u, err1 := strconv.ParseInt(fields[11], 10, 64)
	k, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return nil, nil
	}
	return float64(u) / ticks, float64(k) / ticks
}
