package views

import (
	"strings"

	"waypost/internal/sql"
)

// Functions of PostgreSQL's that give one column of a view's row, by the part of the name behind the prefix. Of a
// database the row is that of the OID given; of one that is not there, that of OID 0, where nothing is counted.
var columnFamilies = [...]struct{ prefix, view, columns string }{
	{
		"pg_stat_get_db_", "pg_stat_database",
		"numbackends xact_commit xact_rollback tuples_returned:tup_returned tuples_fetched:tup_fetched " +
			"tuples_inserted:tup_inserted tuples_updated:tup_updated tuples_deleted:tup_deleted blocks_fetched:blks_read " +
			"blocks_hit:blks_hit conflict_all:conflicts temp_files temp_bytes deadlocks checksum_failures " +
			"checksum_last_failure blk_read_time blk_write_time session_time active_time idle_in_transaction_time " +
			"sessions sessions_abandoned sessions_fatal sessions_killed stat_reset_time:stats_reset",
	},
	{
		"pg_stat_get_checkpointer_", "pg_stat_checkpointer",
		"num_timed num_requested restartpoints_timed restartpoints_requested:restartpoints_req " +
			"restartpoints_performed:restartpoints_done write_time sync_time buffers_written stat_reset_time:stats_reset",
	},
	{
		"pg_stat_get_bgwriter_", "pg_stat_bgwriter",
		"buf_written_clean:buffers_clean maxwritten_clean stat_reset_time:stats_reset",
	},
	{"pg_stat_get_", "pg_stat_bgwriter", "buf_alloc:buffers_alloc"},
}

// columnOf makes a function that gives a view's column, nil if the name is none.
func (c source) columnOf(name string) *sql.Function {
	for i := range columnFamilies {
		f := &columnFamilies[i]
		rest, ok := strings.CutPrefix(name, f.prefix)
		if !ok {
			continue
		}
		for field := range strings.FieldsSeq(f.columns) {
			function, column, renamed := strings.Cut(field, ":")
			if function != rest {
				continue
			}
			if !renamed {
				column = function
			}
			return &sql.Function{Name: name, Stable: true, Eval: func(call *sql.Call, a []sql.Value) (sql.Value, error) {
				n, err := enter(call, name, baseMajor)
				if err != nil {
					return nil, err
				}
				return n.oneColumn(f.view, column, a)
			}}
		}
	}
	return nil
}

// oneColumn gives a column of a view's row: the only one, or that of the database of the OID in a.
func (n *node) oneColumn(view, column string, a []sql.Value) (sql.Value, error) {
	rows, err := n.scan(view, []sql.Column{{Name: column}, {Name: "datid"}})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for _, r := range rows {
		if len(a) > 0 && r[1] == a[0] {
			return r[0], nil
		}
	}
	return rows[0][0], nil
}
