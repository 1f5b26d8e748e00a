package views

import (
	"strings"

	"waypost/internal/sql"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// Functions of PostgreSQL's that its views are made of give the columns of the view of the same name. Some programs call
// them themselves.
var viewsOfFunctions = [...]struct {
	function, view string
	single         bool // one row, of NULLs if there is none
}{
	{"pg_stat_get_wal_senders", "pg_stat_replication", false},
	{"pg_stat_get_wal_receiver", "pg_stat_wal_receiver", true},
	{"pg_stat_get_archiver", "pg_stat_archiver", true},
	{"pg_stat_get_wal", "pg_stat_wal", true},
	{"pg_stat_get_io", "pg_stat_io", false},
	{"pg_stat_get_activity", "pg_stat_get_activity", false},
	{"pg_stat_get_slru", "pg_stat_slru", false},
	{"pg_stat_get_recovery_prefetch", "pg_stat_recovery_prefetch", true},
	{"pg_stat_get_progress_info", "pg_stat_progress_basebackup", false},
	{"pg_stat_get_subscription", "pg_stat_subscription", false},
	{"pg_get_replication_slots", "pg_replication_slots", false},
	{"pg_lock_status", "pg_locks", false},
	{"pg_show_all_settings", "pg_settings", false},
	{"pg_show_all_file_settings", "pg_file_settings", false},
	{"pg_hba_file_rules", "pg_hba_file_rules", false},
	{"pg_ident_file_mappings", "pg_ident_file_mappings", false},
	{"pg_prepared_statement", "pg_prepared_statements", false},
	{"pg_cursor", "pg_cursors", false},
	{"pg_available_extensions", "pg_available_extensions", false},
	{"pg_timezone_names", "pg_timezone_names", false},
	{"pg_get_wait_events", "pg_wait_events", false},
}

// rowsOf makes the function of a view, nil if the name is none.
func (c source) rowsOf(name string) *sql.Function {
	for i := range viewsOfFunctions {
		if f := &viewsOfFunctions[i]; f.function == name {
			columns, types := outputs(name)
			out := &sql.Function{Name: name, Stable: true, Allow: mayCall(name)}
			all := func(call *sql.Call, a []sql.Value) (sql.Cursor, error) {
				n, err := enter(call, name, c.major)
				if err != nil {
					return nil, err
				}
				rows, err := n.scan(f.view, columns)
				if name == "pg_stat_get_activity" && a[0] != nil {
					rows = only(rows, a[0])
				}
				return sql.Slice(rows), err
			}
			if !f.single {
				out.Rows = all
				return out
			}
			out.Eval = func(call *sql.Call, a []sql.Value) (sql.Value, error) { return first(all, call, a, types) }
			return out
		}
	}
	return nil
}

// outputs are the columns that a function of PostgreSQL's gives.
func outputs(name string) (columns []sql.Column, oids []sql.OID) {
	p := pgcat.Procs(name)
	sig, _ := pgcat.Details(p[0].OID)
	for _, a := range sig.Args {
		if strings.IndexByte("obt", a.Mode) >= 0 {
			columns, oids = append(columns, sql.Column{Name: a.Name, Type: a.Type}), append(oids, a.Type)
		}
	}
	return columns, oids
}

// scan gives the rows of a view in the form of these columns.
func (n *node) scan(name string, columns []sql.Column) ([]sql.Row, error) {
	v := viewOf(name)
	if v == nil {
		return nil, nil
	}
	s := &scan{node: *n}
	_, err := s.run(v, columns, nil)
	return s.rows, err
}

// only keeps the rows of a pid, which is their second column.
func only(rows []sql.Row, pid sql.Value) (kept []sql.Row) {
	for _, r := range rows {
		if r[1] == pid {
			kept = append(kept, r)
		}
	}
	return kept
}

func first(
	all func(*sql.Call, []sql.Value) (sql.Cursor, error), call *sql.Call, a []sql.Value, oids []sql.OID,
) (sql.Value, error) {
	rows, err := all(call, a)
	if err != nil {
		return nil, err
	}
	row, err := rows()
	if row == nil {
		row = make(sql.Row, len(oids))
	}
	return &types.Row{Types: oids, Vals: row}, err
}
