package postmaster

import (
	"os"
	"os/signal"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
	"waypost/pmsignal"
)

const (
	quitForCrash = pmsignal.QuitForCrash
	quitForStop  = pmsignal.QuitForStop
)

// signals has one channel for each kind of news, so that none is crowded out by another.
type signals struct {
	child  chan os.Signal // SIGCHLD
	notice chan os.Signal // SIGUSR1
	orders chan os.Signal // SIGHUP, SIGTERM, SIGINT, SIGQUIT
}

func catchSignals() signals {
	s := signals{make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan os.Signal, 8)}
	signal.Notify(s.child, unix.SIGCHLD)
	signal.Notify(s.notice, unix.SIGUSR1)
	signal.Notify(s.orders, unix.SIGHUP, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT)
	signal.Ignore(unix.SIGPIPE, unix.SIGTTIN, unix.SIGTTOU, unix.SIGUSR2)
	return s
}

// obey carries out an order of the user.
func (pm *Postmaster) obey(sig os.Signal) {
	switch sig {
	case unix.SIGHUP:
		pm.reload()
	case unix.SIGTERM:
		pm.beginShutdown(smartShutdown)
	case unix.SIGINT:
		pm.beginShutdown(fastShutdown)
	case unix.SIGQUIT:
		pm.beginShutdown(immediateShutdown)
	}
}

// beginShutdown makes the shutdown at least as urgent as mode.
func (pm *Postmaster) beginShutdown(mode shutdownMode) {
	if mode <= pm.shutdown {
		return
	}
	pm.log.Info().Msgf("received %v shutdown request", mode)
	pm.shutdown = mode
	pm.note(pm.lock.SetStatus(datadir.StatusStopping))
	switch {
	case mode == immediateShutdown:
		pm.areas.PM.SetQuitReason(quitForStop)
		pm.quitChildren(everybody)
		if pm.state < PMWaitDeadEnd {
			pm.setState(PMWaitBackends)
		}
	case pm.state == PMStartup || pm.state == PMRecovery:
		pm.setState(PMStopBackends)
	case mode == fastShutdown && (pm.state == PMRun || pm.state == PMHotStandby):
		pm.setState(PMStopBackends)
	}
	pm.advance()
}

// lookAtFlags takes every flag of the PMSignal array that children have set.
func (pm *Postmaster) lookAtFlags() {
	flags := pm.areas.PM
	if flags.Take(pmsignal.RecoveryStarted) && pm.state == PMStartup && pm.shutdown == noShutdown {
		pm.setState(PMRecovery)
	}
	if flags.Take(pmsignal.BeginHotStandby) && pm.state == PMRecovery && pm.shutdown == noShutdown {
		pm.setState(PMHotStandby)
		pm.acceptClients()
	}
	if flags.Take(pmsignal.StartWalReceiver) {
		pm.walReceiverWanted = true
	}
	if flags.Take(pmsignal.ChildUp) {
		pm.deliverHeld()
	}
	flags.Take(pmsignal.AdvanceStateMachine)
	pm.advance()
}

// acceptClients tells the world that the node serves.
func (pm *Postmaster) acceptClients() {
	pm.note(pm.lock.SetStatus(datadir.StatusReady))
	kind := ""
	if pm.state == PMHotStandby {
		kind = "read-only "
	}
	pm.log.Info().Msgf("database system is ready to accept %sconnections", kind)
}

// startWalReceiver launches the walreceiver that startup has asked for, once the one before it has ended.
func (pm *Postmaster) startWalReceiver() {
	receiving := pm.state == PMStartup || pm.state == PMRecovery || pm.state == PMHotStandby
	if !pm.walReceiverWanted || !receiving || pm.shutdown > smartShutdown || pm.fatalError || pm.count(walReceivers) > 0 {
		return
	}
	if pm.startAuxiliary(procsignal.WalReceiver) != nil {
		pm.walReceiverWanted = false
	}
}

// reload reads the configuration again and has every child do so.
func (pm *Postmaster) reload() {
	if pm.shutdown > smartShutdown {
		return
	}
	pm.log.Info().Msg("received SIGHUP, reloading configuration files")
	next, report := pm.settings.Reloaded()
	for _, e := range report.Errors {
		logging.Event(&pm.log, zerolog.InfoLevel, e)
	}
	for _, c := range report.Changes {
		pm.log.Info().Msg(c.Message())
	}
	pm.useSettings(next)
	pm.configLoaded = time.Now()
	pm.signalChildren(unix.SIGHUP, everybody)
}
