package postmaster

import (
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/procsignal"
)

// PMState is how far the node's life has come. Signals and the ends of children move it; advance alone decides where
// to, and setState alone changes it.
//
//	PM_INIT ─▶ PM_STARTUP ─▶ PM_RECOVERY ─▶ PM_HOT_STANDBY ─▶ PM_RUN
//	               ▲              │               │              │
//	               │              └───────┬───────┴──────────────┘  smart, fast
//	          new segment                 ▼
//	               │               PM_STOP_BACKENDS ─▶ PM_WAIT_BACKENDS ─▶ PM_SHUTDOWN ─▶ PM_SHUTDOWN_2
//	               │                                        │  ▲                               │
//	               │            crash, immediate ───────────┼──┘                               │
//	               │                                        ▼                                  ▼
//	          PM_NO_CHILDREN ◀──────────────────────── PM_WAIT_DEAD_END ◀──────────────────────┘
//
// The state says nothing of how a shutdown was asked for, nor whether a child has crashed: those are the postmaster's
// shutdown and fatalError. In any state but PM_NO_CHILDREN children may be alive.
//
// PostgreSQL 18 calls PM_SHUTDOWN PM_WAIT_XLOG_SHUTDOWN, and PM_SHUTDOWN_2 PM_WAIT_XLOG_ARCHIVAL.
type PMState int

const (
	PMInit         PMState = iota // before the first child
	PMStartup                     // startup has been launched and has not yet said that it reads WAL
	PMRecovery                    // startup looks for the end of local WAL; clients are told to wait
	PMHotStandby                  // the end of local WAL is known: clients are served
	PMRun                         // recovery has ended: the node writes WAL of its own
	PMStopBackends                // regular backends, startup and walreceiver are about to be told to end
	PMWaitBackends                // they have been told; after a crash, everybody has
	PMShutdown                    // the checkpointer writes the shutdown checkpoint, or a last restartpoint
	PMShutdown2                   // the walsenders send all that is left, and end
	PMWaitDeadEnd                 // no connection is accepted any more; the last children end
	PMNoChildren                  // nobody is left
)

func (s PMState) String() string {
	return [...]string{"PM_INIT", "PM_STARTUP", "PM_RECOVERY", "PM_HOT_STANDBY", "PM_RUN", "PM_STOP_BACKENDS",
		"PM_WAIT_BACKENDS", "PM_SHUTDOWN", "PM_SHUTDOWN_2", "PM_WAIT_DEAD_END", "PM_NO_CHILDREN"}[s]
}

// shutdownMode is how the node was told to stop. A later order only ever makes it more urgent.
type shutdownMode int

const (
	noShutdown shutdownMode = iota
	smartShutdown
	fastShutdown
	immediateShutdown
)

func (m shutdownMode) String() string {
	return [...]string{"no", "smart", "fast", "immediate"}[m]
}

// sigkillAfter is how long a child may ignore SIGQUIT, and one that the end of the node alone waits for, SIGTERM.
const sigkillAfter = 5 * time.Second

// setState changes the state, and logs that it has.
func (pm *Postmaster) setState(s PMState) {
	if s == pm.state {
		return
	}
	pm.log.Info().Msgf("state changed from %v to %v", pm.state, s)
	pm.state = s
}

// advance moves the state as far as it will go. It is level-triggered: it looks at what is, not at what has happened,
// so it may be called at any time and any number of times.
func (pm *Postmaster) advance() {
	// A smart shutdown waits here until the last regular backend has gone by itself. Walsenders do not count: they
	// have work to do to the very end.
	if (pm.state == PMRun || pm.state == PMHotStandby) && pm.shutdown == smartShutdown && pm.count(backends) == 0 {
		pm.setState(PMStopBackends)
	}

	// Everyone who might still take in or make WAL is told to end. Walsenders and the checkpointer live on.
	if pm.state == PMStopBackends {
		pm.walReceiverWanted = false
		pm.signalChildren(unix.SIGTERM, backends|spares|deadEnds|startups|walReceivers)
		pm.setState(PMWaitBackends)
	}

	// Wait for them to be gone. After a crash, or in an immediate shutdown, everybody has been told, and all but dead
	// ends are waited for.
	if pm.state == PMWaitBackends {
		awaited := backends | spares | startups | walReceivers
		if pm.abnormal() {
			awaited |= walSenders | checkpointers
		}
		if pm.count(awaited) == 0 {
			pm.backendsGone()
		}
	}

	// PM_SHUTDOWN waits for the checkpointer's end: checkpointerEnded moves on.

	// Wait until each walsender has sent what there was and its client has it. One that has unmarked itself is about to
	// exit and counts as a backend.
	if pm.state == PMShutdown2 && pm.count(walSenders|backends|checkpointers) == 0 {
		pm.enterWaitDeadEnd()
	}

	// Wait for whoever is left; nothing can be launched any more.
	if pm.state == PMWaitDeadEnd && len(pm.children) == 0 {
		pm.setState(PMNoChildren)
	}

	if pm.state == PMNoChildren {
		pm.allGone()
	}
}

// abnormal says whether children were told by SIGQUIT to die.
func (pm *Postmaster) abnormal() bool { return pm.fatalError || pm.shutdown == immediateShutdown }

// backendsGone leaves PM_WAIT_BACKENDS.
func (pm *Postmaster) backendsGone() {
	if pm.abnormal() {
		pm.enterWaitDeadEnd()
		return
	}
	// A restart is the only other reason to come here, and it is abnormal: so this is an orderly shutdown.
	pm.setState(PMShutdown)
	if pm.count(checkpointers) == 0 && pm.startAuxiliary(procsignal.Checkpointer) == nil {
		// Without a checkpointer there is no shutdown checkpoint; what is on disk stays valid.
		pm.log.Warn().Msg("could not start the checkpointer for the shutdown checkpoint")
		pm.fatalError = true
		pm.quitChildren(walSenders)
		pm.enterWaitDeadEnd()
		return
	}
	pm.signalChildren(unix.SIGUSR2, checkpointers)
}

func (pm *Postmaster) enterWaitDeadEnd() {
	// After a crash the sockets stay: whoever connects waits in the backlog for the next generation.
	if pm.shutdown != noShutdown {
		pm.sockets.stopAccepting()
	}
	pm.signalChildren(unix.SIGTERM, deadEnds|spares|metricsServers)
	if !pm.abnormal() { // else the clock runs already
		pm.killTimer.Reset(sigkillAfter)
	}
	pm.setState(PMWaitDeadEnd)
}

// allGone ends the node, or begins it anew after a crash.
func (pm *Postmaster) allGone() {
	switch {
	case pm.shutdown != noShutdown && pm.fatalError:
		pm.log.Info().Msg("abnormal database system shutdown")
		pm.exit(1)
	case pm.shutdown != noShutdown:
		pm.log.Info().Msg("database system is shut down")
		pm.exit(0)
	case pm.startupFailed:
		pm.log.Info().Msg("shutting down due to startup process failure")
		pm.exit(1)
	case !pm.settings.Bool(guc.RestartAfterCrash):
		pm.log.Info().Msg("shutting down because \"restart_after_crash\" is off")
		pm.exit(1)
	default:
		pm.log.Info().Msg("all server processes terminated; reinitializing")
		pm.beginGeneration()
	}
}
