package walreceiver

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/walrcv"
	"waypost/protocol"
	"waypost/transport"
)

// The upstream reads nothing, and the goroutine that receives is in the middle of a report: orders do not reach it there.
func TestStopBreaksOffAReportThatTheUpstreamDoesNotRead(t *testing.T) {
	g := newRig(t)
	blocked := make(chan struct{}, 100)
	g.tamperWith(func(c *tampered) {
		gone := make(chan struct{})
		var once sync.Once
		c.closed = func() { once.Do(func() { close(gone) }) }
		c.send = func([]byte) error {
			blocked <- struct{}{}
			<-gone
			return &transport.ConnError{Op: "send", Err: unix.EPIPE}
		}
	})
	g.run()
	<-blocked
	g.Stop()
	requireReported(t, g.ended(), protocol.CodeAdminShutdown, "administrator command", false)
	require.Equal(t, walrcv.Stopped, g.WalRcv.State())
}
