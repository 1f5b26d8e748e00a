package nodectl

import (
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
)

// Mode is a way to shut down.
type Mode string

// The modes.
const (
	Smart     Mode = "smart"
	Fast      Mode = "fast"
	Immediate Mode = "immediate"
)

// parseMode takes a mode's name or its first letter.
func parseMode(s string) (Mode, error) {
	for _, m := range []Mode{Smart, Fast, Immediate} {
		if s == string(m) || s == string(m[:1]) {
			return m, nil
		}
	}
	return "", failed("unrecognized shutdown mode %q", s)
}

func (m Mode) signal() unix.Signal {
	switch m {
	case Smart:
		return unix.SIGTERM
	case Immediate:
		return unix.SIGQUIT
	}
	return unix.SIGINT
}

// Stop shuts the node down and waits, if that is wanted, until it is down.
func (n *Node) Stop(mode Mode) error {
	pid, err := n.runningPid()
	if err != nil {
		return err
	}
	if err := n.signal(pid, mode.signal(), "stop"); err != nil {
		return err
	}
	if !n.Wait {
		n.say("server shutting down\n")
		return nil
	}
	return n.awaitStop(mode)
}

func (n *Node) awaitStop(mode Mode) error {
	n.say("waiting for server to shut down...")
	down, err := n.await(nil, n.isDown)
	if err != nil || !down {
		n.say(" failed\n")
	}
	if err != nil {
		return err
	}
	if !down {
		e := failed("server does not shut down")
		if mode == Smart {
			e.Message += "\nHINT: \"-m fast\" does not wait for clients to go."
		}
		return e
	}
	n.say(" done\nserver stopped\n")
	return nil
}

// isDown says whether postmaster.pid is gone. A postmaster that is gone and has left it has not stopped in order.
func (n *Node) isDown() (bool, error) {
	pid, err := n.pid(exitFailed)
	if err != nil || pid == 0 {
		return err == nil, err
	}
	if unix.Kill(pid, 0) == nil {
		return false, nil
	}
	// It may have removed the file and ended between the two looks.
	if pid, err = n.pid(exitFailed); err != nil || pid == 0 {
		return err == nil, err
	}
	return false, failed("server does not shut down\nIt has died and left %q behind.", n.path(datadir.PidFile))
}

// Restart stops the node, if it runs, and starts it: with options, or else with the arguments that it had.
func (n *Node) Restart(mode Mode, logFile, options string) error {
	pid, err := n.pid(exitFailed)
	if err != nil {
		return err
	}
	var arguments []string
	if options == "" {
		if arguments, err = n.lastArguments(); err != nil {
			return err
		}
	}
	switch {
	case pid == 0:
		n.complain("PID file %q does not exist\nIs server running?\ntrying to start server anyway\n", n.path(datadir.PidFile))
	case alive(pid):
		if err := n.signal(pid, mode.signal(), "stop"); err != nil {
			return err
		}
		if err := n.awaitStop(mode); err != nil {
			return err
		}
	default:
		n.complain("old server process (PID: %d) seems to be gone\nstarting server anyway\n", pid)
	}
	return n.launch(logFile, options, arguments)
}
