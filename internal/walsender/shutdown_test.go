package walsender_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/walsnd"
	"waypost/protocol"
)

// mustEndWithCopy0 expects a stream's orderly end: CommandComplete "COPY 0", nothing more, exit code 0.
func mustEndWithCopy0(t *testing.T, c *backendtest.Client) {
	t.Helper()
	for {
		m, err := c.Next()
		require.NoError(t, err)
		if m.Type == 'd' {
			require.Equal(t, byte('k'), m.Body[0], "nothing but keepalives on the way")
			continue
		}
		require.Equal(t, byte('C'), m.Type)
		require.Equal(t, "COPY 0\x00", string(m.Body))
		break
	}
	_, err := c.Next()
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, c.Session.Result(t))
	require.Zero(t, c.Session.Process.Snds[0].Snapshot().Pid)
}

func TestInitStoppingKeepsAStreamGoing(t *testing.T) {
	n, c, want := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	initStopping(t, n, c)
	eventually(t, "stopping", func() bool { return n.Snds[0].Snapshot().State == walsnd.Stopping })
	n.SetEnd(segSize + 300) // the shutdown checkpoint
	require.Equal(t, want[100:300], collect(t, c, segSize+100, segSize+300))
	require.Equal(t, walsnd.Stopping, n.Snds[0].Snapshot().State)
}

func TestStoppingWalsenderTakesNoNewCommand(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	initStopping(t, n, c)
	eventually(t, "stopping", func() bool { return n.Snds[0].Snapshot().State == walsnd.Stopping })
	c.SendRaw(append([]byte{'c', 0, 0, 0, 4}, protocol.AppendQuery(nil, "START_REPLICATION 0/100000")...))
	c.Must('c')
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
}

func TestLastCycleWaitsUntilTheClientHasFlushedEverything(t *testing.T) {
	end := segSize + 0x9000
	n, c, want := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	c.Reply(protocol.StandbyStatusUpdate{Write: segSize + 100, Flush: segSize + 100})
	initStopping(t, n, c)
	n.SetEnd(end)
	c.Session.Signal(unix.SIGUSR2)
	require.Equal(t, want[100:0x9000], collect(t, c, segSize+100, end))
	k := mustKeepalive(t, c)
	require.True(t, k.ReplyRequested, "it asks for the confirmation")
	require.Equal(t, end, k.WalEnd)
	// Written is not flushed, for a client that reports what it flushes.
	c.Reply(protocol.StandbyStatusUpdate{Write: end, Flush: segSize + 100})
	require.True(t, mustKeepalive(t, c).ReplyRequested, "and asks again")
	c.Reply(protocol.StandbyStatusUpdate{Write: end, Flush: end})
	mustEndWithCopy0(t, c)
}

func TestLastCycleTakesTheWritePositionWhereNoneIsFlushed(t *testing.T) {
	end := segSize + 100
	_, c, _ := streaming(t, backendtest.Options{}, 1, segSize, end)
	collect(t, c, segSize, end)
	c.Session.Signal(unix.SIGUSR2)
	require.True(t, mustKeepalive(t, c).ReplyRequested)
	c.Reply(protocol.StandbyStatusUpdate{Write: end}) // pg_receivewal's reply
	mustEndWithCopy0(t, c)
}

func TestClientThatIsAheadCountsAsCaughtUpAtTheEnd(t *testing.T) {
	_, c, _ := streaming(t, backendtest.Options{}, 1, segSize+0x5000, segSize+100)
	c.Reply(protocol.StandbyStatusUpdate{Write: segSize + 0x6000, Flush: segSize + 0x6000, ReplyRequested: true})
	mustKeepalive(t, c)
	c.Session.Signal(unix.SIGUSR2)
	mustEndWithCopy0(t, c)
}

func TestShutdownTimeoutBoundsTheLastCycle(t *testing.T) {
	end := segSize + 100
	n, c, _ := streaming(t, backendtest.Options{Config: "wal_sender_shutdown_timeout = 300ms"}, 1, segSize, end)
	collect(t, c, segSize, end)
	began := time.Now()
	c.Session.Signal(unix.SIGUSR2)
	require.NoError(t, c.Session.Result(t))
	require.Greater(t, time.Since(began), 250*time.Millisecond)
	require.Contains(t, n.Log.String(), "WARNING:  terminating walsender process due to replication shutdown timeout")
	require.Zero(t, n.Snds[0].Snapshot().Pid)
}

func TestShutdownTimeoutEndsAClientThatDoesNotRead(t *testing.T) {
	n, c := stalled(t, backendtest.Options{Config: "wal_sender_shutdown_timeout = 300ms\nwal_sender_timeout = 0"})
	c.Session.Signal(unix.SIGUSR2)
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "replication shutdown timeout")
}

func TestWithoutAShutdownTimeoutTheLastCycleWaits(t *testing.T) {
	end := segSize + 100
	_, c, _ := streaming(t, backendtest.Options{Config: "wal_sender_timeout = 0"}, 1, segSize, end)
	collect(t, c, segSize, end)
	c.Session.Signal(unix.SIGUSR2)
	for range 3 {
		require.True(t, mustKeepalive(t, c).ReplyRequested)
		c.Reply(protocol.StandbyStatusUpdate{Write: segSize})
	}
	c.Reply(protocol.StandbyStatusUpdate{Write: end})
	mustEndWithCopy0(t, c)
}

func TestKeepaliveAtHalfAndEndAtWholeOfTheTimeout(t *testing.T) {
	end := segSize + 100
	n, c, _ := streaming(t, backendtest.Options{Config: "wal_sender_timeout = 600ms"}, 1, segSize, end)
	began := time.Now()
	collect(t, c, segSize, end)
	k := mustKeepalive(t, c)
	require.True(t, k.ReplyRequested)
	require.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond)
	c.Reply(protocol.StandbyStatusUpdate{Write: end})
	answered := time.Now()
	require.True(t, mustKeepalive(t, c).ReplyRequested)
	require.GreaterOrEqual(t, time.Since(answered), 250*time.Millisecond)
	// No answer this time, and only one question.
	c.MustEnd()
	require.GreaterOrEqual(t, time.Since(answered), 550*time.Millisecond)
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "LOG:  terminating walsender process due to replication timeout")
}

func TestClientThatDoesNotReadIsEndedByTheTimeout(t *testing.T) {
	n, c := stalled(t, backendtest.Options{Config: "wal_sender_timeout = 1s"})
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "LOG:  terminating walsender process due to replication timeout")
}

func TestSlowReaderThatRepliesIsNotEnded(t *testing.T) {
	n, c := stalled(t, backendtest.Options{Config: "wal_sender_timeout = 400ms"})
	// It reads nothing for three times the timeout, but says that it is alive.
	replies := time.NewTicker(50 * time.Millisecond)
	defer replies.Stop()
	for range 24 {
		<-replies.C
		c.Reply(protocol.StandbyStatusUpdate{Write: segSize})
	}
	select {
	case <-c.Session.Done():
		t.Fatal(n.Log.String())
	default:
	}
	c.Must('W')
	stop := make(chan struct{})
	go func() { // and goes on saying so while it reads
		defer close(stop)
		for {
			select {
			case <-c.Session.Done():
				return
			case <-replies.C:
				if _, err := c.Write(protocol.AppendStandbyStatusUpdate(nil, &protocol.StandbyStatusUpdate{})); err != nil {
					return
				}
			}
		}
	}()
	collect(t, c, segSize, 33*segSize)
	require.NoError(t, c.Close())
	<-stop
}

func TestTimeoutOfZeroIsNever(t *testing.T) {
	_, c, _ := streaming(t, backendtest.Options{Config: "wal_sender_timeout = 0"}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout", "nothing is sent")
}

func TestReloadChangesTheTimeoutOfAStream(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{Config: "wal_sender_timeout = 0"}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	n.WriteFile("postgresql.conf", "wal_sender_timeout = 200ms\n")
	c.Session.Signal(unix.SIGHUP)
	c.Until('d')
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "replication timeout")
}
