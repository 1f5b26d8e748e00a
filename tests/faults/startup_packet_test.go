package faults

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tlsClientHello is how a client begins that speaks TLS without asking first.
var tlsClientHello = append([]byte{0x16, 0x03, 0x01, 0x00, 0xf8, 0x01, 0x00, 0x00, 0xf4, 0x03, 0x03}, make([]byte, 242)...)

func TestBadStartupPacketsHarmNobody(t *testing.T) {
	t.Parallel()
	r := newRelay(t, map[string]string{"authentication_timeout": "2s"})
	w := watch(t, r.Port, r.IdentifySystem().Pos)

	garbage := make([]byte, 5000)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range garbage {
		garbage[i] = byte(random.Uint32())
	}
	user := pairs("user", "postgres", "database", "postgres")

	for _, tc := range []struct {
		name string
		send []byte
		code string // of the answer; "": closed without any
	}{
		{"length zero", []byte{0, 0, 0, 0}, ""},
		{"length one", []byte{0, 0, 0, 1, 0}, ""},
		{"length of itself alone", []byte{0, 0, 0, 4}, ""},
		{"oversized", packet(version3, bytes.Repeat([]byte{'a'}, 10_001)), ""},
		{"gigantic", []byte{0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0}, ""},
		{"negative", []byte{0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0}, ""},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), ""},
		{"TLS straight away", tlsClientHello, ""},
		{"random bytes", append([]byte{0xf0}, garbage...), ""},
		{"random bytes in a frame", packet(version3, garbage), "08P01"},
		{"no terminator", packet(version3, []byte("user\x00postgres")), "08P01"},
		{"no user", packet(version3, pairs("database", "postgres")), "28000"},
		{"protocol 1", packet(1<<16, user), "0A000"},
		{"protocol 4", packet(4<<16, user), "0A000"},
		{"protocol of all ones", packet(0xffffffff, user), "0A000"},
		{"unknown option", packet(version3, pairs("user", "postgres", "replication", "true", "nonsense", "1")), "42704"},
		{"replication of no meaning", packet(version3, pairs("user", "postgres", "replication", "perhaps")), "22023"},
		{"cancel of nobody", packet(1234<<16|5678, binary.BigEndian.AppendUint64(nil, 1<<63)), ""},
		{"short cancel", packet(1234<<16|5678, []byte{1}), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, r.Port)
			_, _ = c.Write(tc.send) // it may be refused before it is all sent
			switch e := c.mustClose(); {
			case tc.code == "":
				require.Nil(t, e)
			default:
				require.NotNil(t, e, "closed without a word")
				require.Equal(t, tc.code, e.code, e.message)
				require.Equal(t, "FATAL", e.severity)
			}
		})
	}

	t.Run("negotiated", func(t *testing.T) {
		for _, tc := range []struct {
			version uint32
			options []string
		}{{version3 | 2, nil}, {version3 | 9999, nil}, {version3, []string{"_pq_.unheard_of"}}, {version3 | 2, []string{"_pq_.a", "_pq_.b"}}} {
			params := []string{"user", "postgres", "replication", "true"}
			for _, o := range tc.options {
				params = append(params, o, "x")
			}
			c := dial(t, r.Port)
			c.send(packet(tc.version, pairs(params...)))
			body := c.must('v')
			require.EqualValues(t, len(tc.options), binary.BigEndian.Uint32(body[4:]))
			for _, o := range tc.options {
				require.Contains(t, string(body), o+"\x00")
			}
			c.must('Z')
			c.send(query("IDENTIFY_SYSTEM"))
			c.must('D')
		}
	})

	t.Run("encryption asked for", func(t *testing.T) {
		c := dial(t, r.Port)
		for _, code := range []uint32{1234<<16 | 5679, 1234<<16 | 5680} {
			c.send(packet(code, nil))
			b, err := c.in.ReadByte()
			require.NoError(t, err)
			require.Equal(t, byte('N'), b)
		}
		c.send(packet(version3, replication))
		c.must('Z')
	})

	t.Run("half closed in the handshake", func(t *testing.T) {
		for n := range len(packet(version3, replication)) {
			c := dial(t, r.Port)
			c.send(packet(version3, replication)[:n])
			require.NoError(t, c.CloseWrite())
			require.Nil(t, c.mustClose())
		}
	})

	t.Run("reset in the handshake", func(t *testing.T) {
		for n := range 8 {
			c := dial(t, r.Port)
			c.send(packet(version3, replication)[:n])
			require.NoError(t, c.SetLinger(0))
			require.NoError(t, c.Close())
		}
	})

	w.waitFor(feed(r.primary, 1000))
	r.requireHealthy()
}

// TestSlowStartupPacketsEndWithTheTimeout drips startup packets, one byte in 100 ms, which takes longer than
// authentication_timeout allows, however steadily the bytes come.
func TestSlowStartupPacketsEndWithTheTimeout(t *testing.T) {
	t.Parallel()
	const limit = 2 * time.Second
	r := newRelay(t, map[string]string{"authentication_timeout": "2s"})
	w := watch(t, r.Port, r.IdentifySystem().Pos)
	long := packet(version3, pairs("user", "postgres", "replication", "true", "application_name", string(bytes.Repeat([]byte{'x'}, 500))))

	var wg sync.WaitGroup
	took := make([]time.Duration, 10)
	for i := range took {
		c := dial(t, r.Port)
		began := time.Now()
		done := make(chan struct{})
		wg.Add(2)
		go func() {
			defer wg.Done()
			defer close(done)
			for {
				if _, err := c.in.ReadByte(); err != nil {
					took[i] = time.Since(began)
					return
				}
			}
		}()
		go func() {
			defer wg.Done()
			drip := time.NewTicker(100 * time.Millisecond)
			defer drip.Stop()
			for _, b := range long {
				select {
				case <-done:
					return
				case <-drip.C:
					_, _ = c.Write([]byte{b})
				}
			}
		}()
	}
	wg.Wait()
	for _, d := range took {
		require.GreaterOrEqual(t, d, limit-100*time.Millisecond, "ended before its time")
		require.Less(t, d, limit+10*time.Second, "the bytes have put the end off")
	}
	w.waitFor(feed(r.primary, 1000))
	r.requireHealthy()
}
