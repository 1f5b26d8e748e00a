package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"

	"github.com/stretchr/testify/require"
)

// Ports lie below the range from which the kernel takes those of outgoing
// connections: a server that is down for a moment must find its port free again.
const (
	firstPort = 15500
	lastPort  = 32000
)

// FreePort gives a TCP port that nobody listens on, and that no other test on this
// machine is given before this one ends.
func (c *Cluster) FreePort() int {
	c.T.Helper()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		// A name in the abstract namespace is a lock that goes with its process.
		claim, err := net.Listen("unix", fmt.Sprintf("@waypost-test-port-%d", port))
		if err != nil {
			continue
		}
		probe, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			require.NoError(c.T, claim.Close())
			continue
		}
		require.NoError(c.T, probe.Close())
		c.T.Cleanup(func() { _ = claim.Close() })
		return port
	}
	c.T.Fatal("no free TCP port found")
	return 0
}
