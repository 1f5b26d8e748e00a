package walfile

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// On file systems that cannot rename without replacing, too, a segment that the stream has begun meanwhile must stay.
func TestLinkNeverReplacesASegmentThatWasBegunMeanwhile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for range 2000 {
		require.NoError(t, os.WriteFile(from, []byte("prepared"), 0o600))
		var begun bool
		var wg sync.WaitGroup
		wg.Go(func() {
			f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if begun = err == nil; begun {
				f.Write([]byte("streamed"))
				f.Close()
			}
		})
		err := linkNoReplace(from, to)
		wg.Wait()
		b, readErr := os.ReadFile(to)
		require.NoError(t, readErr)
		if begun {
			require.ErrorIs(t, err, ErrSegmentExists)
			require.Equal(t, "streamed", string(b))
			require.NoError(t, os.Remove(from))
		} else {
			require.NoError(t, err)
			require.Equal(t, "prepared", string(b))
			require.NoFileExists(t, from)
		}
		require.NoError(t, os.Remove(to))
	}
}
