package nodectl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
)

// Node is a data directory, and how to speak of it.
type Node struct {
	Dir     string // as the user named it
	Program string // the postmaster to start
	Out     io.Writer
	Err     io.Writer
	Silent  bool // nothing to Out but what was asked for
	Wait    bool
	Timeout time.Duration // of waiting
}

// pollInterval is how often postmaster.pid is looked at while waiting; nothing tells of a change.
const pollInterval = 20 * time.Millisecond

func (n *Node) say(format string, args ...any) {
	if !n.Silent {
		fmt.Fprintf(n.Out, format, args...)
	}
}

func (n *Node) complain(format string, args ...any) { fmt.Fprintf(n.Err, "waypost: "+format, args...) }

func (n *Node) path(name string) string { return filepath.Join(n.Dir, name) }

// pid gives the pid in postmaster.pid, 0 if there is no such file. Where the directory is none that a node could run
// in, the error has the code noDir.
func (n *Node) pid(noDir int) (int, error) {
	if n.Dir == "" {
		return 0, &Error{exitFailed, "no data directory specified and environment variable PGDATA unset"}
	}
	if _, err := os.Stat(n.Dir); errors.Is(err, fs.ErrNotExist) {
		return 0, &Error{noDir, fmt.Sprintf("directory %q does not exist", n.Dir)}
	} else if err != nil {
		return 0, &Error{noDir, fmt.Sprintf("could not access directory %q: %s", n.Dir, reason(err))}
	}
	if _, err := os.Stat(n.path(datadir.VersionFile)); errors.Is(err, fs.ErrNotExist) {
		return 0, &Error{noDir, fmt.Sprintf("directory %q is not a data directory", n.Dir)}
	}
	info, err := datadir.ReadPidFile(n.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, failed("%v", err)
	}
	return info.Pid, nil
}

// runningPid is pid where there must be one.
func (n *Node) runningPid() (int, error) {
	pid, err := n.pid(exitFailed)
	if err == nil && pid == 0 {
		err = failed("PID file %q does not exist\nIs server running?", n.path(datadir.PidFile))
	}
	return pid, err
}

// alive says whether pid can be a postmaster of this user's. Ours and our parent's never are: such a pid has come round
// again. One that we may not signal belongs to another user, who could not run on this directory.
func alive(pid int) bool {
	return pid != os.Getpid() && pid != os.Getppid() && unix.Kill(pid, 0) == nil
}

func (n *Node) signal(pid int, sig unix.Signal, what string) error {
	if err := unix.Kill(pid, sig); err != nil {
		return failed("could not send %s signal (PID: %d): %s", what, pid, reason(err))
	}
	return nil
}

// await asks done again and again until it says yes, fails, or the timeout has passed, with a dot a second. ended, if it
// is not nil, has it asked at once.
func (n *Node) await(ended <-chan struct{}, done func() (bool, error)) (bool, error) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	begun := time.Now()
	for dots := 0; ; {
		if yes, err := done(); yes || err != nil {
			return yes, err
		}
		waited := time.Since(begun)
		if waited >= n.Timeout {
			return false, nil
		}
		if waited >= time.Duration(dots)*time.Second {
			n.say(".")
			dots++
		}
		select {
		case <-poll.C:
		case <-ended:
			ended = nil
		}
	}
}
