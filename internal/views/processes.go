package views

import (
	"waypost/internal/procfs"
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
		if s.wants(5, 7) {
			if m, ok := procfs.ReadMemory(int(pid)); ok {
				row[5], row[6] = m.Private, m.Resident
			}
		}
		if s.wants(7, 9) {
			if t, ok := procfs.ReadTimes(int(pid)); ok {
				row[7], row[8] = t.User, t.System
			}
		}
	}
	s.add(row...)
}
