package guc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func messages(es Errors) []string {
	var list []string
	for _, e := range es {
		list = append(list, e.Error())
	}
	return list
}

func load(t *testing.T, dir string) *Settings {
	t.Helper()
	s := New()
	require.NoError(t, s.LoadFiles(dir))
	return s
}

func TestFileSyntax(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, `# comment
port = 5433   # comment
MAX_CONNECTIONS 50
wal_sender_timeout=90s
wal_keep_size = '1 GB'
listen_addresses = 'a''b\'c\n\101 # no comment'
checkpoint_completion_target = .5
cluster_name = plain-word_1.2:3/4
archive_command = ''
my.own = on
log_min_messages = debug5
log_min_messages = error
work_mem = 4MB
wal_level	=	logical`+"\r\n\n"+`wal_receiver_status_interval = +5`)
	s := load(t, dir)
	require.Equal(t, 5433, s.Int(Port))
	require.Equal(t, 50, s.Int(MaxConnections))
	require.Equal(t, 90*time.Second, s.Duration(WalSenderTimeout))
	require.Equal(t, int64(1<<30), s.Bytes(WalKeepSize))
	require.Equal(t, "a'b'c\nA # no comment", s.String(ListenAddresses))
	require.Equal(t, 0.5, s.Real(CheckpointCompletionTarget))
	require.Equal(t, "plain-word_1.2:3/4", s.String(ClusterName))
	require.Equal(t, "error", s.Enum(LogMinMessages))
	require.Equal(t, "logical", s.Enum(WalLevel))
	require.Equal(t, 5, s.Int(WalReceiverStatusInterval))
	require.Equal(t, SourceFile, s.Source(Port))
	_, own, err := s.Show("my.own")
	require.NoError(t, err)
	require.Equal(t, "on", own)
	require.Equal(t, dir, s.String(DataDirectory))
	require.Equal(t, filepath.Join(dir, "postgresql.conf"), s.String(ConfigFile))
	require.Equal(t, filepath.Join(dir, "pg_hba.conf"), s.String(HbaFile))
	require.Equal(t, filepath.Join(dir, "pg_ident.conf"), s.String(IdentFile))
}

func TestAutoConfWinsAndTheCommandLineWinsOverBoth(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, "port = 1\nfsync = off\nwal_keep_size = 1\n")
	write(t, dir, autoConfigFileName, "fsync = on\nport = 2\ndata_directory = '/elsewhere'\n")
	s := New()
	require.NoError(t, s.SetOption("port=3", SourceCommandLine))
	require.NoError(t, s.LoadFiles(dir))
	require.Equal(t, 3, s.Int(Port))
	require.True(t, s.Bool(Fsync))
	require.Equal(t, 1, s.Int(WalKeepSize))
	require.Equal(t, dir, s.String(DataDirectory))
}

func TestConfigDirectoryMayNameTheDataDirectory(t *testing.T) {
	etc, data := t.TempDir(), t.TempDir()
	write(t, etc, configFileName, "data_directory = '"+data+"'\nhba_file = '"+etc+"/hba'\n")
	write(t, data, autoConfigFileName, "port = 77\n")
	s := load(t, etc)
	require.Equal(t, data, s.String(DataDirectory))
	require.Equal(t, 77, s.Int(Port))
	require.Equal(t, etc+"/hba", s.String(HbaFile))
	require.Equal(t, data+"/pg_ident.conf", s.String(IdentFile))

	s = New()
	require.NoError(t, s.SetOption("config-file="+etc+"/postgresql.conf", SourceCommandLine))
	require.NoError(t, s.LoadFiles(""))
	require.Equal(t, data, s.String(DataDirectory))
	require.Error(t, New().LoadFiles(""))
}

func TestIncludes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, "port = 1\ninclude 'sub/a.conf'\ninclude_if_exists = 'gone.conf'\nINCLUDE_DIR 'd'\n")
	write(t, dir, "sub/a.conf", "port = 2\ninclude 'b.conf'\n")
	write(t, dir, "sub/b.conf", "max_connections = 3\n")
	write(t, dir, "d/2.conf", "cluster_name = second")
	write(t, dir, "d/1.conf", "cluster_name = first")
	write(t, dir, "d/.3.conf", "bad bad bad")
	write(t, dir, "d/3.conf~", "bad bad bad")
	s := load(t, dir)
	require.Equal(t, 2, s.Int(Port))
	require.Equal(t, 3, s.Int(MaxConnections))
	require.Equal(t, "second", s.String(ClusterName))
	_, report := s.Reloaded()
	require.Empty(t, report.Errors)
	require.Equal(t, []string{filepath.Join(dir, "gone.conf")}, report.Skipped)

	main := write(t, dir, configFileName, "include 'postgresql.conf'\ninclude 'gone.conf'\n"+
		"include ''\ninclude_dir gone\ninclude 'loop.conf'\n")
	write(t, dir, "loop.conf", "include 'loop2.conf'")
	loop2 := write(t, dir, "loop2.conf", "include 'loop.conf'")
	err := New().LoadFiles(dir)
	require.Equal(t, []string{
		`configuration file recursion in "` + main + `" in file "` + main + `" line 1`,
		`could not open configuration file "` + dir + `/gone.conf": No such file or directory in file "` + main + `" line 2`,
		`empty configuration file name: "" in file "` + main + `" line 3`,
		`could not open configuration directory "` + dir + `/gone": No such file or directory in file "` + main + `" line 4`,
		`could not open configuration file "loop.conf": maximum nesting depth exceeded in file "` + loop2 + `" line 1`,
		`configuration file "` + loop2 + `" contains errors`,
	}, messages(err.(Errors)))
	require.Equal(t, "58P01", err.(Errors)[1].SQLSTATE)
}

func TestAtStartAllErrorsAreReportedAndNothingIsApplied(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, configFileName, "port = 5433\nnonsense = 1\nport\nfsync = maybe\n= 3\nmax_connections = 5 6\n"+
		"wal_keep_size = 'open\nserver_version = 9\nconfig_file = x\nlog_connections = on")
	s := New()
	err := s.LoadFiles(dir)
	require.Equal(t, []string{
		`syntax error in file "` + path + `" line 3, near end of line`,
		`syntax error in file "` + path + `" line 5, near token "="`,
		`syntax error in file "` + path + `" line 6, near token "6"`,
		`syntax error in file "` + path + `" line 7, near token "'"`,
		`unrecognized configuration parameter "nonsense" in file "` + path + `" line 2`,
		`parameter "fsync" requires a Boolean value in file "` + path + `" line 4`,
		`parameter "server_version" cannot be changed in file "` + path + `" line 8`,
		`parameter "config_file" cannot be changed in file "` + path + `" line 9`,
		`configuration file "` + path + `" contains errors`,
	}, messages(err.(Errors)))
	for i, code := range []string{"42601", "42601", "42601", "42601", "42704", "22023", "55P02", "55P02", "F0000"} {
		require.Equal(t, code, err.(Errors)[i].SQLSTATE)
	}
	requireSame(t, New(), s)
	err = New().LoadFiles(filepath.Join(dir, "gone"))
	require.ErrorContains(t, err, `could not open configuration file "`+dir+`/gone/postgresql.conf": No such file or directory`)
}

func TestAFileFullOfNonsenseIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, strings.Repeat("!\n", 500))
	err := New().LoadFiles(dir)
	require.Len(t, err.(Errors), maxSyntaxErrors+2)
	require.ErrorContains(t, err, "too many syntax errors found, abandoning file")
}

func TestReloadAppliesWhatMayChange(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, configFileName, "port = 5433\nwal_sender_timeout = 10s\nfsync = off\n"+
		"archive_mode = on\nmy.own = 1\nprimary_conninfo = 'password=x'\n")
	s := load(t, dir)
	require.NoError(t, s.Set("application_name", "kept", SourceSession))
	write(t, dir, configFileName, "port = 5434\nwal_sender_timeout = 20s\nwal_keep_size = 1x\n"+
		"application_name = no\nprimary_conninfo = 'password=y'\n")
	next, report := s.Reloaded()
	require.Equal(t, 5433, next.Int(Port))
	require.Equal(t, 20*time.Second, next.Duration(WalSenderTimeout))
	require.True(t, next.Bool(Fsync))
	require.Equal(t, "kept", next.String(ApplicationName))
	require.Equal(t, "on", next.Enum(ArchiveMode))
	var log []string
	for _, c := range report.Changes {
		log = append(log, c.Message())
	}
	require.Equal(t, []string{
		`parameter "fsync" removed from configuration file, reset to default`,
		`parameter "primary_conninfo" changed`,
		`parameter "wal_sender_timeout" changed to "20s"`,
		`parameter "my.own" removed from configuration file, reset to default`,
	}, log)
	require.Equal(t, []string{
		`parameter "archive_mode" cannot be changed without restarting the server`,
		`parameter "port" cannot be changed without restarting the server in file "` + path + `" line 1`,
		`invalid value for parameter "wal_keep_size": "1x" in file "` + path + `" line 3`,
		`configuration file "` + path + `" contains errors; unaffected changes were applied`,
	}, messages(report.Errors))
	_, own, err := next.Show("my.own")
	require.NoError(t, err, "once it has been there, a custom setting stays")
	require.Empty(t, own)
	require.Equal(t, 10*time.Second, s.Duration(WalSenderTimeout), "the old settings stay as they were")
}

// pg_conf_load_time() is a reload's that was, but for a value, well.
func TestReloadWithABadValueCounts(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, "wal_sender_timeout = 10s\n")
	s := load(t, dir)
	write(t, dir, configFileName, "wal_sender_timeout = 10x\nlog_destination = csvlog\n")
	next, report := s.Reloaded()
	require.True(t, report.Applied)
	require.NotEmpty(t, report.Errors)
	require.Len(t, report.Warnings, 1)
	_, report = next.Reloaded()
	require.True(t, report.Applied)
	require.Empty(t, report.Warnings, "it was said")
}

func TestReloadOfABadFileKeepsOldValues(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, configFileName, "wal_sender_timeout = 10s\n")
	s := load(t, dir)
	for text, want := range map[string]string{
		"wal_sender_timeout = 20s\n!\n":         `syntax error in file "` + path + `" line 2, near token "!"`,
		"wal_sender_timeout = 20s\nunknown = 1": `unrecognized configuration parameter "unknown" in file "` + path + `" line 2`,
	} {
		write(t, dir, configFileName, text)
		next, report := s.Reloaded()
		require.Same(t, s, next)
		require.False(t, report.Applied)
		require.Empty(t, report.Changes)
		require.Equal(t, []string{want,
			`configuration file "` + path + `" contains errors; no changes were applied`}, messages(report.Errors))
	}
	require.NoError(t, os.Remove(path))
	next, report := s.Reloaded()
	require.Same(t, s, next)
	require.Len(t, report.Errors, 2)
}

func TestReloadSaysNothingWhereNothingChanged(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, configFileName, "port = 5433\nhba_file = 'relative'\nwal_sender_timeout = 1min\ndata_directory = '"+dir+"'\n")
	s := New()
	require.NoError(t, s.SetOption("max_connections=7", SourceCommandLine))
	require.NoError(t, s.LoadFiles(dir))
	write(t, dir, configFileName, "port = 0x1539\nhba_file = 'relative'\n"+
		"wal_sender_timeout = 60000\nmax_connections = 8\ndata_directory = '"+dir+"'\n")
	child, err := Decode(s.Encode())
	require.NoError(t, err)
	for _, settings := range []*Settings{s, child} {
		next, report := settings.Reloaded()
		require.Empty(t, report.Errors)
		require.Empty(t, report.Changes)
		require.Equal(t, 7, next.Int(MaxConnections))
	}
}

func FuzzFile(f *testing.F) {
	f.Add("port = 5432 # c\nwal_sender_timeout='1min'\nmy.own = 'a''b\\n\\101'\n")
	f.Add("a = -0x1fMB\nb .5e-3\nc=d:e/f\n'x' = \"y\"\nport =\n")
	f.Add("unknown = 1\r\nfsync off")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			return // would read this machine's files
		}
		var r reader
		r.parse(text, "/nonexistent/postgresql.conf", 0)
		lines := strings.Count(text, "\n") + 1
		for i, item := range r.items {
			require.NotEqual(t, item.name == "", item.problem == "")
			require.LessOrEqual(t, item.line, lines)
			require.True(t, i == 0 || r.items[i-1].line <= item.line)
		}
		for _, e := range r.errs {
			require.LessOrEqual(t, e.Line, lines)
		}
		s := New()
		r.errs = nil
		s.process(&r, Postmaster, true)
		for _, e := range r.errs {
			require.NotEmpty(t, e.SQLSTATE)
		}
		back, err := Decode(s.Encode())
		require.NoError(t, err)
		requireSame(t, s, back)
		for id := range params { // what SHOW prints is a value again, and the same one
			p := Describe(ID(id))
			v, err := p.accept(s.input(ID(id)))
			require.True(t, err == nil || p.Boot == s.input(ID(id)), p.Name)
			require.True(t, v.same(s.values[id]) || p.Type == Real || p.check == checkPrintable || err != nil, p.Name)
		}
	})
}

func FuzzDecode(f *testing.F) {
	s := New()
	require.NoError(f, s.Set("cluster_name", "a", SourceFile))
	require.NoError(f, s.Set("a.b", "c", SourceFile))
	f.Add(s.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := Decode(b); err == nil {
			s.NonDefaults()
		}
	})
}
