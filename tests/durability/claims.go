package durability

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"waypost/internal/datadir"
	"waypost/protocol"
	"waypost/walfile"
	"waypost/xlog"
)

// report is a standby status update on its way to the upstream.
type report struct {
	at int // when sending it began
	protocol.StandbyStatusUpdate
}

// reports finds the standby status updates among what was sent.
func reports(calls []*call) ([]report, error) {
	var found []report
	for _, c := range calls {
		switch c.name {
		case "write", "sendto", "writev", "sendmsg":
		default:
			continue
		}
		if !strings.HasPrefix(c.args[0].fd, "TCP") || len(c.args) < 2 {
			continue
		}
		inCall, err := reportsIn(c.args[1].data)
		if err != nil {
			return nil, fmt.Errorf("what %s sends at %d: %w", c.args[0].fd, c.begin, err)
		}
		for _, m := range inCall {
			found = append(found, report{c.begin, m})
		}
	}
	return found, nil
}

// reportsIn finds those in the messages of one write: a message is sent in one piece.
func reportsIn(b []byte) ([]protocol.StandbyStatusUpdate, error) {
	const tag, size = 'r', 34
	var found []protocol.StandbyStatusUpdate
	for len(b) >= 5 && b[0] != 0 { // a startup packet begins with its length
		n := int(binary.BigEndian.Uint32(b[1:])) + 1
		if n < 5 || n > len(b) {
			return nil, fmt.Errorf("message %q of %d bytes in a write of %d", b[0], n, len(b))
		}
		if body := b[5:n]; b[0] == 'd' && len(body) == size && body[0] == tag {
			lsn := func(i int) xlog.LSN { return xlog.LSN(binary.BigEndian.Uint64(body[i:])) }
			found = append(found, protocol.StandbyStatusUpdate{Write: lsn(1), Flush: lsn(9), Apply: lsn(17)})
		}
		b = b[n:]
	}
	return found, nil
}

// upstream is the WAL as it is: the primary's files.
type upstream struct {
	dir   walfile.Dir
	files map[string][]byte
}

func newUpstream(walDir string, size xlog.SegSize) *upstream {
	return &upstream{walfile.Dir{Path: walDir, SegSize: size}, map[string][]byte{}}
}

// file is a file of the primary's pg_wal; nil if there is none.
func (u *upstream) file(name string) []byte {
	b, known := u.files[name]
	if !known {
		b, _ = os.ReadFile(filepath.Join(u.dir.Path, name))
		u.files[name] = b
	}
	return b
}

// newestTimeline is the highest that the tests come to.
const newestTimeline = 2

// checker holds what was claimed against what was on disk.
type checker struct {
	d      *disk
	up     *upstream
	origin xlog.LSN // where the node's WAL begins

	claimed  xlog.LSN         // the highest position vouched for so far
	proven   [2]map[*file]int // how much of a file was found good before: in the page cache, on disk
	problems []string
}

// moment is something to look at, at its time in the trace.
type moment struct {
	at    int
	check func()
}

// checkClaims gives all that is wrong with what a node reported and remembered, given what its disk was sure to hold when
// it did so. It also says how many reports of a flush it has checked.
func checkClaims(d *disk, up *upstream, said []report) (problems []string, checked int) {
	c := &checker{d: d, up: up, origin: origin(d, up.dir.SegSize)}
	c.claimed = c.origin
	c.proven = [2]map[*file]int{{}, {}}
	var moments []moment
	for _, r := range said {
		moments = append(moments, moment{r.at, func() { c.report(r) }})
		if r.Flush > c.origin {
			checked++
		}
	}
	for _, f := range d.files {
		for _, ch := range f.changes {
			moments = append(moments, moment{ch.began, func() { c.contentChanges(ch) }})
		}
	}
	for _, n := range d.names {
		moments = append(moments, moment{n.began, func() { c.namesChange(n) }})
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return a.at - b.at })
	for _, m := range moments {
		m.check()
	}
	return c.problems, checked
}

// origin is the start of the first segment that was written.
func origin(d *disk, size xlog.SegSize) xlog.LSN {
	first := xlog.LSN(never)
	for _, f := range d.files {
		for _, ch := range f.changes {
			if seg, ok := segmentOf(ch.name, size); ok {
				first = min(first, size.Start(seg.SegNo))
			}
		}
	}
	return first
}

func segmentOf(path string, size xlog.SegSize) (walfile.Segment, bool) {
	tli, n, err := walfile.ParseSegmentName(filepath.Base(path), size)
	return walfile.Segment{TLI: tli, SegNo: n}, err == nil
}

func (c *checker) problem(at int, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("%d: ", at)+fmt.Sprintf(format, args...))
}

func (c *checker) report(r report) {
	if r.Flush > r.Write || r.Apply > r.Flush {
		c.problem(r.at, "reported apply %v, flush %v, write %v", r.Apply, r.Flush, r.Write)
	}
	c.vouch(r.at, r.Flush, "reported flush")
	if r.Write > c.origin {
		if err := c.held(r.Write, r.at, false); err != nil {
			c.problem(r.at, "reported write %v: %v", r.Write, err)
		}
	}
}

// vouch checks a claim that all before upto is durable.
func (c *checker) vouch(at int, upto xlog.LSN, what string) {
	if upto <= c.origin {
		return
	}
	if err := c.held(upto, at, true); err != nil {
		c.problem(at, "%s %v: %v", what, upto, err)
	}
	c.claimed = max(c.claimed, upto)
}

// held checks that the segment that ends with upto, and every one since the last claim, holds the upstream's bytes up to
// there: on disk whatever a cut at this moment does, or else in the page cache at least.
func (c *checker) held(upto xlog.LSN, at int, durable bool) error {
	size := c.up.dir.SegSize
	for n := size.SegNo(min(c.claimed, upto) - 1); n <= size.SegNo(upto-1); n++ {
		if size.Start(n) < c.origin {
			continue
		}
		var err error
		for tli := xlog.TimeLineID(newestTimeline); tli > 0; tli-- {
			if err = c.segmentHeld(tli, n, upto, at, durable); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// segmentHeld checks a segment up to upto, or to its end.
func (c *checker) segmentHeld(tli xlog.TimeLineID, n xlog.SegNo, upto xlog.LSN, at int, durable bool) error {
	size := c.up.dir.SegSize
	name := walfile.SegmentName(tli, n, size)
	want := c.up.file(name)
	part := min(xlog.LSN(size), upto-size.Start(n))
	if xlog.LSN(len(want)) < part {
		return fmt.Errorf("the upstream has no %s", name)
	}
	want = want[:part]
	if tli > 1 {
		if err := c.historyHeld(tli, at, durable); err != nil {
			return err
		}
	}
	return c.fileHeld(name, want, at, durable)
}

func (c *checker) historyHeld(tli xlog.TimeLineID, at int, durable bool) error {
	name := walfile.HistoryName(tli)
	return c.fileHeld(name, c.up.file(name), at, durable)
}

// fileHeld checks that a file of pg_wal begins with want.
func (c *checker) fileHeld(name string, want []byte, at int, durable bool) error {
	path := filepath.Join(c.d.root, "pg_wal", name)
	f, sure := c.d.namedAt(path, at)
	if !durable {
		f, sure = c.d.seenAt(path, at), true
	}
	switch {
	case !sure:
		return fmt.Errorf("the name %s is not synced", name)
	case f == nil:
		return fmt.Errorf("there is no %s", name)
	}
	proven := c.proven[0]
	if durable {
		proven = c.proven[1]
	}
	// What was good stays good: what changes it later is looked at when it comes (contentChanges).
	from := min(proven[f], len(want))
	there := f.part(from, len(want), func(ch *change) bool { return durable && ch.synced < at || !durable && ch.done < at })
	if len(there) < len(want)-from {
		return fmt.Errorf("%s has %d bytes, not %d", name, from+len(there), len(want))
	}
	if i := differsAt(there, want[from:]); i >= 0 {
		return fmt.Errorf("%s is not what the upstream has from byte %d on", name, from+i)
	}
	if durable {
		for _, ch := range f.changes {
			if ch.began < at && ch.synced >= at && ch.harms(want) {
				return fmt.Errorf("%s may still change before byte %d", name, len(want))
			}
		}
	}
	proven[f] = max(from, len(want))
	return nil
}

func differsAt(have, want []byte) int {
	have = have[:len(want)]
	if bytes.Equal(have, want) {
		return -1
	}
	i := 0
	for have[i] == want[i] {
		i++
	}
	return i
}

// harms says whether the change puts anything but want's bytes where want's are.
func (ch *change) harms(want []byte) bool {
	if ch.length >= 0 {
		return ch.length < int64(len(want))
	}
	if ch.off >= int64(len(want)) {
		return false
	}
	part := want[ch.off:]
	n := min(len(part), len(ch.data))
	return !bytes.Equal(part[:n], ch.data[:n])
}

// contentChanges checks a write: over what was vouched for only the same bytes may be written again, and what is
// remembered is a claim, too.
func (c *checker) contentChanges(ch *change) {
	size := c.up.dir.SegSize
	if seg, ok := segmentOf(ch.name, size); ok {
		if start := size.Start(seg.SegNo); start < c.claimed {
			part := min(xlog.LSN(size), c.claimed-start)
			if want := c.up.file(filepath.Base(ch.name)); xlog.LSN(len(want)) >= part && ch.harms(want[:part]) {
				c.problem(ch.began, "%s is changed before %v, which was vouched for", ch.name, c.claimed)
			}
		}
		return
	}
	if r, ok := slotRemembered(ch.data); ok && ch.name == filepath.Join(c.d.root, datadir.RememberedFile) {
		c.vouch(ch.began, r.flushed, "remembered flush")
		if r.checkedStart > r.flushed {
			c.problem(ch.began, "remembered record at %v, flush %v", r.checkedStart, r.flushed)
		}
	}
}

// positions are what a slot of the remembered positions' file says (see datadir.Remembered).
type positions struct{ number, checkedStart, flushed xlog.LSN }

// slotRemembered reads one slot; false if it is none.
func slotRemembered(slot []byte) (positions, bool) {
	if len(slot) < 64 || string(slot[:8]) != "WPREMEMB" {
		return positions{}, false
	}
	lsn := func(i int) xlog.LSN { return xlog.LSN(binary.LittleEndian.Uint64(slot[i:])) }
	return positions{lsn(16), lsn(40), lsn(48)}, true
}

// lastRemembered reads the file of the remembered positions: the slot that was written last counts.
func lastRemembered(content []byte) (last positions) {
	for _, at := range []int{0, 4096} {
		if p, ok := slotRemembered(content[min(at, len(content)):]); ok && p.number > last.number {
			last = p
		}
	}
	return last
}

// namesChange checks that a segment goes only when what is remembered, durably, no longer needs it, and that a file gets
// a name that others rely on only when its content is synced.
func (c *checker) namesChange(n *nameChange) {
	size := c.up.dir.SegSize
	for path, f := range n.set {
		seg, isSegment := segmentOf(path, size)
		switch {
		case isSegment && f == nil && size.Start(seg.SegNo) < c.claimed:
			c.segmentGoes(n, seg)
		case !isSegment && f != nil && n.call != "openat" && !walfile.IsTempName(filepath.Base(path)):
			for _, ch := range f.changes {
				if ch.began < n.began && ch.synced >= n.began {
					c.problem(n.began, "%s gets its name before its content is synced", path)
					break
				}
			}
		}
	}
}

func (c *checker) segmentGoes(n *nameChange, seg walfile.Segment) {
	path := filepath.Join(c.d.root, datadir.RememberedFile)
	f, sure := c.d.namedAt(path, n.began)
	if f == nil || !sure {
		c.problem(n.began, "a segment goes, and %s is not synced", path)
		return
	}
	last := lastRemembered(f.durableAt(n.began))
	if end := c.up.dir.SegSize.Start(seg.SegNo + 1); last.checkedStart < end {
		c.problem(n.began, "the segment up to %v goes, and a restart would begin at %v", end, last.checkedStart)
	}
}

// checkAllSynced gives what an orderly end has left to chance: every file of pg_wal and global must be as durable as
// its name.
func checkAllSynced(d *disk, end int) (problems []string) {
	paths := map[string]bool{}
	for path := range d.first {
		paths[path] = true
	}
	for _, n := range d.names {
		for path := range n.set {
			paths[path] = true
		}
	}
	for path := range paths {
		dir, _ := filepath.Rel(d.root, filepath.Dir(path))
		if dir != "pg_wal" && dir != "global" {
			continue
		}
		f, sure := d.namedAt(path, end)
		if !sure {
			problems = append(problems, fmt.Sprintf("the name %s is not synced", path))
		}
		if f == nil {
			continue
		}
		for _, ch := range f.changes {
			if ch.synced == never {
				problems = append(problems, fmt.Sprintf("content of %s, changed at %d, is not synced", path, ch.began))
				break
			}
		}
	}
	slices.Sort(problems)
	return problems
}
