package views

import (
	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

// Functions about transactions: a node without tables has none, and in recovery none may begin.
var transactionFunctions = [...]function{
	{names: "txid_current pg_current_xact_id", fails: &sql.Error{
		Code: codeReadOnly, Message: "cannot execute pg_current_xact_id() during recovery",
	}},
	{names: "txid_current_if_assigned pg_current_xact_id_if_assigned", value: null},
	{names: "pg_notify", fails: &sql.Error{Code: codeReadOnly, Message: "cannot execute NOTIFY during recovery"}},
	{names: "pg_get_multixact_members pg_prepared_xact", rows: none},
}

// Functions that a superuser may call in PostgreSQL, and that have nothing to act on here.
var refusedFunctions = [...]function{
	{
		names: "pg_log_backend_memory_contexts",
		fails: &sql.Error{Code: types.CodeFeatureNotSupported, Message: "memory contexts are not supported by this server"},
	},
	{
		names: "pg_export_snapshot",
		fails: &sql.Error{Code: types.CodeFeatureNotSupported, Message: "snapshots are not supported by this server"},
	},
	{
		names: "pg_create_physical_replication_slot pg_drop_replication_slot pg_copy_physical_replication_slot " +
			"pg_replication_slot_advance pg_create_logical_replication_slot pg_copy_logical_replication_slot",
		fails: &sql.Error{Code: types.CodeFeatureNotSupported,
			Message: "replication slots are not supported by this version of Waypost"},
	},
}
