package metrics

import "waypost/internal/procfs"

// cpuTimes adds up, by kind of process, the CPU time of processes that come and go: what was seen of one that has ended
// stays.
type cpuTimes map[string]*cpuTime

type cpuTime struct {
	ended float64
	live  map[process]float64
}

type process struct {
	pid   int
	start string
}

// take takes in what was seen of a kind's processes in one scrape and gives their time, with that of those before them.
func (c cpuTimes) take(kind string, seen map[process]float64) float64 {
	t := c[kind]
	if t == nil {
		t = &cpuTime{}
		c[kind] = t
	}
	for p, cpu := range t.live {
		if _, still := seen[p]; !still {
			t.ended += cpu
		}
	}
	t.live = seen
	sum := t.ended
	for _, cpu := range seen {
		sum += cpu
	}
	return sum
}

// ofKind is what the processes of one kind use together.
type ofKind struct {
	count             int
	resident, private float64
	cpu               map[process]float64
}

// processes tells of the node's processes by kind: of each by itself would be a new metric with every client that connects.
func (s *scrape) processes() {
	kinds := make(map[string]*ofKind)
	add := func(kind string, pid int) {
		times, ok := procfs.ReadTimes(pid)
		memory, there := procfs.EstimateMemory(pid)
		if !ok || !there {
			return
		}
		k := kinds[kind]
		if k == nil {
			k = &ofKind{cpu: make(map[process]float64)}
			kinds[kind] = k
		}
		k.count++
		k.resident += float64(memory.Resident)
		k.private += float64(memory.Private)
		k.cpu[process{pid, times.Start}] = times.User + times.System
	}
	add("postmaster", s.postmaster)
	for i := range s.areas.Procs {
		if p := &s.areas.Procs[i]; p.PID() != 0 {
			add(p.Kind().String(), p.PID())
		}
	}
	for kind := range s.cpu { // a kind of which there is none now keeps its time
		if kinds[kind] == nil {
			kinds[kind] = &ofKind{cpu: map[process]float64{}}
		}
	}
	count := s.gauges("waypost_processes", "Processes of the node", "backend_type")
	resident := s.gauges("waypost_process_resident_memory_bytes", "Memory that they have resident, shared memory included",
		"backend_type")
	private := s.gauges("waypost_process_anonymous_memory_bytes", "Memory of their own that they have resident", "backend_type")
	cpu := s.counters("waypost_process_cpu_seconds_total", "CPU time that they have spent, as seen by scrapes", "backend_type")
	for kind, k := range kinds {
		count.add(float64(k.count), kind)
		resident.add(k.resident, kind)
		private.add(k.private, kind)
		cpu.add(s.cpu.take(kind, k.cpu), kind)
	}
}
