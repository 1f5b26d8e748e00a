package postmaster

import (
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/launch"
	"waypost/internal/procsignal"
	"waypost/pmsignal"
)

// acceptability says what a client that connects now must be told (canAcceptConnections).
func (pm *Postmaster) acceptability() launch.CAC {
	serving := pm.state == PMRun || pm.state == PMHotStandby
	switch {
	case serving && pm.shutdown == noShutdown && !pm.fatalError:
		if pm.staying(backends|walSenders) >= 2*maxClients(pm.settings) {
			return launch.CACTooMany
		}
		return launch.CACOK
	case pm.shutdown != noShutdown:
		return launch.CACShutdown
	case pm.fatalError:
		return launch.CACRecovery
	case pm.state == PMRecovery:
		return launch.CACNotConsistent
	default:
		return launch.CACStartup
	}
}

// serveClient gives an accepted connection to a process: a spare one if there is one, else one launched now. A client
// that is refused gets a process, too: the postmaster itself never talks to a client.
func (pm *Postmaster) serveClient(client int) {
	defer unix.Close(client)
	cac := pm.acceptability()
	kind := procsignal.Backend
	if cac == launch.CACOK {
		pm.boundStrangers()
	} else {
		kind = procsignal.DeadEnd
	}
	c := pm.takeSpare()
	if c == nil {
		c = pm.launchSpare()
	}
	if c == nil {
		return
	}
	if err := launch.SendClient(c.control, client, cac); err != nil {
		// Nobody will come any more: the child ends. It is no spare by then, since it did not fail.
		pm.log.Warn().Err(err).Msgf("could not hand a connection to PID %d", c.pid)
		c.kind = kind
		c.closeControl()
		return
	}
	c.kind = kind
	pm.clientsServed++
	c.client = pm.clientsServed
	if kind == procsignal.DeadEnd {
		c.closeControl()
	}
}

// takeSpare picks a process that waits for a client, one that has come up already if there is one.
func (pm *Postmaster) takeSpare() (spare *child) {
	for _, c := range pm.children {
		if c.kind != procsignal.Spare || c.ending {
			continue
		}
		spare = c
		if pm.areas.PM.ChildState(c.slot) == pmsignal.Active {
			break
		}
	}
	return spare
}

// staying counts the children of the classes that have not been told to end.
func (pm *Postmaster) staying(of class) int {
	n := 0
	for _, c := range pm.children {
		if !c.ending && pm.class(c)&of != 0 {
			n++
		}
	}
	return n
}

// roomPatience is how long new connections wait in the backlog for children that were told to end. One that takes longer
// has been stopped, most likely, and must not keep everybody out.
const roomPatience = 5 * time.Second

// awaitsRoom says whether a connection that was taken now would be turned away only because children that were told to end
// have not ended yet.
func (pm *Postmaster) awaitsRoom() bool {
	if pm.hasRoom() || pm.takeSpare() != nil {
		return false
	}
	for _, c := range pm.children {
		if c.ending && pm.class(c)&clients != 0 && time.Since(c.toldAt) < roomPatience {
			return true
		}
	}
	return false
}

// hasRoom says whether one more process for a client may be launched. A crowd of clients must not keep a walreceiver or
// the last checkpoint from being launched, so the slots that those may need are never given to it.
func (pm *Postmaster) hasRoom() bool { return pm.count(clients) < pm.areas.PM.Slots()-auxiliarySlots }

// sayNoRoom logs, but not for each client of a crowd, that one was turned away without a word.
func (pm *Postmaster) sayNoRoom(now time.Time) {
	pm.turnedAway++
	if now.Sub(pm.noRoomSaid) < time.Second {
		return
	}
	pm.log.Warn().Msgf("could not start a backend: no child slot is free (%d connections turned away)", pm.turnedAway)
	pm.noRoomSaid, pm.turnedAway = now, 0
}

// launchSpare launches a process that waits for a client; nil where that fails, which is logged.
func (pm *Postmaster) launchSpare() *child {
	if !pm.hasRoom() {
		pm.sayNoRoom(time.Now())
		return nil
	}
	ours, childs, err := launch.NewControl()
	if err != nil {
		pm.log.Warn().Err(err).Msg("could not start a backend")
		return nil
	}
	defer childs.Close()
	c := pm.startChild(procsignal.Spare, childs)
	if c == nil {
		ours.Close()
		return nil
	}
	c.control = ours
	return c
}

// sparesRest is how long no process is launched ahead after one has failed before it had a client. Such a failure would
// most likely repeat itself at once: the programs were replaced by those of another build, or memory is short.
const sparesRest = 10 * time.Second

func (pm *Postmaster) restSpares() {
	pm.sparesRestUntil = time.Now().Add(sparesRest)
	pm.sparesTimer.Reset(sparesRest)
}

// fillSpares launches processes ahead, so that a client need not wait for one to start.
func (pm *Postmaster) fillSpares() {
	if pm.acceptability() != launch.CACOK || time.Now().Before(pm.sparesRestUntil) {
		return
	}
	for pm.hasRoom() && pm.staying(spares) < pm.settings.Int(guc.WalsenderPrelaunch) {
		if pm.launchSpare() == nil {
			return
		}
	}
}
