package walsender_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/backend/backendtest"
	"waypost/internal/walsnd"
	"waypost/protocol"
)

func mustBeCanceled(t *testing.T, c *backendtest.Client) {
	t.Helper()
	require.Equal(t, protocol.Error{Severity: "ERROR", Code: "57014", Message: "canceling statement due to user request"},
		*c.MustFail())
}

func TestCancelEndsTheCopyAndTheNextOneBegins(t *testing.T) {
	n, c, want := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	c.Session.Signal(unix.SIGINT)
	mustBeCanceled(t, c)
	c.Must('Z')
	require.Equal(t, walsnd.Startup, n.Snds[0].Snapshot().State)

	// Idle, there is nothing to cancel; what the client had still to say to the copy is ignored.
	c.Reply(protocol.StandbyStatusUpdate{Write: segSize + 100})
	c.Session.Deliver(t, unix.SIGINT)
	c.Query("START_REPLICATION " + segSize.String())
	c.Must('W')
	require.Equal(t, want[:100], collect(t, c, segSize, segSize+100))
	n.SetEnd(segSize + 200)
	require.Equal(t, want[100:200], collect(t, c, segSize+100, segSize+200))
}

func TestCancelReachesAClientThatIsBehindBetweenTwoMessages(t *testing.T) {
	_, c := stalled(t, backendtest.Options{Config: "wal_sender_timeout = 0"})
	c.Session.Deliver(t, unix.SIGINT)
	c.Must('W')
	for {
		m, err := c.Next()
		require.NoError(t, err)
		if m.Type == 'd' {
			continue
		}
		require.Equal(t, byte('E'), m.Type)
		e, err := protocol.DecodeErrorResponse(m.Body)
		require.NoError(t, err)
		require.Equal(t, protocol.SQLSTATE("57014"), e.Code)
		break
	}
	c.Must('Z')
}

func TestCanceledWalsenderThatIsToStopGoes(t *testing.T) {
	n, c, _ := streaming(t, backendtest.Options{}, 1, segSize, segSize+100)
	collect(t, c, segSize, segSize+100)
	initStopping(t, n, c)
	eventually(t, "stopping", func() bool { return n.Snds[0].Snapshot().State == walsnd.Stopping })
	c.Session.Signal(unix.SIGINT)
	mustBeCanceled(t, c)
	c.MustEnd()
	require.NoError(t, c.Session.Result(t))
}
