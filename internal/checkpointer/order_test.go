package checkpointer

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/walsnd"
	"waypost/walfile"
)

// A walsender that ends says first what it leaves behind, and then that it holds nothing itself. Whoever looks while it does
// so must see the one or the other.
func TestConnectionThatEndsMeanwhileIsNotOverlooked(t *testing.T) {
	g := newRig(t)
	g.published(seg(1))
	g.once()
	g.holds(1, 1, 1)
	s := walfile.Segment{TLI: 1, SegNo: 1}
	require.True(t, g.mayRecycle(s), "while nobody has bytes of it")
	// Many of them, so that the look at all takes a while; the one that counts is the last.
	g.Snds = make([]walsnd.WalSnd, 20_000)
	last := &g.Snds[len(g.Snds)-1]
	for range 200 {
		g.SndCtl.AbandonedUpto.Store(0)
		last.InFlightFrom.Store(uint64(seg(1)))
		looking := make(chan struct{})
		var ended sync.WaitGroup
		ended.Go(func() {
			<-looking
			g.SndCtl.Abandon(seg(2))
			last.InFlightFrom.Store(0)
		})
		require.False(t, g.mayRecycle(s))
		close(looking)
		for range 5 {
			require.False(t, g.mayRecycle(s))
		}
		ended.Wait()
	}
}
