package metrics

import (
	"fmt"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"waypost/internal/child"
	"waypost/internal/guc"
)

// memoryLimit is where the garbage collector begins to work harder, bytes. A scrape with some hundred walsenders makes a few
// megabytes of garbage, and there is one every few seconds.
const memoryLimit = 32 << 20

// Main is the process.
func Main(p *child.Process) error {
	debug.SetMemoryLimit(memoryLimit)
	address := p.Settings.String(guc.MetricsListenAddress)
	if address == "" {
		return nil // it was set when the postmaster looked
	}
	c := newCollector(p)
	s, err := listen(address, c, &p.Log)
	if err != nil {
		return err
	}
	p.Title.Set(s.address())
	for {
		select {
		case err := <-s.failed:
			return fmt.Errorf("serve metrics: %w", err)
		case sig := <-p.Signals:
			switch sig {
			case unix.SIGTERM:
				s.stop()
				return nil
			case unix.SIGHUP:
				if s, err = reload(p, c, s); s == nil {
					return err
				}
			}
		}
	}
}

// reload reads the files and moves to another address if there is one. No server: the process is to end.
func reload(p *child.Process, c *collector, s *server) (*server, error) {
	p.Reload()
	c.use(p)
	address := p.Settings.String(guc.MetricsListenAddress)
	if address == s.wanted {
		return s, nil
	}
	s.stop()
	if address == "" {
		return nil, nil
	}
	next, err := listen(address, c, &p.Log)
	if err != nil {
		return nil, err
	}
	p.Title.Set(next.address())
	return next, nil
}
