package views

import (
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/internal/xlogctl"
)

var recoveryFunctions = [...]function{
	{names: "pg_is_in_recovery", value: func(n *node) sql.Value { return n.inRecovery() }},
	{names: "pg_last_wal_receive_lsn", value: func(n *node) sql.Value { return lsnOf(n.WalRcv.Snapshot().FlushedUpto) }},
	{names: "pg_last_wal_replay_lsn", value: func(n *node) sql.Value { return lsnOf(n.XLog.Replayed()) }},
	{names: "pg_last_xact_replay_timestamp", value: func(n *node) sql.Value { return loadTime(&n.XLog.LastXactTime) }},

	// A relay writes no WAL of its own.
	{names: "pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn", fails: noWALControl},
	{
		names: "pg_switch_wal pg_create_restore_point pg_backup_start pg_backup_stop pg_log_standby_snapshot " +
			"pg_logical_emit_message",
		fails: noWALControl,
	},
	{names: "pg_walfile_name pg_walfile_name_offset", eval: func(n *node, _ []sql.Value) (sql.Value, error) {
		return nil, duringRecovery().WithHint(n.function + "() cannot be executed during recovery.")
	}},
	{names: "pg_wal_replay_pause", value: func(n *node) sql.Value {
		n.XLog.SetRecoveryPause(true)
		return ""
	}},
	{names: "pg_wal_replay_resume", value: func(n *node) sql.Value {
		n.XLog.SetRecoveryPause(false)
		return ""
	}},
	{names: "pg_is_wal_replay_paused", value: func(n *node) sql.Value {
		return n.XLog.RecoveryPause() != xlogctl.NotPaused
	}},
	{names: "pg_get_wal_replay_pause_state", value: func(n *node) sql.Value { return n.XLog.RecoveryPause().String() }},
	{names: "pg_promote", eval: func(_ *node, a []sql.Value) (sql.Value, error) {
		if a[1].(int64) <= 0 {
			return nil, types.Errorf(types.CodeOutOfRange, "\"wait_seconds\" must not be negative or zero")
		}
		return nil, types.Errorf(types.CodeFeatureNotSupported, "promotion is not supported by this version of Waypost")
	}},
}

var noWALControl = &sql.Error{
	Code: codeNotInPrerequisiteState, Message: "recovery is in progress",
	Hint: "WAL control functions cannot be executed during recovery.",
}

func duringRecovery() *sql.Error {
	return types.Errorf(codeNotInPrerequisiteState, "recovery is in progress")
}

func (n *node) inRecovery() bool {
	return xlogctl.RecoveryState(n.XLog.State.Load()) != xlogctl.RecoveryStateDone
}
