package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Cluster is one test's world: its directory, its user, its processes.
type Cluster struct {
	T   testing.TB
	Dir string // owned by the user that the servers run as; short enough for a Unix socket's path

	user account

	mu   sync.Mutex
	logs []string
}

// New makes a world for the test and has it taken down at the test's end.
func New(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{T: t, user: serverAccount(t)}
	dir, err := os.MkdirTemp("", "waypost-"+shortName(t.Name())+"-")
	require.NoError(t, err)
	c.Dir = dir
	require.NoError(t, os.Chmod(dir, 0o755))
	c.own(dir)
	t.Cleanup(c.takeDown)
	return c
}

// shortName makes a test's name fit for the name of a directory that holds sockets.
func shortName(name string) string {
	name = strings.TrimPrefix(name, "Test")
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, name)
	return name[:min(len(name), 24)]
}

// takeDown runs after every server's own cleanup: what still runs in the directory
// now has outlived its server.
func (c *Cluster) takeDown() {
	for _, p := range c.strays() {
		c.T.Errorf("process %d (%s) outlived its server", p.PID, p.Title)
		p.kill()
	}
	if c.T.Failed() {
		c.printLogs()
		c.T.Logf("kept for a look: %s", c.Dir)
		return
	}
	if err := os.RemoveAll(c.Dir); err != nil {
		c.T.Errorf("remove the test's directory: %v", err)
	}
}

// strayGrace is how long an orphan may take to notice that its postmaster is gone.
const strayGrace = 5 * time.Second

// strays are the processes that still work in the directory after a grace. Every
// server's working directory is its data directory.
func (c *Cluster) strays() []Proc {
	deadline := time.Now().Add(strayGrace)
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		found := procsWorkingIn(c.Dir)
		if len(found) == 0 || time.Now().After(deadline) {
			return found
		}
		<-ticker.C
	}
}

// logTail is how much of each log a failed test prints, bytes.
const logTail = 6000

func (c *Cluster) printLogs() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, path := range c.logs {
		b, err := os.ReadFile(path)
		if err != nil || len(b) == 0 {
			continue
		}
		cut := max(0, len(b)-logTail)
		c.T.Logf("--- %s (last %d of %d bytes)\n%s", path, len(b)-cut, len(b), b[cut:])
	}
}

// newLog gives the path of a log that is printed when the test fails.
func (c *Cluster) newLog(name string) string {
	path := filepath.Join(c.Dir, name+".log")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, have := range c.logs {
		if have == path {
			return path
		}
	}
	c.logs = append(c.logs, path)
	return path
}

// Path is a path below the test's directory.
func (c *Cluster) Path(elem ...string) string {
	return filepath.Join(append([]string{c.Dir}, elem...)...)
}

// Mkdir makes a directory, mode 0700, owned by the servers' user.
func (c *Cluster) Mkdir(elem ...string) string {
	c.T.Helper()
	dir := c.Path(elem...)
	require.NoError(c.T, os.MkdirAll(dir, 0o700))
	c.own(dir)
	return dir
}

// WriteFile writes a file, mode 0600, owned by the servers' user.
func (c *Cluster) WriteFile(path, content string) {
	c.T.Helper()
	require.NoError(c.T, os.WriteFile(path, []byte(content), 0o600))
	c.own(path)
}

// appendFile appends to a file of the servers' user.
func (c *Cluster) appendFile(path, content string) {
	c.T.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	require.NoError(c.T, err)
	_, err = f.WriteString(content)
	require.NoError(c.T, err)
	require.NoError(c.T, f.Close())
	c.own(path)
}

// quoteSetting writes a value as postgresql.conf takes it.
func quoteSetting(value string) string {
	return fmt.Sprintf("'%s'", strings.ReplaceAll(value, "'", "''"))
}
