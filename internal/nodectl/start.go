package nodectl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
)

// Start starts a postmaster in the background, its output appended to logFile (to our own if that is ""). options are
// more arguments for it, in a shell's syntax. It waits, if that is wanted, until the node takes connections.
func (n *Node) Start(logFile, options string) error {
	pid, err := n.pid(exitFailed)
	if err != nil {
		return err
	}
	if pid != 0 {
		n.complain("another server might be running; trying to start server anyway\n")
	}
	return n.launch(logFile, options, nil)
}

// clockSlop is how much older than our start a postmaster.pid may say it is and still be of the postmaster we started:
// it has whole seconds only.
const clockSlop = 2 * time.Second

// launch starts the postmaster with options (a shell's) or, if there are none, arguments.
func (n *Node) launch(logFile, options string, arguments []string) error {
	begun := time.Now()
	cmd, err := n.command(options, arguments)
	if err != nil {
		return err
	}
	log, err := n.openLog(logFile)
	if err != nil {
		return err
	}
	defer log.close()
	cmd.Stdout, cmd.Stderr = log.out, log.err
	if err := cmd.Start(); err != nil {
		return failed("could not start server: %v", err)
	}
	if !n.Wait {
		n.say("server starting\n")
		return nil
	}
	return n.awaitStart(cmd, begun, log)
}

func (n *Node) command(options string, arguments []string) (*exec.Cmd, error) {
	dir, err := filepath.Abs(n.Dir)
	if err != nil {
		return nil, failed("find data directory: %v", err)
	}
	argv := append([]string{n.Program, "-D", dir}, arguments...)
	if options != "" {
		// The options are in a shell's quotes. exec makes the shell's process the postmaster's.
		argv = append([]string{"/bin/sh", "-c", `exec "$0" "$@" ` + options}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // the terminal's signals are not for it
	return cmd, nil
}

// awaitStart waits until postmaster.pid is of the postmaster just started, and says that it is up.
func (n *Node) awaitStart(cmd *exec.Cmd, begun time.Time, log *serverLog) error {
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // that it has ended is all that matters
		close(ended)
	}()
	stop := forwardInterrupt(cmd.Process.Pid)
	defer stop()
	n.say("waiting for server to start...")
	up, err := n.await(ended, func() (bool, error) {
		info, err := datadir.ReadPidFile(n.Dir)
		if err == nil && info.Pid == cmd.Process.Pid && !info.Start.Before(begun.Add(-clockSlop)) &&
			(info.Status == datadir.StatusReady || info.Status == datadir.StatusStandby) {
			return true, nil
		}
		select {
		case <-ended:
			return false, errEnded
		default:
			return false, nil
		}
	})
	switch {
	case up:
		n.say(" done\nserver started\n")
		return nil
	case errors.Is(err, errEnded):
		n.say(" stopped waiting\n")
		return failed("could not start server\n%s", log.tail())
	}
	n.say(" stopped waiting\n")
	return failed("server did not start in time")
}

var errEnded = errors.New("server has ended")

// forwardInterrupt has a Ctrl-C while we wait end the start.
func forwardInterrupt(pid int) (stop func()) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, unix.SIGINT)
	done := make(chan struct{})
	go func() {
		select {
		case <-interrupts:
			_ = unix.Kill(pid, unix.SIGINT) // it has ended already: so be it
		case <-done:
		}
	}()
	return func() {
		signal.Stop(interrupts)
		close(done)
	}
}

// serverLog is where the postmaster writes to.
type serverLog struct {
	out, err *os.File
	file     *os.File // nil if it is our own output
	path     string
	begin    int64 // what the file held before
}

// openLog opens the log with permissions that fit the data directory's.
func (n *Node) openLog(path string) (*serverLog, error) {
	if path == "" {
		return &serverLog{out: os.Stdout, err: os.Stderr}, nil
	}
	perm := datadir.ModeFor(0)
	if info, err := os.Stat(n.Dir); err == nil {
		perm = datadir.ModeFor(info.Mode().Perm())
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, perm.File)
	if err != nil {
		return nil, failed("could not open log file %q: %s", path, reason(err))
	}
	l := &serverLog{out: f, err: f, file: f, path: path}
	if l.begin, err = f.Seek(0, io.SeekEnd); err != nil {
		l.begin = 0 // a pipe: there is nothing to read again either
	}
	return l, nil
}

func (l *serverLog) close() {
	if l.file != nil {
		l.file.Close()
	}
}

// Bounds of what is shown of a log.
const (
	tailBytes = 8 << 10
	tailLines = 20
)

// tail is what the server last said, if it said it to a file.
func (l *serverLog) tail() string {
	const look = "Examine the log output."
	if l.file == nil {
		return look // which has just been on the screen
	}
	f, err := os.Open(l.path)
	if err != nil {
		return look
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return look
	}
	from := max(l.begin, end-tailBytes)
	text := make([]byte, max(0, end-from))
	if _, err := f.ReadAt(text, from); err != nil || len(text) == 0 {
		return look
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return fmt.Sprintf("The end of %s:\n%s", l.path, strings.Join(lines, "\n"))
}
