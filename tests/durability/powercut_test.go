package durability

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/tests/wire/rawclient"
	"waypost/walfile"
	"waypost/xlog"
)

// seed is WAYPOST_SEED, or one that is new each time.
func seed(t testing.TB) uint64 {
	t.Helper()
	s := rand.Uint64()
	if given := os.Getenv("WAYPOST_SEED"); given != "" {
		var err error
		s, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err, "WAYPOST_SEED")
	}
	t.Logf("WAYPOST_SEED=%d", s)
	return s
}

// cuts is how many power cuts are tried.
func cuts() uint64 {
	if os.Getenv("WAYPOST_SOAK") != "" {
		return 200
	}
	return 10
}

func TestNothingIsVouchedForThatAPowerCutTook(t *testing.T) {
	first := seed(t)
	r := newRig(t)
	r.live()
	acks := r.primary.StartAckLoad(2)
	r.load(acks, 2)
	r.kill()
	r.died()
	r.live()
	r.load(acks, 2)
	acks.Stop()
	r.relay.Stop(cluster.Fast)
	r.died()
	r.cutPower(first, r.calls)
}

func TestPowerCutsAtASwitchOfTimeline(t *testing.T) {
	first := seed(t)
	r := newRig(t)
	r.live()
	acks := r.primary.StartAckLoad(2)
	r.load(acks, 1)
	r.promote()
	r.load(acks, 1)
	acks.Stop()
	r.relay.Stop(cluster.Fast)
	r.died()
	history := filepath.Join(r.relay.WalDir(), walfile.HistoryName(2))
	at := slices.IndexFunc(r.calls, func(c *call) bool {
		return slices.ContainsFunc(c.args, func(a arg) bool { return a.fd == history || a.text() == history })
	})
	require.Positive(t, at, "the history file is made")
	r.cutPower(first, r.calls[at-20:min(at+200, len(r.calls))])
}

// cutPower tries cuts at these calls.
func (r *rig) cutPower(first uint64, calls []*call) {
	r.t.Helper()
	r.primary.Configure(map[string]string{"synchronous_standby_names": ""})
	r.primary.Reload()
	d, err := newDisk(r.relay.DataDir, r.first, r.calls)
	require.NoError(r.t, err)
	said, err := reports(r.calls)
	require.NoError(r.t, err)
	promised := func(c cut) (upto xlog.LSN) {
		for _, s := range said {
			if s.at < c.at {
				upto = max(upto, s.Flush)
			}
		}
		return upto
	}
	// Many cuts are only looked at: none may keep less than was reported, ...
	for i := range 10 * cuts() {
		c := newCut(first+i, calls)
		require.NoErrorf(r.t, r.kept(d.after(c), promised(c)), "WAYPOST_SEED=%d", first+i)
	}
	// ... which a node that does not sync would do at once.
	careless, err := newDisk(r.relay.DataDir, r.first, r.without(r.syncsSegment))
	require.NoError(r.t, err)
	all := newCut(first, calls)
	all.at, all.style = r.next, 0
	require.Error(r.t, r.kept(careless.after(all), promised(all)))
	// Some are lived through.
	for i := range cuts() {
		c := newCut(first+i, calls)
		r.t.Logf("cut %d (WAYPOST_SEED=%d): at %d of %d, style %d, after a report of %v", i, first+i, c.at, r.next, c.style, promised(c))
		r.survive(d.after(c), promised(c))
	}
}

// survive starts the relay on what a power cut has left, first with no upstream, then with it, and holds all that it says
// and sends against the upstream's WAL.
func (r *rig) survive(left snapshot, promised xlog.LSN) {
	r.t.Helper()
	r.restore(left)
	r.proxy.Refuse()
	r.relay.Start()
	pos := r.relay.IdentifySystem().Pos
	// The pages of a record whose end is not there are held, but nobody gets them before they are checked.
	require.GreaterOrEqual(r.t, pos, r.lastRecordEnd(promised), "WAL that was reported flushed is gone")
	r.primary.Exec("SELECT pg_logical_emit_message(true, 'waypost', 'there is always something to catch up with')")
	end := r.primary.SwitchWAL()

	from := r.oldestNeeded()
	client := r.stream(from)
	defer func() { client.conn.Close() }()
	client.read(pos)

	w := r.watch()
	r.proxy.Resume()
	r.proxy.Alter(cluster.ToServer, w.look)
	r.relay.WaitPos(soon, end)
	client.read(end)
	r.primary.WaitFor(soon, fmt.Sprintf("SELECT flush_lsn >= '%s' FROM pg_stat_replication WHERE application_name = 'relay'", end), "t")
	w.requireTrue(r.t, end)
	r.requireSegments(from, end)
	client.conn.Close() // it answers nothing, and a stop would wait for it
	r.relay.Stop(cluster.Fast)
}

// lastRecordEnd is the end of the last record that is complete before a position, 0 if there is none.
func (r *rig) lastRecordEnd(before xlog.LSN) xlog.LSN {
	r.t.Helper()
	if r.recordEnds == nil {
		r.recordEnds = r.readRecordEnds()
	}
	i, _ := slices.BinarySearch(r.recordEnds, before+1)
	if i == 0 {
		return 0
	}
	return r.recordEnds[i-1]
}

// readRecordEnds reads the primary's WAL, from where the relay's begins.
func (r *rig) readRecordEnds() (ends []xlog.LSN) {
	r.t.Helper()
	dir := walfile.Dir{Path: r.primary.WalDir(), SegSize: r.size}
	tli := xlog.TimeLineID(1)
	if _, err := os.Stat(filepath.Join(dir.Path, walfile.HistoryName(2))); err == nil {
		tli = 2
	}
	history, err := dir.History(tli)
	require.NoError(r.t, err)
	reader := walfile.NewReader(walfile.NewSegmentReader(dir), walfile.ReaderOptions{SegSize: r.size, History: history, Version: 15})
	d, err := newDisk(r.relay.DataDir, r.first, r.calls)
	require.NoError(r.t, err)
	_, err = reader.FindFirst(origin(d, r.size))
	require.NoError(r.t, err)
	for {
		rec, err := reader.Next()
		if err != nil {
			require.NotNil(r.t, walfile.AsStop(err), "%v", err)
			return ends
		}
		ends = append(ends, rec.End())
	}
}

// restore puts a directory in the place of the relay's.
func (r *rig) restore(s snapshot) {
	r.t.Helper()
	require.NoError(r.t, filepath.WalkDir(r.relay.DataDir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Remove(path)
	}))
	for path, content := range s {
		r.c.WriteFile(path, string(content))
	}
	r.relay.Configure(map[string]string{"wal_keep_size": "1GB"}) // so that all that it vouches for can be looked at
}

// oldestNeeded is the start of the segment in which recovery begins: from there on nothing may be missing.
func (r *rig) oldestNeeded() xlog.LSN {
	r.t.Helper()
	b, err := os.ReadFile(r.rememberedFile())
	require.NoError(r.t, err)
	last := lastRemembered(b)
	require.NotZero(r.t, last.checkedStart)
	return r.size.SegStart(last.checkedStart)
}

// kept says whether a directory has all WAL that recovery needs up to promised, as it was.
func (r *rig) kept(left snapshot, promised xlog.LSN) error {
	for at := r.size.SegStart(lastRemembered(left[r.rememberedFile()]).checkedStart); at < promised; at += xlog.LSN(r.size) {
		n := min(int(promised-at), int(r.size))
		want, err := readWAL(r.primary.WalDir(), r.size, at, n)
		if err != nil {
			return err
		}
		held := false
		for tli := xlog.TimeLineID(1); tli <= newestTimeline; tli++ {
			have := left[filepath.Join(r.relay.WalDir(), walfile.SegmentNameAt(tli, at, r.size))]
			held = held || len(have) >= n && bytes.Equal(have[:n], want)
		}
		if !held {
			return fmt.Errorf("the segment at %v does not have what was reported, up to %v", at, promised)
		}
	}
	return nil
}

// requireSegments compares every segment from from to end.
func (r *rig) requireSegments(from, end xlog.LSN) {
	r.t.Helper()
	for n := r.size.SegNo(from); r.size.Start(n+1) <= end; n++ {
		name := r.newestSegment(r.size.Start(n))
		want, err := os.ReadFile(filepath.Join(r.primary.WalDir(), name))
		require.NoError(r.t, err)
		got, err := os.ReadFile(filepath.Join(r.relay.WalDir(), name))
		require.NoError(r.t, err)
		require.Truef(r.t, bytes.Equal(want, got), "segment %s is not the upstream's", name)
	}
}

// streamClient takes WAL from the relay and compares all of it.
type streamClient struct {
	r    *rig
	conn *rawclient.Client
	at   xlog.LSN
}

func (r *rig) stream(from xlog.LSN) *streamClient {
	r.t.Helper()
	conn, err := rawclient.Dial(r.relay.Port, soon)
	require.NoError(r.t, err)
	require.NoError(r.t, conn.Send(rawclient.Startup(196608, "user", "postgres", "replication", "true")))
	c := &streamClient{r, conn, from}
	c.until('Z')
	require.NoError(r.t, conn.Send(rawclient.Query("START_REPLICATION "+from.String())))
	c.until('W')
	return c
}

func (c *streamClient) until(typ byte) {
	c.r.t.Helper()
	for {
		m, err := c.conn.Next()
		require.NoError(c.r.t, err)
		require.NotEqual(c.r.t, byte('E'), m.Type, "%q", m.Body)
		if m.Type == typ {
			return
		}
	}
}

// read takes WAL up to end.
func (c *streamClient) read(end xlog.LSN) {
	c.r.t.Helper()
	const header = 25
	for c.at < end {
		m, err := c.conn.Next()
		require.NoErrorf(c.r.t, err, "WAL after %v", c.at)
		if m.Type == 'c' { // the end of the timeline
			c.conn.Close()
			c.conn = c.r.stream(c.at).conn
			continue
		}
		require.Equal(c.r.t, byte('d'), m.Type, "%q", m.Body)
		if m.Body[0] != 'w' {
			continue
		}
		require.Equal(c.r.t, c.at, xlog.LSN(binary.BigEndian.Uint64(m.Body[1:])))
		require.NoError(c.r.t, c.r.compare(c.at, m.Body[header:]))
		c.at += xlog.LSN(len(m.Body) - header)
	}
}

// compare holds WAL against the upstream's.
func (r *rig) compare(at xlog.LSN, wal []byte) error {
	for len(wal) > 0 {
		n := min(len(wal), int(uint32(r.size)-r.size.Offset(at)))
		want, err := readWAL(r.primary.WalDir(), r.size, at, n)
		if err != nil {
			return err
		}
		if !bytes.Equal(want, wal[:n]) {
			return fmt.Errorf("WAL at %v, or in the %d bytes after, is not the upstream's", at, n)
		}
		at, wal = at+xlog.LSN(n), wal[n:]
	}
	return nil
}

// newestSegment is the name of the primary's segment that holds a position, on the newest timeline that has it: that
// begins with the bytes of the older ones.
func (r *rig) newestSegment(at xlog.LSN) string {
	r.t.Helper()
	for tli := xlog.TimeLineID(newestTimeline); tli > 0; tli-- {
		name := walfile.SegmentNameAt(tli, at, r.size)
		if _, err := os.Stat(filepath.Join(r.primary.WalDir(), name)); err == nil {
			return name
		}
	}
	require.Failf(r.t, "the primary has no segment", "at %v", at)
	return ""
}

// readWAL reads from one segment, that of the newest timeline that has it.
func readWAL(dir string, size xlog.SegSize, at xlog.LSN, n int) (b []byte, err error) {
	for tli := xlog.TimeLineID(newestTimeline); tli > 0; tli-- {
		if b, err = readSegment(dir, tli, size, at, n); err == nil {
			break
		}
	}
	return b, err
}

func readSegment(dir string, tli xlog.TimeLineID, size xlog.SegSize, at xlog.LSN, n int) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, walfile.SegmentNameAt(tli, at, size)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	_, err = f.ReadAt(b, int64(size.Offset(at)))
	return b, err
}

// watcher looks at the reports that pass the proxy, each at its time.
type watcher struct {
	r *rig

	mu      sync.Mutex
	checked xlog.LSN
	flush   xlog.LSN // the highest
	problem error
}

func (r *rig) watch() *watcher { return &watcher{r: r, checked: r.oldestNeeded()} }

// look sees what the relay sends upstream, before the upstream does.
func (w *watcher) look(b []byte) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, err := reportsIn(b)
	if err != nil {
		w.fail(err)
	}
	for _, m := range found {
		w.report(m.Write)
		w.flush = max(w.flush, m.Flush)
		if m.Flush > m.Write || m.Apply > m.Flush {
			w.fail(fmt.Errorf("reported apply %v, flush %v, write %v", m.Apply, m.Flush, m.Write))
		}
	}
	return b
}

// report checks that what is reported is held, and right.
func (w *watcher) report(upto xlog.LSN) {
	for w.checked < upto {
		n := min(int(upto-w.checked), int(uint32(w.r.size)-w.r.size.Offset(w.checked)))
		var err error
		for tli := xlog.TimeLineID(newestTimeline); tli > 0; tli-- { // of the newest, the first segment may still be coming
			var b []byte
			if b, err = readSegment(w.r.relay.WalDir(), tli, w.r.size, w.checked, n); err == nil {
				err = w.r.compare(w.checked, b)
			}
			if err == nil {
				break
			}
		}
		if err != nil {
			w.fail(fmt.Errorf("reported %v: %w", upto, err))
			return
		}
		w.checked += xlog.LSN(n)
	}
}

func (w *watcher) fail(err error) {
	if w.problem == nil {
		w.problem = err
	}
}

// requireTrue fails if a report was wrong, or if none came that said end.
func (w *watcher) requireTrue(t testing.TB, end xlog.LSN) {
	t.Helper()
	cluster.Eventually(t, soon, "a report of "+end.String(), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.problem != nil || w.flush >= end
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NoError(t, w.problem)
}
