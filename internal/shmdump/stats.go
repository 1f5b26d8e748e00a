package shmdump

import (
	"waypost/internal/activity"
	"waypost/internal/pgstat"
	"waypost/internal/procsignal"
	"waypost/shmem"
)

// activity tells of the processes that are there.
func (r reader) activity(procs []procsignal.Slot, all []activity.Status) []Activity {
	var list []Activity
	for i := range all {
		if i < len(procs) && procs[i].PID() != 0 {
			list = append(list, r.status(i, &procs[i], &all[i]))
		}
	}
	return list
}

func (r reader) status(slot int, proc *procsignal.Slot, s *activity.Status) Activity {
	f, wait := s.Peek(), s.Waiting()
	d := Activity{
		Slot:           slot,
		PID:            proc.PID(),
		BackendType:    proc.Kind().String(),
		State:          f.State.Display(),
		WaitEventType:  wait.Type(),
		WaitEvent:      wait.Name(),
		User:           shmem.String(f.User[:]),
		Database:       shmem.String(f.Database[:]),
		Application:    shmem.String(f.Application[:]),
		ClientAddr:     shmem.String(f.ClientAddr[:]),
		ClientHostname: shmem.String(f.ClientHostname[:]),
		ClientPort:     f.ClientPort,
		BackendStart:   r.time(f.BackendStart),
		XactStart:      r.time(f.XactStart),
		QueryStart:     r.time(f.QueryStart),
		StateChange:    r.time(f.StateChange),
		Query:          shmem.String(f.Query[:]),
	}
	if f.SSL != 0 {
		d.SSLVersion = shmem.String(f.SSLVersion[:])
		d.SSLCipher = shmem.String(f.SSLCipher[:])
		d.SSLBits = f.SSLBits
		d.SSLClientDN = shmem.String(f.SSLClientDN[:])
		d.SSLSerial = shmem.String(f.SSLSerial[:])
		d.SSLIssuerDN = shmem.String(f.SSLIssuerDN[:])
	}
	return d
}

func (r reader) stats(s *pgstat.Stats) Stats {
	names := s.Archiver.PeekNames()
	d := Stats{LastArchived: shmem.String(names.LastArchived[:]), LastFailed: shmem.String(names.LastFailed[:])}
	for _, v := range s.Values() {
		if v.Time {
			d.Times = append(d.Times, StatTime{v.Name, r.time(v.At)})
		} else {
			d.Counters = append(d.Counters, Counter{v.Name, v.Count})
		}
	}
	return d
}
