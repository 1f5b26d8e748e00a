package guc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReloadReachesWhatASessionHasHidden(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, "work_mem = 8MB\nlog_connections = on\n")
	s := load(t, dir)
	require.NoError(t, s.SetClient("statement_timeout", "1s", nil))
	s.BeginSession(17)
	s.Begin()
	require.NoError(t, s.SetTo("work_mem", "1MB", false, nil))
	require.NoError(t, s.SetTo("statement_timeout", "2s", false, nil))

	write(t, dir, configFileName, "\nwork_mem = 9MB\nstatement_timeout = 3s\nlog_connections = off\n")
	s = reloaded(t, s)
	require.Equal(t, "1MB", s.Text(WorkMem), "what SET has said holds")
	require.Equal(t, "on", s.Text(LogConnections), "a session keeps what it began with")
	row := s.row(WorkMem, nil)
	require.Equal(t, "9216", *row.ResetVal)
	rolledBack := s.Clone()
	rolledBack.End(false, 1)
	require.Equal(t, "9MB", rolledBack.Text(WorkMem), "a rollback gives what the files say now")
	require.Equal(t, "1s", rolledBack.Text(StatementTimeout), "and what the client asked for, which is stronger")
	row = rolledBack.row(WorkMem, nil)
	require.Equal(t, int32(2), *row.SourceLine)
	s.ResetAll()
	s.End(true, 1)
	require.Equal(t, "9MB", s.Text(WorkMem))

	write(t, dir, configFileName, "")
	s = reloaded(t, s)
	require.Equal(t, "4MB", s.Text(WorkMem))
	require.Equal(t, SourceDefault, s.Source(WorkMem))
}

func TestProcessWithoutASessionTakesNewValuesForLaterOnes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, "log_connections = on\n")
	spare, err := Decode(load(t, dir).Encode())
	require.NoError(t, err)
	write(t, dir, configFileName, "log_connections = off\n")
	require.False(t, reloaded(t, spare).Bool(LogConnections))
}

func TestCloneIsApart(t *testing.T) {
	s := New()
	s.BeginSession(17)
	s.Begin()
	require.NoError(t, s.SetTo("my.own", "a", false, nil))
	c := s.Clone()
	require.NoError(t, c.SetTo("my.own", "b", false, nil))
	require.NoError(t, c.SetTo("application_name", "b", false, nil))
	require.Equal(t, []Parameter{{"application_name", "b"}}, c.TakeReports())
	require.Empty(t, s.TakeReports())
	_, text, err := s.Show("my.own")
	require.NoError(t, err)
	require.Equal(t, "a", text)
	c.End(false, 1)
	require.Equal(t, 1, s.Depth())
}

func TestSecretsAreShownToThoseAloneWhoMayReadAllSettings(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, configFileName, "primary_conninfo = 'password=hush'\nwork_mem = 1MB\n")
	s := load(t, dir)
	plain, reader := &Privileges{}, &Privileges{ReadAll: true}
	_, _, err := s.ShowTo("primary_conninfo", plain)
	require.EqualError(t, err, `permission denied to examine "primary_conninfo"`)
	require.Equal(t, "42501", err.(*Error).SQLSTATE)
	_, text, err := s.ShowTo("primary_conninfo", reader)
	require.NoError(t, err)
	require.Equal(t, "password=hush", text)
	seen := func(who *Privileges) (secret bool, file *string) {
		for _, r := range s.Rows(17, who) {
			switch r.ID() {
			case PrimaryConninfo:
				secret = true
			case WorkMem:
				file = r.SourceFile
			}
		}
		return secret, file
	}
	secret, file := seen(plain)
	require.False(t, secret)
	require.Nil(t, file)
	secret, file = seen(reader)
	require.True(t, secret)
	require.Equal(t, path, *file)
	for _, shown := range s.ShowAll(17, plain) {
		require.NotContains(t, shown.Text, "hush")
	}
	value := "password='unbalanced"
	require.NoError(t, s.AlterSystem("primary_conninfo", &value, nil))
	_, report := s.Reloaded()
	for _, c := range report.Changes {
		require.NotContains(t, c.Message(), "unbalanced")
	}
}

func TestRowsAreThoseOfTheVersionThatTheNodeSaysItIs(t *testing.T) {
	has := func(major int, name string) bool {
		for _, r := range New().Rows(major, nil) {
			if r.Name == name {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		name        string
		first, last int
	}{{"promote_trigger_file", 15, 15}, {"old_snapshot_threshold", 15, 16}, {"scram_iterations", 16, 18},
		{"summarize_wal", 17, 18}, {"io_workers", 18, 18}, {"work_mem", 15, 18}, {"walsender_prelaunch", 15, 18}} {
		for major := 15; major <= 18; major++ {
			require.Equal(t, major >= c.first && major <= c.last, has(major, c.name), "%s in %d", c.name, major)
		}
		_, ok := Find(c.name)
		require.True(t, ok, "files may name it in any case")
	}
}

func TestOldNamesAreTaken(t *testing.T) {
	s := New()
	require.NoError(t, s.Set("sort_mem", "2MB", SourceFile))
	require.Equal(t, "2MB", s.Text(WorkMem))
	name, _, err := s.Show("VACUUM_MEM")
	require.NoError(t, err)
	require.Equal(t, "maintenance_work_mem", name)
	require.NoError(t, s.Set("ssl_groups", "X25519", SourceFile))
	require.NoError(t, s.Set("force_parallel_mode", "regress", SourceFile))
}

func TestLogConnectionsIsTakenAsPostgreSQL18HasIt(t *testing.T) {
	s := New()
	for text, on := range map[string]bool{"receipt, authentication": true, "all": true, "on": true, "": false, "off": false} {
		require.NoError(t, s.Set("log_connections", text, SourceFile))
		require.Equal(t, on, s.Bool(LogConnections), text)
	}
	require.EqualError(t, s.Set("log_connections", "receipt, nonsense", SourceFile),
		`parameter "log_connections" requires a Boolean value`)
}
