package postmaster

import (
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/procsignal"
)

// metricsRest is how long no metrics process is launched after one has ended: what ended it, such as an address that is
// taken, would most likely end the next one.
const metricsRest = 10 * time.Second

// startMetrics launches the process that serves Prometheus while the node serves. In a shutdown the one there is lives on,
// to the end of the walsenders, but none is launched any more.
func (pm *Postmaster) startMetrics() {
	serving := pm.state == PMHotStandby || pm.state == PMRun
	if !serving || pm.shutdown != noShutdown || pm.fatalError || pm.settings.String(guc.MetricsListenAddress) == "" ||
		pm.count(metricsServers) > 0 || time.Now().Before(pm.metricsRestUntil) {
		return
	}
	if pm.startAuxiliary(procsignal.Metrics) == nil {
		pm.restMetrics()
	}
}

func (pm *Postmaster) restMetrics() {
	pm.metricsRestUntil = time.Now().Add(metricsRest)
	pm.metricsTimer.Reset(metricsRest)
}

// metricsEnded: whatever it ended of is no crash. It takes no lock in shared memory and writes there to its own slots only.
func (pm *Postmaster) metricsEnded(c *child, status unix.WaitStatus, leftCleanly bool) {
	if !leftCleanly {
		pm.areas.Procs[c.slot].Leave()
	}
	if c.ending {
		return
	}
	if !exited(status, 0) {
		pm.logCrash(c, status)
	}
	pm.restMetrics()
}
