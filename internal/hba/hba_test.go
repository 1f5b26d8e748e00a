package hba

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const path = "/data/pg_hba.conf"

func parse(t *testing.T, text string) *Rules {
	t.Helper()
	r, err := Parse(text, path)
	require.NoError(t, err)
	return r
}

func tcp(addr, db, user string) *Client {
	return &Client{Addr: netip.MustParseAddr(addr), Database: db, User: user}
}

// matched gives the line of the rule that fits, 0 for none.
func matched(r *Rules, c *Client) int {
	if rule := r.Match(c); rule != nil {
		return rule.Line
	}
	return 0
}

func TestFirstRuleThatFitsHolds(t *testing.T) {
	r := parse(t, `# what init writes
local   all             all                                     trust
host    all             all             127.0.0.1/32            trust
host    all             all             ::1/128                 trust
local   replication     all                                     trust
host    replication     all             127.0.0.1/32            trust
host    replication     all             10.0.0.0   255.0.255.0  reject
host    sameuser        "all",bob       all                     trust
host    samerole        +carol          all                     trust
host    "replication",x @                                       all trust
`)
	require.Equal(t, 9, r.Len())
	require.Equal(t, 2, matched(r, &Client{Local: true, Database: "a", User: "b"}))
	require.Equal(t, 5, matched(r, &Client{Local: true, Replication: true, User: "b"}))
	require.Equal(t, 3, matched(r, tcp("127.0.0.1", "a", "b")))
	require.Equal(t, 3, matched(r, tcp("::ffff:127.0.0.1", "a", "b")))
	require.Equal(t, 4, matched(r, tcp("::1", "a", "b")))
	require.Equal(t, 0, matched(r, tcp("127.0.0.2", "a", "b")))
	repl := tcp("127.0.0.1", "replication", "b")
	repl.Replication = true
	require.Equal(t, 6, matched(r, repl))
	repl = tcp("10.77.0.5", "", "b")
	repl.Replication = true
	require.Equal(t, 7, matched(r, repl))
	require.Equal(t, Reject, r.Match(repl).Method)
	repl = tcp("10.77.1.5", "", "b")
	repl.Replication = true
	require.Equal(t, 0, matched(r, repl))
	require.Equal(t, 8, matched(r, tcp("9.9.9.9", "bob", "bob")))
	require.Equal(t, 8, matched(r, tcp("9.9.9.9", "all", "all")), "a quoted keyword is a name")
	require.Equal(t, 0, matched(r, tcp("9.9.9.9", "dave", "dave")))
	require.Equal(t, 9, matched(r, tcp("9.9.9.9", "carol", "carol")))
	require.Equal(t, 10, matched(r, tcp("9.9.9.9", "replication", "@")), "a database of that name; a lone @ is a name")
}

func TestQuotesAndContinuation(t *testing.T) {
	r := parse(t, "\r\n\nlocal a, \"b c\",d\\\n e\"\"\"\"f,\"g#\" \\\r\n trust # trust\nlocal z all reject")
	require.Equal(t, 2, r.Len())
	for _, db := range []string{"a", "b c", "d"} {
		require.Equal(t, 3, matched(r, &Client{Local: true, Database: db, User: `e"f`}), db)
		require.Equal(t, 3, matched(r, &Client{Local: true, Database: db, User: `g#`}), db)
	}
	require.Equal(t, 6, matched(r, &Client{Local: true, Database: "z", User: "u"}))
}

func TestEncryptionDecides(t *testing.T) {
	r := parse(t, "hostssl a all all trust\nhostnossl b all all trust\nhostgssenc c all all trust\n"+
		"hostnogssenc d all all trust\nhost e all all trust")
	require.Len(t, r.Warnings(false), 2)
	require.Len(t, r.Warnings(true), 1, "with TLS, hostssl can match")
	for db, want := range map[string][3]int{"a": {0, 1, 0}, "b": {2, 0, 2}, "c": {0, 0, 3}, "d": {4, 4, 0}, "e": {5, 5, 5}} {
		c := tcp("1.2.3.4", db, "u")
		require.Equal(t, want[0], matched(r, c), db)
		c.SSL = true
		require.Equal(t, want[1], matched(r, c), db)
		c.SSL, c.GSS = false, true
		require.Equal(t, want[2], matched(r, c), db)
	}
}

func TestSameHostAndSameNet(t *testing.T) {
	r := parse(t, "host a all samehost trust\nhost b all samenet trust")
	c := func(addr, db string) *Client {
		c := tcp(addr, db, "u")
		c.Interfaces = func() ([]netip.Prefix, error) { return []netip.Prefix{netip.MustParsePrefix("192.168.7.1/24")}, nil }
		return c
	}
	require.Equal(t, 1, matched(r, c("192.168.7.1", "a")))
	require.Equal(t, 0, matched(r, c("192.168.7.2", "a")))
	require.Equal(t, 2, matched(r, c("192.168.7.2", "b")))
	require.Equal(t, 0, matched(r, c("192.168.8.2", "b")))
	require.Equal(t, 1, matched(r, tcp("127.0.0.1", "a", "u")), "this machine's own interfaces")
	broken := c("192.168.7.1", "a")
	broken.Interfaces = func() ([]netip.Prefix, error) { return nil, errors.New("no") }
	require.Equal(t, 0, matched(r, broken))
}

// names is a name service: a name for each address, addresses for each name.
type names map[string][]string

func (n names) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return n[addr], nil
}

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var list []netip.Addr
	for _, a := range n[host] {
		list = append(list, netip.MustParseAddr(a))
	}
	return list, nil
}

func TestHostNameCountsOnlyIfItLeadsBack(t *testing.T) {
	r := parse(t, "host all all db.example.org trust\nhost all all .Example.com trust")
	service := names{"1.1.1.1": {"DB.example.org."}, "DB.example.org": {"1.1.1.1"}, "2.2.2.2": {"a.example.com"},
		"a.example.com": {"9.9.9.9", "2.2.2.2"},
		"3.3.3.3":       {"db.example.org"}, "db.example.org": {"1.1.1.1"}}
	for addr, want := range map[string]int{"1.1.1.1": 1, "2.2.2.2": 2, "3.3.3.3": 0, "4.4.4.4": 0} {
		c := tcp(addr, "a", "b")
		c.Resolver = service
		require.Equal(t, want, matched(r, c), addr)
	}
}

func TestMistakesAreReportedWithFileAndLine(t *testing.T) {
	const noBackref = "a back reference is not supported by this build"
	only := func(option, methods string) string {
		return `authentication option "` + option + `" is only valid for authentication methods ` + methods
	}
	for text, want := range map[string]string{
		"":                                              `configuration file "/data/pg_hba.conf" contains no entries`,
		"lokal all all trust":                           `invalid connection type "lokal"`,
		"local,host all all trust":                      `multiple values specified for connection type`,
		"local":                                         `end-of-line before database specification`,
		"local all":                                     `end-of-line before role specification`,
		"local all all":                                 `end-of-line before authentication method`,
		"host all all":                                  `end-of-line before IP address specification`,
		"host all all 1.2.3.4":                          `end-of-line before netmask specification`,
		"host all all 1.2.3.4,5.6.7.8 trust":            `multiple values specified for host address`,
		"host all all 1.2.3.4/33 trust":                 `invalid CIDR mask in address "1.2.3.4/33"`,
		"host all all ::1/-1 trust":                     `invalid CIDR mask in address "::1/-1"`,
		"host all all a.b/8 trust":                      `specifying both host name and CIDR mask is invalid: "a.b/8"`,
		"host all all 1.2.3.4 x trust":                  `invalid IP mask "x": Name or service not known`,
		"host all all 1.2.3.4 :: trust":                 `IP address and mask do not match`,
		"local all all trust,reject":                    `multiple values specified for authentication type`,
		"local all all gss":                             `invalid authentication method "gss": not supported by this build`,
		"local all all ldap ldapserver=x":               `invalid authentication method "ldap": not supported by this build`,
		"local all all pam":                             `invalid authentication method "pam": not supported by this build`,
		"host all all all ident":                        `invalid authentication method "ident": not supported by this build`,
		"local all all oauth":                           `invalid authentication method "oauth"`,
		"host all all all peer":                         `peer authentication is only supported on local sockets`,
		"host all all all cert":                         `cert authentication is only supported on hostssl connections`,
		"local all all cert":                            `cert authentication is only supported on hostssl connections`,
		"local all all nonsense":                        `invalid authentication method "nonsense"`,
		"local all all trust x":                         `authentication option not in name=value format: x`,
		"local all all trust x=y":                       `unrecognized authentication option name: "x"`,
		"local all all trust map=y":                     only("map", "ident, peer, gssapi, sspi, and cert"),
		"local all all md5 ldapport=1":                  only("ldapport", "ldap"),
		"local all all peer krb_realm=x":                only("krb_realm", "gssapi and sspi"),
		"host all all all md5 clientcert=verify-ca":     `clientcert can only be configured for "hostssl" rows`,
		"local all all peer clientname=DN":              `clientname can only be configured for "hostssl" rows`,
		"hostssl all all all md5 clientcert=1":          `invalid value for clientcert: "1"`,
		"hostssl all all all md5 clientname=cn":         `invalid value for clientname: "cn"`,
		"hostssl all all all cert clientcert=verify-ca": `clientcert only accepts "verify-full" when using "cert" authentication`,
		"local /(a all trust":                           `invalid regular expression "(a": parentheses () not balanced`,
		`local all /(a)\1 trust`:                        `invalid regular expression "(a)\1": ` + noBackref,
	} {
		r, err := Parse("# comment\n"+text+"\n", path)
		require.Nil(t, r)
		var es Errors
		require.ErrorAs(t, err, &es, text)
		require.Len(t, es, 1, text)
		require.Equal(t, want, es[0].Message)
		if !strings.Contains(want, "regular expression") {
			require.Equal(t, "F0000", es[0].SQLSTATE)
		}
		if text != "" {
			require.Equal(t, `line 2 of configuration file "/data/pg_hba.conf"`, es[0].Context())
		}
	}
	_, err := Parse("local all all gss\nlocal all all trust\nbad\n", path)
	require.Len(t, err.(Errors), 2, "all mistakes of a file are reported at once")
	_, err = Load("/nowhere/pg_hba.conf")
	require.EqualError(t, err, `could not open file "/nowhere/pg_hba.conf": No such file or directory`)
	require.ErrorIs(t, err.(Errors)[0], fs.ErrNotExist)
}

func TestIncludedFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("pg_hba.conf", "local @dbs all trust\ninclude sub/one.conf\ninclude_if_exists gone.conf\ninclude_dir d\n"+
		"local z all trust\n")
	write("dbs", "# databases\na, b\n@more \"c\"\n")
	write("more", "m")
	write("sub/one.conf", "\ninclude two.conf")
	write("sub/two.conf", "local two all reject")
	write("d/2.conf", "local d all trust")
	write("d/1.conf", "local d all reject")
	write("d/.hidden.conf", "bad")
	write("d/other", "bad")
	r, err := Load(filepath.Join(dir, "pg_hba.conf"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "gone.conf")}, r.Skipped)
	for db, want := range map[string]string{"a": "pg_hba.conf", "b": "pg_hba.conf", "m": "pg_hba.conf",
		"c": "pg_hba.conf", "two": "sub/two.conf", "d": "d/1.conf", "z": "pg_hba.conf"} {
		rule := r.Match(&Client{Local: true, Database: db, User: "u"})
		require.NotNil(t, rule, db)
		require.Equal(t, filepath.Join(dir, want), rule.File, db)
	}

	write("pg_hba.conf", "local @self all trust\ninclude gone.conf\ninclude pg_hba.conf\nlocal all all trust\n")
	write("self", "@self")
	_, err = Load(filepath.Join(dir, "pg_hba.conf"))
	require.ErrorContains(t, err, "maximum nesting depth exceeded")
	require.ErrorContains(t, err, `gone.conf": No such file or directory: line 2 of`)
	require.LessOrEqual(t, len(err.(Errors)), 64, "a loop ends")
}

func TestRefusalsAreInPostgreSQLsWords(t *testing.T) {
	c := tcp("10.0.0.1", "db", "u")
	require.EqualError(t, c.NoEntry(), `no pg_hba.conf entry for host "10.0.0.1", user "u", database "db", no encryption`)
	require.EqualError(t, c.Rejected(),
		`pg_hba.conf rejects connection for host "10.0.0.1", user "u", database "db", no encryption`)
	c.Replication, c.SSL = true, true
	require.EqualError(t, c.NoEntry(),
		`no pg_hba.conf entry for replication connection from host "10.0.0.1", user "u", SSL encryption`)
	require.EqualError(t, c.Rejected(),
		`pg_hba.conf rejects replication connection for host "10.0.0.1", user "u", SSL encryption`)
	require.Equal(t, "28000", c.NoEntry().SQLSTATE)
	local := &Client{Local: true, Database: "db", User: "u"}
	require.EqualError(t, local.NoEntry(), `no pg_hba.conf entry for host "[local]", user "u", database "db", no encryption`)
}

func FuzzParse(f *testing.F) {
	f.Add("local all all trust\nhost a,\"b\" +c 10.0.0.0/8 reject # x\n")
	f.Add("host all all 1.2.3.4 255.255.255.0 \\\n trust")
	f.Add("hostssl sameuser,replication @x ::1/128 md5 map=a\ninclude x")
	f.Fuzz(func(t *testing.T, text string) {
		text = harmless(text)
		r, err := Parse(text, "/nonexistent/pg_hba.conf")
		if err != nil {
			require.Nil(t, r)
			require.NotEmpty(t, err.Error())
			return
		}
		require.Positive(t, r.Len())
		again, err := Decode(r.Text(), "", "/nonexistent/pg_hba.conf", "")
		require.NoError(t, err)
		requireSameRules(t, r, again.Rules)
		c := &Client{Addr: netip.MustParseAddr("10.1.2.3"), Database: "a", User: "c", Resolver: names{}}
		if rule := r.Match(c); rule != nil {
			require.NotEqual(t, Local, rule.Type)
			require.Positive(t, rule.Line)
		}
		c.Local = true
		if rule := r.Match(c); rule != nil {
			require.Equal(t, Local, rule.Type)
		}
	})
}

// What the postmaster hands to a child must admit whom the file admits, whatever has become of the file.
func TestTextGivesTheSameRules(t *testing.T) {
	r := parse(t, `local all,"replication" all trust
host    "a ""b""",c     "all",bob       10.0.0.0/9              reject
hostssl sameuser        +carol          10.0.0.0 255.0.255.0    trust
host    @               all             ::1/128                 trust
host    replication     all             "all"                   reject
host    all             all             .example.org            trust
hostnossl all           all             samenet                 trust
hostgssenc all          all             samehost                trust
host    all             all             all                     reject
`)
	again, err := Decode(r.Text(), "", path, "")
	require.NoError(t, err)
	requireSameRules(t, r, again.Rules)
}

func requireSameRules(t *testing.T, r, again *Rules) {
	t.Helper()
	require.Equal(t, r.Len(), again.Len())
	for i := range r.rules {
		was, is := r.rules[i], again.rules[i]
		for _, list := range [][]word{was.databases, was.users, is.databases, is.users} {
			for k := range list {
				if list[k].re != nil {
					require.Nil(t, list[k].re.compile())
				}
			}
		}
		require.Equal(t, was, is)
	}
}

// harmless makes a text that reads no file of this machine.
func harmless(text string) string {
	if strings.Contains(text, "@") || strings.Contains(text, "include") {
		return strings.ReplaceAll(text, "/", "")
	}
	return text
}
