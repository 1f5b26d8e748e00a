package faults

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
	"waypost/xlog"
)

// newDeceivedRelay makes a relay whose upstream can be made to lie.
func newDeceivedRelay(t *testing.T, settings map[string]string) (*relay, *middle) {
	t.Helper()
	c := cluster.New(t)
	p := newPrimary(c, nil)
	m := newMiddle(t, c, p.Port)
	return startRelay(t, c, p, m.conninfo(), settings), m
}

// TestStreamHealsAfterWhateverTheUpstreamSays: the relay takes nothing of what is wrong, says what it was, connects again
// and has every byte in the end. Its consumer's stream goes on meanwhile.
func TestStreamHealsAfterWhateverTheUpstreamSays(t *testing.T) {
	t.Parallel()
	r, m := newDeceivedRelay(t, map[string]string{"wal_receiver_timeout": "1s"})
	w := watch(t, r.Port, r.IdentifySystem().Pos)

	move := func(by int64) alteration {
		return func(m []byte) ([]byte, error) {
			binary.BigEndian.PutUint64(m[startOffset:], uint64(int64(xlogStart(m))+by))
			return m, nil
		}
	}
	instead := func(b []byte) alteration { return func([]byte) ([]byte, error) { return b, nil } }
	for _, tc := range []struct {
		name  string
		alter alteration
		log   string
	}{
		{"WAL left out", move(8192), "expected WAL at .*, server sent"},
		{"WAL sent again", move(-8), "expected WAL at .*, server sent"},
		{"WAL at zero", func(m []byte) ([]byte, error) { binary.BigEndian.PutUint64(m[startOffset:], 0); return m, nil }, "expected WAL at .*, server sent 0/0"},
		{"WAL at the end of time", func(m []byte) ([]byte, error) { binary.BigEndian.PutUint64(m[startOffset:], ^uint64(0)); return m, nil }, "expected WAL at .*, server sent FFFFFFFF/FFFFFFFF"},
		{"XLogData cut off", instead(message('d', []byte("w12345"))), "invalid WAL message received from primary"},
		{"keepalive cut off", instead(message('d', []byte("k12"))), "invalid keepalive message received from primary"},
		{"empty CopyData", instead(message('d', nil)), "no data left in message"},
		{"CopyData of an unknown kind", instead(message('d', []byte("?what"))), "invalid replication message type 63"},
		{"message of an unknown type", instead(message('~', []byte("what"))), "unexpected message type '~'"},
		{"impossible length", instead([]byte{'d', 0, 0, 0, 1, 0, 0, 0}), "lost synchronization with server"},
		{"gigantic length", instead([]byte{'d', 0x7f, 0xff, 0xff, 0xff, 'w'}), "lost synchronization with server"},
		{"negative length", instead([]byte{'d', 0xff, 0xff, 0xff, 0xff, 'w'}), "lost synchronization with server"},
		{"zeros", instead(make([]byte, 4096)), "lost synchronization with server"},
		{"closed between messages", func([]byte) ([]byte, error) { return nil, errHangUp }, "server closed the connection unexpectedly|connection reset"},
		{"closed in a message's head", func(m []byte) ([]byte, error) { return m[:3], errHangUp }, "server closed the connection unexpectedly|connection reset"},
		{"closed in mid-message", func(m []byte) ([]byte, error) { return m[:dataOffset+len(m[dataOffset:])/2], errHangUp }, "server closed the connection unexpectedly|connection reset"},
		{"an error", instead(message('E', []byte("SERROR\x00VERROR\x00CXX001\x00Mthe disk is on fire\x00\x00"))), "the disk is on fire"},
		{"CopyDone", instead(message('c', nil)), "replication terminated by primary server"},
		{"ReadyForQuery", instead(message('Z', []byte{'I'})), "unexpected message type 'Z'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mark := r.logFrom()
			m.set(once(tc.alter))
			upto := feed(r.primary, 50_000)
			r.t = t
			r.waitLog(mark, "(FATAL|LOG):.*("+tc.log+")")
			r.waitReplayed(upto)
		})
	}
	r.t = t

	t.Run("stalls", func(t *testing.T) {
		mark := r.logFrom()
		r.t = t
		never := make(chan struct{})
		t.Cleanup(func() { close(never) })
		stalled := once(func(m []byte) ([]byte, error) { <-never; return nil, errHangUp })
		m.set(stalled)
		upto := feed(r.primary, 50_000)
		r.waitLog(mark, "FATAL:.*terminating walreceiver due to timeout")
		r.waitReplayed(upto)
	})
	r.t = t
	m.set(nil)

	upto := feed(r.primary, 1<<20)
	w.waitFor(upto)
	r.requireSame()
	require.NotContains(t, r.Process().LogText(), "WAL is damaged")
	r.requireHealthy()
}

// TestFlippedBitIsFetchedAgain: the bytes come once with a bit flipped, so that the upstream's second word differs.
func TestFlippedBitIsFetchedAgain(t *testing.T) {
	t.Parallel()
	r, m := newDeceivedRelay(t, nil)
	mark := r.logFrom()
	m.set(once(func(m []byte) ([]byte, error) {
		m[dataOffset+(len(m)-dataOffset)*3/4] ^= 1
		return m, nil
	}))
	upto := feed(r.primary, 100_000)
	r.waitLog(mark, "ERROR:.*WAL is damaged: record at")
	r.waitLog(mark, `WAL segment "[0-9A-F]{24}" has been replaced by a checked copy`)
	r.waitReplayed(upto)
	m.set(nil)
	r.requireSame()
	x := r.dump().XLogCtl
	require.Positive(t, x.CRCFailures)
	require.Positive(t, x.SegmentsRepaired)
	require.Equal(t, "0/0", x.CorruptAt)
	requireDamagedKept(t, r.WalDir())
	r.requireHealthy()
}

// requireDamagedKept wants a damaged segment kept beside the others.
func requireDamagedKept(t *testing.T, walDir string) {
	t.Helper()
	kept, err := filepath.Glob(filepath.Join(walDir, "*damaged*"))
	require.NoError(t, err)
	require.NotEmpty(t, kept, "no damaged segment was kept")
}

// TestCorruptUpstreamRaisesTheAlarmAndNothingOfItIsApplied: the upstream says the same bad bytes each time it is asked.
// The node receives on, for its consumers have a right to what the upstream sends, but it vouches for no record behind.
func TestCorruptUpstreamRaisesTheAlarmAndNothingOfItIsApplied(t *testing.T) {
	t.Parallel()
	r, m := newDeceivedRelay(t, nil)
	mark := r.logFrom()
	bad := r.primary.FlushLSN() + 60_000
	m.set(flipAt(bad))
	upto := feed(r.primary, 300_000)

	r.waitLog(mark, "ERROR:.*WAL is damaged: record at")
	r.waitLog(mark, "could not repair WAL at")
	r.eventually("everything is flushed", func() error {
		flushed, err := xlog.ParseLSN(r.dump().XLogCtl.FlushedUpto)
		if err == nil && flushed < upto {
			err = fmt.Errorf("flushed up to %s", flushed)
		}
		return err
	})
	x := r.dump().XLogCtl
	replayed, err := xlog.ParseLSN(x.ReplayedUpto)
	require.NoError(t, err)
	require.LessOrEqual(t, replayed, bad)
	corrupt, err := xlog.ParseLSN(x.CorruptAt)
	require.NoError(t, err)
	require.LessOrEqual(t, corrupt, bad)
	require.GreaterOrEqual(t, corrupt, replayed)
	// What the primary was told: flushed, but not applied.
	r.primary.WaitFor(patience, fmt.Sprintf("SELECT flush_lsn >= '%s' AND replay_lsn <= '%s' FROM pg_stat_replication WHERE application_name = 'relay'", upto, bad), "t")

	m.set(nil)
	r.waitReplayed(upto)
	r.waitLog(mark, `has been replaced by a checked copy`)
	r.primary.WaitFor(patience, fmt.Sprintf("SELECT replay_lsn >= '%s' FROM pg_stat_replication WHERE application_name = 'relay'", upto), "t")
	r.requireSame()
	requireDamagedKept(t, r.WalDir())
	r.requireHealthy()
}

// TestWrongUpstreamsAreRefusedWithAdvice: each refusal says what is wrong and what to do, leaves what there is alone, and
// ends when the right upstream is back.
func TestWrongUpstreamsAreRefusedWithAdvice(t *testing.T) {
	t.Parallel()
	r, m := newDeceivedRelay(t, nil)
	system := r.IdentifySystem()
	w := watch(t, r.Port, system.Pos)
	otherSystem := []byte("1" + system.Identifier[1:])
	if system.Identifier[0] == '1' {
		otherSystem[0] = '2'
	}
	replace := func(typ byte, old, new string) alteration {
		return func(m []byte) ([]byte, error) {
			if m[0] == typ {
				return message(typ, bytes.ReplaceAll(m[5:], []byte(old), []byte(new))), nil
			}
			return m, nil
		}
	}
	for _, tc := range []struct {
		name  string
		alter alteration
		says  []string
	}{
		{"another cluster", replace('D', system.Identifier, string(otherSystem)), []string{
			"database system identifier differs between the primary and standby",
			fmt.Sprintf("DETAIL:  The primary's identifier is %s, the standby's identifier is %s.", otherSystem, system.Identifier),
			"HINT:  Check primary_conninfo."}},
		{"another segment size", replace('D', "1MB", "2MB"), []string{
			"WAL segment size differs between the primary and standby",
			"DETAIL:  The primary's is 2097152 bytes, the standby's is 1048576 bytes.",
			"HINT:  Check primary_conninfo."}},
		{"another version", replace('S', "server_version\x0015", "server_version\x0017"), []string{
			"WAL of PostgreSQL 17 cannot follow WAL of PostgreSQL 15", `HINT:  After an upgrade of the upstream, make this node anew`}},
		{"a version from the future", replace('S', "server_version\x0015", "server_version\x0099"), []string{
			"cannot stream from the upstream:", "99"}},
		{"a version from the past", replace('S', "server_version\x0015", "server_version\x0012"), []string{
			"cannot stream from the upstream:", "12"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r.t = t
			mark := r.logFrom()
			m.set(tc.alter)
			m.cut()
			for _, s := range tc.says {
				r.waitLog(mark, quoteMeta(s))
			}
			r.IdentifySystem() // it serves on
			m.set(nil)
			r.waitReplayed(feed(r.primary, 1000))
		})
	}
	r.t = t
	w.waitFor(r.primary.FlushLSN())
	r.requireSame()
	r.requireHealthy()
}

// TestUpstreamThatRefusesIsTriedWithGrowingBoundedPauses and that the stream resumes when it takes connections again.
func TestUpstreamThatRefusesIsTriedWithGrowingBoundedPauses(t *testing.T) {
	t.Parallel()
	const interval = 200 * time.Millisecond
	r, m := newDeceivedRelay(t, map[string]string{"wal_retrieve_retry_interval": "200ms"})
	w := watch(t, r.Port, r.IdentifySystem().Pos)
	m.setRefuse(true)
	began := time.Now()
	m.cut()
	const tries = 8
	r.eventually("it tries again and again", func() error {
		if n := len(m.attempts(began)); n < tries {
			return fmt.Errorf("%d times so far", n)
		}
		return nil
	})
	var pauses []time.Duration
	for at := m.attempts(began); len(at) > 1; at = at[1:] {
		pauses = append(pauses, at[1].Sub(at[0]))
	}
	t.Logf("pauses %v", pauses)
	last := pauses[len(pauses)-3:]
	require.Greater(t, slices.Min(last), 3*interval, "the pause has not grown")
	require.Less(t, slices.Min(last), 10*interval, "the pause is not bounded")
	require.Less(t, pauses[0], slices.Max(last))

	upto := feed(r.primary, 100_000)
	m.setRefuse(false)
	r.waitReplayed(upto)
	w.waitFor(upto)
	r.requireSame()
	r.requireHealthy()
}

// TestStartThatIsGoneUpstreamTellsWhatToDo: while the relay was down, the primary has removed what comes next.
func TestStartThatIsGoneUpstreamTellsWhatToDo(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	p := newPrimary(c, map[string]string{"wal_keep_size": "0", "min_wal_size": "2MB", "max_wal_size": "2MB"})
	r := startRelay(t, c, p, p.Conninfo(), nil)
	r.waitReplayed(feed(p, 1000))
	r.Stop(cluster.Fast)
	held := segmentName(p.FlushLSN())
	for range 4 {
		p.SwitchWAL()
	}
	p.Exec("CHECKPOINT")
	require.NoFileExists(t, filepath.Join(p.WalDir(), held))

	mark := r.logFrom()
	r.Start()
	r.waitLog(mark, "(FATAL|ERROR):.*requested WAL segment "+held+" has already been removed")
	r.waitLog(mark, `HINT:.*(restore_command|waypost init)`)
	r.waitLog(mark, `HINT:.*primary_slot_name`)
	r.requireHealthy()
}

func segmentName(l xlog.LSN) string {
	n := uint64(l) / uint64(segSize)
	return fmt.Sprintf("%08X%08X%08X", 1, n/4096, n%4096)
}

// TestWrongPasswordIsToldAndNeverShown: neither the wrong nor the right one may appear anywhere.
func TestWrongPasswordIsToldAndNeverShown(t *testing.T) {
	t.Parallel()
	const wrong, right = "open-sesame-wrong", "open-sesame-right"
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1, HBA: []string{"host all relay 127.0.0.1/32 scram-sha-256",
		"host replication relay 127.0.0.1/32 scram-sha-256"}})
	p.Exec("CREATE ROLE relay LOGIN REPLICATION PASSWORD '" + right + "'")
	r := startRelay(t, c, p, p.Conninfo(), nil)
	conninfo := func(password string) map[string]string {
		return map[string]string{"primary_conninfo": fmt.Sprintf(
			"host=127.0.0.1 port=%d user=relay password=%s application_name=relay sslmode=disable", p.Port, password)}
	}
	mark := r.logFrom()
	r.Configure(conninfo(wrong))
	r.Reload()
	r.waitLog(mark, `(FATAL|ERROR):.*password authentication failed for user "relay"`)
	r.waitLog(mark, `HINT:.*primary_conninfo`)
	r.IdentifySystem()
	r.Configure(conninfo(right))
	r.Reload()
	p.WaitFor(patience, "SELECT count(*) FROM pg_stat_replication WHERE usename = 'relay' AND state = 'streaming'", "1")
	r.waitReplayed(feed(p, 1000))
	shown := r.Shmdump() + r.Process().LogText()
	for _, child := range r.Process().Children() {
		shown += child.Title
	}
	require.NotContains(t, shown, "open-sesame")
	segment, err := os.ReadFile(r.dump().Segment.Path)
	require.NoError(t, err)
	require.NotContains(t, string(segment), "open-sesame")
	r.requireHealthy()
}
