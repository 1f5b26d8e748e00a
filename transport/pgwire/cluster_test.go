package pgwire_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cluster is a throwaway PostgreSQL server, run as user postgres where the test runs as root.
type cluster struct {
	dir  string
	port int
	stop func() // fast shutdown; returns when the server has ended
}

func pgBin(t testing.TB, program string) string {
	t.Helper()
	dir := os.Getenv("PG15_BINDIR")
	if dir == "" {
		dir = "/usr/lib/postgresql/15/bin"
	}
	path := filepath.Join(dir, program)
	require.FileExists(t, path, "PostgreSQL 15 is needed (Debian: postgresql-15), or PG15_BINDIR pointing at one")
	return path
}

// credential is whom servers run as: PostgreSQL refuses root.
func credential(t testing.TB) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	require.NoError(t, err)
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(t, err)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func run(t testing.TB, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(pgBin(t, program), args...)
	cmd.SysProcAttr, cmd.Dir = credential(t), "/"
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", program, out)
}

// startCluster makes a server with the given lines of postgresql.conf and pg_hba.conf and waits until it takes
// connections. It is stopped at the test's end.
func startCluster(t testing.TB, conf, hba string) *cluster {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pgwire")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	if attr := credential(t); attr != nil {
		require.NoError(t, os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid)))
	}
	c := &cluster{dir: dir, port: freePort(t)}
	run(t, "initdb", "-D", c.data(), "-U", "postgres", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8")
	c.configure(t, fmt.Sprintf("port = %d\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\n"+
		"fsync = off\nwal_level = logical\n%s\n", c.port, dir, conf), hba)
	c.start(t)
	return c
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) configure(t testing.TB, conf, hba string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(conf)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	if hba != "" {
		path := filepath.Join(c.data(), "pg_hba.conf")
		old, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, append([]byte(hba+"\n"), old...), 0o600))
	}
}

func (c *cluster) start(t testing.TB) {
	t.Helper()
	cmd := exec.Command(pgBin(t, "postgres"), "-D", c.data())
	cmd.SysProcAttr, cmd.Dir = credential(t), "/"
	var log bytes.Buffer
	cmd.Stderr = &log
	require.NoError(t, cmd.Start())
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	c.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		<-exited
	}
	t.Cleanup(func() {
		c.stop()
		if t.Failed() {
			t.Logf("server log:\n%s", log.String())
		}
	})
	require.Eventually(t, func() bool {
		return exec.Command(pgBin(t, "pg_isready"), "-q", "-h", c.dir, "-p", strconv.Itoa(c.port)).Run() == nil
	}, 30*time.Second, 20*time.Millisecond)
}

// tcp and unix are connection strings for the two ways in.
func (c *cluster) tcp() string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=disable", c.port)
}

func (c *cluster) unix() string { return fmt.Sprintf("host=%s port=%d user=postgres", c.dir, c.port) }

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
