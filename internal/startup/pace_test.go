package startup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStartupRestsOnlyWhereNobodyWaits(t *testing.T) {
	var rested time.Duration
	p := pace{sleep: func(d time.Duration) { rested += d }}
	now := time.Now()
	p.rest(100, 100, now)
	require.Zero(t, rested, "nothing was checked: it waits for the next wake, and a lone commit finds it there")
	p.rest(100, 200, now)
	require.Equal(t, restFor, rested)
	p.waitedFor(now)
	p.rest(200, 300, now.Add(eagerAfter/2))
	require.Equal(t, restFor, rested, "a commit under remote_apply was met a moment ago")
	p.rest(300, 400, now.Add(eagerAfter))
	require.Equal(t, 2*restFor, rested)
}
