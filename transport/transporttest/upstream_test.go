package transporttest_test

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
	"waypost/transport/transporttest"
	"waypost/xlog"
)

const segSize = xlog.MinSegSize

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// writeSegments fills the files with these names with random bytes, which are returned one after the other.
func writeSegments(t *testing.T, dir string, names ...string) []byte {
	t.Helper()
	var all []byte
	for _, name := range names {
		b := make([]byte, segSize)
		_, _ = rand.Read(b)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
		all = append(all, b...)
	}
	return all
}

// follow is a small walreceiver: it streams from start until the server goes down, over timelines, reports what it
// has, and returns it. It knows nothing but the API, so it works with every transport.
func follow(t *testing.T, tr transport.Transport, start xlog.LSN, tli xlog.TimeLineID) (wal []byte, ended xlog.TimeLineID) {
	t.Helper()
	c, err := tr.Connect(testContext(t), "", transport.ConnectOptions{Replication: true})
	require.NoError(t, err)
	defer c.Close()
	at := start
	for {
		started, err := c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: at, TLI: tli})
		require.NoError(t, err)
		next := started.Next
		if started.Streaming {
			var shutdown bool
			wal, at, shutdown = copyStream(t, c, wal, at)
			if shutdown {
				return wal, tli
			}
			next, err = c.EndStreaming(testContext(t))
			require.NoError(t, err)
		}
		require.Equal(t, at, next.SwitchPoint)
		history, err := c.ReadTimelineHistoryFile(testContext(t), next.TLI)
		require.NoError(t, err)
		require.Equal(t, "00000002.history", history.Name)
		tli = next.TLI
	}
}

func copyStream(t *testing.T, c transport.Conn, wal []byte, at xlog.LSN) ([]byte, xlog.LSN, bool) {
	t.Helper()
	for {
		ev, err := c.Receive(time.Now().Add(time.Minute))
		require.NoError(t, err)
		switch ev.Kind {
		case transport.XLogData:
			require.Equal(t, at, ev.Start)
			wal = append(wal, ev.Data...)
			at += xlog.LSN(len(ev.Data))
		case transport.EndOfCopy:
			return wal, at, ev.Shutdown
		}
		if ev.ReplyRequested || !c.Pending() {
			reply := protocol.AppendStandbyStatusUpdate(nil, &protocol.StandbyStatusUpdate{Write: at, Flush: at})
			require.NoError(t, c.Send(reply, time.Now().Add(time.Minute)))
		}
	}
}

func TestAPIIsEnoughToFollowAnUpstreamOverTimelines(t *testing.T) {
	dir := t.TempDir()
	old := writeSegments(t, dir, "000000010000000000000001", "000000010000000000000002")
	switchPoint := xlog.LSN(2*uint64(segSize) + 12345)
	kept := old[:uint64(switchPoint)-uint64(segSize)]
	next := writeSegments(t, dir, "000000020000000000000002", "000000020000000000000003")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "00000002.history"), []byte("1\t0/2003039\tno reason\n"), 0o600))

	u := transporttest.NewUpstream(dir, segSize, transport.SystemIdentity{SystemID: 7, TLI: 1})
	u.Advance(switchPoint - 100)
	type result struct {
		wal []byte
		tli xlog.TimeLineID
	}
	done := make(chan result, 1)
	go func() {
		wal, tli := follow(t, u, xlog.LSN(segSize), 1)
		done <- result{wal, tli}
	}()
	_, err := u.WaitReply(testContext(t), func(r protocol.StandbyStatusUpdate) bool { return r.Flush == switchPoint-100 })
	require.NoError(t, err)
	end := xlog.LSN(4 * uint64(segSize))
	u.Switch(transport.NextTimeline{TLI: 2, SwitchPoint: switchPoint})
	u.Advance(end)
	u.AskForReply()
	_, err = u.WaitReply(testContext(t), func(r protocol.StandbyStatusUpdate) bool { return r.Flush == end })
	require.NoError(t, err)
	u.Shutdown()
	got := <-done
	require.Equal(t, append(kept, next[12345:]...), got.wal)
	require.Equal(t, xlog.TimeLineID(2), got.tli)
}

func TestReceiveEndsByDeadlineInterruptFailureAndClose(t *testing.T) {
	u := transporttest.NewUpstream(t.TempDir(), segSize, transport.SystemIdentity{TLI: 1})
	c, err := u.Connect(testContext(t), "", transport.ConnectOptions{Replication: true})
	require.NoError(t, err)
	_, err = c.Receive(time.Time{})
	require.ErrorIs(t, err, transport.ErrNotStreaming)
	_, err = c.StartStreaming(testContext(t), transport.StreamOptions{StartPoint: 0, TLI: 1})
	require.NoError(t, err)
	_, err = c.IdentifySystem(testContext(t))
	require.ErrorIs(t, err, transport.ErrBusy)
	require.False(t, c.Pending())
	_, err = c.Receive(time.Now())
	require.ErrorIs(t, err, transport.ErrDeadline)
	c.Interrupt()
	_, err = c.Receive(time.Time{})
	require.ErrorIs(t, err, transport.ErrInterrupted)

	failed := make(chan error, 1)
	go func() {
		_, err := c.Receive(time.Time{})
		failed <- err
	}()
	u.Fail(&transport.ConnError{Op: "receive", Err: transport.ErrServerClosed})
	require.ErrorIs(t, <-failed, transport.ErrServerClosed)
	u.Fail(nil)
	go func() {
		_, err := c.Receive(time.Time{})
		failed <- err
	}()
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-failed, net.ErrClosed)
}
