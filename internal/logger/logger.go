// Package logger is the process that writes the log files (PostgreSQL's syslogger). The postmaster starts it first of all
// where logging_collector is on, and again when it ends. Everything that any process of the node writes to its stderr
// comes to it through one pipe.
//
// Signals:
//
//	SIGHUP   read the configuration again
//	SIGUSR2  the same, from the postmaster: unlike SIGHUP it waits until the logger can take it
//	SIGUSR1  begin new files now
//	SIGTERM, SIGINT, SIGQUIT, SIGPIPE: ignored
//
// It ends, with exit code 0, when the last process that could write has gone: at the end of the pipe. Exit code 1: it
// could not begin.
//
// One goroutine reads the pipe and does nothing else, so that nobody waits for a disk to write to the log; what the disk
// has not taken yet is kept in memory, up to a bound (queue), and what is more is counted and told of. Another goroutine
// writes. It shares nothing with the node: it maps no shared memory and holds no lock.
package logger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/launch"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
	"waypost/internal/proctitle"
)

// lastWait is how long the end may wait for the disk.
const lastWait = 10 * time.Second

// Main runs the process and gives its exit code.
func Main() int {
	log := logging.New(os.Stderr)
	l, err := start()
	if err != nil {
		logging.Event(&log, zerolog.FatalLevel, err)
		return launch.ExitFatal
	}
	l.run(os.NewFile(launch.FDLog, "log"))
	return launch.ExitDone
}

// logger is the process.
type logger struct {
	writer *writer
	queues *queues
	hangup chan os.Signal
	rotate chan os.Signal
}

func start() (*logger, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	params, err := launch.ReadParams()
	if err != nil {
		return nil, err
	}
	if params.Kind != procsignal.Logger {
		return nil, fmt.Errorf("this is logger, started as %v", params.Kind)
	}
	settings, err := guc.Decode(params.Settings)
	if err != nil {
		return nil, err
	}
	title := "waypost: "
	if name := settings.String(guc.ClusterName); name != "" {
		title += name + ": "
	}
	proctitle.Init(title + "logger ")
	l := &logger{queues: newQueues(), hangup: make(chan os.Signal, 1), rotate: make(chan os.Signal, 1)}
	signal.Ignore(unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE, unix.SIGALRM, unix.SIGXFSZ)
	signal.Notify(l.hangup, unix.SIGHUP, unix.SIGUSR2)
	signal.Notify(l.rotate, unix.SIGUSR1)
	if err := launch.UnblockSignals(); err != nil {
		return nil, err
	}
	l.writer = newWriter(settings, l.queues, os.Stderr)
	l.writer.last = pipeEnded
	return l, nil
}

// pipeEnded says whether all who could write have gone, though what they wrote may not be read yet. From then on the files
// may be those of a node that has been started since: they are appended to, and nothing else.
func pipeEnded() bool {
	poll := []unix.PollFd{{Fd: launch.FDLog}}
	_, err := unix.Poll(poll, 0)
	return err == nil && poll[0].Revents&unix.POLLHUP != 0
}

// run reads the pipe to its end and writes what comes.
func (l *logger) run(pipe io.Reader) {
	done := make(chan struct{})
	go func() {
		l.writer.run(l.hangup, l.rotate)
		close(done)
	}()
	l.read(pipe)
	l.queues.close()
	select {
	case <-done:
	case <-time.After(lastWait):
		// The disk takes nothing; a process that waited on would never end.
	}
}

// readSize is how much is read at once, bytes.
const readSize = 64 << 10

func (l *logger) read(pipe io.Reader) {
	a := logging.Assembler{Emit: func(b []byte, to logging.Destination) { l.queues.push(b, to) }}
	buf := make([]byte, readSize)
	for {
		n, err := pipe.Read(buf)
		a.Feed(buf[:n])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			a.Flush()
			return
		}
	}
}
