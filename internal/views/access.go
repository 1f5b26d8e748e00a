package views

import (
	"waypost/internal/roles"
	"waypost/internal/sql"
)

// The relations that PostgreSQL does not let everybody read, and who may.
func readers(relation string) (role string, restricted bool) {
	switch relation {
	case "pg_backend_memory_contexts", "pg_shmem_allocations", "pg_shmem_allocations_numa", "pg_aios":
		return roles.ReadAllStats, true
	case "pg_authid", "pg_shadow", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_settings", "pg_config",
		"pg_statistic", "pg_statistic_ext_data", "pg_user_mapping", "pg_replication_origin_status", "pg_largeobject":
		return "", true
	}
	return "", false
}

// allow says whether current_user may read a relation; the error is PostgreSQL's.
func (r *relationRow) allow(c *sql.Call) error {
	n, err := nodeOf(c)
	if err != nil {
		return err
	}
	role, restricted := readers(r.name)
	switch {
	case !restricted, n.CurrentRole().Superuser, role != "" && n.may(role):
		return nil
	case r.kind == 'v':
		return denied("view", r.name)
	}
	return denied("table", r.name)
}

// mayCall makes what says whether current_user may call a function; nil where everybody may.
func mayCall(name string) func(c *sql.Call) error {
	role, restricted := callers(name)
	if !restricted {
		return nil
	}
	return func(c *sql.Call) error {
		n, err := nodeOf(c)
		if err != nil {
			return err
		}
		if n.CurrentRole().Superuser || role != "" && n.may(role) {
			return nil
		}
		return denied("function", name)
	}
}

// callers says who may call a function that PostgreSQL does not let everybody call: members of the role, "" for nobody
// but superusers, who may call all.
func callers(function string) (role string, restricted bool) {
	switch function {
	case "pg_ls_waldir", "pg_ls_archive_statusdir", "pg_ls_logdir", "pg_ls_summariesdir", "pg_ls_tmpdir",
		"pg_ls_logicalmapdir", "pg_ls_logicalsnapdir", "pg_ls_replslotdir", "pg_current_logfile":
		return roles.Monitor, true
	case "pg_get_backend_memory_contexts", "pg_get_shmem_allocations":
		return roles.ReadAllStats, true
	case "pg_backup_start", "pg_backup_stop", "pg_create_restore_point", "pg_switch_wal", "pg_log_standby_snapshot",
		"pg_promote", "pg_wal_replay_pause", "pg_wal_replay_resume", "pg_reload_conf", "pg_rotate_logfile",
		"pg_log_backend_memory_contexts", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "lo_import",
		"lo_export", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_show_all_file_settings", "pg_config",
		"pg_show_replication_origin_status", "pg_stat_have_stats", "pg_stat_reset", "pg_stat_reset_shared",
		"pg_stat_reset_slru", "pg_stat_reset_replication_slot", "pg_stat_reset_single_function_counters",
		"pg_stat_reset_single_table_counters", "pg_stat_reset_subscription_stats",
		"pg_replication_origin_advance", "pg_replication_origin_create", "pg_replication_origin_drop",
		"pg_replication_origin_oid", "pg_replication_origin_progress", "pg_replication_origin_session_is_setup",
		"pg_replication_origin_session_progress", "pg_replication_origin_session_reset",
		"pg_replication_origin_session_setup", "pg_replication_origin_xact_reset", "pg_replication_origin_xact_setup":
		return "", true
	}
	return "", false
}
