package backend_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

// TestTheLastPlaceHasSomebody has clients race for places, again and again.
func TestTheLastPlaceHasSomebody(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.Roles("CREATE ROLE few LOGIN CONNECTION LIMIT 2")
	for range 150 {
		var clients, inside []*backendtest.Client
		for range 4 {
			c := n.Connect()
			c.Start("user", "few", "database", "postgres")
			clients = append(clients, c)
		}
		for _, c := range clients {
			c.Must('R')
			m, err := c.Next()
			require.NoError(t, err)
			if m.Type != 'E' {
				inside = append(inside, c)
				c.Until('Z')
				continue
			}
			e, err := protocol.DecodeErrorResponse(m.Body)
			require.NoError(t, err)
			require.Equal(t, protocol.CodeTooManyConnections, e.Code)
		}
		require.Len(t, inside, 2)
		for _, c := range inside {
			c.Send('X', nil)
		}
		for _, c := range clients {
			<-c.Session.Done()
		}
	}
}
