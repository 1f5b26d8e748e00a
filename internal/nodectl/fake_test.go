package nodectl

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
)

// A postmaster as far as pg_ctl can tell one from a real one. Its first argument is -D.
const goodServer = `#!/bin/sh
dir=$2
end() { echo "ended by $1"; rm "$dir/postmaster.pid"; kill $idle; exit 0; }
trap 'end INT' INT
trap 'end TERM' TERM
trap 'end QUIT' QUIT
trap 'echo reloaded' HUP
echo "arguments: $*"
{ printf '%s' "$0"; for arg; do printf ' "%s"' "$arg"; done; echo; } > "$dir/postmaster.opts"
sleep 600 & idle=$!
printf '%s\n%s\n%s\n5432\n/tmp\nlocalhost\n1 1\nready   \n' $$ "$dir" $(date +%s) > "$dir/postmaster.pid.new"
mv "$dir/postmaster.pid.new" "$dir/postmaster.pid"
while :; do wait; done
`

// rig is a data directory with a program to run on it.
type rig struct {
	*Node
	t        *testing.T
	out, err *bytes.Buffer
	log      string
}

func newRig(t *testing.T, program string) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, out: new(bytes.Buffer), err: new(bytes.Buffer), log: filepath.Join(dir, "server.log")}
	r.Node = &Node{Dir: filepath.Join(dir, "data"), Program: filepath.Join(dir, "postmaster"), Out: r.out, Err: r.err,
		Wait: true, Timeout: time.Minute}
	require.NoError(t, os.Mkdir(r.Dir, 0o700))
	r.write(datadir.VersionFile, "15\n")
	require.NoError(t, os.WriteFile(r.Program, []byte(program), 0o700))
	t.Cleanup(r.end)
	return r
}

func (r *rig) write(name, text string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(r.path(name), []byte(text), 0o600))
}

// end ends what the test has started and not stopped.
func (r *rig) end() {
	info, err := datadir.ReadPidFile(r.Dir)
	if err == nil && alive(info.Pid) {
		require.NoError(r.t, unix.Kill(info.Pid, unix.SIGTERM))
		require.Eventually(r.t, func() bool { return !alive(info.Pid) }, time.Minute, 10*time.Millisecond)
	}
}

func (r *rig) start() int {
	r.t.Helper()
	require.NoError(r.t, r.Start(r.log, ""))
	pid, err := r.runningPid()
	require.NoError(r.t, err)
	return pid
}

func (r *rig) logText() string {
	text, err := os.ReadFile(r.log)
	require.NoError(r.t, err)
	return string(text)
}

// printed gives what was printed since it was last asked.
func (r *rig) printed() string {
	defer r.out.Reset()
	return r.out.String()
}

func requireCode(t *testing.T, code int, err error, message string) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code)
	require.Contains(t, e.Message, message)
}
