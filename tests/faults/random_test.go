package faults

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// TestRandomDamageToWhatClientsSayHarmsNobody damages good messages at random, at each stage of a session, and sends
// them. Whatever comes of it, no process may crash, no process may stay behind, and another stream goes on.
func TestRandomDamageToWhatClientsSayHarmsNobody(t *testing.T) {
	t.Parallel()
	random := cluster.Random(t)
	r := newRelay(t, map[string]string{"authentication_timeout": "5s", "wal_sender_timeout": "5s"})
	from := r.IdentifySystem().Pos
	r.waitReplayed(feed(r.primary, 500_000))
	w := watch(t, r.Port, r.primary.FlushLSN())

	start := packet(version3, replication)
	command := query("START_REPLICATION 0/123456 TIMELINE 1")
	identify := query("IDENTIFY_SYSTEM")
	status := message('d', statusUpdate(from))
	feedback := message('d', append([]byte{'h'}, make([]byte, 24)...))
	for range cluster.Count(100, 5000) {
		c := dial(t, r.Port)
		switch random.IntN(3) {
		case 0:
			c.sendAny(damage(random, start), damage(random, command))
		case 1:
			c.sendAny(start, damage(random, append(identify, command...)), status)
		default:
			c.sendAny(start, query("START_REPLICATION "+segSize.SegStart(from).String()))
			c.sendAny(damage(random, append(status, feedback...)), status)
		}
		if random.IntN(2) == 0 {
			require.NoError(t, c.SetLinger(0))
		}
		require.NoError(t, c.Close())
	}
	w.waitFor(feed(r.primary, 1000))
	r.waitSenders(1)
	r.requireHealthy()
}

// sendAny sends what can be sent: the server may have closed already.
func (c *client) sendAny(parts ...[]byte) {
	for _, p := range parts {
		_, _ = c.Write(p)
	}
}

// damage flips, cuts, doubles or overwrites some of a copy of b.
func damage(random *rand.Rand, b []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + random.IntN(3) {
		if len(b) == 0 {
			break
		}
		at := random.IntN(len(b))
		switch random.IntN(4) {
		case 0:
			b[at] ^= 1 << random.IntN(8)
		case 1:
			b = b[:at]
		case 2:
			b = append(b[:at:at], b[at/2:]...)
		default:
			b[at] = byte(random.Uint32())
		}
	}
	return b
}

// TestRandomDamageToWhatTheUpstreamSaysHeals damages messages of the upstream at random: WAL, heads, lengths. The primary has
// nothing more to say after each, so that no new WAL helps to find out. In the end the relay, and one that follows it, must
// have every byte as the primary wrote it.
func TestRandomDamageToWhatTheUpstreamSaysHeals(t *testing.T) {
	t.Parallel()
	random := cluster.Random(t)
	settings := map[string]string{"wal_receiver_timeout": "2s", "wal_retrieve_retry_interval": "200ms"}
	r, m := newDeceivedRelay(t, settings)
	behind := &relay{Waypost: r.c.NewWaypost("behind", r.Conninfo(), cluster.WaypostOptions{Settings: settings}), t: t, c: r.c, primary: r.primary}
	behind.WaitStreaming(patience)
	for range cluster.Count(8, 100) {
		seed := random.Uint64()
		m.set(once(func(b []byte) ([]byte, error) {
			return damage(rand.New(rand.NewPCG(seed, seed)), b), nil
		}))
		upto := feed(r.primary, 30_000)
		began := time.Now()
		r.waitReplayed(upto)
		behind.waitReplayed(upto)
		t.Logf("seed %d healed in %v", seed, time.Since(began).Round(time.Millisecond))
	}
	m.set(nil)
	r.requireSame()
	behind.requireSame()
	r.requireHealthy()
	behind.requireHealthy()
}

// TestRandomlyFlippedBitsHeal flips a bit somewhere in the WAL that the upstream sends, again and again. In the end the
// relay must have every byte as the primary wrote it.
func TestRandomlyFlippedBitsHeal(t *testing.T) {
	t.Parallel()
	random := cluster.Random(t)
	r, m := newDeceivedRelay(t, nil)
	for range cluster.Count(8, 300) {
		where, bit := random.Float64(), byte(1)<<random.IntN(8)
		m.set(once(func(b []byte) ([]byte, error) {
			b[dataOffset+int(where*float64(len(b)-dataOffset))] ^= bit
			return b, nil
		}))
		r.waitReplayed(feed(r.primary, 30_000))
	}
	m.set(nil)
	r.requireSame()
	require.Positive(t, r.dump().XLogCtl.SegmentsRepaired)
	r.requireHealthy()
}
