package walfile

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/xlog"
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

func TestReservedSegmentIsZerosOfItsOwnSpaceAndNotReplaced(t *testing.T) {
	for _, durable := range []bool{true, false} {
		d := Dir{Path: t.TempDir(), SegSize: xlog.MinSegSize, Perm: 0o640}
		require.NoError(t, d.Reserve(3, 7, durable))
		path := d.SegmentPath(3, 7)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, make([]byte, d.SegSize), b)
		var st unix.Stat_t
		require.NoError(t, unix.Stat(path, &st))
		require.GreaterOrEqual(t, st.Blocks*512, int64(d.SegSize), "the space is set aside")
		require.EqualValues(t, 0o640, st.Mode&0o777)
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		require.ErrorIs(t, d.Reserve(3, 7, durable), ErrSegmentExists)
		b, err = os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "mine", string(b))
		left, err := filepath.Glob(filepath.Join(d.Path, "*"))
		require.NoError(t, err)
		require.Equal(t, []string{path}, left)
	}
}
