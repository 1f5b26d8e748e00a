// Package layout says which areas the shared-memory segment has. It is the one place that knows them all; the
// postmaster builds a segment from it, and children and shmdump map one.
package layout

import (
	"fmt"

	"waypost/internal/activity"
	"waypost/internal/ckptctl"
	"waypost/internal/pgstat"
	"waypost/internal/procsignal"
	"waypost/internal/walrcv"
	"waypost/internal/walsnd"
	"waypost/internal/xlogctl"
	"waypost/pmsignal"
	"waypost/shmem"
)

// New lays out a segment for as many child processes and walsenders.
func New(children, walSenders int) *shmem.Layout {
	l := shmem.NewLayout()
	pmsignal.Reserve(l, children)
	procsignal.Area.Reserve(l, children)
	xlogctl.Area.Reserve(l, 1)
	walrcv.Area.Reserve(l, 1)
	walsnd.CtlArea.Reserve(l, 1)
	walsnd.SndArea.Reserve(l, walSenders)
	ckptctl.Area.Reserve(l, 1)
	activity.Area.Reserve(l, children)
	pgstat.Area.Reserve(l, 1)
	return l
}

// Areas are the areas of a mapped segment. They lie in the segment and are good while it is mapped.
type Areas struct {
	PM     *pmsignal.PMSignal
	Procs  []procsignal.Slot
	XLog   *xlogctl.Ctl
	WalRcv *walrcv.Data
	SndCtl *walsnd.Ctl
	Snds   []walsnd.WalSnd
	Ckpt   *ckptctl.Ctl
	Status []activity.Status // by child slot
	Stats  *pgstat.Stats
}

// Map finds all areas; it fails with shmem.ErrLayout where an executable of another build made the segment.
func Map(s *shmem.Segment) (a Areas, err error) {
	find := func(what error) {
		if err == nil && what != nil {
			err = fmt.Errorf("map shared areas: %w", what)
		}
	}
	var e error
	a.PM, e = pmsignal.Map(s)
	find(e)
	a.Procs, e = procsignal.Area.MapArray(s)
	find(e)
	a.XLog, e = xlogctl.Area.Map(s)
	find(e)
	a.WalRcv, e = walrcv.Area.Map(s)
	find(e)
	a.SndCtl, e = walsnd.CtlArea.Map(s)
	find(e)
	a.Snds, e = walsnd.SndArea.MapArray(s)
	find(e)
	a.Ckpt, e = ckptctl.Area.Map(s)
	find(e)
	a.Status, e = activity.Area.MapArray(s)
	find(e)
	a.Stats, e = pgstat.Area.Map(s)
	find(e)
	return a, err
}

// Init gives the areas of a new segment the values that are not zero.
func Init(a *Areas) { a.SndCtl.Init() }
