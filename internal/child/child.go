// Package child is the frame that every child process of the postmaster runs in: it takes over what the process
// inherits, maps shared memory, gets the signals right, runs the process's own Main and turns its result into an
// exit code.
//
//	exit 0   done
//	exit 1   FATAL: the process could not go on; no harm to shared memory. Also: the postmaster is gone
//	exit 2   a crash: Crash, a Go panic, or SIGQUIT. The postmaster ends all children and starts again
//	exit 4   a crash because a sync failed: in the next generation the page cache is not believed
//
// The frame must never do anything a process has not asked for once Main runs, but for two things: it ends the
// process when the postmaster dies, and when SIGQUIT comes.
package child

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/internal/launch"
	"waypost/internal/layout"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
	"waypost/internal/proctitle"
	"waypost/shmem"
	"waypost/xlog"
)

// Process is what a child process has. It belongs to the goroutine that Main runs in, but for the shared areas, the
// logger and Signals.
type Process struct {
	Kind            procsignal.Kind
	ChildSlot       int
	DataDir         string // absolute; the working directory, too
	Generation      uint64 // of the segment
	PostmasterStart time.Time
	SyncFailed      bool      // an earlier generation ended by a failed fsync
	ConfigLoaded    time.Time // when the postmaster last read the configuration, or the process itself, since
	HBA             string    // the rules of pg_hba.conf as the postmaster last read them without an error
	Ident           string    // the maps of pg_ident.conf, likewise
	TLS             []byte    // see launch.Params
	Secret          []byte    // see launch.Params

	Settings *guc.Settings
	Log      zerolog.Logger
	Sink     *logging.Sink // what Log writes to; nil in tests that have a Log of their own
	Title    *proctitle.Title
	Proc     *procsignal.Slot // our own entry
	Activity *activity.Status // our own element of Status

	Segment *shmem.Segment
	layout.Areas

	// Signals delivers SIGTERM, SIGHUP, SIGINT, SIGUSR1 and SIGUSR2.
	Signals <-chan os.Signal

	onQuit atomic.Pointer[func()]
}

// crashError is an error that must take the whole node through a restart.
type crashError struct{ error }

func (c crashError) Unwrap() error { return c.error }

// Crash marks an error after which shared memory or the disk must not be trusted: PostgreSQL's PANIC.
func Crash(err error) error { return crashError{err} }

// Main runs a process of the kind and gives its exit code.
func Main(kind procsignal.Kind, main func(p *Process) error) int {
	p, err := start(kind)
	if err != nil {
		log := logging.New(os.Stderr)
		log.WithLevel(zerolog.FatalLevel).Err(err).Msg("")
		return launch.ExitFatal
	}
	return p.finish(main(p))
}

func start(kind procsignal.Kind) (*Process, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	params, err := launch.ReadParams()
	if err != nil {
		return nil, err
	}
	if launch.Executable(params.Kind) != launch.Executable(kind) {
		return nil, fmt.Errorf("this is %s, started as %v", launch.Executable(kind), params.Kind)
	}
	settings, err := guc.Decode(params.Settings)
	if err != nil {
		return nil, err
	}
	p := fromParams(params, settings)
	p.Sink, err = p.openLog()
	p.Log = p.Sink.Logger()
	if err != nil {
		p.Log.Warn().Msg(err.Error())
	}
	p.Sink.SetProcess(p.backendType, title)
	if err := p.attach(); err != nil {
		return nil, err
	}
	unix.CloseOnExec(launch.FDLock)
	unix.CloseOnExec(launch.FDDeath)
	p.Title = proctitle.Init(p.TitlePrefix(params.Kind.String()))
	p.Proc = &p.Procs[p.ChildSlot]
	p.Activity = &p.Status[p.ChildSlot]
	now := xlog.Now()
	p.Activity.Join(now)
	p.Proc.SetLaunchedIn(params.PMState)
	p.Proc.Join(os.Getpid(), p.Kind, int64(now))
	if err := unix.SetNonblock(launch.FDDeath, true); err != nil {
		return nil, fmt.Errorf("watch the postmaster: %w", err)
	}
	go exitWithPostmaster(os.NewFile(launch.FDDeath, "postmaster death"))
	if err := p.takeSignals(); err != nil {
		return nil, err
	}
	return p, p.PM.MarkActive(p.ChildSlot)
}

// fromParams is a process as the postmaster wants it.
func fromParams(params *launch.Params, settings *guc.Settings) *Process {
	return &Process{
		Kind:            params.Kind,
		ChildSlot:       params.ChildSlot,
		DataDir:         params.DataDir,
		PostmasterStart: xlog.TimestampTz(params.PostmasterStart).Time(),
		SyncFailed:      params.SyncFailed,
		ConfigLoaded:    xlog.TimestampTz(params.ConfigLoaded).Time(),
		HBA:             params.HBA,
		Ident:           params.Ident,
		TLS:             params.TLS,
		Secret:          params.Secret,
		Settings:        settings,
	}
}

// attach maps shared memory.
func (p *Process) attach() error {
	var err error
	if p.Segment, err = shmem.Attach(launch.FDShmem); err != nil {
		return err
	}
	p.Generation = p.Segment.Generation()
	if p.Areas, err = layout.Map(p.Segment); err != nil {
		return err
	}
	if p.ChildSlot < 0 || p.ChildSlot >= len(p.Procs) || p.ChildSlot >= len(p.Status) || p.ChildSlot >= p.PM.Slots() {
		return fmt.Errorf("child slot %d is outside the segment: %w", p.ChildSlot, shmem.ErrLayout)
	}
	return nil
}

// TitlePrefix is the fixed part of a title: PostgreSQL's, with our name.
func (p *Process) TitlePrefix(what string) string {
	if name := p.Settings.String(guc.ClusterName); name != "" {
		return "waypost: " + name + ": " + what + " "
	}
	return "waypost: " + what + " "
}

// exitWithPostmaster ends the process when the last write end of the death pipe closes: only the postmaster has one. It
// waits by way of the runtime's poller, which takes no thread.
func exitWithPostmaster(death *os.File) {
	var b [1]byte
	death.Read(b[:]) // nothing is ever written: end of file, or an error that says as much
	os.Exit(launch.ExitFatal)
}

// takeSignals sets the handlers up and only then unblocks the signals that the launcher blocked. Only after it may the
// child say that it is Active: until then the postmaster keeps its signals back (pmsignal.Orders).
func (p *Process) takeSignals() error {
	orders := make(chan os.Signal, 16)
	signal.Notify(orders, unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGUSR1, unix.SIGUSR2)
	p.Signals = orders
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, unix.SIGQUIT)
	signal.Ignore(unix.SIGPIPE, unix.SIGALRM)
	go func() {
		<-quit
		if f := p.onQuit.Load(); f != nil {
			(*f)()
		}
		os.Exit(launch.ExitCrash)
	}()
	return launch.UnblockSignals()
}

// OnQuit has f called when SIGQUIT comes, before the process dies. f must be quick, must not wait for anything and must
// not touch shared memory but to read PM.QuitReason.
func (p *Process) OnQuit(f func()) { p.onQuit.Store(&f) }

// Reload reads the configuration files again, logs what has changed or is wrong, and reports what has changed. For
// SIGHUP. Errors are logged at DEBUG1: the postmaster has already logged them for all.
func (p *Process) Reload() []guc.Change {
	next, report := p.Settings.Reloaded()
	for _, e := range report.Errors {
		p.Log.Debug().Msg(e.Error())
	}
	if report.Applied {
		p.ConfigLoaded = time.Now()
	}
	p.Settings = next
	p.ConfigureLog()
	return report.Changes
}

// finish leaves shared memory and gives the exit code for what Main returned.
func (p *Process) finish(err error) int {
	var crash crashError
	switch {
	case errors.As(err, &crash):
		logging.Event(&p.Log, zerolog.PanicLevel, crash.error)
		if durable.IsSyncError(err) {
			return launch.ExitSyncFailed
		}
		return launch.ExitCrash
	case err != nil:
		logging.Event(&p.Log, zerolog.FatalLevel, err)
		p.leave()
		return launch.ExitFatal
	}
	p.leave()
	return launch.ExitDone
}

func (p *Process) leave() {
	p.Proc.Leave()
	p.PM.MarkInactive(p.ChildSlot)
}
