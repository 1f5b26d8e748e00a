package postmaster

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/launch"
	"waypost/internal/procsignal"
	"waypost/pmsignal"
	"waypost/xlog"
)

// class groups children by how they are counted and signalled.
type class uint

const (
	startups class = 1 << iota
	walReceivers
	checkpointers
	spares   // walsender executables that have no client yet
	backends // a client that has not asked for replication
	walSenders
	deadEnds // tell a client why it is refused
	metricsServers

	clients   = spares | backends | walSenders | deadEnds
	everybody = startups | walReceivers | checkpointers | clients | metricsServers
)

// child is the postmaster's own record of a process; shared memory is not believed for any of it.
type child struct {
	pid     int
	slot    int
	kind    procsignal.Kind
	orders  pmsignal.Orders // signals for it
	control *os.File        // a spare's control socket, and a stranger's (see strangers); nil otherwise
	client  uint64          // its client's number, in the order of their coming; 0 without one
	ending  bool            // it was told to end, so no client may be given to it
	toldAt  time.Time       // when it was
	killed  bool            // by us
}

// closeControl may be called again.
func (c *child) closeControl() {
	if c.control != nil {
		c.control.Close()
		c.control = nil
	}
}

// kinds is what the postmaster knows of each kind of process.
var kinds = [...]struct {
	class   class
	mayFail bool // exit code 1 harms nobody else
}{
	procsignal.Startup:      {startups, false},
	procsignal.WalReceiver:  {walReceivers, true},
	procsignal.Checkpointer: {checkpointers, false},
	procsignal.Spare:        {spares, true},
	procsignal.Backend:      {backends, true},
	procsignal.DeadEnd:      {deadEnds, true},
	procsignal.Metrics:      {metricsServers, true},
}

// class asks the PMSignal array of a backend whether it has become a walsender. One that has not marked itself yet is a
// regular backend and dies earlier; no harm is done.
func (pm *Postmaster) class(c *child) class {
	if c.kind == procsignal.Backend && pm.areas.PM.IsWalSender(c.slot) {
		return walSenders
	}
	return kinds[c.kind].class
}

// count counts the living children of the classes.
func (pm *Postmaster) count(of class) int {
	n := 0
	for _, c := range pm.children {
		if pm.class(c)&of != 0 {
			n++
		}
	}
	return n
}

// signalChildren signals the children of the classes. A child that has just died is reaped soon.
func (pm *Postmaster) signalChildren(sig unix.Signal, of class) {
	for _, c := range pm.children {
		if pm.class(c)&of == 0 {
			continue
		}
		pm.signalChild(sig, c)
	}
}

func (pm *Postmaster) signalChild(sig unix.Signal, c *child) {
	if !c.ending && (sig == unix.SIGTERM || sig == unix.SIGQUIT) {
		c.ending, c.toldAt = true, time.Now()
		pm.roomTimer.Reset(roomPatience)
	}
	pm.note(c.orders.Send(pm.areas.PM, c.slot, c.pid, sig))
}

// deliverHeld sends the signals that were kept back from children that have come up since.
func (pm *Postmaster) deliverHeld() {
	for _, c := range pm.children {
		pm.note(c.orders.Flush(pm.areas.PM, c.slot, c.pid))
	}
}

// quitChildren sends SIGQUIT and starts the clock for SIGKILL.
func (pm *Postmaster) quitChildren(of class) {
	pm.signalChildren(unix.SIGQUIT, of)
	pm.killTimer.Reset(sigkillAfter)
}

// startAuxiliary launches a process that serves no client; nil where that fails, which is logged.
func (pm *Postmaster) startAuxiliary(k procsignal.Kind) *child {
	return pm.startChild(k, nil)
}

// startChild launches a process in a free slot.
func (pm *Postmaster) startChild(k procsignal.Kind, control *os.File) *child {
	if len(pm.freeSlots) == 0 {
		pm.log.Warn().Msgf("could not start %v: no child slot is free", k)
		return nil
	}
	slot := pm.freeSlots[len(pm.freeSlots)-1]
	pm.areas.PM.AssignChild(slot)
	pid, err := pm.launcher.Start(pm.params(k, slot), control)
	if err != nil {
		pm.areas.PM.ReleaseChild(slot)
		pm.log.Warn().Err(err).Msgf("could not start %v", k)
		return nil
	}
	pm.freeSlots = pm.freeSlots[:len(pm.freeSlots)-1]
	c := &child{pid: pid, slot: slot, kind: k}
	pm.children[pid] = c
	return c
}

// params is what a child starts from. What it takes to let a client in, secrets among it, is for those who do that alone.
func (pm *Postmaster) params(k procsignal.Kind, slot int) *launch.Params {
	p := &launch.Params{
		Kind: k, ChildSlot: slot, DataDir: pm.dataDir, PostmasterStart: int64(xlog.FromTime(pm.startTime)),
		ConfigLoaded: int64(xlog.FromTime(pm.configLoaded)), SyncFailed: pm.syncFailed,
		Settings: pm.encodedSettings, PMState: pm.state.String(),
	}
	if kinds[k].class&clients != 0 {
		p.HBA, p.Ident, p.TLS, p.Secret = pm.hba, pm.ident, pm.tls, pm.secret
	}
	return p
}

// reap takes in every child that has ended, and then looks at what that means.
func (pm *Postmaster) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			break
		}
		switch c, ok := pm.children[pid]; {
		case ok:
			pm.childEnded(c, status)
		case pid == pm.collector.pid:
			pm.loggerEnded(status)
		}
	}
	pm.advance()
}

func (pm *Postmaster) childEnded(c *child, status unix.WaitStatus) {
	delete(pm.children, c.pid)
	c.closeControl()
	leftCleanly := pm.areas.PM.ReleaseChild(c.slot)
	pm.freeSlots = append(pm.freeSlots, c.slot)
	if status.ExitStatus() == launch.ExitSyncFailed {
		pm.syncFailed = true
	}
	if c.kind == procsignal.Spare && !c.ending {
		pm.restSpares()
	}
	switch c.kind {
	case procsignal.Startup:
		pm.startupEnded(c, status)
	case procsignal.Checkpointer:
		pm.checkpointerEnded(c, status)
	case procsignal.Metrics:
		pm.metricsEnded(c, status, leftCleanly)
	default:
		if c.killed && !pm.abnormal() {
			return // the shutdown stays orderly: nobody who reads shared memory is left
		}
		if !leftCleanly || !(exited(status, 0) || exited(status, 1) || killedBeforeUp(status)) {
			pm.childCrashed(c, status)
			return
		}
		pm.log.Debug().Msgf("%v (PID %d) exited with exit code %d", c.kind, c.pid, status.ExitStatus())
	}
}

// killedBeforeUp says whether a child that had left shared memory, or never entered it, died of a signal that somebody
// else sent before its handlers stood. It did what it was told.
func killedBeforeUp(s unix.WaitStatus) bool {
	if !s.Signaled() {
		return false
	}
	sig := s.Signal()
	return sig == unix.SIGTERM || sig == unix.SIGINT || sig == unix.SIGHUP
}

func exited(s unix.WaitStatus, code int) bool { return s.Exited() && s.ExitStatus() == code }

// startupEnded: 0 is the end of recovery; 0 or 1 is well while the node stops; all else is a crash, and one at the start
// is a failure that a restart would only repeat.
func (pm *Postmaster) startupEnded(c *child, status unix.WaitStatus) {
	switch {
	case pm.shutdown != noShutdown && (exited(status, 0) || exited(status, 1)):
		// A smart shutdown may not have told anybody to end yet, and without startup nobody will ask for that again.
		if pm.state < PMStopBackends {
			pm.setState(PMStopBackends)
		}
	case exited(status, 0) && !pm.fatalError:
		pm.setState(PMRun)
		pm.acceptClients()
	case pm.failedAtStart(status) && !pm.fatalError && pm.shutdown == noShutdown:
		pm.startupFailed = true
		pm.childCrashed(c, status)
		pm.log.Info().Msg("aborting startup due to startup process failure")
	default:
		pm.childCrashed(c, status)
	}
}

// failedAtStart says whether startup has given up before it came to serve: by itself, that is, since what a signal ended
// may go well the next time, and so may a sync that failed.
func (pm *Postmaster) failedAtStart(status unix.WaitStatus) bool {
	return pm.state == PMStartup ||
		pm.state == PMRecovery && status.Exited() && status.ExitStatus() != launch.ExitSyncFailed
}

// checkpointerEnded: 0 in PM_SHUTDOWN says that the last checkpoint is on disk. Only now may walsenders end: each sends
// it before.
func (pm *Postmaster) checkpointerEnded(c *child, status unix.WaitStatus) {
	if !exited(status, 0) || pm.state != PMShutdown {
		pm.childCrashed(c, status)
		return
	}
	pm.setState(PMShutdown2)
	pm.signalChildren(unix.SIGUSR2, walSenders)
}

// childCrashed has everybody die, because shared memory may be damaged. It may be called again for each that follows.
func (pm *Postmaster) childCrashed(c *child, status unix.WaitStatus) {
	first := !pm.abnormal()
	if first || pm.state < PMWaitBackends {
		pm.logCrash(c, status)
	}
	if pm.shutdown != immediateShutdown {
		pm.fatalError = true
	}
	if first {
		pm.log.Info().Msg("terminating any other active server processes")
		pm.areas.PM.SetQuitReason(pmsignal.QuitForCrash)
		pm.quitChildren(everybody)
	}
	if pm.state < PMWaitBackends || pm.state == PMShutdown {
		pm.setState(PMWaitBackends)
	}
}

func (pm *Postmaster) logCrash(c *child, status unix.WaitStatus) {
	switch {
	case status.Signaled():
		pm.log.Info().Msgf("%v (PID %d) was terminated by signal %d: %v", c.kind, c.pid, status.Signal(), status.Signal())
	case status.ExitStatus() == 0 && kinds[c.kind].mayFail:
		pm.log.Info().Msgf("%v (PID %d) exited without leaving shared memory", c.kind, c.pid)
	default:
		pm.log.Info().Msgf("%v (PID %d) exited with exit code %d", c.kind, c.pid, status.ExitStatus())
	}
}

// killStubborn sends SIGKILL to whoever is left so long after SIGQUIT; in PM_WAIT_DEAD_END, where nobody is left who has
// anything to finish, also after SIGTERM: a process that has been stopped must not keep the node from its end.
func (pm *Postmaster) killStubborn() {
	if len(pm.children) == 0 || !pm.abnormal() && pm.state != PMWaitDeadEnd {
		return
	}
	pm.log.Info().Msg("issuing SIGKILL to recalcitrant children")
	pm.signalChildren(unix.SIGKILL, everybody)
	for _, c := range pm.children {
		c.killed = true
	}
	pm.killTimer.Reset(sigkillAfter)
}

// stoppedTimer is a timer that is not running.
func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}
