package views_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/sql"
	"waypost/internal/views"
	"waypost/tests/cluster"
)

// realColumns asks a server for all its relations' columns, as "name type" in their order.
func realColumns(t *testing.T, conn *pgconn.PgConn) map[string][]string {
	t.Helper()
	results, err := conn.Exec(context.Background(), `select relname, attname, atttypid
		from pg_class c join pg_attribute a on attrelid = c.oid
		where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v') and attnum > 0 and not attisdropped
		order by relname, attnum`).ReadAll()
	require.NoError(t, err)
	out := map[string][]string{}
	for _, row := range results[0].Rows {
		out[string(row[0])] = append(out[string(row[0])], fmt.Sprintf("%s %s", row[1], row[2]))
	}
	return out
}

func ourColumns(r *sql.Relation) []string {
	var out []string
	for _, c := range r.Columns {
		out = append(out, fmt.Sprintf("%s %d", c.Name, c.Type))
	}
	return out
}

// A node of a version has all relations that PostgreSQL of the version has, with its columns, and behind them those that
// only 17 has.
func TestRelationsHaveTheColumnsOfRealPostgreSQL(t *testing.T) {
	c := cluster.New(t)
	real17 := realColumns(t, connect(t, c, 17))
	for _, major := range []int{15, 16, 17, 18} {
		theirs := real17
		if major != 17 {
			theirs = realColumns(t, connect(t, c, major))
		}
		catalog := views.Catalog(major)
		for name, columns := range theirs {
			rel := catalog.Relation("pg_catalog", name)
			require.NotNil(t, rel, "%d: %s", major, name)
			ours := ourColumns(rel)
			require.GreaterOrEqual(t, len(ours), len(columns), "%d: %s", major, name)
			require.Equal(t, columns, ours[:len(columns)], "%d: %s", major, name)
			if major == 17 {
				require.Len(t, ours, len(columns), name)
			}
		}
		for name, columns := range real17 {
			rel := catalog.Relation("pg_catalog", name)
			require.NotNil(t, rel, "%d: %s", major, name)
			for _, col := range columns {
				require.True(t, hasColumn(rel, col), "%d: %s lacks %s", major, name, col)
			}
		}
	}
}

// hasColumn says whether a column is there by name: its type may be that of another version.
func hasColumn(r *sql.Relation, column string) bool {
	var name string
	fmt.Sscan(column, &name)
	for _, c := range r.Columns {
		if c.Name == name {
			return true
		}
	}
	return false
}

func connect(t *testing.T, c *cluster.Cluster, major int) *pgconn.PgConn {
	t.Helper()
	server := c.NewPostgres(fmt.Sprintf("pg%d", major), major, cluster.PostgresOptions{})
	conn, err := pgconn.Connect(context.Background(),
		fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres", server.Port))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// What a family gives must be columns that some version has, or values would get lost.
func TestEveryRelationCanBeRead(t *testing.T) {
	r := newRig(t)
	for _, major := range []int{15, 16, 17, 18} {
		r.major = major
		for _, rel := range views.Catalog(major).Relations() {
			columns, _, err := r.run(context.Background(), "select * from "+rel.Schema+"."+rel.Name)
			if rel.Name == "pg_hba_file_rules" || rel.Name == "pg_ident_file_mappings" {
				continue // no such file here
			}
			require.NoError(t, err, rel.Name)
			require.Len(t, columns, len(rel.Columns))
		}
	}
}

func TestTablesHaveAHiddenTableOID(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"pg_language", "pg_namespace"}, {"pg_language", "pg_namespace"}},
		r.rows(`select l.tableoid::regclass, n.tableoid::regclass from pg_language l join pg_namespace n on n.oid = 99
			where lanname <> 'internal'`))
	require.Equal(t, [][]string{{"11", "∅"}, {"99", "2612"}, {"2200", "∅"}},
		r.rows("select n.oid, l.tableoid from pg_namespace n left join pg_language l on l.oid = 12 and n.oid = 99 order by 1"))
	require.Equal(t, "42702", r.fails("select tableoid from pg_language, pg_namespace").Code)
	require.Equal(t, "42703", r.fails("select tableoid from pg_stat_activity").Code)
}

func TestColumnsOfTablesKnowWhetherTheyCanBeNull(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"oid", "t"}, {"rolname", "t"}, {"rolpassword", "f"}},
		r.rows(`select attname, attnotnull from pg_attribute where attrelid = 'pg_authid'::regclass
			and attname in ('oid', 'rolname', 'rolpassword') order by 1`))
}
