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

// TestRandomDamageToWhatTheUpstreamSaysHeals damages messages of the upstream at random, WAL included. In the end the
// relay must have every byte as the primary wrote it.
func TestRandomDamageToWhatTheUpstreamSaysHeals(t *testing.T) {
	t.Parallel()
	random := cluster.Random(t)
	r, m := newDeceivedRelay(t, map[string]string{"wal_receiver_timeout": "2s"})
	for range cluster.Count(8, 300) {
		seed := random.Uint64()
		m.set(once(func(b []byte) ([]byte, error) {
			return damage(rand.New(rand.NewPCG(seed, seed)), b), nil
		}))
		upto := feed(r.primary, 30_000)
		began := time.Now()
		fed := began
		r.eventually("the damage was passed on and has healed", func() error {
			// Where a message seems longer than it is, what follows is taken for its WAL. That shows when a record's worth
			// of it has come, and an idle primary sends keepalives only.
			if time.Since(fed) > time.Second {
				feed(r.primary, 30_000)
				fed = time.Now()
			}
			return r.replayedUpto(upto)
		})
		t.Logf("seed %d healed in %v", seed, time.Since(began).Round(time.Millisecond))
	}
	m.set(nil)
	r.requireSame()
	r.requireHealthy()
}
