package postmaster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/launch"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
	"waypost/xlog"
)

// collector is what the postmaster has of the logger process, which writes what all others send to stderr into files.
//
// It is the first child and the last process: it ends when nobody is left who could write. It has no child slot, is not
// among pm.children and knows nothing of shared memory, so that a crash restart goes past it, and its own end is no
// crash: it is started again alone. The postmaster holds both ends of the pipe, so that what is in it stays there meanwhile.
type collector struct {
	pid         int // 0: none runs
	read, write *os.File
	stderr      *os.File // where the postmaster's own was before
	started     time.Time
	again       *time.Timer // fires when one may be started after one that ended at once
}

// loggerRest is how long one logger must have run for the next to be started without a wait.
const loggerRest = time.Second

// pipeSize is what the pipe may hold if the kernel lets it, bytes: it bridges the time until another logger runs.
const pipeSize = 1 << 20

// postmasterPatience is how long the postmaster waits for the logger in any minute. It must be short: it is the postmaster
// that would start another.
func postmasterPatience() logging.Patience {
	return logging.Patience{Limit: 100 * time.Millisecond, Strict: true}
}

// Files in the data directory that the logger's work shows in.
const (
	currentLogfiles = "current_logfiles"
	logrotateSignal = "logrotate" // made by pg_ctl logrotate: a request
)

// startCollector starts the logger for the first time, if one is wanted, and has the log go to it from now on.
func (pm *Postmaster) startCollector() error {
	for _, stale := range [...]string{currentLogfiles, logrotateSignal} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, fs.ErrNotExist) {
			pm.note(err)
		}
	}
	if !pm.settings.Bool(guc.LoggingCollector) {
		return nil
	}
	c := &pm.collector
	if err := pm.checkLogDirectory(); err != nil {
		return err
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("make the logger's pipe: %w", err)
	}
	c.read, c.write = os.NewFile(uintptr(ends[0]), "log"), os.NewFile(uintptr(ends[1]), "log")
	// More room is welcome, and not needed.
	_, _ = unix.FcntlInt(c.write.Fd(), unix.F_SETPIPE_SZ, pipeSize)
	fd, err := unix.FcntlInt(uintptr(unix.Stderr), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("keep stderr for the logger: %w", err)
	}
	c.stderr = os.NewFile(uintptr(fd), "stderr")
	if err := pm.startLogger(); err != nil {
		return err
	}
	pm.log.Info().Str(logging.HintField, fmt.Sprintf("Future log output will appear in directory %q.",
		pm.settings.String(guc.LogDirectory))).Msg("redirecting log output to logging collector process")
	return pm.redirect()
}

// checkLogDirectory makes the directory if it is not there. A node that could not log would be a bad start.
func (pm *Postmaster) checkLogDirectory() error {
	dir := pm.settings.String(guc.LogDirectory)
	if err := os.Mkdir(dir, pm.dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make log directory %q: %w", dir, err)
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("write to log directory %q: %w", filepath.Clean(dir), err)
	}
	return nil
}

// redirect sends our stdout and stderr, which children inherit, down the pipe.
func (pm *Postmaster) redirect() error {
	for _, fd := range [...]int{unix.Stdout, unix.Stderr} {
		if err := unix.Dup3(int(pm.collector.write.Fd()), fd, 0); err != nil {
			return fmt.Errorf("redirect the log: %w", err)
		}
	}
	pipe, err := logging.OpenPipe(unix.Stderr, postmasterPatience)
	if err != nil {
		return err
	}
	pm.sink.UsePipe(pipe)
	return nil
}

// startLogger starts a logger.
func (pm *Postmaster) startLogger() error {
	c := &pm.collector
	pid, err := pm.launcher.StartLogger(&launch.Params{
		Kind: procsignal.Logger, ChildSlot: -1, DataDir: pm.dataDir, PostmasterStart: int64(xlog.FromTime(pm.startTime)),
		ConfigLoaded: int64(xlog.FromTime(pm.configLoaded)), Settings: pm.encodedSettings,
	}, c.read, c.stderr)
	c.started = time.Now()
	if err != nil {
		return err
	}
	c.pid = pid
	return nil
}

// loggerEnded starts another logger, in whatever state the node is: there is a log to write as long as there is a
// postmaster.
func (pm *Postmaster) loggerEnded(status unix.WaitStatus) {
	c := &pm.collector
	if status.Signaled() {
		sig := status.Signal()
		pm.log.Info().Msgf("%v (PID %d) was terminated by signal %d: %v", procsignal.Logger, c.pid, sig, sig)
	} else {
		pm.log.Info().Msgf("%v (PID %d) exited with exit code %d", procsignal.Logger, c.pid, status.ExitStatus())
	}
	c.pid = 0
	if time.Since(c.started) < loggerRest {
		c.again.Reset(loggerRest)
		return
	}
	pm.restartLogger()
}

func (pm *Postmaster) restartLogger() {
	if err := pm.startLogger(); err != nil {
		pm.log.Warn().Err(err).Msg("could not start logger")
		pm.collector.again.Reset(loggerRest)
	}
}

// signalLogger passes on a reload (SIGUSR2) or a request for a new file (SIGUSR1). A logger that has just begun gets them
// when it can take them; SIGHUP would kill it (pmsignal.Orders), and it has no slot to say in that it is up.
func (pm *Postmaster) signalLogger(sig unix.Signal) {
	if pm.collector.pid == 0 {
		return
	}
	if err := unix.Kill(pm.collector.pid, sig); err != nil && err != unix.ESRCH {
		pm.note(fmt.Errorf("signal the logger: %w", err))
	}
}

// lookForLogrotate takes the request of pg_ctl logrotate.
func (pm *Postmaster) lookForLogrotate() {
	if os.Remove(logrotateSignal) == nil {
		pm.signalLogger(unix.SIGUSR1)
	}
}
