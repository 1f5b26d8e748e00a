package hba

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/hba"
	"waypost/tests/cluster"
)

// users are the names that are tried; those of a role that there is, too.
var users = []string{
	"alice", "ALICE", "bob", "member", "grandmember", "grp", "boss", "all", "+grp", "a+b", "a.b", "x1", "user_22",
	"a b", "naïve", "ab", "abc", "aab", "a\\b", "a1b2c3", "Ab", "back\\1", "a]b", "a-b", "tab\tx",
}

// memberships are direct.
var memberships = map[string][]string{"member": {"grp"}, "grandmember": {"member"}}

// memberOf is Client.Member for a user of the test.
func memberOf(user string) func(role string) bool {
	known := []string{"alice", "bob", "member", "grandmember", "grp", "boss", "all", "+grp"}
	return func(role string) bool {
		if !slices.Contains(known, user) || !slices.Contains(known, role) {
			return false
		}
		todo := []string{user}
		for len(todo) > 0 {
			if todo[0] == role {
				return true
			}
			todo = append(todo[1:], memberships[todo[0]]...)
		}
		return false
	}
}

func makeRoles(p *cluster.Postgres) {
	p.Exec(`CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE grp LOGIN; CREATE ROLE member LOGIN IN ROLE grp;
		CREATE ROLE grandmember LOGIN IN ROLE member; CREATE ROLE boss LOGIN SUPERUSER; CREATE ROLE "all" LOGIN;
		CREATE ROLE "+grp" LOGIN`)
}

// userLists are what may stand in the column of users.
var userLists = []string{
	"all", `"all"`, "+grp", `"+grp"`, "+member", "+", "+nobody", "alice,bob", "ALICE", `"a b"`, "naïve",
	"/", "/a", "/^a", "/b$", "/^a.b$", `/^a\.b$`, "/^a+b?$", "/^(alice|bob)$", "/^(?:a|ab)(?:c|b)$", `/^\w+$`,
	`/\W`, `/^\d`, `/\d$`,
	`"/^a{2,3}b"`, `"/^a{1,}b{0,1}$"`, `"/{"`, "/^[a-c]+$", "/[^a-z]", "/[[:upper:]]", "/^[[:alnum:]]+$", "/[]]",
	"/[a-]b", `/[\d_]`,
	`/[^\w]`, `/[\W]`, "/(?i)^ALICE$", "/(?i)^[A-B]", "/(?i)[[:upper:]]", "/(?ic)ALICE", "/***=a.b", "/***:^a",
	`/\y22`, `/2\Y2`,
	`/\Aa\.b\Z`, `/\\`, `/\B`, `/[\B]`, `/\x61\x6c`, `/\u0061b`, `/\U00000061b`, `/^a\053b$`, "/a(?#comment)l", "/^()$",
	"/^a(|b)c?$",
	"/x|^b", "/ï", "/^na.ve$", `/\t`, `/\s`, `/[[.-.]]`, `/[[=a=]]c`, "/a.*?b", "/^.{3}$", `/^\S+$`, "/[+--]", "/^[^[^x]+$",
	`/[[:word:]]`, `/^[[:ascii:]]+$`, `/\cI`, "/a**", "x,/^al",
}

// startTimeout is how long a server may take to read its files again.
const startTimeout = 30 * time.Second

func currentUser(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	require.NoError(t, err)
	return u.Username
}

// outcome is what a connection with these parameters meets.
func outcome(t *testing.T, p *cluster.Postgres, host, database, user string) string {
	t.Helper()
	config, err := pgconn.ParseConfig(p.Conninfo())
	require.NoError(t, err)
	config.Host, config.Database, config.User = host, database, user
	conn, err := pgconn.ConnectConfig(context.Background(), config)
	if err == nil {
		conn.Close(context.Background())
		return ""
	}
	var e *pgconn.PgError
	require.ErrorAs(t, err, &e, "%s %s", database, user)
	return e.Message
}

// TestUsersAreMatchedAsPostgreSQLMatchesThem has a database for each list: its first line rejects whom the list names.
func TestUsersAreMatchedAsPostgreSQLMatchesThem(t *testing.T) {
	t.Parallel()
	c, p := startServer(t)
	makeRoles(p)
	path := filepath.Join(p.DataDir, "pg_hba.conf")
	text := "host postgres postgres all trust\n"
	var lists []string
	for _, list := range userLists {
		if _, err := hba.Parse("local all "+list+" trust\n", path); err != nil {
			var list hba.Errors
			require.True(t, errors.As(err, &list))
			require.Contains(t, list[0].Message, "quantifier operand invalid")
			continue
		}
		lists = append(lists, list)
		text += fmt.Sprintf("local db%d %s reject\n", len(lists), list)
	}
	text += "local all all trust\n"
	c.WriteFile(path, text)
	p.Exec("SELECT pg_reload_conf()")
	p.WaitFor(startTimeout, "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL", "0")
	cluster.Eventually(t, startTimeout, "the new rules hold", func() bool {
		return strings.HasPrefix(outcome(t, p, c.Dir, "db1", "alice"), "pg_hba.conf rejects")
	})
	rules, err := hba.Load(path)
	require.NoError(t, err)
	for i, list := range lists {
		database := fmt.Sprintf("db%d", i+1)
		for _, user := range users {
			theirs := strings.HasPrefix(outcome(t, p, c.Dir, database, user), "pg_hba.conf rejects")
			rule := rules.Match(&hba.Client{Local: true, Database: database, User: user, Member: memberOf(user)})
			require.NotNil(t, rule)
			if ours := rule.Method == hba.Reject; ours != theirs {
				t.Errorf("%s has %q: PostgreSQL says %v, Waypost %v", list, user, theirs, ours)
			}
		}
	}
}

// mappings are what may stand behind a map's name. SYSTEM is the system user of the test.
var mappings = []string{
	"SYSTEM alice", "SYSTEM all", `SYSTEM "all"`, "SYSTEM +grp", `SYSTEM "+grp"`, "SYSTEM /^a", "SYSTEM /b", "SYSTEM SYSTEM",
	"other all",
	"/ all", "/^SYSTEM$ bob", "/^other$ all", "/^(.).*$ \\1lice", "/^(.*)$ \\1", "/^(SYSTEM)$ alice", "/^SYSTEM(x)?$ bob\\1",
	"/^SYSTEM$ x\\1", "/^(.*)$ +grp", "/^(.*)$ \"/\\\\\"", "/^(.*)$ all", "/(SYS)?TEM x\\1\\1", "/^SYSTEM()$ alice\\1",
	"SYSTEM back\\1", `/^(.*)$ "back\1"`, "/^SYST(EM|E|.*)$ bob",
}

// TestMapsAdmitWhomPostgreSQLAdmits asks a real server by peer authentication, with a map for each database.
func TestMapsAdmitWhomPostgreSQLAdmits(t *testing.T) {
	t.Parallel()
	c, p := startServer(t)
	makeRoles(p)
	self := strings.NewReplacer("SYSTEM", currentUser(t))
	path := filepath.Join(p.DataDir, "pg_hba.conf")
	text, maps := "host postgres postgres all trust\nlocal nomap all peer\n", ""
	for i, m := range mappings {
		text += fmt.Sprintf("local db%d all peer map=m%d\n", i, i)
		maps += fmt.Sprintf("m%d %s\n", i, self.Replace(m))
	}
	identPath := filepath.Join(p.DataDir, "pg_ident.conf")
	c.WriteFile(path, text)
	c.WriteFile(identPath, maps)
	p.Exec("SELECT pg_reload_conf()")
	cluster.Eventually(t, startTimeout, "the new rules hold", func() bool {
		return strings.HasPrefix(outcome(t, p, c.Dir, "db0", "bob"), "Peer authentication failed")
	})
	ident, err := hba.LoadIdent(identPath)
	require.NoError(t, err)
	for i, m := range append(mappings, "") {
		database, usermap := fmt.Sprintf("db%d", i), fmt.Sprintf("m%d", i)
		if m == "" {
			database, usermap = "nomap", ""
		}
		for _, user := range append(users, currentUser(t), "bobx", "x") {
			theirs := !strings.HasPrefix(outcome(t, p, c.Dir, database, user), "Peer authentication failed")
			if ours := ident.Check(usermap, currentUser(t), user, false, memberOf(user)) == nil; ours != theirs {
				t.Errorf("%s lets %q in: PostgreSQL says %v, Waypost %v", m, user, theirs, ours)
			}
		}
	}
	log := p.Process().LogText()
	for _, want := range []string{
		ident.Check("m0", currentUser(t), "bob", false, nil).Message,
		ident.Check("", currentUser(t), "bob", false, nil).Message,
		ident.Check("m16", currentUser(t), "bob", false, nil).Message,
	} {
		require.Contains(t, log, want, "the log says why in the same words")
	}
}
