package cluster

import (
	"os"
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
func straceCommand(path, calls string) []string {
	return []string{"strace", "-D", "-f", "--seccomp-bpf", "-ttt", "-T", "-y", "-x", "-s", "64", "-o", path, "-e", "trace=" + calls, "--"}
}

// StartTraced starts the node under strace with these system calls recorded
// ("openat,pwrite64,fdatasync"), and waits until it takes connections.
func (w *Waypost) StartTraced(calls string) *Trace {
	w.c.T.Helper()
	tr := w.c.newTrace(w.Name)
	w.startWith(straceCommand(tr.Path, calls))
	w.WaitServing(startTimeout)
	return tr
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
	p := c.start(spec{name: name, argv: append(straceCommand(tr.Path, calls), argv...)})
	state := p.Wait(time.Minute)
	require.Zerof(c.T, state.ExitCode(), "%s: %v\n%s", name, state, p.LogText())
	return tr
}
