package faults

import (
	"fmt"
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

// TestBadHBAChangesNothingAtReload, and keeps the node from starting: as PostgreSQL has it.
func TestBadHBAChangesNothingAtReload(t *testing.T) {
	t.Parallel()
	r := newRelay(t, map[string]string{"max_wal_senders": "100"}) // each who is let in stays
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
		r.waitLog(mark, fmt.Sprintf(`line %d of configuration file "%s"`, line, quoteMeta(path)))
		r.waitLog(mark, "pg_hba.conf was not reloaded")
		for range 5 { // those that were launched ahead, and those that were not
			require.Nil(t, refusalOf(t, r.Port), "the old rules hold")
		}
	}
	w.waitFor(feed(r.primary, 1000)) // who is in stays in
	r.c.WriteFile(path, "host all all 127.0.0.1/32 reject\n")
	r.Reload()
	r.eventually("the new rules hold", func() error {
		if e := refusalOf(t, r.Port); e == nil || e.code != "28000" {
			return fmt.Errorf("new clients get %v", e)
		}
		return nil
	})
	r.c.WriteFile(path, string(good))
	r.Reload()
	r.WaitServing(patience)
	r.requireHealthy()
	r.Stop("fast")

	mark := r.logFrom()
	r.c.WriteFile(path, string(good)+bad[0])
	r.StartOnly()
	require.Equal(t, 1, r.Process().Wait(patience).ExitCode())
	r.waitLog(mark, fmt.Sprintf(`line %d of configuration file "%s"`, line, quoteMeta(path)))
	r.waitLog(mark, "could not load")
	r.c.WriteFile(path, string(good))
	r.Start()
}
