package hba

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/hba"
	"waypost/tests/cluster"
)

// hbaLines are good and bad lines for pg_hba.conf; each is shown, or complained of, in the same words.
var hbaLines = []string{
	"local all all trust",
	"local all all trust # comment",
	"\tlocal\tdb1,db2 , db3\tuser1,+group,\"all\" reject ",
	`local "db with space","a ""quoted"" one" "us,er" scram-sha-256`,
	`local all a"b c"d trust`,
	`local sameuser,samerole,samegroup,replication all md5`,
	"local all all password",
	"local all all peer",
	"local all all ident",
	"local all all peer map=m",
	"local all all peer map=",
	"local all all peer map=a map=b",
	`local all all peer "map=with space"`,
	"local all all peer map=a,map=b",
	"host all all 127.0.0.1/32 trust",
	"host all all 10.1.2.3/8 trust",
	"host all all 10.0.0.0 255.255.0.0 trust",
	"host all all 10.0.0.0 255.0.255.0 trust",
	"host all all 127.1/16 trust",
	"host all all 0x7f.1/16 trust",
	"host all all 010.0.0.1/32 trust",
	"host all all 1.2.3.4/+8 trust",
	"host all all 256.1.1.1/32 trust",
	"host all all 1.2.3.4.5/32 trust",
	"host all all ::1/128 trust",
	"host all all fe80::/10 trust",
	"host all all 2001:DB8:0:0:0:0:0:1/64 trust",
	"host all all ::ffff:1.2.3.4/100 trust",
	"host all all 2001:db8:: ffff:ffff:: trust",
	"host all all all scram-sha-256",
	"host all all samehost trust",
	"host all all samenet trust",
	`host all all "all" trust`,
	"host all all db.example.org trust",
	"host all all .example.org trust",
	"host all all 1.2.3.4x trust",
	"hostnossl all all all trust",
	"hostnogssenc all all all trust",
	"hostssl all all all trust",
	"hostssl all all all cert",
	"hostssl all all all cert map=m clientcert=verify-full clientname=DN",
	"hostssl all all all md5 clientcert=verify-ca",
	"hostssl all all all trust clientname=CN",
	"hostgssenc all all all trust",
	`local "/^db\d+$" /^user_,other trust`,
	"local /a|b /[[:alpha:]]{2,3} trust",
	`local "all" "/^\w{2,4}$" trust`,
	"local all all \\\n trust",
	"local all \\\nall tru\\\nst",
	"local all all trust \\",
	"",
	"   # nothing but a comment",
	// Bad ones.
	"locale all all trust",
	"LOCAL all all trust",
	"local,host all all trust",
	`"" all all trust`,
	"local",
	"local all",
	"local all all",
	"local , all trust",
	"host all all",
	"host all all 1.2.3.4",
	"host all all 1.2.3.4/32",
	"host all all all",
	"host all all 1.2.3.4,5.6.7.8 trust",
	"host all all 1.2.3.4/33 trust",
	"host all all ::1/129 trust",
	"host all all 1.2.3.4/ trust",
	"host all all 1.2.3.4/x trust",
	"host all all 1.2.3.4/-1 trust",
	"host all all db.example.org/32 trust",
	"host all all 1.2.3.4 trust",
	"host all all 1.2.3.4 255.0.0.0,255.255.0.0 trust",
	"host all all 1.2.3.4 ffff:: trust",
	"host all all ::1 255.0.0.0 trust",
	"local all all nonsense",
	"local all all Trust",
	"local all all trust,reject",
	"local all all gss",
	"local all all sspi",
	"local all all pam",
	"local all all bsd",
	"local all all ldap ldapserver=x",
	"local all all oauth issuer=x",
	"host all all all peer",
	"host all all all cert",
	"hostnossl all all all cert",
	"local all all cert",
	"local all all trust option",
	"local all all trust option=1",
	"local all all trust =1",
	"local all all trust map=m",
	"local all all md5 map=m",
	"host all all all trust clientcert=verify-ca",
	"local all all peer clientcert=verify-full",
	"host all all all trust clientname=CN",
	"hostssl all all all cert clientcert=verify-ca",
	"local all all trust ldapserver=x",
	"local all all trust ldapurl=x",
	"local all all trust ldapport=0",
	"local all all trust ldaptls=1",
	"local all all trust ldapscheme=x",
	"local all all trust ldapbinddn=x",
	"local all all trust ldapbindpasswd=x",
	"local all all trust ldapsearchattribute=x",
	"local all all trust ldapsearchfilter=x",
	"local all all trust ldapbasedn=x",
	"local all all trust ldapprefix=x",
	"local all all trust ldapsuffix=x",
	"local all all trust pamservice=x",
	"local all all trust pam_use_hostname=1",
	"local all all trust krb_realm=x",
	"local all all trust include_realm=1",
	"local all all trust compat_realm=1",
	"local all all trust upn_username=1",
	"local all all trust radiusservers=x",
	"local all all trust radiusports=1",
	"local all all trust radiussecrets=x",
	"local all all trust radiusidentifiers=x",
	"local all all trust delegate_ident_mapping=1",
	"local /( all trust",
	"local all /[a trust",
	"local all /*a trust",
	"local all a,/a** trust",
	`local all /a{2,1} trust`,
	`local all /a{256} trust`,
	`local all /a{2 trust`,
	`local all "/a{2" trust`,
	`local all "/a{2,x}" trust`,
	`local all /a\ trust`,
	`local all /a\q trust`,
	`local all /[z-a] trust`,
	`local all /[a-c-e] trust`,
	`local all /[[:alfa:]] trust`,
	`local all /[[..]] trust`,
	`local all /a) trust`,
	`local all /^* trust`,
	`local all "/(?z)a" trust`,
	`local all "/(?i" trust`,
	`local all /***a trust`,
	`local all /\u12 trust`,
	`local all "/[\Z]" trust`,
	`local all "/(?P<a>b)" trust`,
	// Files.
	"include",
	"include a b",
	"include gone.conf",
	"include_if_exists gone.conf",
	"include_dir gone",
	"include_dir \"\"",
	"include_dir dir",
	"include one.conf",
	"include loop.conf",
	"local @list all trust",
	"local a,@list,b all trust",
	"local @gone all trust",
	"local @empty all trust",
	"local @looplist all trust",
	`local "@list" all trust`,
	"local all @badlist trust",
	"local all @ trust",
}

var identLines = []string{
	"map system user",
	`map "system user" "user"`,
	"map system all",
	"map system +group",
	`map system "+group"`,
	"map /^(.*)@x$ \\1",
	"map /^(.*)@x$ /^\\1",
	`map "/with space" user`,
	"map system /^user",
	"map system user ignored fields",
	`"" "" ""`,
	"map system \\\n user",
	"# comment",
	// Bad ones.
	"map",
	"map system",
	"map,two system user",
	"map system,two user",
	"map system user,two",
	"map /( user",
	"map system /(",
	"map system /a{3",
	"include gone.conf",
	"include_if_exists gone.conf",
	"include_dir dir",
	"include one.conf",
	"map @list user",
	"map @empty user other",
	"map @gone user",
}

// files are what the lines include. For pg_ident.conf some of it is wrong, which is as good.
var files = map[string]string{
	"one.conf":      "local one all trust\nlocal two\n",
	"dir/b.conf":    "local b all trust\n",
	"dir/a.conf":    "local a all trust\ninclude gone.conf\n",
	"dir/.no.conf":  "bad\n",
	"dir/other":     "bad\n",
	"loop.conf":     "include loop.conf\n",
	"list":          "x, y\n# comment\nz\n",
	"empty":         "# nothing\n",
	"badlist":       "x\n@gone\ny\n",
	"looplist":      "@looplist\n",
	"dir/sub/c.txt": "bad\n",
}

func startServer(t *testing.T) (*cluster.Cluster, *cluster.Postgres) {
	t.Helper()
	c := cluster.New(t)
	p := c.NewPostgres("p", 17, cluster.PostgresOptions{})
	c.Mkdir("p", "dir")
	c.Mkdir("p", "dir", "sub")
	for name, text := range files {
		c.WriteFile(filepath.Join(p.DataDir, name), text)
	}
	return c, p
}

func TestHBALinesAreShownAsPostgreSQLShowsThem(t *testing.T) {
	t.Parallel()
	c, p := startServer(t)
	path := filepath.Join(p.DataDir, "pg_hba.conf")
	c.WriteFile(path, strings.Join(hbaLines, "\n")+"\n") // read anew by the view alone
	theirs := p.Query(`SELECT rule_number, file_name, line_number, type, database, user_name, address, netmask, auth_method,
		options, error FROM pg_hba_file_rules`)
	rows, err := hba.FileRules(path, false)
	require.NoError(t, err)
	var ours [][]string
	for _, r := range rows {
		ours = append(ours, []string{number(r.Number), r.File, number(r.Line), r.Type, array(p, r.Databases), array(p, r.Users),
			r.Address, r.Netmask, r.Method, array(p, r.Options), r.Error})
	}
	requireSameRows(t, path, theirs, ours)
}

func TestIdentLinesAreShownAsPostgreSQLShowsThem(t *testing.T) {
	t.Parallel()
	c, p := startServer(t)
	path := filepath.Join(p.DataDir, "pg_ident.conf")
	c.WriteFile(path, strings.Join(identLines, "\n")+"\n")
	theirs := p.Query(`SELECT map_number, file_name, line_number, map_name, sys_name, pg_username, error
		FROM pg_ident_file_mappings`)
	rows, err := hba.FileMappings(path)
	require.NoError(t, err)
	var ours [][]string
	for _, r := range rows {
		ours = append(ours, []string{number(r.Number), r.File, number(r.Line), r.Map, r.System, r.User, r.Error})
	}
	requireSameRows(t, path, theirs, ours)
}

// requireSameRows compares row by row, and says which line of the file a difference is in.
func requireSameRows(t *testing.T, path string, theirs, ours [][]string) {
	t.Helper()
	require.Greater(t, len(theirs), 10)
	differ := 0
	for i := range max(len(theirs), len(ours)) {
		var a, b []string
		if i < len(theirs) {
			a = theirs[i]
		}
		if i < len(ours) {
			b = ours[i]
		}
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("row %d of %s:\nPostgreSQL %q\nWaypost    %q", i+1, path, a, b)
			if differ++; differ > 20 {
				break
			}
		}
	}
}

// number is a null where it is 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// array gives a text[] in PostgreSQL's own form.
func array(p *cluster.Postgres, list []string) string {
	if list == nil {
		return ""
	}
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return p.QueryOne("SELECT ARRAY[" + strings.Join(quoted, ",") + "]::text[]")
}
