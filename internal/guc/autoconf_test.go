package guc

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func node(t *testing.T) (*Settings, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, configFileName, "port = 5433\n")
	return load(t, dir), filepath.Join(dir, autoConfigFileName)
}

func alter(t *testing.T, s *Settings, name, text string) {
	t.Helper()
	require.NoError(t, s.AlterSystem(name, &text, nil))
}

func reloaded(t *testing.T, s *Settings) *Settings {
	t.Helper()
	next, report := s.Reloaded()
	require.Empty(t, report.Errors)
	return next
}

func TestAlterSystemKeepsOtherEntriesAndHoldsAfterReload(t *testing.T) {
	s, path := node(t)
	alter(t, s, "wal_sender_timeout", "5s")
	alter(t, s, "search_path", `a, "B c"`)
	alter(t, s, "archive_command", `it's a \ test # no comment`)
	alter(t, s, "my.own", "")
	require.Equal(t, time.Minute, s.Duration(WalSenderTimeout), "nothing changes before a reload")
	s = reloaded(t, s)
	require.Equal(t, 5*time.Second, s.Duration(WalSenderTimeout))
	require.Equal(t, `it's a \ test # no comment`, s.String(ArchiveCommand))
	require.Equal(t, `a, "B c"`, s.String(SearchPath))

	alter(t, s, "WAL_sender_timeout", "6s")
	require.NoError(t, s.AlterSystem("search_path", nil, nil))
	require.NoError(t, s.AlterSystem("never.there", nil, nil))
	s = reloaded(t, s)
	require.Equal(t, 6*time.Second, s.Duration(WalSenderTimeout))
	require.Equal(t, SourceDefault, s.Source(SearchPath))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, autoConfHead+`archive_command = 'it''s a \\ test # no comment'`+
		"\nmy.own = ''\nWAL_sender_timeout = '6s'\n", string(text))

	require.NoError(t, s.AlterSystemResetAll(nil))
	s = reloaded(t, s)
	require.Equal(t, time.Minute, s.Duration(WalSenderTimeout))
}

func TestAlterSystemRefusesWhatPostgreSQLRefuses(t *testing.T) {
	s, path := node(t)
	for _, c := range []struct{ name, text, code, message string }{
		{"port", "x", "22023", `invalid value for parameter "port": "x"`},
		{"nonsense", "1", "42704", `unrecognized configuration parameter "nonsense"`},
		{"a-b.c", "1", "42602", `invalid configuration parameter name "a-b.c"`},
		{"data_directory", "/", "55P02", `parameter "data_directory" cannot be changed`},
		{"config_file", "/", "55P02", `parameter "config_file" cannot be changed`},
		{"block_size", "8192", "55P02", `parameter "block_size" cannot be changed`},
		{"allow_alter_system", "off", "55P02", `parameter "allow_alter_system" cannot be changed`},
		{"archive_command", "a\nb", "22023", "parameter value for ALTER SYSTEM must not contain a newline"},
	} {
		err := s.AlterSystem(c.name, &c.text, nil)
		require.EqualError(t, err, c.message)
		require.Equal(t, c.code, err.(*Error).SQLSTATE)
	}
	plain := &Privileges{}
	value := "1"
	require.EqualError(t, s.AlterSystem("port", &value, plain), `permission denied to set parameter "port"`)
	require.EqualError(t, s.AlterSystemResetAll(plain), "permission denied to perform ALTER SYSTEM RESET ALL")
	require.NoError(t, s.AlterSystem("port", &value, &Privileges{MayAlter: func(name string) bool { return name == "port" }}))
	require.NoError(t, s.Set("allow_alter_system", "off", SourceFile))
	require.EqualError(t, s.AlterSystem("port", &value, nil), "ALTER SYSTEM is not allowed in this environment")
	require.EqualError(t, s.AlterSystemResetAll(nil), "ALTER SYSTEM is not allowed in this environment")
	write(t, filepath.Dir(path), autoConfigFileName, "port = = 1\n")
	s = New()
	s.override(DataDirectory, filepath.Dir(path))
	require.EqualError(t, s.AlterSystem("port", &value, nil), `could not parse contents of file "postgresql.auto.conf"`)
}

// writerEnv has the test's own program write settings in a loop instead of testing: the directory and its settings' name.
const writerEnv = "WAYPOST_TEST_ALTER_SYSTEM"

func TestMain(m *testing.M) {
	if dir, name, ok := strings.Cut(os.Getenv(writerEnv), "="); ok {
		alterForever(dir, name)
	}
	os.Exit(m.Run())
}

// alterForever sets a setting to one number after the other, and says each on its standard output.
func alterForever(dir, name string) {
	s := New()
	if err := s.LoadFiles(dir); err != nil {
		panic(err)
	}
	for n := 1; ; n++ {
		text := fmt.Sprint(n)
		if err := s.AlterSystem(name, &text, nil); err != nil {
			panic(err)
		}
		fmt.Println(n)
	}
}

// TestAlterSystemSurvivesKillsAndLosesNobodysChange has several processes change a setting each, at once, and kills them:
// what each had been told was done stands in the file, which is never found half written.
func TestAlterSystemSurvivesKillsAndLosesNobodysChange(t *testing.T) {
	s, path := node(t)
	dir := filepath.Dir(path)
	const writers = 3
	for round := range 5 {
		var outputs [writers]bytes.Buffer
		var commands [writers]*exec.Cmd
		for i := range commands {
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), fmt.Sprintf("%s=%s=my.w%d", writerEnv, dir, i))
			c.Stdout, c.Stderr = &outputs[i], os.Stderr
			require.NoError(t, c.Start())
			commands[i] = c
		}
		deadline := time.Now().Add(time.Duration(100+30*round) * time.Millisecond)
		for time.Now().Before(deadline) {
			reloaded(t, s)
		}
		for _, c := range commands {
			require.NoError(t, c.Process.Kill())
			require.Error(t, c.Wait())
		}
		after := reloaded(t, s)
		for i := range commands {
			said := strings.Fields(outputs[i].String())
			if len(said) == 0 {
				continue
			}
			_, text, err := after.Show(fmt.Sprintf("my.w%d", i))
			require.NoError(t, err)
			last := said[len(said)-1]
			require.True(t, text == last || text == next(last), "writer %d: %s in the file, %s said", i, text, last)
		}
		alter(t, s, "my.last", fmt.Sprint(round)) // what a killed one has left is in nobody's way
	}
}

// next is the number after n: the one that a killed writer may have written without having said so.
func next(n string) string {
	var v int
	fmt.Sscan(n, &v)
	return fmt.Sprint(v + 1)
}
