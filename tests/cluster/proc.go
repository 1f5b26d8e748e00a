package cluster

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Proc is a running process as /proc shows it.
type Proc struct {
	PID, PPID int
	Exe       string // base name of the executable
	Title     string // the command line, which servers overwrite with their title
	Zombie    bool
}

func (p Proc) kill() { _ = syscall.Kill(p.PID, syscall.SIGKILL) }

// readProc reads one process; false when it is gone.
func readProc(pid int) (Proc, bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return Proc{}, false
	}
	// The second field is the name in parentheses and may hold anything.
	end := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	if end < 0 || len(fields) < 2 {
		return Proc{}, false
	}
	ppid, err := strconv.Atoi(fields[1])
	if err != nil {
		return Proc{}, false
	}
	p := Proc{PID: pid, PPID: ppid, Zombie: fields[0] == "Z" || fields[0] == "X"}
	if exe, err := os.Readlink(filepath.Join(dir, "exe")); err == nil {
		p.Exe = filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
	}
	if cmdline, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil {
		p.Title = strings.TrimSpace(string(bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '})))
	}
	return p, true
}

// allProcs are all processes of the machine but zombies.
func allProcs() []Proc {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []Proc
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := readProc(pid); ok && !p.Zombie {
			out = append(out, p)
		}
	}
	return out
}

// Alive says whether pid runs (a zombie does not).
func Alive(pid int) bool {
	p, ok := readProc(pid)
	return ok && !p.Zombie
}

// descendants are the processes below pid, parents first.
func descendants(pid int) []Proc {
	procs := allProcs()
	var out []Proc
	for level := []int{pid}; len(level) > 0; {
		var next []int
		for _, p := range procs {
			for _, parent := range level {
				if p.PPID == parent {
					out = append(out, p)
					next = append(next, p.PID)
				}
			}
		}
		level = next
	}
	return out
}

// procsWorkingIn are the processes whose working directory is dir or lies below it.
func procsWorkingIn(dir string) []Proc {
	var out []Proc
	for _, p := range allProcs() {
		cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.PID), "cwd"))
		if err == nil && (cwd == dir || strings.HasPrefix(cwd, dir+"/")) {
			out = append(out, p)
		}
	}
	return out
}

// killTree ends a process and all below it at once, as a power cut would: the root
// is stopped first so that it can neither start another nor see its children die.
func killTree(pid int) []Proc {
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	tree := descendants(pid)
	for _, p := range tree {
		_ = syscall.Kill(p.PID, syscall.SIGSTOP)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for _, p := range tree {
		p.kill()
	}
	return tree
}
