// Package walreceiver is the process that takes WAL from the upstream and makes it durable.
//
// Role: it connects through a transport, checks that the upstream is one to follow, and then writes what comes to
// pg_wal, syncs it, publishes how far it is, and reports that upstream. It reads no record: whether the WAL is good is
// startup's business, behind it.
//
// Started by the postmaster when startup asks (PMSIGNAL_START_WALRECEIVER, WalRcvData filled); at most one runs.
//
//	SIGTERM  stop: sync what was written, report, end
//	SIGHUP   read the configuration files again
//	SIGQUIT  die at once (in internal/child)
//	others   nothing
//
//	exit 0   it was not wanted any more when it came up
//	exit 1   the connection ended, could not be made, the upstream was refused, the disk is full, or SIGTERM; startup
//	         asks for another when it wants one
//	exit 4   a sync failed (launch.ExitSyncFailed): the whole node starts again and believes only what was remembered before
//
// What it must never do: report a position that its disk does not have, write over a byte that was published and not taken back by startup, write
// anything of a message that does not follow the one before, or keep an upstream waiting that it takes no WAL from.
package walreceiver

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"waypost/internal/child"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// minProcs is how many goroutines may be in the middle of a system call while another one must be able to run: waits on
// a futex and syncs hold a processor of the Go scheduler until its monitor notices, which takes up to 10 ms.
const minProcs = 6

// Main makes the process's main function. The transports are those that wal_receiver_library can name.
func Main(transports *transport.Registry) func(*child.Process) error {
	return func(p *child.Process) error {
		runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), minProcs))
		r, err := newReceiver(p, transports)
		if err != nil {
			return err
		}
		go r.obey(p)
		return r.Run()
	}
}

func newReceiver(p *child.Process, transports *transport.Registry) (*Receiver, error) {
	t, err := transports.Open(p.Settings.String(guc.WalReceiverLibrary))
	if err != nil {
		return nil, err
	}
	version, err := datadir.Version(p.DataDir)
	if err != nil {
		return nil, err
	}
	mode, err := datadir.Check(p.DataDir)
	if err != nil {
		return nil, err
	}
	r := &Receiver{
		PID:             os.Getpid(),
		WALVersion:      walfile.Version(version),
		Dir:             walfile.Dir{Path: filepath.Join(p.DataDir, datadir.WalDir), SegSize: p.XLog.Segsize(), Perm: mode.File},
		XLog:            p.XLog,
		WalRcv:          p.WalRcv,
		Ckpt:            p.Ckpt,
		Stats:           p.Stats,
		Activity:        p.Activity,
		Transport:       t,
		ApplicationName: p.Settings.String(guc.ClusterName),
		OpenFiles:       openSegmentWriter,
		Distrust:        func() error { return datadir.Distrust(p.DataDir) },
		RememberVersion: func(v transport.ServerVersion) error {
			return datadir.StoreUpstreamVersion(p.DataDir, datadir.UpstreamVersion{Num: v.Num, Text: v.Text}, mode.File)
		},
		SetTitle: p.Title.SetBytes,
	}
	if r.ApplicationName == "" {
		r.ApplicationName = "walreceiver"
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.take(p)
	return r, nil
}

func openSegmentWriter(d walfile.Dir, tli xlog.TimeLineID, start xlog.LSN) walFiles {
	return walfile.NewSegmentWriter(d, tli, start)
}

// take makes the process's settings and logger the receiver's.
func (r *Receiver) take(p *child.Process) {
	log := p.Log
	r.logger.Store(&log)
	r.settings.Store(readSettings(p.Settings))
}

// obey carries out the orders that come by signal. From here on p's settings are this goroutine's.
func (r *Receiver) obey(p *child.Process) {
	for s := range p.Signals {
		switch s {
		case unix.SIGTERM:
			r.Stop()
		case unix.SIGHUP:
			p.Reload()
			r.take(p)
			r.wake()
		}
	}
}
