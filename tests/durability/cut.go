package durability

import (
	"maps"
	"math/rand/v2"
)

// sector is what a disk writes whole or not at all, bytes.
const sector = 512

// fate is what becomes of something that was not synced when the power went.
type fate int

const (
	dropped fate = iota
	kept
	torn // some sectors of a write and not others
)

// cut is a power cut: at a moment of a trace, with what it does to whatever is not synced then.
type cut struct {
	at    int
	style int
	rng   *rand.Rand
}

// newCut makes the cut of that seed among the moments before end.
func newCut(seed uint64, calls []*call) cut {
	rng := rand.New(rand.NewPCG(seed, 0))
	return cut{at: calls[int(rng.Float64()*float64(len(calls)))].begin + rng.IntN(2), style: rng.IntN(4), rng: rng}
}

// fate draws one. Some cuts lose all that they can, some nothing, most anything.
func (c *cut) fate() fate {
	switch c.style {
	case 0:
		return dropped
	case 1:
		return kept
	}
	return fate(c.rng.IntN(3))
}

// after gives the directory as the cut leaves it.
func (d *disk) after(c cut) snapshot {
	names := maps.Clone(d.first)
	for _, n := range d.names {
		if n.began >= c.at || n.synced >= c.at && c.fate() == dropped {
			continue
		}
		for path, f := range n.set {
			if f == nil {
				delete(names, path)
			} else {
				names[path] = f
			}
		}
	}
	contents := map[*file][]byte{}
	left := snapshot{}
	for _, f := range d.files { // in an order that the seed alone decides
		contents[f] = f.after(c)
	}
	for path, f := range names {
		left[path] = contents[f]
	}
	return left
}

// after gives the content that the cut leaves. Each sector is as it stood in the page cache after one of the writes to it,
// or as it was durable: a disk never sees a later write without the earlier ones to the same sector.
func (f *file) after(c cut) []byte {
	cache, disk := append([]byte(nil), f.base...), append([]byte(nil), f.base...)
	for _, ch := range f.changes {
		if ch.began >= c.at {
			continue
		}
		cache = ch.applyTo(cache)
		what := kept
		if ch.synced >= c.at {
			what = c.fate()
		}
		switch {
		case what == dropped:
		case ch.length >= 0:
			disk = resized(disk, ch.length)
		default:
			disk = c.writeBack(disk, cache, ch, what)
		}
	}
	return disk
}

// writeBack copies the sectors of a write from the page cache to the disk, all or a selection.
func (c *cut) writeBack(disk, cache []byte, ch *change, what fate) []byte {
	end := ch.off + int64(len(ch.data))
	for at := ch.off - ch.off%sector; at < end; at += sector {
		if what == torn && c.rng.IntN(2) == 0 {
			continue
		}
		upto := min(at+sector, int64(len(cache)))
		if upto > int64(len(disk)) {
			disk = resized(disk, upto)
		}
		copy(disk[at:upto], cache[at:upto])
	}
	return disk
}
