package walsender_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/launch"
	"waypost/pmsignal"
	"waypost/protocol"
)

// TestRandomClientsNeverHurtTheNode plays clients that do the right things in any order, and some of them with bytes
// changed, cut or repeated, and signals at any moment. Whatever they do, the session ends by itself or by SIGTERM, it never
// panics, and nothing stays claimed. WAYPOST_SEED repeats a run.
func TestRandomClientsNeverHurtTheNode(t *testing.T) {
	seed := rand.Uint64()
	if s := os.Getenv("WAYPOST_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("WAYPOST_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	n := newNode(t, backendtest.Options{Config: "wal_sender_timeout = 300ms\nauthentication_timeout = 1s"})
	n.MakeSegments(1, 1, 4)
	n.SetEnd(5*segSize - 100)
	for range 120 {
		network := []string{"tcp", "unix"}[rng.IntN(2)]
		c := n.ConnectAs(network, launch.CAC(rng.IntN(20)/14*rng.IntN(6)))
		for _, piece := range randomTalk(rng) {
			if _, err := c.Write(piece); err != nil {
				break
			}
			if rng.IntN(4) == 0 {
				if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err == nil {
					c.Read(make([]byte, 1+rng.IntN(200_000))) // whatever there is, or nothing
				}
			}
			if rng.IntN(30) == 0 {
				c.Session.Signal([]unix.Signal{unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGINT}[rng.IntN(4)])
			}
		}
		if rng.IntN(2) == 0 {
			c.Session.Signal(unix.SIGTERM)
		} else {
			require.NoError(t, c.Close())
		}
		c.Session.Result(t)
		require.NotEqual(t, pmsignal.WalSender, n.PM.ChildState(c.Session.Slot))
	}
	for i := range n.Snds {
		require.Zero(t, n.Snds[i].Snapshot().Pid)
		require.Zero(t, n.Snds[i].InFlightFrom.Load())
	}
}

// randomTalk is what a client sends, piece by piece.
func randomTalk(rng *rand.Rand) [][]byte {
	talk := [][]byte{backendtest.StartupPacket(3<<16|uint32(rng.IntN(50)/48), "user", "postgres",
		"replication", []string{"true", "database", "false"}[rng.IntN(20)/9])}
	if rng.IntN(5) == 0 {
		talk = append([][]byte{request(rng)}, talk...)
	}
	reply := protocol.StandbyStatusUpdate{Write: segSize, Flush: segSize, ReplyRequested: rng.IntN(2) == 0}
	commands := []string{
		"IDENTIFY_SYSTEM", "SHOW wal_segment_size", "START_REPLICATION 0/100000", "START_REPLICATION 0/4FFF00 TIMELINE 1",
		"START_REPLICATION 0/500000", "START_REPLICATION 9/0", "TIMELINE_HISTORY 1", "SELECT 1", "SHOW ALL; SHOW port", "",
	}
	for range rng.IntN(12) {
		switch rng.IntN(8) {
		case 0, 1, 2:
			talk = append(talk, protocol.AppendQuery(nil, commands[rng.IntN(len(commands))]))
		case 3, 4:
			talk = append(talk, protocol.AppendStandbyStatusUpdate(nil, &reply))
		case 5:
			talk = append(talk, protocol.AppendHotStandbyFeedback(nil, &protocol.HotStandbyFeedback{}))
		case 6:
			talk = append(talk, protocol.AppendCopyDone(nil))
		default:
			talk = append(talk, []byte{"PBESHFXdcf"[rng.IntN(10)], 0, 0, 0, byte(4 + rng.IntN(3)), 0, 0}[:5+rng.IntN(3)])
		}
	}
	for i := range talk {
		if rng.IntN(6) == 0 {
			talk[i] = damage(rng, talk[i])
		}
	}
	return talk
}

func request(rng *rand.Rand) []byte {
	codes := []protocol.ProtocolVersion{protocol.SSLRequestCode, protocol.GSSENCRequestCode, protocol.CancelRequestCode}
	return backendtest.StartupPacket(uint32(codes[rng.IntN(len(codes))]))
}

func damage(rng *rand.Rand, b []byte) []byte {
	b = append([]byte{}, b...)
	switch rng.IntN(3) {
	case 0:
		b[rng.IntN(len(b))] ^= byte(1 << rng.IntN(8))
	case 1:
		b = b[:rng.IntN(len(b))]
	default:
		b = append(b, b[rng.IntN(len(b)):]...)
	}
	return b
}
