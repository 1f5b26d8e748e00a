package auth

import (
	"fmt"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPeerIsWhoTheKernelSays has psql connect by socket, as the user that all programs of the tests run as.
func TestPeerIsWhoTheKernelSays(t *testing.T) {
	rules := []string{"local all +mapped peer map=m", "local all trusting trust", "local all all peer"}
	p := newPair(t, rules, nil)
	me := strings.TrimSpace(p.c.Run("id", "-un"))
	_, err := user.Lookup(me)
	require.NoError(t, err)
	statements := []string{"CREATE ROLE other LOGIN", "CREATE ROLE mapped", "CREATE ROLE one LOGIN IN ROLE mapped",
		"CREATE ROLE two LOGIN IN ROLE mapped", "CREATE ROLE trusting LOGIN"}
	if me != "postgres" {
		statements = append(statements, fmt.Sprintf("CREATE ROLE %q LOGIN", me))
	}
	p.roles(statements...)
	for _, dir := range []string{p.pg.DataDir, p.node.DataDir} {
		p.c.WriteFile(filepath.Join(dir, "pg_ident.conf"), "m /^(.*)$ one\nm nobody_else two\n")
	}
	p.pg.Reload()
	p.node.Restart()
	outcomes := map[string]bool{}
	for _, role := range []string{me, "other", "one", "two", "absent", "trusting", "mapped"} {
		var told []string
		for _, server := range []struct {
			port int
			dir  string
		}{{p.pg.Port, p.c.Dir}, {p.node.Port, p.c.Dir}} {
			code, _, stderr := p.c.RunCode(p.c.ClientProgram("psql"), "-wXAt", "-c", "SHOW is_superuser",
				fmt.Sprintf("host=%s port=%d dbname=postgres user=%s", server.dir, server.port, role))
			told = append(told, fmt.Sprintf("%d %s", code, strings.ReplaceAll(stderr, fmt.Sprint(server.port), "PORT")))
		}
		require.Equal(t, told[0], told[1], role)
		outcomes[told[0]] = true
	}
	require.Greater(t, len(outcomes), 3, "%v", outcomes)
	pg := p.pg.Process().LogText()
	for _, part := range []string{
		"provided user name (other) and authenticated user name (" + me + ") do not match",
		`no match in usermap "m" for user "two" authenticated as "` + me + `"`,
		`connection authenticated: identity="` + me + `" method=peer (`,
	} {
		require.Contains(t, pg, part)
		waitLog(t, p.node, part)
	}
}
