package views

import (
	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

var sessionViews = [...]view{
	{
		"pg_prepared_statements", "name statement prepare_time parameter_types result_types from_sql generic_plans " +
			"custom_plans",
		func(s *scan) error {
			for _, p := range s.PreparedStatements() {
				s.add(p.Name, p.Statement, timeOf(p.PreparedAt), typeList(p.Params), resultTypes(p.Results), p.FromSQL,
					int64(0), p.Executions)
			}
			return nil
		},
	},
	{
		"pg_cursors", "name statement is_holdable is_binary is_scrollable creation_time",
		func(s *scan) error {
			for _, c := range s.Cursors() {
				s.add(c.Name, c.Statement, c.Holdable, c.Binary, c.Scrollable, timeOf(c.CreatedAt))
			}
			return nil
		},
	},
}

// typeList is a value of regtype[].
func typeList(oids []sql.OID) sql.Value {
	list := &types.Array{Elem: types.RegType}
	for _, o := range oids {
		list.Vals = append(list.Vals, int64(o))
	}
	return list
}

func resultTypes(oids []sql.OID) sql.Value {
	if oids == nil {
		return nil
	}
	return typeList(oids)
}
