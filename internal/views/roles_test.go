package views_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/sql"
	"waypost/internal/views"
)

func TestRolesAreShownWithoutPasswordsButToSuperusers(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"postgres", "t", "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"}},
		r.rows("select rolname, rolsuper, rolpassword from pg_authid where rolname = 'postgres'"))
	require.Equal(t, [][]string{{"postgres", "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"}},
		r.rows("select usename, passwd from pg_shadow where usesuper"))
	for _, view := range []string{"pg_roles", "pg_user"} {
		rows := r.rows("select * from " + view)
		for _, row := range rows {
			require.NotContains(t, row, "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy")
			require.Contains(t, row, "********")
		}
	}
	require.Equal(t, [][]string{{"carol"}, {"dave"}, {"postgres"}}, r.rows("select usename from pg_user order by 1"))
	require.Equal(t, "permission denied for table pg_authid", r.as("carol").fails("select * from pg_authid").Message)
	require.Equal(t, "permission denied for view pg_shadow", r.fails("select * from pg_shadow").Message)
	require.Equal(t, "permission denied for view pg_hba_file_rules", r.fails("select * from pg_hba_file_rules").Message)
}

func TestMembershipsAndSettingsOfRoles(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"pg_monitor", "{16384}"}},
		r.rows("select groname, grolist from pg_group where groname = 'pg_monitor'"))
	require.Equal(t, [][]string{{"pg_monitor", "carol", "f"}},
		r.rows(`select r.rolname, m.rolname, admin_option from pg_auth_members a join pg_roles r on r.oid = roleid
			join pg_roles m on m.oid = member where m.rolname = 'carol'`))
	require.Equal(t, [][]string{{"carol", "16384", "∅"}},
		r.rows("select 16384::regrole, 'carol'::regrole::oid, rolvaliduntil from pg_roles where rolname = 'carol'"))
	require.Equal(t, "42704", r.fails("select 'nobody'::regrole").Code)
	r.roleStatement(context.Background(), r.p.DataDir, "alter role dave valid until 'infinity'")
	r.reloadRoles(r.p.DataDir)
	require.Equal(t, [][]string{{"infinity"}}, r.rows("select valuntil from pg_user where usename = 'dave'"))
	require.Equal(t, [][]string{{"postgres", "unknown (OID=4)"}}, r.rows("select pg_get_userbyid(10), pg_get_userbyid(4)"))
}

func TestPrivilegesAreAnsweredAsPostgreSQLDoes(t *testing.T) {
	r := newRig(t)
	for query, want := range map[string]string{
		"has_table_privilege('dave', 'pg_stat_activity', 'select')":                          "t",
		"has_table_privilege('dave', 'pg_catalog.pg_authid', 'select')":                      "f",
		"has_table_privilege('pg_authid', 'select, insert')":                                 "t",
		"has_table_privilege('dave', 'pg_stat_activity', 'insert')":                          "f",
		"has_table_privilege(1::oid, 'select')":                                              "∅",
		"has_table_privilege(1260::oid, 'select')":                                           "t",
		"has_column_privilege('dave', 'pg_class', 'relname', 'select')":                      "t",
		"has_database_privilege('dave', 'postgres', 'connect')":                              "t",
		"has_database_privilege('dave', 'postgres', 'create')":                               "f",
		"has_schema_privilege('dave', 'public', 'usage')":                                    "t",
		"has_schema_privilege('dave', 'public', 'create')":                                   "f",
		"has_function_privilege('dave', 'pg_backup_start(text,bool)', 'EXECUTE')":            "f",
		"has_function_privilege('carol', 'pg_ls_waldir()', 'EXECUTE')":                       "t",
		"has_function_privilege(CURRENT_USER, 'pg_backup_start(text, boolean)', 'EXECUTE')":  "t",
		"has_function_privilege('dave', 'pg_catalog.pg_is_in_recovery()', 'EXECUTE')":        "t",
		"has_tablespace_privilege('dave', 'pg_default', 'create')":                           "f",
		"pg_has_role('carol', 'pg_monitor', 'usage')":                                        "t",
		"pg_has_role('carol', 'pg_read_all_stats', 'member')":                                "t",
		"pg_has_role('dave', 'pg_monitor', 'member')":                                        "f",
		"pg_has_role('carol', 'pg_monitor', 'member with admin option')":                     "f",
		"pg_has_role('pg_monitor', 'usage')":                                                 "t",
		"pg_database_size('postgres') + pg_database_size(5::oid) + pg_tablespace_size(1663)": "0",
		"pg_relation_size('pg_class')":                                                       "0",
		"pg_relation_size(1)":                                                                "∅",
		"pg_tablespace_location(1663)":                                                       "",
		"array_to_string(pg_blocking_pids(1), ',')":                                          "",
	} {
		require.Equal(t, [][]string{{want}}, r.rows("select "+query), query)
	}
	for query, code := range map[string]string{
		"has_table_privilege('nobody', 'pg_class', 'select')":   "42704",
		"has_table_privilege('nothing', 'select')":              "42P01",
		"has_table_privilege('pg_class', 'look')":               "22023",
		"has_database_privilege('nothing', 'connect')":          "3D000",
		"has_schema_privilege('nothing', 'usage')":              "3F000",
		"has_function_privilege('nothing()', 'execute')":        "42883",
		"has_function_privilege('nothing', 'execute')":          "22P02",
		"has_function_privilege('version(nothing)', 'execute')": "42704",
		"pg_has_role('nobody', 'usage')":                        "42704",
		"pg_database_size('nothing')":                           "3D000",
		"pg_tablespace_location(77)":                            "58P01",
	} {
		require.Equal(t, code, r.fails("select "+query).Code, query)
	}
}

// As PostgreSQL, which looks at permissions before it tells a client of any column.
func TestPermissionsAreLookedAtWhenExecutionBegins(t *testing.T) {
	r := configured(t, "", "local all all peer\n", "").as("dave")
	for _, query := range []string{
		"select * from pg_hba_file_rules", "select 1 where exists (select from pg_authid)", "select pg_reload_conf() where false",
		"select case when true then 1 else (select count(*) from pg_ls_waldir()) end", "select * from pg_hba_file_rules()",
	} {
		list, err := sql.Parse(query)
		require.NoError(t, err)
		catalog := views.Catalog(17)
		st, err := sql.Prepare(context.Background(), r, catalog, list[0], nil)
		require.NoError(t, err, query)
		_, err = st.Execute(context.Background(), r, catalog, nil, nil)
		require.ErrorContains(t, err, "permission denied for ", query)
		r.as("postgres")
		_, err = st.Execute(context.Background(), r, catalog, nil, nil)
		require.NoError(t, err, query)
		r.as("dave")
	}
}
