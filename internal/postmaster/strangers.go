package postmaster

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/launch"
	"waypost/internal/procsignal"
)

// A stranger is a child whose client has not proved yet who it is. Anybody who reaches the port can make as many as they
// like, and each has authentication_timeout. So that they keep nobody out, there are no more of them than clients can be
// served; whoever comes then has the place of the one that has been there for the longest time. A client that means it is
// in long before so many others have come.
//
// That a client is in its child says by closing the control socket (launch.LetIn). What stands in shared memory is not
// asked: there, a child that has gone wrong could say of others that they were strangers. Of itself it may say what it
// likes: its place is its own either way.

// strangers are those that have not been told to end. Those who are none any more are forgotten to be.
func (pm *Postmaster) strangers() ([]*child, error) {
	var list []*child
	var controls []*os.File
	for _, c := range pm.children {
		if c.kind == procsignal.Backend && c.control != nil && !c.ending {
			list = append(list, c)
			controls = append(controls, c.control)
		}
	}
	letIn, err := launch.LetInYet(controls)
	if err != nil {
		return nil, err
	}
	strangers := list[:0]
	for i, in := range letIn {
		if in {
			list[i].closeControl()
		} else {
			strangers = append(strangers, list[i])
		}
	}
	return strangers, nil
}

// boundStrangers makes sure that there can be one more. While nobody knows who is a stranger, nobody is ended for being one.
func (pm *Postmaster) boundStrangers() {
	list, err := pm.strangers()
	if err != nil {
		pm.log.Warn().Err(err).Msg("could not bound the connections that have not been authenticated yet")
	}
	if len(list) < maxClients(pm.settings) {
		return
	}
	oldest := list[0]
	for _, c := range list {
		if c.client < oldest.client {
			oldest = c
		}
	}
	if err := launch.TellReplaced(oldest.control); err != nil {
		pm.log.Debug().Err(err).Msgf("PID %d", oldest.pid)
	}
	pm.signalChild(unix.SIGTERM, oldest)
	pm.sayStrangersEnded(time.Now())
}

// sayStrangersEnded logs it, but not for each of a crowd.
func (pm *Postmaster) sayStrangersEnded(now time.Time) {
	pm.strangersEnded++
	if now.Sub(pm.strangersSaid) < time.Second {
		return
	}
	pm.log.Warn().Msgf("too many connections have not been authenticated yet, ended the oldest (%d connections)",
		pm.strangersEnded)
	pm.strangersSaid, pm.strangersEnded = now, 0
}
