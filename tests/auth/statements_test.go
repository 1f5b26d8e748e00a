package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStatementsAboutRolesAreAnsweredAsByPostgreSQL runs the same statements, one after the other, on both, and compares
// tags, notices and errors with their details, hints and positions.
func TestStatementsAboutRolesAreAnsweredAsByPostgreSQL(t *testing.T) {
	p := newPair(t, nil, nil)
	refused := 0
	for _, line := range strings.Split(strings.TrimSpace(statements), "\n") {
		as, sql, ok := strings.Cut(line, ": ")
		require.True(t, ok, line)
		want := run(t, p.pg.Port, as, sql)
		got := run(t, p.node.Port, as, sql)
		assert.Equal(t, want, got, "%s: %s", as, sql)
		if strings.Contains(want, "ERROR") {
			refused++
		}
	}
	require.Greater(t, refused, 60)
	require.Equal(t, p.pg.Query(memberships), nodeMemberships(t, p))
}

const memberships = `SELECT r.rolname, m.rolname, g.rolname, admin_option, inherit_option, set_option
	FROM pg_auth_members a JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member
	JOIN pg_roles g ON g.oid = grantor
	ORDER BY 1, 2, 3`

// run runs one statement over a connection of the role's.
func run(t *testing.T, port int, as, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	config, err := pgconn.ParseConfig(connString(port) + " user=" + as)
	require.NoError(t, err)
	var out []string
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		out = append(out, fmt.Sprintf("%s %s %s", n.Severity, n.Code, n.Message))
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	require.NoError(t, err, as)
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, sql).ReadAll()
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return fmt.Sprintf("ERROR %s %s\n%s\n%s at %d", e.Code, e.Message, e.Detail, e.Hint, e.Position)
	}
	require.NoError(t, err, sql)
	return strings.Join(append(out, results[0].CommandTag.String()), "\n")
}

func nodeMemberships(t *testing.T, p *pair) [][]string {
	t.Helper()
	set := loadRoles(t, p.node)
	var rows [][]string
	word := map[bool]string{true: "t", false: "f"}
	for _, m := range set.Memberships() {
		rows = append(rows, []string{set.ByOID(m.Role).Name, set.ByOID(m.Member).Name, set.ByOID(m.Grantor).Name,
			word[m.Admin], word[m.Inherit], word[m.Set]})
	}
	sortRows(rows)
	return rows
}

const statements = `
postgres: CREATE ROLE a
postgres: CREATE ROLE a
postgres: CREATE USER u CREATEROLE
postgres: CREATE GROUP g
postgres: CREATE ROLE s SUPERUSER LOGIN
postgres: CREATE ROLE pg_a
postgres: CREATE ROLE none
postgres: CREATE ROLE public
postgres: CREATE ROLE current_user
postgres: CREATE ROLE "none"
postgres: CREATE ROLE "Public"
postgres: CREATE ROLE b SUPERUSER NOSUPERUSER
postgres: CREATE ROLE b LOGIN PASSWORD 'x' LOGIN
postgres: CREATE ROLE b CONNECTION LIMIT -2
postgres: CREATE ROLE b VALID UNTIL 'soon'
postgres: CREATE ROLE b SYSID 77
postgres: CREATE ROLE c PASSWORD ''
postgres: CREATE ROLE d IN ROLE nobody
postgres: CREATE ROLE d ROLE nobody
postgres: CREATE ROLE d IN ROLE a, g ROLE b ADMIN c
postgres: CREATE ROLE nosuchoption SUDO
postgres: CREATE USER o
postgres: CREATE USER w LOGIN PASSWORD 'x'
o: CREATE ROLE x
o: ALTER ROLE o PASSWORD 'y'
o: ALTER ROLE w PASSWORD 'y'
o: ALTER ROLE o CONNECTION LIMIT 5
o: ALTER ROLE o SUPERUSER
o: ALTER ROLE postgres PASSWORD 'y'
o: ALTER ROLE o SET work_mem = '1MB'
o: ALTER ROLE w SET work_mem = '1MB'
o: ALTER ROLE ALL SET work_mem = '1MB'
o: ALTER ROLE o SET log_min_messages = 'debug1'
o: ALTER ROLE o RESET ALL
o: ALTER ROLE nobody PASSWORD 'y'
o: ALTER ROLE pg_monitor PASSWORD 'y'
o: ALTER ROLE current_user PASSWORD 'y'
o: ALTER ROLE session_user PASSWORD NULL
o: DROP ROLE w
o: DROP ROLE o
o: GRANT pg_monitor TO o
o: GRANT s TO o
o: REVOKE pg_monitor FROM o
o: ALTER ROLE w RENAME TO ww
o: ALTER ROLE o RENAME TO oo
o: ALTER GROUP g ADD USER o
o: COMMENT ON ROLE w IS 'x'
o: COMMENT ON ROLE postgres IS 'x'
u: CREATE ROLE mine LOGIN
u: CREATE ROLE x SUPERUSER
u: CREATE ROLE x REPLICATION
u: CREATE ROLE x BYPASSRLS
u: CREATE ROLE x CREATEDB
u: CREATE ROLE x NOREPLICATION NOSUPERUSER
u: CREATE ROLE yours CREATEROLE
u: CREATE ROLE x2 IN ROLE a
u: CREATE ROLE x3 IN ROLE mine ROLE x
u: ALTER ROLE mine CONNECTION LIMIT 3 VALID UNTIL '2030-01-01' NOLOGIN
u: ALTER ROLE mine SUPERUSER
u: ALTER ROLE mine REPLICATION
u: ALTER ROLE mine CREATEDB
u: ALTER ROLE mine PASSWORD 'z'
u: ALTER ROLE w PASSWORD 'z'
u: ALTER ROLE w CONNECTION LIMIT 3
u: ALTER ROLE s PASSWORD 'z'
u: ALTER ROLE mine SET work_mem = '2MB'
u: ALTER ROLE w SET work_mem = '2MB'
u: ALTER ROLE s SET work_mem = '2MB'
u: ALTER ROLE mine RENAME TO my
u: ALTER ROLE w RENAME TO ww
u: ALTER ROLE s RENAME TO ss
u: ALTER ROLE u RENAME TO uu
u: GRANT my TO w
u: GRANT a TO w
u: GRANT s TO w
u: GRANT my TO w WITH ADMIN OPTION
u: GRANT my TO u
u: REVOKE my FROM w
u: REVOKE my FROM w
u: DROP ROLE w
u: DROP ROLE s
u: DROP ROLE u
u: DROP ROLE my, yours, x, x3
u: DROP ROLE my, nobody
u: DROP ROLE nobody
u: DROP ROLE IF EXISTS nobody, nobody2
u: DROP ROLE current_user
u: COMMENT ON ROLE w IS 'x'
u: COMMENT ON ROLE s IS 'x'
postgres: ALTER ROLE postgres NOSUPERUSER
postgres: ALTER ROLE postgres LOGIN
postgres: ALTER ROLE pg_monitor LOGIN
postgres: ALTER ROLE pg_monitor SET work_mem = '1MB'
postgres: ALTER ROLE public PASSWORD 'x'
postgres: ALTER ROLE a CONNECTION LIMIT -2
postgres: ALTER ROLE a CONNECTION LIMIT 4 CONNECTION LIMIT 5
postgres: ALTER ROLE a VALID UNTIL 'infinity'
postgres: ALTER ROLE a VALID UNTIL 'never'
postgres: ALTER ROLE a PASSWORD 'x' LOGIN SUPERUSER NOINHERIT
postgres: ALTER ROLE a PASSWORD ''
postgres: ALTER ROLE a PASSWORD NULL NOSUPERUSER INHERIT
postgres: ALTER ROLE a SET work_mem = '3MB'
postgres: ALTER ROLE a IN DATABASE postgres SET work_mem = '3MB'
postgres: ALTER ROLE a IN DATABASE nowhere SET work_mem = '3MB'
postgres: ALTER ROLE ALL SET work_mem = '3MB'
postgres: ALTER ROLE ALL RESET work_mem
postgres: ALTER ROLE a RESET work_mem
postgres: ALTER ROLE a RESET ALL
postgres: ALTER ROLE nobody SET work_mem = '3MB'
postgres: ALTER ROLE a RENAME TO a
postgres: ALTER ROLE a RENAME TO b
postgres: ALTER ROLE a RENAME TO pg_b
postgres: ALTER ROLE pg_monitor RENAME TO b2
postgres: ALTER ROLE nobody RENAME TO b2
postgres: ALTER ROLE postgres RENAME TO b2
postgres: ALTER ROLE a RENAME TO "none"
postgres: ALTER ROLE a RENAME TO aa
postgres: ALTER ROLE aa RENAME TO a
postgres: GRANT a TO b
postgres: GRANT a TO b
postgres: GRANT b TO a
postgres: GRANT a TO a
postgres: GRANT a TO b WITH ADMIN OPTION
postgres: GRANT a TO b WITH INHERIT FALSE, SET FALSE
postgres: GRANT a TO b WITH INHERIT FALSE, INHERIT TRUE
postgres: GRANT a TO b WITH NONSENSE TRUE
postgres: GRANT a TO nobody
postgres: GRANT nobody TO a
postgres: GRANT a TO public
postgres: GRANT pg_monitor, pg_checkpoint TO a, b
postgres: GRANT pg_database_owner TO a
postgres: GRANT a TO pg_database_owner
postgres: GRANT s TO a
postgres: GRANT a TO w GRANTED BY b
postgres: GRANT a TO o GRANTED BY w
postgres: GRANT a TO o GRANTED BY postgres
postgres: REVOKE ADMIN OPTION FOR a FROM b
postgres: REVOKE ADMIN OPTION FOR a FROM b CASCADE
postgres: REVOKE a FROM w
postgres: REVOKE INHERIT OPTION FOR a FROM o
postgres: REVOKE a FROM o
postgres: REVOKE pg_monitor FROM a
postgres: REVOKE pg_monitor FROM nobody
postgres: REVOKE nobody FROM a
postgres: GRANT g TO b WITH ADMIN OPTION
postgres: GRANT g TO w GRANTED BY b
postgres: DROP ROLE b
postgres: REVOKE g FROM w GRANTED BY b
postgres: DROP ROLE b
postgres: DROP ROLE pg_monitor
postgres: DROP ROLE postgres
s: DROP ROLE postgres
s: DROP ROLE s
s: ALTER ROLE postgres NOSUPERUSER
postgres: ALTER GROUP g ADD USER o, w
postgres: ALTER GROUP g ADD USER o
postgres: ALTER GROUP g DROP USER o
postgres: ALTER GROUP g DROP USER o
postgres: ALTER GROUP g ADD USER nobody
postgres: COMMENT ON ROLE a IS 'x'
postgres: COMMENT ON ROLE nobody IS 'x'
postgres: COMMENT ON ROLE a IS NULL
postgres: DROP ROLE IF EXISTS a, nobody
postgres: CREATE ROLE again IN ROLE g, g
postgres: DROP ROLE again, again
`
