package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/tests/cluster"
)

// bench is one run of the program: what the benchmarks share is made when the first of them asks for it.
type bench struct {
	*tb
	opts   options
	report *report

	disk *cluster.Cluster // a world on the file system of temporary files

	theSource *source
	theRelay  *cluster.Waypost
	thePair   *pair
}

// ramDir is a RAM disk.
const ramDir = "/dev/shm"

func newBench(t *tb, opts options) *bench {
	b := &bench{tb: t, opts: opts, report: &report{}}
	b.disk = cluster.New(t)
	b.copyPrograms()
	return b
}

// copyPrograms makes a copy of Waypost's programs that the servers' user can reach: root's checkout may lie in a
// closed directory.
func (b *bench) copyPrograms() {
	from := os.Getenv("WAYPOST_BIN")
	if from == "" {
		from = "bin"
	}
	_, err := os.Stat(filepath.Join(from, "postmaster"))
	require.NoError(b, err, "the programs are not built; `make build` does")
	to := filepath.Join(b.disk.Dir, "bin")
	out, err := exec.Command("cp", "-r", from, to).CombinedOutput()
	require.NoErrorf(b, err, "copy %s: %s", from, out)
	require.NoError(b, exec.Command("chmod", "-R", "a+rX", to).Run())
	require.NoError(b, os.Setenv("WAYPOST_BIN", to))
}

// ramDisk makes a world on the RAM disk. The caller's worlds on disk are not changed.
func (b *bench) ramDisk() *cluster.Cluster {
	old, was := os.LookupEnv("TMPDIR")
	require.NoError(b, os.Setenv("TMPDIR", ramDir))
	defer func() {
		if was {
			os.Setenv("TMPDIR", old)
		} else {
			os.Unsetenv("TMPDIR")
		}
	}()
	return cluster.New(b)
}

func (b *bench) printMachine() {
	var uts unix.Utsname
	require.NoError(b, unix.Uname(&uts))
	fmt.Printf("machine: %d × %s, Linux %s\n", runtime.NumCPU(), cpuModel(), unix.ByteSliceToString(uts.Release[:]))
	fmt.Printf("load average at the start: %s (numbers are good when nothing else runs)\n", loadAverage())
	fmt.Printf("versions: %s, %s\n",
		strings.TrimSpace(b.disk.Run(b.disk.ClientProgram("postgres"), "--version")),
		strings.TrimSpace(b.disk.Run(b.disk.WaypostProgram("waypost"), "--version")))
	fmt.Printf("%d runs of each; medians, in parentheses lowest and highest\n", b.opts.runs)
	if b.opts.short {
		fmt.Println("short: the numbers mean nothing")
	}
}

func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
