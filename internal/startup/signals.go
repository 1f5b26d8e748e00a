package startup

import (
	"os"

	"golang.org/x/sys/unix"

	"waypost/internal/xlogctl"
)

// HandleSignals turns signals into orders until the channel is closed.
func (s *Startup) HandleSignals(signals <-chan os.Signal) {
	for sig := range signals {
		switch sig {
		case unix.SIGTERM:
			s.stop.Store(true)
		case unix.SIGHUP:
			s.reload.Store(true)
		case unix.SIGUSR2:
			s.promote.Store(true)
		default:
			continue
		}
		s.XLog.WALAdvanced.Nudge(xlogctl.StartupBit)
	}
}
