package guc

import "strings"

// acceptedOnly are the settings of PostgreSQL 15 to 18 that mean nothing to a node without tables. Their values
// are taken as they stand, so that a postgresql.conf copied from a PostgreSQL server still loads. Sorted without
// regard to case; never written to.
var acceptedOnly = [...]string{
	"allow_alter_system", "allow_in_place_tablespaces", "allow_system_table_mods", "archive_library",
	"array_nulls", "autovacuum", "autovacuum_analyze_scale_factor", "autovacuum_analyze_threshold",
	"autovacuum_freeze_max_age", "autovacuum_max_workers", "autovacuum_multixact_freeze_max_age",
	"autovacuum_naptime", "autovacuum_vacuum_cost_delay", "autovacuum_vacuum_cost_limit",
	"autovacuum_vacuum_insert_scale_factor", "autovacuum_vacuum_insert_threshold",
	"autovacuum_vacuum_max_threshold", "autovacuum_vacuum_scale_factor", "autovacuum_vacuum_threshold",
	"autovacuum_work_mem", "autovacuum_worker_slots", "backend_flush_after", "backslash_quote",
	"backtrace_functions", "bgwriter_delay", "bgwriter_flush_after", "bgwriter_lru_maxpages",
	"bgwriter_lru_multiplier", "bonjour", "bonjour_name", "bytea_output", "check_function_bodies",
	"checkpoint_flush_after", "client_min_messages", "commit_delay", "commit_siblings",
	"commit_timestamp_buffers", "compute_query_id", "constraint_exclusion", "cpu_index_tuple_cost",
	"cpu_operator_cost", "cpu_tuple_cost", "createrole_self_grant", "cursor_tuple_fraction", "data_sync_retry",
	"db_user_namespace", "deadlock_timeout", "debug_assertions", "debug_copy_parse_plan_trees", "debug_deadlocks",
	"debug_discard_caches", "debug_io_direct", "debug_logical_replication_streaming", "debug_parallel_query",
	"debug_pretty_print", "debug_print_parse", "debug_print_plan", "debug_print_rewritten",
	"debug_raw_expression_coverage_test", "debug_write_read_parse_plan_trees", "default_statistics_target",
	"default_table_access_method", "default_tablespace", "default_text_search_config",
	"default_toast_compression", "default_transaction_deferrable", "default_transaction_isolation",
	"default_with_oids", "dynamic_library_path", "effective_cache_size", "effective_io_concurrency",
	"enable_async_append", "enable_bitmapscan", "enable_distinct_reordering", "enable_gathermerge",
	"enable_group_by_reordering", "enable_hashagg", "enable_hashjoin", "enable_incremental_sort",
	"enable_indexonlyscan", "enable_indexscan", "enable_material", "enable_memoize", "enable_mergejoin",
	"enable_nestloop", "enable_parallel_append", "enable_parallel_hash", "enable_partition_pruning",
	"enable_partitionwise_aggregate", "enable_partitionwise_join", "enable_presorted_aggregate",
	"enable_self_join_elimination", "enable_seqscan", "enable_sort", "enable_tidscan", "escape_string_warning",
	"event_source", "event_triggers", "exit_on_error", "extension_control_path", "extension_destdir",
	"extra_float_digits", "file_copy_method", "file_extend_method", "force_parallel_mode", "from_collapse_limit",
	"geqo", "geqo_effort", "geqo_generations", "geqo_pool_size", "geqo_seed", "geqo_selection_bias",
	"geqo_threshold", "gin_fuzzy_search_limit", "gin_pending_list_limit", "gss_accept_delegation",
	"hash_mem_multiplier", "huge_page_size", "huge_pages_status", "icu_validation_level",
	"idle_in_transaction_session_timeout", "idle_replication_slot_timeout", "idle_session_timeout",
	"ignore_checksum_failure", "ignore_invalid_pages", "ignore_system_indexes", "io_combine_limit",
	"io_max_combine_limit", "io_max_concurrency", "io_method", "io_workers", "jit", "jit_above_cost",
	"jit_debugging_support", "jit_dump_bitcode", "jit_expressions", "jit_inline_above_cost",
	"jit_optimize_above_cost", "jit_profiling_support", "jit_provider", "jit_tuple_deforming",
	"join_collapse_limit", "krb_caseins_users", "krb_server_keyfile", "lc_collate", "lc_ctype", "lc_messages",
	"lc_monetary", "lc_numeric", "lc_time", "lo_compat_privileges", "local_preload_libraries", "lock_timeout",
	"log_autovacuum_min_duration", "log_btree_build_stats", "log_duration", "log_error_verbosity",
	"log_executor_stats", "log_file_mode", "log_hostname", "log_lock_failures", "log_lock_waits",
	"log_min_duration_sample", "log_min_duration_statement", "log_min_error_statement",
	"log_parameter_max_length", "log_parameter_max_length_on_error", "log_parser_stats", "log_planner_stats",
	"log_recovery_conflict_waits", "log_rotation_age", "log_rotation_size", "log_startup_progress_interval",
	"log_statement", "log_statement_sample_rate", "log_statement_stats", "log_temp_files",
	"log_transaction_sample_rate", "log_truncate_on_rotation", "logical_decoding_work_mem",
	"maintenance_io_concurrency", "maintenance_work_mem", "max_active_replication_origins",
	"max_files_per_process", "max_function_args", "max_identifier_length", "max_index_keys",
	"max_logical_replication_workers", "max_notify_queue_pages", "max_parallel_apply_workers_per_subscription",
	"max_parallel_maintenance_workers", "max_parallel_workers", "max_parallel_workers_per_gather",
	"max_pred_locks_per_page", "max_pred_locks_per_relation", "max_pred_locks_per_transaction", "max_stack_depth",
	"max_standby_archive_delay", "max_standby_streaming_delay", "max_sync_workers_per_subscription",
	"md5_password_warnings", "min_dynamic_shared_memory", "min_parallel_index_scan_size",
	"min_parallel_table_scan_size", "multixact_member_buffers", "multixact_offset_buffers", "notify_buffers",
	"num_os_semaphores", "oauth_validator_libraries", "old_snapshot_threshold", "output_plugin_libraries",
	"parallel_leader_participation", "parallel_setup_cost", "parallel_tuple_cost", "plan_cache_mode",
	"post_auth_delay", "pre_auth_delay", "promote_trigger_file", "quote_all_identifiers", "random_page_cost",
	"recovery_init_sync_method", "recovery_prefetch", "recovery_target", "recovery_target_action",
	"recovery_target_inclusive", "recovery_target_lsn", "recovery_target_name", "recovery_target_time",
	"recovery_target_xid", "recursive_worktable_factor", "remove_temp_files_after_crash",
	"restrict_nonsystem_relation_kind", "role", "row_security", "search_path", "seed", "segment_size",
	"send_abort_for_crash", "send_abort_for_kill", "seq_page_cost", "serializable_buffers",
	"session_preload_libraries", "session_replication_role", "shared_buffers", "shared_memory_size",
	"shared_memory_size_in_huge_pages", "shared_preload_libraries", "ssl_groups", "ssl_library", "ssl_renegotiation_limit",
	"ssl_tls13_ciphers", "statement_timeout", "stats_fetch_consistency", "stats_temp_directory",
	"subtransaction_buffers", "summarize_wal", "synchronize_seqscans", "synchronized_standby_slots",
	"syslog_facility", "syslog_ident", "syslog_sequence_numbers", "syslog_split_messages", "temp_buffers",
	"temp_file_limit", "temp_tablespaces", "timezone_abbreviations", "trace_connection_negotiation",
	"trace_lock_oidmin", "trace_lock_table", "trace_locks", "trace_lwlocks", "trace_notify",
	"trace_recovery_messages", "trace_sort", "trace_syncscan", "trace_userlocks", "track_activities",
	"track_activity_query_size", "track_cost_delay_timing", "track_counts", "track_functions", "track_io_timing",
	"transaction_buffers", "transaction_deferrable", "transaction_isolation",
	"transaction_read_only", "transaction_timeout", "transform_null_equals", "vacuum_buffer_usage_limit",
	"vacuum_cost_delay", "vacuum_cost_limit", "vacuum_cost_page_dirty", "vacuum_cost_page_hit",
	"vacuum_cost_page_miss", "vacuum_defer_cleanup_age", "vacuum_failsafe_age", "vacuum_freeze_min_age",
	"vacuum_freeze_table_age", "vacuum_max_eager_freeze_failure_rate", "vacuum_multixact_failsafe_age",
	"vacuum_multixact_freeze_min_age", "vacuum_multixact_freeze_table_age", "vacuum_truncate", "wal_buffers",
	"wal_consistency_checking", "wal_debug", "wal_decode_buffer_size", "wal_log_hints", "wal_skip_threshold",
	"wal_summary_keep_time", "wal_writer_delay", "wal_writer_flush_after", "work_mem", "xmlbinary", "xmloption",
	"zero_damaged_pages",
}

func isAcceptedOnly(name string) bool {
	lo, hi := 0, len(acceptedOnly)
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := compareFold(acceptedOnly[mid], name); {
		case c == 0:
			return true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return false
}

// isCustom says whether name has the form of another program's setting: two identifiers with a dot between them.
func isCustom(name string) bool {
	class, rest, ok := strings.Cut(name, ".")
	return ok && isIdentifier(class) && isIdentifier(rest)
}

func isIdentifier(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isLetterOrDigit(s[i]) && s[i] != '$' {
			return false
		}
	}
	return true
}
