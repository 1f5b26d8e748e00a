package views

import (
	"slices"
	"strings"

	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// Functions that say what a role may. The arguments are [role,] object, privileges; each of the first two is a name or
// an OID. An object that is not there by its name is an error, by its OID NULL.
var privilegeFunctions = [...]function{
	{names: "pg_has_role", eval: hasRole},
	{names: "has_database_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		const known = "CREATE,CONNECT,TEMPORARY,TEMP"
		return n.privilege(a, known, func(r *roles.Role, object sql.Value, p string) (sql.Value, error) {
			if _, err := databaseSize(n, []sql.Value{object}); err != nil {
				return missing(object, err)
			}
			return p != "CREATE" || r.Superuser, nil
		})
	}},
	{names: "has_schema_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.privilege(a, "CREATE,USAGE", func(r *roles.Role, object sql.Value, p string) (sql.Value, error) {
			switch object {
			case "pg_catalog", "public", int64(catalogSchema), int64(publicSchema):
				return p == "USAGE" || r.Superuser, nil
			case "pg_toast", int64(toastSchema):
				return r.Superuser, nil
			}
			return missing(object, types.Errorf("3F000", "schema \"%v\" does not exist", object))
		})
	}},
	{names: "has_tablespace_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.privilege(a, "CREATE", func(r *roles.Role, object sql.Value, _ string) (sql.Value, error) {
			switch object {
			case "pg_default", "pg_global", int64(defaultSpace), int64(globalSpace):
				return r.Superuser, nil
			}
			return missing(object, types.Errorf(types.CodeUndefinedObject, "tablespace \"%v\" does not exist", object))
		})
	}},
	{names: "has_language_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.privilege(a, "USAGE", func(r *roles.Role, object sql.Value, _ string) (sql.Value, error) {
			switch object {
			case "internal", "c", int64(12), int64(13):
				return r.Superuser, nil
			case "sql", int64(14):
				return true, nil
			}
			return missing(object, types.Errorf(types.CodeUndefinedObject, "language \"%v\" does not exist", object))
		})
	}},
	{names: "has_type_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.privilege(a, "USAGE", func(_ *roles.Role, object sql.Value, _ string) (sql.Value, error) {
			if oid, ok := object.(int64); ok {
				return orMissing(pgcat.TypeByOID(sql.OID(oid)) != nil), nil
			}
			if _, ok := pgcat.TypeBySQLName(strings.ToLower(object.(string))); ok {
				return true, nil
			}
			return nil, types.Errorf(types.CodeUndefinedObject, "type \"%v\" does not exist", object)
		})
	}},
	{names: "has_parameter_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.privilege(a, "SET,ALTER SYSTEM", func(r *roles.Role, _ sql.Value, _ string) (sql.Value, error) {
			return r.Superuser, nil
		})
	}},
	{
		names: "has_table_privilege has_any_column_privilege",
		eval:  func(n *node, a []sql.Value) (sql.Value, error) { return n.relationPrivilege(a) },
	},
	{names: "has_column_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		last := len(a) - 1
		return n.relationPrivilege(append(append([]sql.Value{}, a[:last-1]...), a[last]))
	}},
	{names: "has_function_privilege", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.privilege(a, "EXECUTE", n.functionPrivilege)
	}},
}

func orMissing(there bool) sql.Value {
	if there {
		return true
	}
	return nil
}

// missing is the result for an object that is not there.
func missing(object sql.Value, err error) (sql.Value, error) {
	if _, byOID := object.(int64); byOID {
		return nil, nil
	}
	return nil, err
}

// role gives the role of an argument. By OID it may be missing, then it has no privileges.
func (n *node) role(v sql.Value) (*roles.Role, error) {
	name, byName := v.(string)
	if !byName {
		return n.RoleSet().ByOID(uint32(v.(int64))), nil
	}
	if r := n.RoleSet().Find(name); r != nil {
		return r, nil
	}
	return nil, types.Errorf(types.CodeUndefinedObject, "role \"%s\" does not exist", name)
}

// privilege asks whether a role has any of a list of privileges, all of which must be among those known.
func (n *node) privilege(
	a []sql.Value, known string, has func(r *roles.Role, object sql.Value, p string) (sql.Value, error),
) (sql.Value, error) {
	r := n.CurrentRole()
	if len(a) > 2 {
		var err error
		if r, err = n.role(a[0]); err != nil {
			return nil, err
		}
		a = a[1:]
	}
	if r == nil {
		r = &roles.Role{}
	}
	granted := false
	for word := range strings.SplitSeq(a[1].(string), ",") {
		word = strings.TrimSpace(word)
		p, grant := strings.CutSuffix(strings.ToUpper(word), " WITH GRANT OPTION")
		if !among(known, p) {
			return nil, types.Errorf(types.CodeInvalidParameter, "unrecognized privilege type: \"%s\"", word)
		}
		v, err := has(r, a[0], p)
		if v == nil || err != nil {
			return nil, err
		}
		granted = granted || v == true && (!grant || r.Superuser)
	}
	return granted, nil
}

func among(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

const relationPrivileges = "SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER,MAINTAIN"

// relationPrivilege is that of a relation: everybody may read what is not restricted, superusers may do all.
func (n *node) relationPrivilege(a []sql.Value) (sql.Value, error) {
	return n.privilege(a, relationPrivileges, func(r *roles.Role, object sql.Value, p string) (sql.Value, error) {
		rel, err := n.relationOf(object)
		if rel == nil {
			return missing(object, err)
		}
		role, restricted := readers(rel.Name)
		return r.Superuser || p == "SELECT" && (!restricted || role != "" && n.RoleSet().Has(r, role)), nil
	})
}

// relationOf finds a relation by its OID or by its name, which may be qualified.
func (n *node) relationOf(object sql.Value) (*sql.Relation, error) {
	if oid, ok := object.(int64); ok {
		return n.call.Catalog.RelationByOID(sql.OID(oid)), nil
	}
	given := object.(string)
	schema, name := "", given
	if at := strings.LastIndexByte(given, '.'); at >= 0 {
		schema, name = unquoted(given[:at]), given[at+1:]
	}
	if r := n.call.Catalog.Relation(schema, unquoted(name)); r != nil {
		return r, nil
	}
	return nil, types.Errorf(types.CodeUndefinedTable, "relation \"%s\" does not exist", given)
}

// unquoted reads an identifier as SQL does.
func unquoted(s string) string {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
	}
	return strings.ToLower(s)
}

// functionPrivilege is that of a function, by its OID or as name(types).
func (n *node) functionPrivilege(r *roles.Role, object sql.Value, _ string) (sql.Value, error) {
	p, err := procOf(object)
	if p == nil {
		return missing(object, err)
	}
	return r.Superuser || n.mayExecute(r, p.Name()), nil
}

func (n *node) mayExecute(r *roles.Role, name string) bool {
	role, restricted := callers(name)
	return !restricted || role != "" && n.RoleSet().Has(r, role)
}

// procOf finds a function as regprocedure does.
func procOf(object sql.Value) (*pgcat.Proc, error) {
	if oid, ok := object.(int64); ok {
		return pgcat.ProcByOID(sql.OID(oid)), nil
	}
	given := object.(string)
	name, rest, ok := strings.Cut(given, "(")
	list, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
	if !ok || !closed {
		return nil, types.Errorf(types.CodeInvalidText, "expected a left parenthesis")
	}
	name = unquoted(strings.TrimPrefix(strings.TrimSpace(name), pgCatalog+"."))
	var args []sql.OID
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.ToLower(strings.TrimSpace(word)); word == "" {
			continue
		}
		oid, known := pgcat.TypeBySQLName(word)
		if !known {
			return nil, types.Errorf(types.CodeUndefinedObject, "type \"%s\" does not exist", word)
		}
		args = append(args, oid)
	}
	procs := pgcat.Procs(name)
	for i := range procs {
		if slices.Equal(procs[i].Args(), args) {
			return &procs[i], nil
		}
	}
	return nil, types.Errorf(types.CodeUndefinedFunction, "function \"%s\" does not exist", given)
}

// hasRole is pg_has_role: USAGE asks for the privileges of a role, MEMBER for membership, SET for SET ROLE.
func hasRole(n *node, a []sql.Value) (sql.Value, error) {
	set, r := n.RoleSet(), n.CurrentRole()
	if len(a) > 2 {
		var err error
		if r, err = n.role(a[0]); err != nil {
			return nil, err
		}
		a = a[1:]
	}
	of, err := n.role(a[0])
	if err != nil {
		return nil, err
	}
	granted := false
	for word := range strings.SplitSeq(a[1].(string), ",") {
		word = strings.TrimSpace(word)
		p, admin := strings.CutSuffix(strings.ToUpper(word), " WITH ADMIN OPTION")
		if !admin {
			p, admin = strings.CutSuffix(p, " WITH GRANT OPTION")
		}
		if !among("USAGE,MEMBER,SET", p) {
			return nil, types.Errorf(types.CodeInvalidParameter, "unrecognized privilege type: \"%s\"", word)
		}
		if r == nil || of == nil {
			continue
		}
		switch {
		case admin:
			granted = granted || set.IsAdmin(r, of)
		case p == "USAGE":
			granted = granted || set.Has(r, of.Name)
		case p == "SET":
			granted = granted || set.MaySet(r, of)
		default:
			granted = granted || r.Superuser || set.IsMember(r, of)
		}
	}
	return granted, nil
}
