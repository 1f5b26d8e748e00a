package proctree

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/launch"
	"waypost/internal/layout"
	"waypost/internal/procsignal"
	"waypost/pmsignal"
	"waypost/shmem"
	"waypost/tests/cluster"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A signal that comes before the child's handlers stand waits for them: it neither kills the child nor is it lost.
func TestNoSignalIsLostBetweenExecAndHandlers(t *testing.T) {
	const children = 400
	signals := []unix.Signal{unix.SIGTERM, unix.SIGUSR1, unix.SIGHUP, unix.SIGUSR2, unix.SIGINT}
	c := cluster.New(t)
	bin := c.Mkdir("bin")
	installPrograms(t, c, bin)
	segment, err := shmem.Create([]string{t.TempDir()}, "launch", layout.New(children, 1), 1)
	require.NoError(t, err)
	defer segment.Close()
	death, write, err := os.Pipe()
	require.NoError(t, err)
	defer death.Close()
	defer write.Close()
	lock, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer lock.Close()
	trace := filepath.Join(t.TempDir(), "trace")
	t.Setenv("FAKE_TRACE", trace)
	t.Setenv("FAKE_LAUNCH_ONLY", "1")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer log.Close()

	pm, err := pmsignal.Map(segment)
	require.NoError(t, err)
	news := make(chan os.Signal, 1)
	signal.Notify(news, unix.SIGUSR1)
	defer signal.Stop(news)

	l := launch.Launcher{BinDir: bin, Death: death, Lock: lock, Shmem: segment.File()}
	settings := guc.New().Encode()
	for i := range children {
		pm.AssignChild(i)
		pid, err := l.Start(&launch.Params{Kind: procsignal.Spare, ChildSlot: i, DataDir: t.TempDir(), Settings: settings}, nil)
		require.NoError(t, err)
		var orders pmsignal.Orders
		require.NoError(t, orders.Send(pm, i, pid, signals[i%len(signals)]))
		status := waitFor(t, pid, func() {
			if len(news) > 0 {
				<-news
				require.NoError(t, orders.Flush(pm, i, pid))
			}
		})
		require.Truef(t, status.Exited(), "child %d was killed by %v", i, status.Signal())
		require.Equal(t, launch.ExitFatal, status.ExitStatus())
		require.True(t, pm.ReleaseChild(i))
	}
	b, err := os.ReadFile(trace)
	require.NoError(t, err)
	for _, sig := range signals {
		require.Equal(t, children/len(signals), countLines(b, sig.String()), sig)
	}
}

func waitFor(t *testing.T, pid int, meanwhile func()) syscall.WaitStatus {
	t.Helper()
	var status syscall.WaitStatus
	cluster.Eventually(t, 20*time.Second, "child ends", func() bool {
		meanwhile()
		done, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
		require.NoError(t, err)
		return done == pid
	})
	return status
}

func countLines(b []byte, what string) int {
	n := 0
	for _, line := range strings.Split(string(b), "\n") {
		if strings.HasSuffix(line, " "+what) {
			n++
		}
	}
	return n
}
