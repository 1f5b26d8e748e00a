package startup

import (
	"time"

	"waypost/xlog"
)

// Under load a flush comes every few hundred microseconds, and to wake for each costs more than to check what it brought.
// So after a round that has checked something startup rests before it looks again, unless somebody waits for what it does:
// a commit under remote_apply says so in its record. The first such commit after a quiet second may wait for restFor; a lone
// one does not, since then startup is not resting but waiting.
const (
	restFor    = 5 * time.Millisecond
	eagerAfter = time.Second // since the last commit that was waited for
)

// pace is when startup rests.
type pace struct {
	eagerUntil time.Time
	sleep      func(time.Duration)
}

// waitedFor tells that a commit was met whose client waits.
func (p *pace) waitedFor(now time.Time) { p.eagerUntil = now.Add(eagerAfter) }

// rest rests if the round that began with before replayed, and ended with after, is one to rest from.
func (p *pace) rest(before, after xlog.LSN, now time.Time) {
	if after != before && !now.Before(p.eagerUntil) {
		p.sleep(restFor)
	}
}
