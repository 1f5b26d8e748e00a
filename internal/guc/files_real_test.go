package guc_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
	"waypost/tests/cluster"
)

// fileRows is pg_file_settings as the test compares it.
func fileRows(s *guc.Settings) (list [][]string) {
	for _, r := range s.FileRows() {
		line := null
		if r.SourceLine != nil {
			line = strconv.Itoa(int(*r.SourceLine))
		}
		list = append(list, []string{text(r.SourceFile), line, strconv.Itoa(int(r.SeqNo)), text(r.Name), text(r.Setting),
			strconv.FormatBool(r.Applied), text(r.Error)})
	}
	return list
}

// TestReloadsComeToWhatTheyComeToInPostgreSQL gives both the same files to read, one after the other.
func TestReloadsComeToWhatTheyComeToInPostgreSQL(t *testing.T) {
	p, conn := connect(t, 17, nil)
	s := guc.New()
	require.NoError(t, s.LoadFiles(p.DataDir))
	s.BeginSession(17)
	main := filepath.Join(p.DataDir, "postgresql.conf")
	base, err := os.ReadFile(main)
	require.NoError(t, err)
	extra := filepath.Join(p.DataDir, "more.conf")
	require.NoError(t, os.WriteFile(extra, []byte("work_mem = 3MB\nport = 77\nnothing.known = 1\n"), 0o644))
	for _, add := range []string{
		"work_mem = 8MB\nwork_mem = '9MB'\nWORK_mem = 10MB\n",
		"work_mem = 1x\ncheckpoint_timeout = 10min\n",
		"max_connections = 33\nrandom_page_cost = 2\n",
		"include = 'more.conf'\n",
		"include_if_exists = 'nowhere.conf'\ntimezone = 'europe/berlin'\ndatestyle = 'german'\n",
		"include 'nowhere.conf'\n",
		"include ''\ninclude_dir 'nowhere'\n",
		"nonsense = 1\nwork_mem = 5MB\n",
		"work_mem = = 3\nfsync\n'a' = 1\nwork_mem = 6MB\n",
		"server_version = 9\nsearch_path = 'a, b'\nsession_authorization = x\n",
		"sort_mem = 4MB\nlog_min_messages = loud\nlog_connections = on\nmy.own = 'x'\n",
		"wal_keep_size = 2GB\nsynchronous_standby_names = 'ANY 2 (a, b)'\nsynchronized_standby_slots = 'A'\n",
		"synchronous_standby_names = 'first x (a)'\nrecovery_target_name = 'x'\nwal_buffers = 2\n",
		"commit_timestamp_buffers = 17\nwal_consistency_checking = 'none'\nbonjour = on\nautovacuum_work_mem = 5\n",
		"seed = 1\nrole = x\ndefault_with_oids = on\nis_superuser = on\nssl_renegotiation_limit = 0\n",
		"",
	} {
		require.NoError(t, os.WriteFile(main, append(base[:len(base):len(base)], add...), 0o644))
		theirs := rows(t, conn, `select sourcefile, sourceline, seqno, name, setting, applied::text, error
			from pg_file_settings order by seqno`)
		mine := fileRows(s)
		assert.Equal(t, theirs, mine, add)

		before := rows(t, conn, "select pg_conf_load_time()")
		require.Equal(t, "t", rows(t, conn, "select pg_reload_conf()")[0][0])
		next, report := s.Reloaded()
		if refused := next == s; !refused {
			cluster.Eventually(t, 10*time.Second, "a reload", func() bool {
				return rows(t, conn, "select pg_conf_load_time()")[0][0] != before[0][0]
			})
		} else {
			require.NotEmpty(t, report.Errors)
		}
		s = next
		compareSettings(t, s, rows(t, conn, settingsSQL), add)
	}
}

const settingsSQL = `select name, setting, boot_val, source, sourcefile, sourceline, pending_restart::text from pg_settings
	where (source in ('configuration file', 'default') or pending_restart) and context not in ('internal')`

// notHere are settings whose values are found out otherwise, or not at all.
var notHere = map[string]bool{"krb_server_keyfile": true, "unix_socket_directories": true, "client_encoding": true,
	"wal_buffers": true, "max_stack_depth": true, "timezone_abbreviations": true,
	"tcp_keepalives_count": true, "tcp_keepalives_idle": true, "tcp_keepalives_interval": true, "tcp_user_timeout": true,
	"commit_timestamp_buffers": true, "subtransaction_buffers": true, "transaction_buffers": true}

func compareSettings(t *testing.T, s *guc.Settings, theirs [][]string, files string) {
	t.Helper()
	mine := map[string]guc.Row{}
	for _, r := range s.Rows(17, nil) {
		mine[r.Name] = r
	}
	for _, row := range theirs {
		r, ok := mine[row[0]]
		if !ok || notHere[row[0]] {
			continue
		}
		line := null
		if r.SourceLine != nil {
			line = strconv.Itoa(int(*r.SourceLine))
		}
		assert.Equal(t, row, []string{r.Name, text(r.Setting), text(r.BootVal), r.Source, text(r.SourceFile), line,
			strconv.FormatBool(r.PendingRestart)}, files)
	}
}
