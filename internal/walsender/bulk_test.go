package walsender

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
)

// openPipes is how many ends of pipes the process has.
func openPipes(t *testing.T) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	require.NoError(t, err)
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}

func TestPipeForBulkIsHeldOnlyWhileTheClientIsBehind(t *testing.T) {
	st := benchStream(t, "tcp")
	before := openPipes(t)
	end := backendtest.SegSize.Start(65)
	st.sentPtr = end - bulkSize + 1
	require.NoError(t, st.send(time.Now()))
	require.Equal(t, before, openPipes(t), "near the end")
	st.sentPtr = end - 2*bulkSize
	for st.caughtUp = false; !st.caughtUp; {
		require.NoError(t, st.send(time.Now()))
		require.Equal(t, before+2, openPipes(t), "behind")
	}
	over, err := st.whenCaughtUp(time.Now())
	require.NoError(t, err)
	require.False(t, over)
	require.Equal(t, before, openPipes(t), "caught up")
}
