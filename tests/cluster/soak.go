package cluster

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Count is how often to do a thing that is done at random: soak times in the long
// run (`make soak`, WAYPOST_SOAK=1), short times else.
func Count(short, soak int) int {
	if os.Getenv("WAYPOST_SOAK") == "" {
		return short
	}
	return soak
}

// Random gives the test's source of random choices and prints its seed.
// WAYPOST_SEED makes the same choices again.
func Random(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("WAYPOST_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err, "WAYPOST_SEED")
	}
	t.Logf("seed: WAYPOST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}
