// Package startup is the startup process of a node in recovery: it finds the end of the WAL on disk, says to the other
// processes what that WAL is and how far it reaches, asks for a walreceiver, and from then on reads behind it and checks
// each record. It mends segments that turn out to be damaged and takes the node from one timeline to the next.
//
// The postmaster starts it first of all, and its end ends the node.
//
//	SIGTERM  stop
//	SIGHUP   read the configuration files again; a walreceiver whose settings changed is replaced
//	SIGUSR2  promote: refused in this version
//	SIGQUIT  die at once (internal/child)
//
//	exit 1   after SIGTERM; or the node cannot start, for a reason that is in the log
//	exit 4   a sync failed (launch.ExitSyncFailed): what the kernel holds cannot be trusted any more
//
// It must never publish a position as flushed whose bytes it has not seen synced itself or knows from the remembered
// position, never publish one as replayed before every record up to it was checked, and never write over a segment in
// place: what replaces one is built beside it and checked before it gets the name.
package startup

import (
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"waypost/internal/activity"
	"waypost/internal/ckptctl"
	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/internal/pgstat"
	"waypost/internal/walrcv"
	"waypost/internal/walsnd"
	"waypost/internal/xlogctl"
	"waypost/pmsignal"
	"waypost/shmem"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// Postmaster is whom startup tells how far it has come.
type Postmaster interface {
	Send(pmsignal.Reason) error
}

// Title shows what the process does in its title.
type Title interface{ Set(activity string) }

// Startup is the process. Whoever makes it fills in the exported fields; Run belongs to one goroutine, HandleSignals may
// run beside it.
type Startup struct {
	DataDir    string
	Perm       os.FileMode // of new files
	SyncFailed bool        // an earlier generation ended by a failed sync
	Log        *zerolog.Logger
	Title      Title
	Settings   *guc.Settings
	Reload     func() *guc.Settings // reads the files again

	Postmaster Postmaster
	XLog       *xlogctl.Ctl
	WalRcv     *walrcv.Data
	Ckpt       *ckptctl.Ctl
	Snds       []walsnd.WalSnd
	Stats      *pgstat.Stats
	Activity   *activity.Status
	Transports *transport.Registry
	Terminate  func(pid int) error // sends SIGTERM

	stop, reload, promote atomic.Bool // what signals have asked for

	dir     walfile.Dir
	src     *source
	reader  *walfile.Reader
	history *walfile.History
	control identity

	replay   replay
	receiver receiver
	fault    fault
	idle     idle
	pace     pace
	title    string
	forkSaid xlog.TimeLineID // a timeline that cannot be followed, as was said
	paused   bool            // replay stands still because somebody has asked for it
}

// identity is what the WAL must be, from pg_control.
type identity struct {
	systemID uint64
	version  walfile.Version
	segSize  xlog.SegSize
}

// ErrStopped is Run's result after SIGTERM. The process exits with 1: exit 0 would mean that recovery is done.
var ErrStopped = errors.New("terminating startup process due to administrator command")

// Run recovers until it is told to stop. Its error is never nil.
func (s *Startup) Run() error {
	defer s.close()
	s.pace.sleep = time.Sleep
	err := s.recover()
	if durable.IsSyncError(err) {
		// At a start the postmaster gives up: whoever starts the node next must know of it, for the kernel tells only once.
		err = errors.Join(err, datadir.Distrust(s.DataDir))
	}
	return err
}

func (s *Startup) recover() error {
	if err := s.begin(); err != nil {
		return err
	}
	for {
		if s.stop.Load() {
			return ErrStopped
		}
		s.obey()
		// The ticket is taken before anything is looked at, so that whatever moves meanwhile ends the wait.
		seq := s.XLog.WALAdvanced.Seq()
		before := s.XLog.Replayed()
		wait, err := s.round()
		if err != nil {
			return err
		}
		s.Activity.StartWait(s.idleFor())
		s.pace.rest(before, s.XLog.Replayed(), time.Now())
		s.XLog.WALAdvanced.Wait(seq, xlogctl.StartupBit, wait)
		s.Activity.EndWait()
	}
}

// round does all there is to do and says after what time to look again.
func (s *Startup) round() (time.Duration, error) {
	replay, err := s.replayFlushed()
	if err != nil {
		return 0, err
	}
	receiver, err := s.superviseReceiver(time.Now())
	return shorter(replay, receiver), err
}

// idleFor is what startup waits for when a round is over.
func (s *Startup) idleFor() activity.WaitEvent {
	switch {
	case s.paused:
		return activity.RecoveryPause
	case s.WalRcv.State() == walrcv.Stopped:
		return activity.RecoveryRetrieveRetryInterval
	}
	return activity.RecoveryWalStream
}

// shorter is the shorter of two waits, of which each may be shmem.Forever.
func shorter(a, b time.Duration) time.Duration {
	if a == shmem.Forever || b != shmem.Forever && b < a {
		return b
	}
	return a
}

// obey does what SIGHUP and SIGUSR2 asked for.
func (s *Startup) obey() {
	if s.reload.Swap(false) {
		s.Settings = s.Reload()
		s.receiverSettingsChanged()
	}
	if s.promote.Swap(false) {
		s.Log.Warn().Str("detail", "This version of Waypost is a relay only: it writes no WAL of its own.").Msg("promote request refused")
	}
}

func (s *Startup) close() {
	if s.src != nil {
		s.src.Close()
	}
}

// setTitle shows what is being done, if that is anything new.
func (s *Startup) setTitle(doing string) {
	if s.title != doing {
		s.title = doing
		s.Title.Set(doing)
	}
}
