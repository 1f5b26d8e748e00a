package cluster

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// Process is a program that the test started. It runs in a process group of its
// own, as the servers' user, and dies with the test.
type Process struct {
	c    *Cluster
	Name string
	PID  int
	Log  string // standard output and error

	cmd  *exec.Cmd
	done chan struct{}
}

// spec says how to start a Process.
type spec struct {
	name string   // of the process and its log
	dir  string   // working directory; the cluster's if empty
	env  []string // beyond the clean environment
	argv []string
	// orphaned is the signal that it gets when the test process dies without
	// cleaning up; SIGKILL if zero. A server wants one that ends its children too.
	orphaned syscall.Signal
}

// environment is what children see: nothing of the caller's PG* variables or locale.
func (c *Cluster) environment(extra []string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + c.Dir,
		"TMPDIR=" + os.TempDir(),
		"LC_ALL=C", "TZ=UTC", "PGTZ=UTC",
	}, extra...)
}

func (c *Cluster) command(s spec) *exec.Cmd {
	cmd := exec.Command(s.argv[0], s.argv[1:]...)
	cmd.Dir = c.Dir
	if s.dir != "" {
		cmd.Dir = s.dir
	}
	cmd.Env = c.environment(s.env)
	orphaned := s.orphaned
	if orphaned == 0 {
		orphaned = syscall.SIGKILL
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.user.credential(), Pdeathsig: orphaned}
	return cmd
}

// start starts a process whose output goes to the end of its log.
func (c *Cluster) start(s spec) *Process {
	c.T.Helper()
	p := &Process{c: c, Name: s.name, Log: c.newLog(s.name), cmd: c.command(s), done: make(chan struct{})}
	out, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(c.T, err)
	defer out.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	require.NoErrorf(c.T, p.cmd.Start(), "start %s", s.name)
	p.PID = p.cmd.Process.Pid
	go func() {
		_ = p.cmd.Wait() // the outcome is in ProcessState
		close(p.done)
	}()
	c.T.Cleanup(func() { p.end(orphanedSignal(s)) })
	return p
}

func orphanedSignal(s spec) syscall.Signal {
	if s.orphaned == 0 {
		return syscall.SIGKILL
	}
	return s.orphaned
}

// endTimeout is how long a process may take to follow the signal that ends it.
const endTimeout = 10 * time.Second

// end ends the process at the test's end, if the test has not: sig first, then by force.
func (p *Process) end(sig syscall.Signal) {
	if !p.Running() {
		return
	}
	p.Signal(sig)
	select {
	case <-p.done:
		return
	case <-time.After(endTimeout):
	}
	p.c.T.Errorf("%s did not end within %v of %v", p.Name, endTimeout, sig)
	killTree(p.PID)
	<-p.done
}

// Running says whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Signal sends sig to the process, not to those below it. It does nothing once the
// process has ended.
func (p *Process) Signal(sig syscall.Signal) {
	// os.Process.Signal knows whether the pid is still ours.
	_ = p.cmd.Process.Signal(sig)
}

// Wait waits for the end and fails the test when it has not come within timeout.
func (p *Process) Wait(timeout time.Duration) *os.ProcessState {
	p.c.T.Helper()
	select {
	case <-p.done:
	case <-time.After(timeout):
		p.c.T.Fatalf("%s (pid %d) has not ended after %v", p.Name, p.PID, timeout)
	}
	return p.cmd.ProcessState
}

// KillTree ends the process and everything below it at once, with SIGKILL.
func (p *Process) KillTree() {
	p.c.T.Helper()
	var tree []Proc
	if p.Running() {
		tree = killTree(p.PID)
	}
	p.Wait(endTimeout)
	// A server that is started again at once refuses while one of the old children still has its memory.
	Eventually(p.c.T, endTimeout, "the children of "+p.Name+" are gone", func() bool {
		return !slices.ContainsFunc(tree, func(child Proc) bool { return Alive(child.PID) })
	})
}

// Children are the processes below this one.
func (p *Process) Children() []Proc { return descendants(p.PID) }

// LogText is what the process has written so far.
func (p *Process) LogText() string {
	p.c.T.Helper()
	b, err := os.ReadFile(p.Log)
	require.NoError(p.c.T, err)
	return string(b)
}

// Run runs a program as the servers' user until it ends and gives its standard
// output. The test fails when it exits with anything but 0.
func (c *Cluster) Run(argv ...string) string {
	c.T.Helper()
	code, stdout, stderr := c.runCode(nil, argv...)
	require.Zerof(c.T, code, "%q exits with %d\n%s%s", argv, code, stdout, stderr)
	return stdout
}

// RunCode runs a program as the servers' user until it ends.
func (c *Cluster) RunCode(argv ...string) (code int, stdout, stderr string) {
	c.T.Helper()
	return c.runCode(nil, argv...)
}

func (c *Cluster) runCode(env []string, argv ...string) (code int, stdout, stderr string) {
	c.T.Helper()
	cmd := c.command(spec{argv: argv, env: env})
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	// What it leaves behind (a daemon) must not keep us waiting for its output's end.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		require.NoErrorf(c.T, err, "run %q", argv)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

// StartProgram starts any program in dir as the servers' user, with env on top of the clean environment. At the test's
// end it gets SIGQUIT if it still runs.
func (c *Cluster) StartProgram(name, dir string, env []string, argv ...string) *Process {
	c.T.Helper()
	return c.start(spec{name: name, dir: dir, env: env, argv: argv, orphaned: syscall.SIGQUIT})
}
