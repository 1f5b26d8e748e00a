package views

import (
	"strings"

	"waypost/internal/pgstat"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/xlog"
)

// Functions that set counters to zero, and those that give one of a view's counters.
var counterFunctions = [...]function{
	{names: "pg_stat_reset_shared", eval: resetShared},
	{names: "pg_stat_reset", value: func(n *node) sql.Value {
		n.Stats.ResetDatabase(xlog.Now())
		return ""
	}},
	{names: "pg_stat_reset_slru", value: func(n *node) sql.Value {
		n.Stats.ResetShared("slru", xlog.Now())
		return ""
	}},
	{
		names: "pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters " +
			"pg_stat_reset_replication_slot pg_stat_reset_subscription_stats",
		value: func(*node) sql.Value { return "" },
	},
	{names: "pg_stat_clear_snapshot pg_stat_force_next_flush", value: func(*node) sql.Value { return "" }},
	{names: "pg_stat_get_snapshot_timestamp", value: null},
	{names: "pg_stat_have_stats", value: func(*node) sql.Value { return false }},
}

func resetShared(n *node, a []sql.Value) (sql.Value, error) {
	if len(a) == 0 || a[0] == nil {
		n.Stats.ResetAllShared(xlog.Now())
		return "", nil
	}
	target := a[0].(string)
	if n.Stats.ResetShared(target, xlog.Now()) {
		return "", nil
	}
	known := pgstat.Targets()
	for i, t := range known {
		known[i] = `"` + t + `"`
	}
	last := len(known) - 1
	return nil, types.Errorf(types.CodeInvalidParameter, "unrecognized reset target: \"%s\"", target).
		WithHint("Target must be " + strings.Join(known[:last], ", ") + ", or " + known[last] + ".")
}
