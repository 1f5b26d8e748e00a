package nodectl

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/datadir"
)

func containsLine(text, line string) bool { return slices.Contains(strings.Split(text, "\n"), line) }

func TestOptionsAreReadAsAShellReadsThem(t *testing.T) {
	r := newRig(t, goodServer)
	require.NoError(t, r.Start(r.log, `-p 5433 -c "log_line_prefix=%m it's "`))
	opts, err := os.ReadFile(r.path(datadir.OptsFile))
	require.NoError(t, err)
	require.Equal(t, r.Program+` "-D" "`+r.Dir+`" "-p" "5433" "-c" "log_line_prefix=%m it's "`+"\n", string(opts))
}

func TestRestartKeepsTheArgumentsUnlessItIsGivenOthers(t *testing.T) {
	r := newRig(t, goodServer)
	require.NoError(t, r.Start(r.log, `-p 5433 -c "a b=it's "`))
	first, err := r.runningPid()
	require.NoError(t, err)
	// From elsewhere, and by another name.
	away := t.TempDir()
	require.NoError(t, os.Symlink(r.Dir, filepath.Join(away, "link")))
	r.Dir = filepath.Join(away, "link")
	require.NoError(t, r.Restart(Fast, r.log, ""))
	second, err := r.runningPid()
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	require.Contains(t, r.logText(), `-D `+r.Dir+` -p 5433 -c a b=it's `)
	require.Contains(t, r.printed(), "server stopped\n")

	require.NoError(t, r.Restart(Immediate, r.log, "-p 5434"))
	require.True(t, containsLine(r.logText(), `arguments: -D `+r.Dir+` -p 5434`))
	require.Contains(t, r.logText(), "ended by QUIT")
}

func TestRestartOfANodeThatIsNotRunningStartsIt(t *testing.T) {
	r := newRig(t, goodServer)
	require.NoError(t, r.Restart(Fast, r.log, ""))
	require.Contains(t, r.err.String(), "trying to start server anyway")
	require.NoError(t, r.Stop(Fast))

	r.write(datadir.PidFile, strconv.Itoa(deadPid(t))+"\n")
	require.NoError(t, r.Restart(Fast, r.log, ""))
	require.Contains(t, r.err.String(), "seems to be gone")
	require.NoError(t, r.Status())
}

func TestOptionFileThatMakesNoSense(t *testing.T) {
	r := newRig(t, goodServer)
	for _, text := range []string{"", "\n", "a\nb\n"} {
		r.write(datadir.OptsFile, text)
		requireCode(t, 1, r.Restart(Fast, r.log, ""), "exactly one line")
	}
}

func TestPostmasterOptsIsTakenApartAsItWasWritten(t *testing.T) {
	dir := t.TempDir()
	r := &Node{Dir: dir}
	for _, args := range [][]string{nil, {"-c", "a=b c"}, {"-p", "1", "--x=it's"}} {
		require.NoError(t, datadir.WriteOpts(dir, "/bin dir/postmaster", append([]string{"-D", "hub"}, args...), 0o600))
		got, err := r.lastArguments()
		require.NoError(t, err)
		require.Equal(t, args, got)
	}
	require.Equal(t, []string{"-p", "1"}, withoutDataDir([]string{"-Dhub", "-p", "1", "-D", "x"}))
}
