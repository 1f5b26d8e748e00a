package metrics

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// usage is what the system knows of a process (proc(5)).
type usage struct {
	start    string  // when it began, in the system's ticks: with the id, who it is
	cpu      float64 // seconds
	resident float64 // bytes
	private  float64 // bytes of them that are not of files or shared memory
}

// ticks is how many of the units of /proc/…/stat make a second: USER_HZ, 100 on every Linux that Go runs on.
const ticks = 100

// readUsage gives false for a process that has gone. smaps_rollup would tell private memory more exactly, but costs the
// kernel a walk through the page tables, which is too much for hundreds of processes every few seconds.
func readUsage(pid int) (usage, bool) {
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return usage{}, false
	}
	// The name, in parentheses, may have blanks in it.
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return usage{}, false
	}
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	u := usage{start: f[19], cpu: (user + system) / ticks}
	statm, err := os.ReadFile(dir + "statm")
	if err != nil {
		return usage{}, false
	}
	if f := strings.Fields(string(statm)); len(f) >= 3 {
		resident, _ := strconv.ParseFloat(f[1], 64)
		shared, _ := strconv.ParseFloat(f[2], 64)
		page := float64(os.Getpagesize())
		u.resident, u.private = resident*page, (resident-shared)*page
	}
	return u, true
}

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
		u, there := readUsage(pid)
		if !there {
			return
		}
		k := kinds[kind]
		if k == nil {
			k = &ofKind{cpu: make(map[process]float64)}
			kinds[kind] = k
		}
		k.count++
		k.resident += u.resident
		k.private += u.private
		k.cpu[process{pid, u.start}] = u.cpu
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
