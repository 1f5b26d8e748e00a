package auth

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// methodRules have a role's name say by which method it comes in: anything_by_md5.
func methodRules() []string {
	var rules []string
	for _, method := range []string{"scram-sha-256", "md5", "password", "reject", "trust"} {
		name := strings.TrimSuffix(method, "-sha-256")
		rules = append(rules, fmt.Sprintf(`host all,replication "/_by_%s$" 127.0.0.1/32 %s`, name, method))
	}
	return append(rules, `host all "/_by_nothing$" 10.0.0.0/8 trust`,
		`host nowhere,replication "/_by_nothing" 127.0.0.2/32 trust`)
}

// TestEveryMethodTellsEveryRoleTheSameAsPostgreSQL crosses the methods with what can be the matter with a role, and with
// passwords right and wrong.
func TestEveryMethodTellsEveryRoleTheSameAsPostgreSQL(t *testing.T) {
	p := newPair(t, methodRules(), nil)
	kinds := map[string]string{
		"scram": "LOGIN REPLICATION PASSWORD 'right'", "md5": "LOGIN REPLICATION PASSWORD 'right'", "none": "LOGIN REPLICATION",
		"expired": "LOGIN REPLICATION PASSWORD 'right' VALID UNTIL '2001-01-01'", "nologin": "NOLOGIN PASSWORD 'right'",
		"forever": "LOGIN REPLICATION PASSWORD 'right' VALID UNTIL 'infinity'", "norepl": "LOGIN PASSWORD 'right'",
	}
	methods := []string{"scram", "md5", "password", "reject", "trust"}
	for kind, attributes := range kinds {
		for _, method := range methods {
			role := kind + "_by_" + method
			encryption := "scram-sha-256"
			if kind == "md5" {
				encryption = "md5"
			}
			p.pg.Exec(fmt.Sprintf("SET password_encryption = '%s'; CREATE ROLE %s %s", encryption, role, attributes))
			// The node gets what PostgreSQL has stored, as it is.
			statement := fmt.Sprintf("CREATE ROLE %s %s", role, attributes)
			statement = strings.Replace(statement, "'right'", "'"+p.verifierOf(role)+"'", 1)
			p.node.Query(statement)
		}
	}
	kinds["absent"] = ""
	codes := map[string]int{}
	for kind := range kinds {
		for _, method := range methods {
			role := kind + "_by_" + method
			for _, password := range []string{"password=right", "password=wrong", ""} {
				if method == "trust" && password != "" || method == "reject" && password != "" {
					continue
				}
				for _, more := range []string{"", " replication=true"} {
					got := p.alike("user=" + role + " " + password + more)
					f := strings.Fields(got)
					codes[f[min(1, len(f)-1)]]++
				}
			}
		}
	}
	p.alike("user=some_by_nothing")
	p.alike("user=some_by_nothing replication=true")
	p.alike("user=scram_by_scram password=right dbname=nowhere")
	p.alike("user=scram_by_scram password=wrong dbname=nowhere")
	for _, code := range []string{"in", "28P01", "28000", "42501"} {
		require.NotZero(t, codes[code], "nobody was told %s: %v", code, codes)
	}
	requireLogsAlike(p)
	requireNoSecrets(t, p.node, "right", "wrong")
}

// requireLogsAlike compares what the two servers say of why they refused clients: to the log alone.
func requireLogsAlike(p *pair) {
	p.t.Helper()
	reasons := func(text string) map[string]bool {
		all := map[string]bool{}
		for line := range strings.Lines(text) {
			_, detail, ok := strings.Cut(line, "DETAIL:  ")
			if ok && !strings.HasPrefix(detail, "Connection matched") {
				all[strings.TrimSpace(detail)] = true
			}
		}
		return all
	}
	want := reasons(p.pg.Process().LogText())
	require.Greater(p.t, len(want), 10)
	for reason := range want {
		waitLog(p.t, p.node, reason)
	}
	got := reasons(p.node.Process().LogText())
	for reason := range want {
		require.Contains(p.t, got, reason, "PostgreSQL's log has it")
	}
	log := p.node.Process().LogText()
	for _, part := range []string{"Connection matched file ",
		`connection authenticated: identity="scram_by_scram" method=scram-sha-256 (`,
		`connection authenticated: user="scram_by_trust" method=trust (`,
		"connection authorized: user=scram_by_scram database=postgres",
		"replication connection authorized: user=scram_by_scram"} {
		require.Contains(p.t, log, part)
	}
}

// requireNoSecrets looks for passwords and verifiers where they must not be.
func requireNoSecrets(t *testing.T, node *cluster.Waypost, passwords ...string) {
	t.Helper()
	log := node.Process().LogText()
	require.NotContains(t, log, "SCRAM-SHA-256$")
	require.NotContains(t, log, "StoredKey")
	for _, p := range passwords {
		for line := range strings.Lines(log) {
			require.NotContains(t, strings.ReplaceAll(line, "_by_", ""), "\""+p+"\"", line)
		}
	}
	memory := node.Shmdump()
	require.NotContains(t, memory, "SCRAM-SHA-256$")
}

func TestVerifiersGoBothWays(t *testing.T) {
	p := newPair(t, methodRules(), nil)
	for i, password := range []string{"simple", "pässwörd", "a b",
		"ﬁ ① \u00ad\u200b.", "\u0221", "אב", "😀", "tab\there"} {
		role := fmt.Sprintf("r%d_by_scram", i)
		quoted := "'" + password + "'"
		p.pg.Exec("CREATE ROLE " + role + " LOGIN PASSWORD " + quoted)
		p.node.Query("CREATE ROLE " + role + " LOGIN PASSWORD '" + p.verifierOf(role) + "'")
		env := "PGPASSWORD=" + password
		require.Equal(t, "let in", viaPsql(t, p.c, p.node.Port, "user="+role, env), "PostgreSQL's verifier of %q", password)

		p.node.Query("ALTER ROLE " + role + " PASSWORD " + quoted)
		require.Equal(t, "let in", viaPsql(t, p.c, p.node.Port, "user="+role, env), "our own of %q", password)
		text, err := os.ReadFile(filepath.Join(p.node.DataDir, "global", "waypost_roles"))
		require.NoError(t, err)
		_, ours, _ := strings.Cut(string(text), `"`+role+`" inherit,login -1 "`)
		ours, _, _ = strings.Cut(ours, `"`)
		parsedVerifier(t, ours)
		p.pg.Exec("ALTER ROLE " + role + " PASSWORD '" + ours + "'")
		require.Equal(t, "let in", viaPsql(t, p.c, p.pg.Port, "user="+role, env), "our verifier of %q at PostgreSQL", password)
	}
}
