package cluster

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// account is the user that the servers run as. The zero account is the test's own
// user: servers refuse to run as root, and nobody but root can change user.
type account struct {
	name     string
	uid, gid uint32
}

func serverAccount(t testing.TB) account {
	t.Helper()
	if os.Geteuid() != 0 {
		return account{}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		require.NoError(t, err)
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		require.NoError(t, err)
		return account{name: name, uid: uint32(uid), gid: uint32(gid)}
	}
	t.Fatal("the test runs as root, servers must not, and there is neither a user postgres nor nobody")
	return account{}
}

// credential is what a child process is started with; nil keeps the test's own.
func (a account) credential() *syscall.Credential {
	if a.name == "" {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{a.gid}}
}

// own gives a file or directory to the servers' user.
func (c *Cluster) own(path string) {
	c.T.Helper()
	if c.user.name != "" {
		require.NoError(c.T, os.Lchown(path, int(c.user.uid), int(c.user.gid)))
	}
}

// requireReachable fails where the servers' user cannot enter the directories on
// the way to path, as when root's checkout lies in a closed directory.
func (c *Cluster) requireReachable(path string) {
	c.T.Helper()
	code, _, stderr := c.runCode(nil, "test", "-x", path)
	if code != 0 {
		c.T.Fatalf("user %s cannot execute %s %s: put the checkout where others may read it, or run `make test`, which copies what is needed",
			c.user.name, path, stderr)
	}
}
