package durability

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
	"waypost/walfile"
	"waypost/xlog"
)

// requireDoctoredTracesFail shows that the checker sees what it is there to see: each time the trace is changed to that of
// a node with one fault, and the checker must find fault with it. killed is the end of the first life.
func (r *rig) requireDoctoredTracesFail(killed int) {
	r.t.Helper()
	faults := map[string]func() []*call{
		"no sync of segments":            func() []*call { return r.without(r.syncsSegment) },
		"no sync of pg_wal itself":       func() []*call { return r.without(r.syncs(filepath.Join(r.relay.DataDir, "pg_wal"))) },
		"no sync of what is remembered":  func() []*call { return r.without(r.syncs(r.rememberedFile())) },
		"no sync of new files in pg_wal": func() []*call { return r.without(r.syncsNamed("xlogtemp")) },
		"no sync of the control file":    func() []*call { return r.without(r.syncsNamed("pg_control")) },
		"a sync that begins too early":   func() []*call { return r.withSyncsEarly() },
		"a sync that has not returned":   func() []*call { return r.withSyncsLate() },
		"a failed sync":                  func() []*call { return r.withSyncsFailed() },
		"a write left out":               func() []*call { return r.without(r.oneWrite(killed)) },
		"one wrong byte":                 func() []*call { return r.withOneWrongByte(killed) },
		"a report one byte too far":      r.withReportTooFar,
		"what was in the page cache is believed": func() []*call {
			held := r.segmentAtKill(killed)
			return slices.DeleteFunc(r.unsyncedAtKill(killed), func(c *call) bool {
				return c.begin > killed && isSync(c) && c.args[0].fd == held
			})
		},
	}
	for name, doctor := range faults {
		problems, _ := r.check(doctor())
		require.NotEmptyf(r.t, problems, "the checker does not see: %s", name)
	}
	problems, _ := r.check(r.unsyncedAtKill(killed))
	require.Empty(r.t, problems, "what the second life vouches for, it has to have synced itself")
}

func (r *rig) rememberedFile() string { return filepath.Join(r.relay.DataDir, datadir.RememberedFile) }

func (r *rig) without(drop func(*call) bool) []*call {
	r.t.Helper()
	left := slices.DeleteFunc(slices.Clone(r.calls), drop)
	require.Less(r.t, len(left), len(r.calls), "nothing to leave out")
	return left
}

func isSync(c *call) bool { return c.name == "fsync" || c.name == "fdatasync" }

func (r *rig) syncs(path string) func(*call) bool {
	return func(c *call) bool { return isSync(c) && c.args[0].fd == path }
}

func (r *rig) syncsNamed(part string) func(*call) bool {
	return func(c *call) bool { return isSync(c) && strings.Contains(filepath.Base(c.args[0].fd), part) }
}

func (r *rig) syncsSegment(c *call) bool {
	return isSync(c) && walfile.IsSegmentName(filepath.Base(c.args[0].fd))
}

// changed applies change to a copy of each call that is chosen.
func (r *rig) changed(choose func(*call) bool, change func(*call)) []*call {
	r.t.Helper()
	out, n := slices.Clone(r.calls), 0
	for i, c := range out {
		if choose(c) {
			other := *c
			other.args = slices.Clone(c.args)
			change(&other)
			out[i] = &other
			n++
		}
	}
	require.Positive(r.t, n, "nothing to change")
	return out
}

func (r *rig) withSyncsEarly() []*call {
	calls := r.changed(r.syncsSegment, func(c *call) {
		c.begin -= 200
	})
	slices.SortStableFunc(calls, func(a, b *call) int { return a.begin - b.begin })
	return calls
}

func (r *rig) withSyncsLate() []*call {
	return r.changed(r.syncsSegment, func(c *call) { c.end += 50 })
}

func (r *rig) withSyncsFailed() []*call {
	n := 0
	return r.changed(func(c *call) bool { n++; return n > len(r.calls)/2 && r.syncsSegment(c) }, func(c *call) { c.ret = -1 })
}

// oneWrite chooses a write of WAL that is not of zeros, which might be there already, from the second life's first load: its
// bytes are reported soon, and nothing writes them again, as it may with those just before the kill.
func (r *rig) oneWrite(killed int) func(*call) bool {
	done := false
	from := killed + (r.next-killed)/4
	return func(c *call) bool {
		if done || c.begin < from || c.name != "pwrite64" || !walfile.IsSegmentName(filepath.Base(c.args[0].fd)) ||
			len(bytes.Trim(c.args[1].data, "\x00")) == 0 {
			return false
		}
		done = true
		return true
	}
}

func (r *rig) withOneWrongByte(killed int) []*call {
	return r.changed(r.oneWrite(killed), func(c *call) {
		c.args[1].data = slices.Clone(c.args[1].data)
		c.args[1].data[len(c.args[1].data)-1] ^= 1
	})
}

// withReportTooFar has one report claim a byte that was not even written when it was sent.
func (r *rig) withReportTooFar() []*call {
	r.t.Helper()
	var written xlog.LSN
	var chosen *call
	for _, c := range r.calls {
		if c.begin > r.next/2 && chosen != nil {
			break
		}
		if seg, ok := segmentOf(fdOf(c), r.size); ok && c.name == "pwrite64" {
			off, err := c.args[3].number()
			require.NoError(r.t, err)
			written = max(written, r.size.Start(seg.SegNo)+xlog.LSN(off)+xlog.LSN(c.ret))
		}
		said, err := reports([]*call{c})
		require.NoError(r.t, err)
		if len(said) == 1 && said[0].Flush == written {
			chosen = c
		}
	}
	return r.changed(func(c *call) bool { return c == chosen }, func(c *call) {
		b := slices.Clone(c.args[1].data)
		for _, at := range []int{6, 14} { // write and flush
			binary.BigEndian.PutUint64(b[at:], binary.BigEndian.Uint64(b[at:])+1)
		}
		c.args[1].data = b
	})
}

func fdOf(c *call) string {
	if len(c.args) == 0 {
		return ""
	}
	return c.args[0].fd
}

// segmentAtKill is the segment that was written to last in the first life.
func (r *rig) segmentAtKill(killed int) string {
	r.t.Helper()
	path := ""
	for _, c := range r.calls {
		if c.begin < killed && c.name == "pwrite64" && walfile.IsSegmentName(filepath.Base(c.args[0].fd)) {
			path = c.args[0].fd
		}
	}
	require.NotEmpty(r.t, path)
	return path
}

// unsyncedAtKill is the trace of a node that was killed before it could sync, or report, what it wrote after it last
// remembered its position.
func (r *rig) unsyncedAtKill(killed int) []*call {
	r.t.Helper()
	last := 0
	for _, c := range r.calls {
		if c.begin < killed && isSync(c) && c.args[0].fd == r.rememberedFile() {
			last = c.end
		}
	}
	require.Positive(r.t, last)
	dropped := 0
	calls := r.without(func(c *call) bool {
		if c.begin < last || c.begin >= killed {
			return false
		}
		said, err := reports([]*call{c})
		require.NoError(r.t, err)
		if r.syncsSegment(c) {
			dropped++
		}
		return len(said) > 0 || r.syncsSegment(c)
	})
	require.Positive(r.t, dropped, "syncs after the position was last remembered")
	return calls
}
