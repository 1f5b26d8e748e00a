// Package checkpointer is the checkpointer process of a node in recovery. It keeps away from the stream's path whatever
// need not lie on it: it makes future WAL segments ready, remembers durably how far the WAL on disk was flushed, makes
// restartpoints in pg_control, and recycles or removes the segments that nobody needs.
//
// The postmaster starts it together with startup and keeps it until late in a shutdown.
//
//	SIGINT   restartpoint now
//	SIGHUP   read the configuration files again
//	SIGUSR2  shut down: have the walsenders take no more commands, make the last restartpoint, end
//	SIGTERM  ignored: the end comes by SIGUSR2, after everybody who writes WAL has gone
//	SIGQUIT  die at once (internal/child)
//
//	exit 0   after SIGUSR2, when all is on disk
//	exit 4   a sync failed (launch.ExitSyncFailed): what the kernel holds cannot be trusted any more
//	exit 1   anything else that trying again would not mend; the postmaster treats it as a crash
//
// It must never touch a segment that the stream has begun, never let a segment go that a restart would need or that was
// not checked yet, and never give a segment's file to new WAL while a connection may have bytes of it in flight. A full
// disk is no reason to end.
package checkpointer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/ckptctl"
	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/internal/pgstat"
	"waypost/internal/procsignal"
	"waypost/internal/walsnd"
	"waypost/internal/xlogctl"
	"waypost/walfile"
	"waypost/xlog"
)

// Checkpointer is the process. Whoever makes it fills in the exported fields; Run belongs to one goroutine,
// HandleSignals may run beside it.
type Checkpointer struct {
	DataDir  string
	Mode     datadir.Mode // of new files and directories
	Log      *zerolog.Logger
	Settings *guc.Settings
	Reload   func() *guc.Settings // reads the files again

	XLog   *xlogctl.Ctl
	Ckpt   *ckptctl.Ctl
	SndCtl *walsnd.Ctl
	Snds   []walsnd.WalSnd
	Procs  []procsignal.Slot
	Stats  *pgstat.Stats

	Activity *activity.Status

	reload, stop atomic.Bool // what signals have asked for

	// All below is filled in by open.
	wal      *walfile.Dir
	inRAM    bool // pg_wal lies on a RAM disk: there, zeros cost memory bandwidth and gain nothing
	memory   *datadir.Memory
	bornAt   xlog.LSN  // where this generation's stream began
	lastTime time.Time // of the last restartpoint, or of our start
	lastRedo xlog.LSN  // redo position of the last restartpoint; 0: pg_control has none yet
	pace     pace
	saved    savedStats

	distrustUpto xlog.LSN // until the stream is here, what lies beyond it on disk is not to be believed; 0: it is

	full bool // the last try to prepare a segment found the disk full
}

// How long the main loop sleeps at most when nobody wakes it.
const (
	idleSleep  = 30 * time.Second
	retrySleep = 5 * time.Second        // after a failure that time may heal
	soonSleep  = 100 * time.Millisecond // something is about to become due that nobody wakes us for
)

// Run is the main loop. It returns nil after SIGUSR2, or an error that ends the process.
func (c *Checkpointer) Run() error {
	err := c.run()
	if durable.IsSyncError(err) {
		// During a shutdown no generation follows that could be told of it: the next start is.
		err = errors.Join(err, datadir.Distrust(c.DataDir))
	}
	return err
}

func (c *Checkpointer) run() error {
	c.Ckpt.PID.Store(int32(os.Getpid()))
	defer c.Ckpt.PID.Store(0)
	defer c.close()
	for {
		c.Ckpt.Latch.Reset()
		if c.reload.Swap(false) {
			c.Settings = c.Reload()
		}
		if c.stop.Load() {
			return c.shutdown()
		}
		sleep, err := c.round()
		if err != nil {
			return err
		}
		c.Activity.StartWait(activity.CheckpointerMain)
		c.Ckpt.Latch.Wait(sleep)
		c.Activity.EndWait()
	}
}

// round does all that is due and says after what time to look again.
func (c *Checkpointer) round() (time.Duration, error) {
	if ready, err := c.open(); !ready {
		return idleSleep, err
	}
	prepared, err := c.prepare()
	if err != nil {
		return 0, err
	}
	remembered, err := c.rememberFinished()
	if err != nil {
		return 0, err
	}
	restartpoint, err := c.restartpointIfDue()
	return min(prepared, remembered, restartpoint, c.saveStatsIfDue()), err
}

// open says whether startup has published what the WAL is and where it goes on; before that there is nothing to do.
func (c *Checkpointer) open() (bool, error) {
	if c.wal != nil {
		return true, nil
	}
	if c.Ckpt.NextSegment.Load() == 0 {
		return false, nil
	}
	wal := &walfile.Dir{Path: filepath.Join(c.DataDir, datadir.WalDir), SegSize: c.XLog.Segsize(), Perm: c.Mode.File}
	var st unix.Statfs_t
	if err := unix.Statfs(wal.Path, &st); err != nil {
		return false, fmt.Errorf("look at file system of %q: %w", wal.Path, err)
	}
	c.inRAM = int64(st.Type) == unix.TMPFS_MAGIC || int64(st.Type) == unix.RAMFS_MAGIC
	if err := c.openControl(); err != nil {
		return false, err
	}
	memory, err := datadir.OpenMemory(c.DataDir, c.Mode.File)
	if err != nil {
		return false, err
	}
	last, _ := memory.Last()
	c.Ckpt.RememberedFlush.Store(uint64(last.Flushed))
	c.memory, c.wal = memory, wal
	if c.distrustUpto, err = c.distrusted(last); err != nil {
		return false, err
	}
	c.bornAt = xlog.LSN(c.XLog.ResumedAt.Load())
	c.lastTime = time.Now()
	c.restoreStats()
	return true, nil
}

func (c *Checkpointer) close() {
	if c.memory != nil {
		c.memory.Close() // all that was stored is synced
	}
}

// HandleSignals turns signals into orders until the channel is closed.
func (c *Checkpointer) HandleSignals(signals <-chan os.Signal) {
	for s := range signals {
		switch s {
		case unix.SIGINT:
			c.Ckpt.Request()
		case unix.SIGHUP:
			c.reload.Store(true)
			c.Ckpt.Latch.Set()
		case unix.SIGUSR2:
			c.stop.Store(true)
			c.Ckpt.Latch.Set()
		}
	}
}
