package walreceiver

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/walrcv"
	"waypost/protocol"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// TestAnyCuttingOfTheStreamGivesTheSameFiles cuts the WAL into pieces of any size, mixes keepalives in, has more pending or
// not, breaks connections, lets syncs take any time, and holds every report against what was really synced.
func TestAnyCuttingOfTheStreamGivesTheSameFiles(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("WAYPOST_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("WAYPOST_SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	g := newRig(t)
	end := g.wal.Pos()
	var synced atomic.Uint64
	synced.Store(uint64(segSize.Start(1)))
	var wrong atomic.Uint64 // reports that say more than is so
	syncRnd := rand.New(rand.NewPCG(seed, 2))
	g.filesWith(func(f *files) {
		f.flush = func() (xlog.LSN, error) {
			if syncRnd.IntN(4) == 0 {
				time.Sleep(time.Duration(syncRnd.IntN(2000)) * time.Microsecond)
			}
			l, err := f.walFiles.Flush()
			synced.Store(uint64(l))
			return l, err
		}
	})
	g.Transport = &tamper{g.upstream, func(c transport.Conn) transport.Conn {
		return &erratic{Conn: c, g: g, rnd: rnd, sent: g.XLog.Written(), synced: &synced, wrong: &wrong}
	}}
	connections := 0
	for g.XLog.Flushed() < end {
		connections++
		require.ErrorIs(t, g.Run(), unix.ECONNRESET)
		require.Equal(t, g.XLog.Written(), g.XLog.Flushed())
		g.ask(walrcv.Starting, 1, g.XLog.Flushed())
	}
	require.Zero(t, wrong.Load())
	g.requireHeld(1, segSize.Start(1), end)
	t.Logf("%d connections, %d syncs, %d reports", connections, g.WalRcv.Syncs.Load(), g.WalRcv.RepliesSent.Load())
}

type erratic struct {
	transport.Conn
	g      *rig
	rnd    *rand.Rand
	sent   xlog.LSN
	synced *atomic.Uint64
	wrong  *atomic.Uint64
}

func (c *erratic) StartStreaming(_ context.Context, o transport.StreamOptions) (transport.StartResult, error) {
	c.sent = o.StartPoint
	return transport.StartResult{Streaming: true}, nil
}

func (c *erratic) Receive(deadline time.Time) (transport.Event, error) {
	switch n := c.rnd.IntN(100); {
	case n == 0 || c.sent == c.g.wal.Pos():
		return transport.Event{}, &transport.ConnError{Op: "receive", Err: unix.ECONNRESET}
	case n < 20:
		return transport.Event{Kind: transport.Keepalive, End: c.g.wal.Pos(), ReplyRequested: n < 10}, nil
	case n < 25:
		return transport.Event{}, nil
	case n < 30 && !deadline.IsZero() && time.Until(deadline) < time.Second:
		time.Sleep(time.Until(deadline))
		return transport.Event{}, transport.ErrDeadline
	}
	most := []int{1, 100, 8192, 20000, 50000}[c.rnd.IntN(5)]
	data := c.g.wal.Bytes(c.sent, min(c.g.wal.Pos(), c.sent+xlog.LSN(1+c.rnd.IntN(most))))
	ev := transport.Event{Kind: transport.XLogData, Start: c.sent, End: c.g.wal.Pos(), SendTime: xlog.Now(), Data: data}
	c.sent += xlog.LSN(len(data))
	return ev, nil
}

func (c *erratic) Pending() bool { return c.rnd.IntN(3) > 0 }

func (c *erratic) Send(msg []byte, _ time.Time) error {
	if msg[5] != 'r' {
		return nil
	}
	var m protocol.StandbyStatusUpdate
	if err := protocol.DecodeStandbyStatusUpdate(msg[5:], &m); err != nil {
		return err
	}
	if uint64(m.Flush) > c.synced.Load() || m.Flush > m.Write || m.Apply > m.Flush || m.Write > c.g.XLog.Written() {
		c.wrong.Add(1)
	}
	return nil
}

func TestTakingAMessageAllocatesNothing(t *testing.T) {
	g := newRig(t)
	require.NoError(t, g.Dir.Allocate(1, 1))
	g.tamperWith(func(c *tampered) {
		c.pending = func() bool { return false }
		c.send = func([]byte) error { return nil }
	})
	conn, err := g.Transport.Connect(g.ctx, "", transport.ConnectOptions{})
	require.NoError(t, err)
	at := segSize.Start(1)
	s := g.newStream(conn, 1, plan{start: at})
	data := make([]byte, 400)
	ev := transport.Event{Kind: transport.XLogData, Data: data}
	take := func() {
		ev.Start = at
		require.NoError(t, s.take(&ev, time.Now()))
		at += xlog.LSN(len(data))
	}
	take() // opens the segment
	require.Zero(t, testing.AllocsPerRun(1000, take))
	require.Equal(t, at, g.XLog.Written())
}

var _ walFiles = (*walfile.SegmentWriter)(nil)
