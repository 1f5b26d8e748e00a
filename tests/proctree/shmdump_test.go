package proctree

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/shmdump"
)

// follow runs "shmdump --watch --json" and gives each dump as it comes.
func follow(t *testing.T, n *node) func() *shmdump.Dump {
	t.Helper()
	cmd := exec.Command(n.c.WaypostProgram("shmdump"), "-D", n.dir, "--json", "--watch=20ms")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		io.Copy(io.Discard, out)
		require.NoError(t, cmd.Wait())
	})
	lines := json.NewDecoder(bufio.NewReader(out))
	return func() *shmdump.Dump {
		var d shmdump.Dump
		require.NoError(t, lines.Decode(&d))
		return &d
	}
}

// A session driven by SIGUSR1 (the children's) and SIGTERM alone can be followed from outside, to the end.
func TestSessionCanBeFollowedWithShmdump(t *testing.T) {
	n := newNode(t, "walsender_prelaunch = 0")
	n.startServing()
	next := follow(t, n)
	until := func(what string, cond func(d *shmdump.Dump) bool) {
		t.Helper()
		for range 500 {
			if cond(next()) {
				return
			}
		}
		t.Fatal("never shown: " + what)
	}
	slots := func(d *shmdump.Dump, state string) (count int) {
		for _, c := range d.PMSignal.Children {
			if c.State == state {
				count++
			}
		}
		return count
	}
	kinds := func(d *shmdump.Dump, kind string) (count int) {
		for _, p := range d.Processes {
			if p.Kind == kind && p.Alive {
				count++
			}
		}
		return count
	}
	until("what startup has sent", func(d *shmdump.Dump) bool {
		sent := map[string]uint64{}
		for _, r := range d.PMSignal.Reasons {
			sent[r.Name] = r.Sent
		}
		return sent["PMSIGNAL_RECOVERY_STARTED"] == 1 && sent["PMSIGNAL_BEGIN_HOT_STANDBY"] == 1 && sent["PMSIGNAL_START_WALRECEIVER"] == 1
	})
	until("the children", func(d *shmdump.Dump) bool {
		return kinds(d, "startup") == 1 && kinds(d, "walreceiver") == 1 && kinds(d, "checkpointer") == 1 && slots(d, "PM_CHILD_ACTIVE") == 3
	})
	c := n.connect()
	c.do("walsender")
	until("the walsender's mark", func(d *shmdump.Dump) bool { return slots(d, "PM_CHILD_WALSENDER") == 1 })
	c.do("unmark")
	until("the mark taken back", func(d *shmdump.Dump) bool { return slots(d, "PM_CHILD_WALSENDER") == 0 })
	c.do("walsender")
	// The walsender ends only in PM_SHUTDOWN_2: for a moment it is the last in the segment.
	n.Signal(syscall.SIGTERM)
	require.Zero(t, n.exitCode())
	require.Equal(t, orderly, n.states())
}

func TestDumpOfAKilledNode(t *testing.T) {
	n := newNode(t, "")
	n.startServing()
	n.walSender()
	n.KillTree()
	var text string
	n.eventually("everybody is dead", func() bool {
		var code int
		code, text, _ = n.c.RunCode(n.c.WaypostProgram("shmdump"), "-D", n.dir)
		return code == 0 && !strings.Contains(text, "alive                yes")
	})
	require.Contains(t, text, "postmaster_alive     no")
	require.Contains(t, text, "PM_CHILD_WALSENDER")
	// The next start removes what this test left behind.
	n.startServing()
}
