package nodectl

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
)

// Reload has the node read its configuration again.
func (n *Node) Reload() error {
	pid, err := n.runningPid()
	if err != nil {
		return err
	}
	if err := n.signal(pid, unix.SIGHUP, "reload"); err != nil {
		return err
	}
	n.say("server signaled\n")
	return nil
}

// Status says whether the node runs, and with which arguments.
func (n *Node) Status() error {
	pid, err := n.pid(exitNoDataDir)
	if err != nil {
		return err
	}
	if pid == 0 || !alive(pid) {
		fmt.Fprintln(n.Out, "waypost: no server running")
		return &Error{Code: exitNotRunning}
	}
	fmt.Fprintf(n.Out, "waypost: server is running (PID: %d)\n", pid)
	if opts, err := os.ReadFile(n.path(datadir.OptsFile)); err == nil {
		n.Out.Write(append(bytes.TrimSuffix(opts, []byte("\n")), '\n'))
	}
	return nil
}

// Promote refuses: see the message.
func (n *Node) Promote() error {
	if _, err := n.runningPid(); err != nil {
		return err
	}
	return failed("cannot promote server; this version of Waypost has no promotion\n" +
		"Promote a standby that the node feeds, and let the node follow it: set its primary_conninfo and reload.")
}

// signalNames are the signals that `waypost kill` sends.
var signalNames = [...]struct {
	name string
	sig  unix.Signal
}{
	{"ABRT", unix.SIGABRT}, {"HUP", unix.SIGHUP}, {"INT", unix.SIGINT}, {"KILL", unix.SIGKILL},
	{"QUIT", unix.SIGQUIT}, {"TERM", unix.SIGTERM}, {"USR1", unix.SIGUSR1}, {"USR2", unix.SIGUSR2},
}

// Kill sends the named signal to a process.
func Kill(name, process string) error {
	pid, err := strconv.Atoi(process)
	if err != nil || pid <= 0 {
		return failed("invalid PID %q", process)
	}
	for _, s := range signalNames {
		if s.name != name {
			continue
		}
		if err := unix.Kill(pid, s.sig); err != nil {
			return failed("could not send signal %d (PID: %d): %s", s.sig, pid, reason(err))
		}
		return nil
	}
	return failed("unrecognized signal name %q", name)
}
