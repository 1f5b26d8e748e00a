package checkpointer

import (
	"waypost/internal/child"
	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/internal/guc"
)

// Main is the process.
func Main(p *child.Process) error {
	mode, err := datadir.Check(p.DataDir)
	if err != nil {
		return err
	}
	c := &Checkpointer{
		DataDir:  p.DataDir,
		Mode:     mode,
		Log:      &p.Log,
		Settings: p.Settings,
		Reload: func() *guc.Settings {
			p.Reload()
			return p.Settings
		},
		XLog:   p.XLog,
		Ckpt:   p.Ckpt,
		SndCtl: p.SndCtl,
		Snds:   p.Snds,
		Procs:  p.Procs,
		Stats:  p.Stats,

		Activity: p.Activity,
	}
	go c.HandleSignals(p.Signals)
	err = c.Run()
	if durable.IsSyncError(err) {
		return child.Crash(err)
	}
	return err
}
