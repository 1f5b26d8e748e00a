package views

import (
	"fmt"
	"strings"

	"waypost/internal/controldata"
	"waypost/internal/sql"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// Functions about databases, relations, roles and other objects. There is one database, it has no files, and no object of
// the catalog can be shown as a statement.
var objectFunctions = [...]function{
	{names: "pg_get_userbyid", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		if r := n.RoleSet().ByOID(uint32(a[0].(int64))); r != nil {
			return r.Name, nil
		}
		return fmt.Sprintf("unknown (OID=%d)", a[0]), nil
	}},
	{names: "pg_database_size", eval: databaseSize},
	{names: "pg_tablespace_size", value: func(*node) sql.Value { return int64(0) }},
	{names: "pg_tablespace_location", eval: func(_ *node, a []sql.Value) (sql.Value, error) {
		switch a[0] {
		case int64(0), int64(defaultSpace), int64(globalSpace):
			return "", nil
		}
		return nil, types.Errorf(codeUndefinedFile, "could not stat file \"pg_tblspc/%d\": No such file or directory", a[0])
	}},
	{names: "pg_tablespace_databases", rows: none},
	{
		names: "pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size",
		eval: func(n *node, a []sql.Value) (sql.Value, error) {
			if n.call.Catalog.RelationByOID(sql.OID(a[0].(int64))) == nil {
				return nil, nil
			}
			return int64(0), nil
		},
	},
	{names: "pg_relation_filenode pg_relation_filepath pg_filenode_relation", value: null},
	{
		names: "pg_get_expr pg_get_viewdef pg_get_ruledef pg_get_indexdef pg_get_constraintdef pg_get_triggerdef " +
			"pg_get_partkeydef pg_get_function_sqlbody pg_get_functiondef pg_get_statisticsobjdef " +
			"pg_get_statisticsobjdef_columns pg_get_partition_constraintdef pg_get_serial_sequence pg_sequence_last_value",
		value: null,
	},
	{names: "to_regclass", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.named(types.RegClass, a[0]), nil
	}},
	{names: "to_regtype", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.named(types.RegType, a[0]), nil
	}},
	{names: "to_regrole", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.named(types.RegRole, a[0]), nil
	}},
	{names: "to_regproc", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.named(types.RegProc, a[0]), nil
	}},
	{names: "to_regnamespace", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.named(types.RegNS, a[0]), nil
	}},
	{names: "shobj_description", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		if r := n.RoleSet().ByOID(uint32(a[0].(int64))); r != nil && a[1] == "pg_authid" {
			return orNull(r.Comment), nil
		}
		return nil, nil
	}},
	{names: "pg_get_function_result", eval: func(_ *node, a []sql.Value) (sql.Value, error) {
		p := pgcat.ProcByOID(sql.OID(a[0].(int64)))
		if p == nil {
			return nil, nil
		}
		result := pgcat.FormatType(p.Result, -1)
		if p.Set {
			result = "SETOF " + result
		}
		return result, nil
	}},
	{
		names: "pg_get_function_arguments pg_get_function_identity_arguments",
		eval: func(n *node, a []sql.Value) (sql.Value, error) {
			p := pgcat.ProcByOID(sql.OID(a[0].(int64)))
			if p == nil {
				return nil, nil
			}
			return arguments(p, n.function == "pg_get_function_arguments"), nil
		},
	},
	{
		names: "pg_opclass_is_visible pg_operator_is_visible pg_collation_is_visible pg_conversion_is_visible " +
			"pg_opfamily_is_visible pg_statistics_obj_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible " +
			"pg_ts_parser_is_visible pg_ts_template_is_visible",
		value: func(*node) sql.Value { return true },
	},
	{names: "pg_relation_is_publishable pg_relation_is_updatable", value: null},
	{names: "age", args: []sql.OID{types.Xid}, eval: func(n *node, a []sql.Value) (sql.Value, error) {
		c, err := controldata.Read(n.DataDir)
		if err != nil {
			return nil, failed(err)
		}
		if c.CheckPointCopy.NextXid == 0 {
			return nil, nil // no checkpoint has come yet
		}
		return ageOf(uint32(a[0].(int64)), uint32(c.CheckPointCopy.NextXid)), nil
	}},
	{names: "mxid_age", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		c, err := controldata.Read(n.DataDir)
		if err != nil {
			return nil, failed(err)
		}
		multi := uint32(a[0].(int64))
		switch {
		case multi == 0:
			return int64(maxInt4), nil
		case c.CheckPointCopy.NextMulti == 0:
			return nil, nil
		}
		return int64(int32(c.CheckPointCopy.NextMulti - multi)), nil
	}},
}

const (
	maxInt4        = 1<<31 - 1
	firstNormalXid = 3
)

// ageOf is how many transactions lie between, as of the last checkpoint; those that are for ever have the greatest age.
func ageOf(xid, next uint32) sql.Value {
	if xid < firstNormalXid {
		return int64(maxInt4)
	}
	return int64(int32(next - xid))
}

// named finds the object of a name, NULL for none.
func (n *node) named(t sql.OID, name sql.Value) sql.Value {
	oid, err := n.call.Env().NameOID(t, name.(string))
	if err != nil {
		return nil
	}
	return int64(oid)
}

func null(*node) sql.Value { return nil }

func databaseSize(_ *node, a []sql.Value) (sql.Value, error) {
	switch d := a[0].(type) {
	case string:
		if d != databaseName {
			return nil, types.Errorf(codeUndefinedDatabase, "database \"%s\" does not exist", d)
		}
	case int64:
		if d != databaseOID {
			return nil, types.Errorf(codeUndefinedDatabase, "database with OID %d does not exist", d)
		}
	}
	return int64(0), nil
}

// arguments shows a function's declared arguments.
func arguments(p *pgcat.Proc, withDefaults bool) string {
	sig, known := pgcat.Details(p.OID)
	var list []string
	if !known {
		for _, t := range p.Args() {
			list = append(list, pgcat.FormatType(t, -1))
		}
		return strings.Join(list, ", ")
	}
	without := len(p.Args()) - int(p.NDefaults) // input arguments before the first that has a default
	defaults := expressions(sig.Defaults)
	for _, arg := range sig.Args {
		s := pgcat.FormatType(arg.Type, -1)
		if arg.Name != "" {
			s = arg.Name + " " + s
		}
		switch arg.Mode {
		case 't':
			continue
		case 'o':
			list = append(list, "OUT "+s)
			continue
		case 'b':
			s = "INOUT " + s
		case 'v':
			s = "VARIADIC " + s
		}
		if without--; without < 0 && withDefaults && -without <= len(defaults) {
			s += " DEFAULT " + defaults[-without-1]
		}
		list = append(list, s)
	}
	return strings.Join(list, ", ")
}

// expressions takes a list of expressions apart: at commas that stand neither in quotes nor in parentheses.
func expressions(list string) (out []string) {
	depth, quoted, from := 0, false, 0
	for i := range len(list) {
		switch c := list[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			out, from = append(out, strings.TrimSpace(list[from:i])), i+1
		}
	}
	return append(out, strings.TrimSpace(list[from:]))
}
