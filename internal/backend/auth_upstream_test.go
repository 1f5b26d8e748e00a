package backend_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
)

// The program is not beside the test's executable, so that each question leaves a line in the log.
func TestUpstreamIsNotAskedForANameThatIsNotUTF8(t *testing.T) {
	n := newNode(t, backendtest.Options{Config: "auth_query = 'SELECT 1'\n"})
	for name, asked := range map[string]bool{
		"absent":                      true,
		"\xff":                        false,
		strings.Repeat("x", 62) + "é": false, // is cut to 63 bytes
		strings.Repeat("x", 61) + "é": true,
	} {
		before := strings.Count(n.Log.String(), "could not ask the upstream")
		c := n.Connect()
		c.Start("user", name, "database", "postgres")
		c.Must('R')
		require.Equal(t, "28000", string(c.MustFail().Code))
		c.MustEnd()
		asks := strings.Count(n.Log.String(), "could not ask the upstream") - before
		require.Equal(t, asked, asks == 1, "%q", name)
	}
}
