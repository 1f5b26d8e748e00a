package startup

import (
	"golang.org/x/sys/unix"

	"waypost/internal/child"
	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/transport"
)

// Main gives the process its ways to an upstream, by which it fetches WAL that turns out to be damaged.
func Main(transports *transport.Registry) func(*child.Process) error {
	return func(p *child.Process) error { return run(p, transports) }
}

func run(p *child.Process, transports *transport.Registry) error {
	mode, err := datadir.Check(p.DataDir)
	if err != nil {
		return err
	}
	s := &Startup{
		DataDir:    p.DataDir,
		Perm:       mode.File,
		SyncFailed: p.SyncFailed,
		Log:        &p.Log,
		Title:      p.Title,
		Settings:   p.Settings,
		Reload: func() *guc.Settings {
			p.Reload()
			return p.Settings
		},
		Postmaster: p.PM,
		XLog:       p.XLog,
		WalRcv:     p.WalRcv,
		Ckpt:       p.Ckpt,
		Snds:       p.Snds,
		Stats:      p.Stats,
		Activity:   p.Activity,
		Transports: transports,
		Terminate:  func(pid int) error { return unix.Kill(pid, unix.SIGTERM) },
	}
	go s.HandleSignals(p.Signals)
	err = s.Run()
	if durable.IsSyncError(err) {
		return child.Crash(err)
	}
	return err
}
