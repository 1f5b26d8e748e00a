package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"waypost/internal/procsignal"
	"waypost/internal/proctitle"
)

// The exit codes that the postmaster tells apart; every other one is a crash, too.
const (
	ExitDone       = 0
	ExitFatal      = 1 // harms nobody else, but for startup and checkpointer
	ExitCrash      = 2 // also what a Go panic exits with
	ExitSyncFailed = 4 // a crash; what the page cache holds must not be believed any more
)

// executables are the programs that the kinds of processes run.
var executables = [...]string{
	procsignal.Startup:      "startup",
	procsignal.WalReceiver:  "walreceiver",
	procsignal.Checkpointer: "checkpointer",
	procsignal.Spare:        "walsender",
	procsignal.Backend:      "walsender",
	procsignal.WalSender:    "walsender",
	procsignal.DeadEnd:      "walsender",
	procsignal.Metrics:      "metrics",
	procsignal.Logger:       "logger",
}

// Executable is the name of the program that a process of the kind runs.
func Executable(k procsignal.Kind) string {
	if int(k) >= len(executables) || executables[k] == "" {
		panic(fmt.Sprintf("launch: no executable for %v", k))
	}
	return executables[k]
}

// Launcher starts children. Its files stay the caller's.
type Launcher struct {
	BinDir string   // where the executables are
	Death  *os.File // read end of the postmaster-death pipe
	Lock   *os.File // the data directory's lock
	Shmem  *os.File // the current segment
}

// Check says which executables are missing, so that a half-installed node fails at its start and not at its first
// client.
func (l *Launcher) Check() error {
	for _, k := range []procsignal.Kind{procsignal.Startup, procsignal.WalReceiver, procsignal.Checkpointer, procsignal.Spare} {
		path := filepath.Join(l.BinDir, Executable(k))
		if err := unix.Access(path, unix.X_OK); err != nil {
			return fmt.Errorf("find program %q: %w", path, err)
		}
	}
	return nil
}

// Start forks and execs one child and gives its process id. control, if not nil, becomes the child's control socket;
// the caller closes its own copy.
func (l *Launcher) Start(p *Params, control *os.File) (pid int, err error) {
	files := []uintptr{1, 2, l.Shmem.Fd(), l.Death.Fd(), l.Lock.Fd()}
	return l.start(p, files, control)
}

// StartLogger starts the logger process, which has nothing of the node's but the pipe that it reads: neither shared memory,
// so that it lives through a crash, nor the lock, so that one which a stuck disk holds up keeps no next node from starting,
// nor the postmaster's death, for it ends when all who write have gone. What it cannot log goes to stderr.
func (l *Launcher) StartLogger(p *Params, pipe, stderr *os.File) (pid int, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	defer null.Close()
	return l.start(p, []uintptr{stderr.Fd(), stderr.Fd(), pipe.Fd(), null.Fd(), null.Fd()}, nil)
}

// start forks and execs. files are descriptors 1 to FDLock.
func (l *Launcher) start(p *Params, files []uintptr, control *os.File) (pid int, err error) {
	record, err := recordFile(p.encode())
	if err != nil {
		return 0, err
	}
	defer record.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	defer null.Close()
	files = append([]uintptr{null.Fd()}, files...)
	files = append(files, record.Fd())
	if control != nil {
		files = append(files, control.Fd())
	}
	path := filepath.Join(l.BinDir, Executable(p.Kind))
	attr := &syscall.ProcAttr{
		Dir:   p.DataDir,
		Env:   os.Environ(),
		Files: files,
		// A session of its own: a signal to the terminal's group reaches the postmaster alone.
		Sys: &syscall.SysProcAttr{Setsid: true},
	}
	pid, err = forkBlocked(path, []string{"waypost: " + p.Kind.String(), proctitle.Pad}, attr)
	if err != nil {
		return 0, fmt.Errorf("start %q: %w", path, err)
	}
	return pid, nil
}

// timerSlack is how late, in nanoseconds, a child's timers may fire; children inherit it from the thread that forks. Go's
// runtime has a thread that looks around every 20 µs as long as others are in system calls, which in processes that do
// little else was a quarter of all their CPU time. No timer of ours needs to be more exact than this.
const timerSlack = 500_000

// forkBlocked forks with all signals blocked in this thread, which the child inherits, so that a signal that comes
// before the child's handlers stand waits for them. Go's runtime undoes that early for SIGHUP, SIGINT, SIGQUIT and
// SIGTERM; pmsignal.Orders sees to those.
func forkBlocked(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, before unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before); err != nil {
		return 0, fmt.Errorf("block signals: %w", err)
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
	// A sandbox may forbid it, which costs processor time and nothing else.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0)
	defer unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // this thread's own again
	return syscall.ForkExec(path, argv, attr)
}

// recordFile puts the record into a file without a name, to be read from its start.
func recordFile(record []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("waypost-params", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make the parameter record: %w", err)
	}
	f := os.NewFile(uintptr(fd), "parameter record")
	if _, err := f.WriteAt(record, 0); err != nil {
		f.Close()
		return nil, fmt.Errorf("write the parameter record: %w", err)
	}
	return f, nil
}

// UnblockSignals undoes in the calling thread what Start did. For the child, once its handlers stand.
func UnblockSignals() error {
	var none unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &none, nil); err != nil {
		return fmt.Errorf("unblock signals: %w", err)
	}
	return nil
}
