package postmaster

import (
	"os"
	"os/signal"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
	"waypost/pmsignal"
)

// signals has one channel for each kind of news, with room for one, so that none is crowded out by another: many of a
// kind mean no more than one.
type signals struct {
	child     chan os.Signal // SIGCHLD
	notice    chan os.Signal // SIGUSR1
	reload    chan os.Signal // SIGHUP
	smart     chan os.Signal // SIGTERM
	fast      chan os.Signal // SIGINT
	immediate chan os.Signal // SIGQUIT
}

func catchSignals() signals {
	one := func(sig os.Signal) chan os.Signal {
		c := make(chan os.Signal, 1)
		signal.Notify(c, sig)
		return c
	}
	s := signals{
		child: one(unix.SIGCHLD), notice: one(unix.SIGUSR1), reload: one(unix.SIGHUP),
		smart: one(unix.SIGTERM), fast: one(unix.SIGINT), immediate: one(unix.SIGQUIT),
	}
	signal.Ignore(unix.SIGPIPE, unix.SIGTTIN, unix.SIGTTOU, unix.SIGUSR2)
	return s
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
		pm.areas.PM.SetQuitReason(pmsignal.QuitForStop)
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
	if flags.Take(pmsignal.RotateLogfile) {
		pm.signalLogger(unix.SIGUSR1)
	}
	pm.lookForLogrotate()
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

// reload reads the configuration again and has every child do so, but for the processes that wait for a client: those are
// replaced. Who may come in is decided by what they were launched with, and nobody may be let in by rules that have been
// taken back, nor by files that the postmaster has not found good.
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
	pm.logWarnings(report.Warnings)
	if report.Applied {
		pm.configLoaded = time.Now()
	}
	if !pm.loadHBA() {
		pm.log.Info().Msgf("%s was not reloaded", pm.settings.String(guc.HbaFile))
	}
	if !pm.loadIdent() {
		pm.log.Info().Msgf("%s was not reloaded", pm.settings.String(guc.IdentFile))
	}
	pm.reloadTLS()
	pm.signalLogger(unix.SIGUSR2)
	pm.metricsRestUntil = time.Time{} // it may be another address now
	pm.signalChildren(unix.SIGTERM, spares)
	pm.signalChildren(unix.SIGHUP, everybody&^spares)
}
