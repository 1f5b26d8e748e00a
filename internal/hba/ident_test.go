package hba

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const identPath = "/data/pg_ident.conf"

func parseIdent(t *testing.T, text string) *Ident {
	t.Helper()
	i, err := ParseIdent(text, identPath)
	require.NoError(t, err)
	return i
}

func TestMapsNameWhoMayBeWhom(t *testing.T) {
	i := parseIdent(t, `# maps
m  alice  bob
m  "carol d" "all"
m  dave   all
m  /^(.*)@example\.com$  \1
m  /^(.*)@group\.com$    +\1
n  eve    +staff
n  frank  /^app_
`)
	member := func(role string) bool { return role == "staff" }
	for _, c := range []struct {
		usermap, system, user string
		fold, want            bool
	}{
		{"m", "alice", "bob", false, true},
		{"m", "alice", "Bob", false, false},
		{"m", "ALICE", "Bob", true, true},
		{"m", "alice", "carol", false, false},
		{"m", "carol d", "all", false, true},
		{"m", "carol d", "bob", false, false},
		{"m", "dave", "anybody", false, true},
		{"m", "zoe@example.com", "zoe", false, true},
		{"m", "all@example.com", "bob", false, false},
		{"m", "+staff@example.com", "bob", false, false},
		{"m", "zoe@example_com", "zoe", false, false},
		{"n", "eve", "anybody", false, true},
		{"n", "frank", "app_1", false, true},
		{"n", "frank", "other", false, false},
		{"n", "alice", "bob", false, false},
		{"none", "alice", "alice", false, false},
		{"", "alice", "alice", false, true},
		{"", "Alice", "alice", false, false},
		{"", "Alice", "alice", true, true},
	} {
		err := i.Check(c.usermap, c.system, c.user, c.fold, member)
		require.Equal(t, c.want, err == nil, "%+v: %v", c, err)
	}
	require.Equal(t, `no match in usermap "n" for user "bob" authenticated as "alice"`,
		i.Check("n", "alice", "bob", false, nil).Message)
	require.Equal(t, "provided user name (bob) and authenticated user name (alice) do not match",
		i.Check("", "alice", "bob", false, nil).Message)
	require.Error(t, (&Ident{}).Check("m", "alice", "alice", false, nil), "no maps")
}

func TestNothingCapturedToPutInIsAnError(t *testing.T) {
	i := parseIdent(t, `m /^(a)?b x\1`+"\nm /b all\n")
	err := i.Check("m", "b", "x", false, nil)
	require.Equal(t, "2201B", err.SQLSTATE)
	require.Equal(t, `regular expression "^(a)?b" has no subexpressions as requested by backreference in "x\1"`, err.Message)
	require.Nil(t, i.Check("m", "ab", "xa", false, nil))
}

func TestBytesThatAreNoUTF8AreCaptured(t *testing.T) {
	i := parseIdent(t, "m /^(.{2})@ \\1\n")
	require.Nil(t, i.Check("m", "\xff\xe9@x", "\xff\xe9", false, nil))
	require.Nil(t, i.Check("m", "ï@x", "ï", false, nil), "a character's bytes count, as before a database is chosen")
	require.NotNil(t, i.Check("m", "ïï@x", "ïï", false, nil))
}

func TestMistakesInMapsAreReportedWithFileAndLine(t *testing.T) {
	for text, want := range map[string]string{
		"m":       "missing entry at end of line",
		"m a":     "missing entry at end of line",
		"m,n a b": "multiple values in ident field",
		"m a,b c": "multiple values in ident field",
		"m a b,c": "multiple values in ident field",
		"m /( b":  `invalid regular expression "(": parentheses () not balanced`,
		"m a /[":  `invalid regular expression "[": brackets [] not balanced`,
		`m /(a+?) x\1`: `invalid regular expression "(a+?)": a non-greedy quantifier with \1 in the database user ` +
			"is not supported by this build",
	} {
		_, err := ParseIdent("# comment\n"+text, identPath)
		var es Errors
		require.ErrorAs(t, err, &es, text)
		require.Equal(t, want, es[0].Message)
		require.Equal(t, `line 2 of configuration file "/data/pg_ident.conf"`, es[0].Context())
	}
	require.Equal(t, 0, parseIdent(t, "").Len(), "no maps are no mistake")
	require.Equal(t, 1, parseIdent(t, "m /a+? b\n").Len(), "non-greedy is as good where nothing is captured")
}

func TestConfigIsHandedOnWithFileAndLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	hbaFile := write("pg_hba.conf", "include more.conf\nlocal /^a \"all\" peer map=m\n")
	more := write("more.conf", "\nhostssl all +x 10.0.0.0/8 scram-sha-256 clientcert=verify-ca clientname=DN\n")
	identFile := write("pg_ident.conf", "m /^(.*)$ \\1\n")
	rules, err := Load(hbaFile)
	require.NoError(t, err)
	ident, err := LoadIdent(identFile)
	require.NoError(t, err)
	require.NoError(t, os.Remove(more))

	c, err := Decode(rules.Text(), ident.Text(), hbaFile, identFile)
	require.NoError(t, err)
	requireSameRules(t, rules, c.Rules)
	rule := c.Rules.Match(&Client{Local: true, Database: "abc", User: "all"})
	require.Equal(t, `Connection matched file "`+hbaFile+`" line 2: "local /^a "all" peer map=m"`, rule.Matched())
	require.Equal(t, "m", rule.Options.Map)
	require.Nil(t, c.Ident.Check("m", "root", "root", false, nil))
	require.Equal(t, Options{ClientCert: ClientCertCA, ClientName: ClientNameDN}, c.Rules.rules[0].Options)

	c, err = Decode("local all all trust\n", "", hbaFile, identFile)
	require.NoError(t, err, "a file's own text will do")
	require.Equal(t, 1, c.Rules.Len())
}

func TestDamagedHandoverIsRefused(t *testing.T) {
	whole := parse(t, "local all /a,b trust\n").Text()
	for n := 1; n < len(whole); n++ {
		_, err := Decode(whole[:n], "", path, identPath)
		require.Error(t, err, "cut to %d bytes", n)
	}
}

func FuzzDecode(f *testing.F) {
	rules, err := Parse("local all /a,b trust\nhost all all ::1/128 reject", path)
	require.NoError(f, err)
	f.Add(rules.Text())
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Decode(encoded+text, encoded+text, path, identPath)
		if err == nil {
			c.Rules.Match(&Client{Local: true, Database: "a", User: "b", Resolver: names{}})
			c.Ident.Check("a", "b", "c", true, nil)
		}
	})
}

func FuzzParseIdent(f *testing.F) {
	f.Add("m a b\nm /^(.*)@x \\1\n", "a@x", "a")
	f.Add("\"m\" \"a b\" +c # x\ninclude x", "a b", "c")
	f.Add("m @x all", "\xff", "\xff")
	f.Fuzz(func(t *testing.T, text, system, user string) {
		i, err := ParseIdent(harmless(text), "/nonexistent/pg_ident.conf")
		if err != nil {
			require.Nil(t, i)
			var es Errors
			require.True(t, errors.As(err, &es))
			require.NotEmpty(t, es.Error())
			return
		}
		again, err := Decode("local all all trust", i.Text(), "", "")
		require.NoError(t, err)
		require.Equal(t, i.Len(), again.Ident.Len())
		for _, m := range i.mappings {
			ours, theirs := i.Check(m.Map, system, user, false, nil), again.Ident.Check(m.Map, system, user, false, nil)
			require.Equal(t, ours, theirs)
		}
	})
}
