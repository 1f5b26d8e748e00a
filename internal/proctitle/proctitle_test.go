package proctitle

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test's other process sets titles and says so; the test reads them as ps does.
func TestTitleIsWhatPsShows(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=TestHelperTitle")
	cmd.Args = append(cmd.Args, Pad)
	cmd.Env = append(os.Environ(), "WAYPOST_TITLE=1")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	environ := func() string {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", cmd.Process.Pid))
		require.NoError(t, err)
		return string(b)
	}
	before := environ()
	for _, want := range []string{"waypost: test", "waypost: test streaming 0/3000148", "waypost: test idle", "waypost: other idle"} {
		var ready [1]byte
		_, err := out.Read(ready[:])
		require.NoError(t, err)
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
		require.NoError(t, err)
		require.Equal(t, want, strings.TrimRight(string(b), "\x00 "))
		_, err = in.Write([]byte{'n'})
		require.NoError(t, err)
	}
	require.Equal(t, before, environ(), "the environment must stay as it is")
	require.NoError(t, cmd.Wait())
}

func TestHelperTitle(t *testing.T) {
	if os.Getenv("WAYPOST_TITLE") == "" {
		return // the other process of TestTitleIsWhatPsShows, nothing by itself
	}
	step := func() {
		var b [1]byte
		os.Stdout.Write([]byte{'r'})
		os.Stdin.Read(b[:])
	}
	title := Init("waypost: test ")
	step()
	title.Set("streaming 0/3000148")
	step()
	title.SetBytes([]byte("idle"))
	step()
	title.SetPrefix("waypost: other ")
	title.Set("idle")
	step()
	title.Set(strings.Repeat("x", 10000)) // cut, not written past the end
	os.Exit(0)
}
