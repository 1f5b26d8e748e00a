package views_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
)

// configured gives a rig's node the files that waypost init makes, with these lines.
func configured(t *testing.T, conf, hba, ident string) *rig {
	r := newRig(t)
	for name, text := range map[string]string{"postgresql.conf": conf, "pg_hba.conf": hba, "pg_ident.conf": ident} {
		require.NoError(t, os.WriteFile(filepath.Join(r.p.DataDir, name), []byte(text), 0o600))
	}
	require.NoError(t, r.p.Settings.LoadFiles(r.p.DataDir))
	return r
}

func TestSettingsShowWhereAValueCameFrom(t *testing.T) {
	r := configured(t, "max_wal_senders = 7\nwal_keep_size = 1GB\nprimary_conninfo = 'host=up password=secret'\n", "", "")
	conf := filepath.Join(r.p.DataDir, "postgresql.conf")
	require.Equal(t, [][]string{
		{"max_wal_senders", "7", "∅", "postmaster", "integer", "configuration file", "0", "262143", "10", "7", conf, "1",
			"f"},
		{"wal_keep_size", "1024", "MB", "sighup", "integer", "configuration file", "0", "2147483647", "0", "1024", conf,
			"2", "f"},
	},
		r.rows(`select name, setting, unit, context, vartype, source, min_val, max_val, boot_val, reset_val, sourcefile,
		sourceline, pending_restart from pg_settings where name in ('max_wal_senders', 'wal_keep_size') order by 1`))
	const secret = "select setting, sourcefile from pg_settings where name = 'primary_conninfo'"
	require.Equal(t, [][]string{{"host=up password=secret", conf}}, r.rows(secret))
	require.Empty(t, r.as("dave").rows(secret))
	require.Equal(t, [][]string{{"7", "∅"}},
		r.rows("select setting, sourcefile from pg_settings where name = 'max_wal_senders'"))
	require.Equal(t, [][]string{{"7"}}, r.rows("select setting from pg_show_all_settings() where name = 'max_wal_senders'"))
	require.Equal(t, "permission denied for view pg_file_settings", r.fails("table pg_file_settings").Message)
}

func TestFileSettingsShowTheFilesWithTheirErrors(t *testing.T) {
	r := configured(t, "", "", "")
	conf := filepath.Join(r.p.DataDir, "postgresql.conf")
	require.NoError(t, os.WriteFile(conf, []byte("wal_keep_size = 2GB\nwal_keep_size = nonsense\n"), 0o600))
	require.Equal(t, [][]string{
		{conf, "1", "1", "wal_keep_size", "2GB", "f", "∅"},
		{conf, "2", "2", "wal_keep_size", "nonsense", "f", "setting could not be applied"},
	}, r.rows("select * from pg_file_settings"))
}

func TestRulesOfAuthenticationAreShownAsTheFilesHaveThemNow(t *testing.T) {
	r := configured(t, "", "local all all peer map=m\nhost nonsense\n", "m dave carol\n")
	require.Equal(t, filepath.Join(r.p.DataDir, "pg_hba.conf"), r.p.Settings.String(guc.HbaFile))
	rows := r.rows("select rule_number, line_number, type, database, user_name, auth_method, options, error is null from " +
		"pg_hba_file_rules")
	require.Equal(t, [][]string{{"1", "1", "local", "{all}", "{all}", "peer", "{map=m}", "t"}, {"∅", "2", "∅", "∅", "∅",
		"∅", "∅", "f"}}, rows)
	require.Equal(t, [][]string{{"1", "m", "dave", "carol"}},
		r.rows("select map_number, map_name, sys_name, pg_username from pg_ident_file_mappings"))
	require.NoError(t, os.Remove(r.p.Settings.String(guc.HbaFile)))
	require.Equal(t, "58P01", r.fails("select * from pg_hba_file_rules").Code)
}
