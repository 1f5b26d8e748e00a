package cluster

import (
	"os"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// Trace is the record that strace makes of a node's system calls, all of its
// processes.
type Trace struct {
	c    *Cluster
	Path string
}

// straceCommand wraps a command in strace, which follows all children. With -D the
// tracer is the one who forks away, so that the pid and the signals are the
// command's own. Calls not asked for cost nothing.
func straceCommand(path, calls string, options ...string) []string {
	argv := []string{"strace", "-D", "-f", "--seccomp-bpf", "-o", path, "-e", "trace=" + calls}
	return append(append(argv, options...), "--")
}

// brief has times, durations and the beginnings of what is read and written, for people and simple searches.
var brief = []string{"-ttt", "-T", "-y", "-x", "-s", "64"}

// full has every byte that is written, and every name and byte in hexadecimal, so that nothing in it has to be quoted.
// Descriptors show what they are open on.
var full = []string{"-ttt", "-yy", "-xx", "-s", "1048576"}

// StartTraced starts the node under strace with these system calls recorded
// ("openat,pwrite64,fdatasync"), and waits until it takes connections.
func (w *Waypost) StartTraced(calls string) *Trace {
	w.c.T.Helper()
	tr := w.c.newTrace(w.Name)
	w.startWith(straceCommand(tr.Path, calls, brief...))
	w.WaitServing(startTimeout)
	return tr
}

// StartTracedInFull starts the node under strace like StartTraced, with every byte written in the trace, which gets
// the name given. It does not wait until the node takes connections.
func (w *Waypost) StartTracedInFull(name, calls string) *Trace {
	w.c.T.Helper()
	tr := w.c.newTrace(name)
	w.startWith(straceCommand(tr.Path, calls, full...))
	return tr
}

// WaitEnd waits until the tracer has ended, which is after the last of the processes that it traced: from then on the
// trace is complete.
func (tr *Trace) WaitEnd(timeout time.Duration) {
	tr.c.T.Helper()
	Eventually(tr.c.T, timeout, "the tracer of "+tr.Path+" has ended", func() bool {
		for _, p := range allProcs() {
			if p.Exe == "strace" && strings.Contains(p.Title, tr.Path) {
				return false
			}
		}
		return true
	})
}

func (c *Cluster) newTrace(name string) *Trace {
	c.T.Helper()
	tr := &Trace{c: c, Path: c.Path(name + ".strace")}
	c.WriteFile(tr.Path, "")
	return tr
}

// Text is the whole trace; complete once the traced processes have ended.
func (tr *Trace) Text() string {
	tr.c.T.Helper()
	b, err := os.ReadFile(tr.Path)
	require.NoError(tr.c.T, err)
	return string(b)
}

// RunTraced runs a program under strace until it ends, and gives the trace.
func (c *Cluster) RunTraced(name, calls string, argv ...string) *Trace {
	c.T.Helper()
	tr := c.newTrace(name)
	p := c.start(spec{name: name, argv: append(straceCommand(tr.Path, calls, brief...), argv...)})
	state := p.Wait(time.Minute)
	require.Zerof(c.T, state.ExitCode(), "%s: %v\n%s", name, state, p.LogText())
	return tr
}
