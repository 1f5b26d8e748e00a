package faults

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBadConfigurationNamesFileAndLine, at start and at a reload, where the old one stays in force.
func TestBadConfigurationNamesFileAndLine(t *testing.T) {
	t.Parallel()
	r := newRelay(t, nil)
	path := filepath.Join(r.DataDir, "postgresql.conf")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	line := strings.Count(string(good), "\n") + 1
	show := func(name string) string {
		c := connect(t, r.Port)
		c.send(query("SHOW " + name))
		return string(c.must('D')[6:])
	}
	bad := []struct{ text, says string }{
		{"wal_sender_timeout = 10s !\n", fmt.Sprintf(`syntax error in file "%s" line %d`, path, line)},
		{"'quoted' = 1\n", fmt.Sprintf(`syntax error in file "%s" line %d`, path, line)},
		{"\x00\x01\x02\n", fmt.Sprintf(`syntax error in file "%s" line %d`, path, line)},
		{"no_such_setting = 1\n", fmt.Sprintf(`unrecognized configuration parameter "no_such_setting" in file "%s" line %d`, path, line)},
		{"wal_sender_timeout = 'soon'\n", `invalid value for parameter "wal_sender_timeout": "soon"`},
		{"wal_sender_timeout = -1\n", `-1 ms is outside the valid range for parameter "wal_sender_timeout"`},
		{"include 'nowhere.conf'\n", "nowhere.conf"},
		{"include 'postgresql.conf'\n", "postgresql.conf"},
	}
	before := show("wal_sender_timeout")
	for _, b := range bad {
		mark := r.logFrom()
		r.c.WriteFile(path, string(good)+b.text+"application_name = 'never'\n")
		r.Reload()
		r.waitLog(mark, quoteMeta(b.says))
		require.Equal(t, before, show("wal_sender_timeout"))
	}
	r.requireHealthy()
	r.Stop("fast")
	for _, b := range bad {
		mark := r.logFrom()
		r.c.WriteFile(path, string(good)+b.text)
		r.StartOnly()
		require.NotZero(t, r.Process().Wait(patience).ExitCode(), b.text)
		require.Contains(t, r.Process().LogText()[mark:], b.says)
		require.NotContains(t, r.Process().LogText()[mark:], "goroutine ")
	}
	r.c.WriteFile(path, string(good))
	r.Start()
	r.waitReplayed(feed(r.primary, 1000))
}

// TestBadHBAAdmitsNobodyNew, whether it was bad at the start or has become so: each session reads the rules for itself.
// (PostgreSQL does not start with such a file, and keeps the old rules at a reload.) Who is in is not disturbed.
func TestBadHBAAdmitsNobodyNew(t *testing.T) {
	t.Parallel()
	r := newRelay(t, nil)
	w := watch(t, r.Port, r.IdentifySystem().Pos)
	path := filepath.Join(r.DataDir, "pg_hba.conf")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	line := strings.Count(string(good), "\n") + 1
	bad := []string{
		"host all all 127.0.0.1/32 nonsense\n",
		"host all all 999.0.0.1/32 trust\n",
		"elsewhere all all trust\n",
		"host all all\n",
		"\x00\x01\n",
	}
	for _, b := range bad {
		mark := r.logFrom()
		r.c.WriteFile(path, string(good)+b)
		r.Reload()
		requireHBARefusal(t, r)
		r.waitLog(mark, fmt.Sprintf(`line %d of configuration file "%s"`, line, quoteMeta(path)))
	}
	w.waitFor(feed(r.primary, 1000)) // who is in stays in
	r.c.WriteFile(path, string(good))
	r.Reload()
	r.WaitServing(patience)
	r.requireHealthy()
	r.Stop("fast")

	mark := r.logFrom()
	r.c.WriteFile(path, string(good)+bad[0])
	r.StartOnly()
	r.eventually("it listens", func() error {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.Port))
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	requireHBARefusal(t, r)
	r.waitLog(mark, fmt.Sprintf(`line %d of configuration file "%s"`, line, quoteMeta(path)))
	r.c.WriteFile(path, string(good))
	r.Reload()
	r.WaitServing(patience)
}

// requireHBARefusal waits until a new client is refused for the rules' sake: a process that was launched ahead may still
// know the old ones, and the node may be starting up.
func requireHBARefusal(t *testing.T, r *relay) {
	t.Helper()
	r.eventually("new clients are refused", func() error {
		e := refusalOf(t, r.Port)
		if e == nil {
			return fmt.Errorf("one was let in")
		}
		if e.code == "57P03" {
			return e
		}
		require.Equal(t, "could not load pg_hba.conf", e.message)
		return nil
	})
}
