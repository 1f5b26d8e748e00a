package pgwire

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/transport"
)

// clearEnv takes away whatever PG… variables the test runs under.
func clearEnv(t *testing.T) {
	t.Helper()
	for _, o := range options() {
		if o.env != "" {
			t.Setenv(o.env, "")
			require.NoError(t, os.Unsetenv(o.env))
		}
	}
	t.Setenv("PGSYSCONFDIR", t.TempDir())
	t.Setenv("HOME", t.TempDir())
}

func TestConninfoForms(t *testing.T) {
	for s, want := range map[string]conninfo{
		"":                                {},
		"  \t\n":                          {},
		"host=a port = 1":                 {"host": "a", "port": "1"},
		"host=":                           {"host": ""},
		"host= port=1":                    {"host": "port=1"},
		`password='a b\'c\\d' user=x`:     {"password": `a b'c\d`, "user": "x"},
		`password=a\ b\'c\`:               {"password": `a b'c`},
		"user=a user=b":                   {"user": "b"},
		"user=''dbname=d":                 {"user": "", "dbname": "d"},
		"postgresql://":                   {},
		"postgres://h":                    {"host": "h"},
		"postgresql:///d":                 {"dbname": "d"},
		"postgresql://h/":                 {"host": "h"},
		"postgresql://u:p%40@h:1/d":       {"user": "u", "password": "p@", "host": "h", "port": "1", "dbname": "d"},
		"postgresql://u@":                 {"user": "u"},
		"postgresql://:p@h":               {"password": "p", "host": "h"},
		"postgresql://a,b:2,[::1]:3/d":    {"host": "a,b,::1", "port": ",2,3", "dbname": "d"},
		"postgresql://[::1]?user=u":       {"host": "::1", "user": "u"},
		"postgresql://%2Ftmp/d":           {"host": "/tmp", "dbname": "d"},
		"postgresql://h?ssl=true&user=a+": {"host": "h", "sslmode": "require", "user": "a+"},
		"postgresql://h/d?host=i&port=5":  {"host": "i", "port": "5", "dbname": "d"},
		"postgresql://h/a%20b":            {"host": "h", "dbname": "a b"},
		"postgresql://h?application_name": nil,
	} {
		got, err := parseConninfo(s)
		if want == nil {
			require.Error(t, err, s)
			continue
		}
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
}

func TestConninfoErrorsAreLibpqs(t *testing.T) {
	for s, want := range map[string]string{
		"nosuch=1":                         `invalid connection option "nosuch"`,
		"host":                             `missing "=" after "host" in connection info string`,
		"host a=b":                         `missing "=" after "host" in connection info string`,
		"host='a":                          `unterminated quoted string in connection info string`,
		`host='a\'`:                        `unterminated quoted string in connection info string`,
		"=x":                               `invalid connection option ""`,
		"postgresql://h?nosuch=1":          `invalid URI query parameter: "nosuch"`,
		"postgresql://h?user":              `missing key/value separator "=" in URI query parameter: "user"`,
		"postgresql://h?user=a=b":          `extra key/value separator "=" in URI query parameter: "user"`,
		"postgresql://[::1":                `end of string reached when looking for matching "]" in IPv6 host address in URI`,
		"postgresql://[]":                  `IPv6 host address may not be empty in URI`,
		"postgresql://u:secret@h/%zz":      `invalid percent-encoded token in URI`,
		"postgresql://u:secret%@h":         `invalid percent-encoded token in URI`,
		"postgresql://h/%00":               `forbidden value %00 in percent-encoded value`,
		"host=a\x00b":                      `connection string has a NUL byte in it`,
		"sslmode=maybe":                    `invalid sslmode value: "maybe"`,
		"target_session_attrs=x":           `invalid target_session_attrs value: "x"`,
		"keepalives=yes":                   `invalid integer value "yes" for connection option "keepalives"`,
		"connect_timeout=1s":               `invalid integer value "1s" for connection option "connect_timeout"`,
		"gssencmode=require":               `gssencmode value "require" invalid when GSSAPI support is not compiled in`,
		"ssl_min_protocol_version=SSLv3":   `invalid ssl_min_protocol_version value: "SSLv3"`,
		"sslcrl=/tmp/crl":                  `connection option "sslcrl" is not supported`,
		"gsslib=gssapi":                    `connection option "gsslib" is not supported`,
		"oauth_client_secret=tell-nobody":  `connection option "oauth_client_secret" is not supported`,
		"postgresql://[::1]x:5432/d?a=b#c": `unexpected character 'x' after IPv6 host address in URI (expected ":" or "/")`,
	} {
		err := new(Transport).CheckConninfo(s, false)
		var bad *transport.ConninfoError
		require.ErrorAs(t, err, &bad, s)
		require.Equal(t, want, bad.Msg, s)
		require.Equal(t, "42601", bad.SQLState())
	}
}

func TestConninfoFaultsFoundOnlyWithDefaults(t *testing.T) {
	clearEnv(t)
	for s, want := range map[string]string{
		"host=a,b hostaddr=127.0.0.1": `could not match 2 host names to 1 hostaddr values`,
		"host=a,b,c port=1,2":         `could not match 2 port numbers to 3 hosts`,
		"port=70000":                  `invalid port number: "70000"`,
		"port=x":                      `invalid integer value "x" for connection option "port"`,
		"ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=tlsv1.2": `invalid SSL protocol version range`,
		"service=nowhere": `definition of service "nowhere" not found`,
	} {
		ci, err := parseConninfo(s)
		require.NoError(t, err)
		_, err = resolve(ci, transport.ConnectOptions{})
		require.EqualError(t, err, want, s)
	}
}

func TestEveryKeywordIsHonouredOrRefusedByName(t *testing.T) {
	honouredHere := "service servicefile passfile connect_timeout host hostaddr port client_encoding options " +
		"application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count " +
		"tcp_user_timeout requirepeer ssl_min_protocol_version ssl_max_protocol_version gssencmode replication " +
		"target_session_attrs load_balance_hosts"
	here := make(map[string]bool)
	for _, keyword := range strings.Fields(honouredHere) {
		here[keyword] = true
	}
	for _, o := range options() {
		if o.pgconn || here[o.keyword] {
			continue
		}
		require.NotNil(t, o.check, o.keyword)
		err := o.check(&o, "something")
		require.EqualError(t, err, `connection option "`+o.keyword+`" is not supported`)
	}
}

func resolved(t *testing.T, s string, opts transport.ConnectOptions) *settings {
	t.Helper()
	ci, err := parseConninfo(s)
	require.NoError(t, err)
	got, err := resolve(ci, opts)
	require.NoError(t, err)
	return got
}

func TestPrecedenceIsStringServiceEnvironmentDefault(t *testing.T) {
	clearEnv(t)
	file := filepath.Join(t.TempDir(), "services")
	require.NoError(t, os.WriteFile(file, []byte("# comment\n[other]\nport=1\n[mine]\n port=2\nuser=service\n\ndbname=sd\n[last]\nport=3\n"), 0o600))
	t.Setenv("PGSERVICEFILE", file)
	t.Setenv("PGPORT", "4")
	t.Setenv("PGHOST", "envhost")
	t.Setenv("PGUSER", "env")
	s := resolved(t, "service=mine dbname=string", transport.ConnectOptions{})
	require.Equal(t, []host{{name: "envhost", port: 2}}, s.hosts)
	require.Equal(t, "service", s.conninfo["user"])
	require.Equal(t, "string", s.conninfo["dbname"])
	require.Equal(t, "prefer", s.conninfo["sslmode"])
	t.Setenv("PGSERVICE", "last")
	s = resolved(t, "", transport.ConnectOptions{})
	require.Equal(t, 3, s.hosts[0].port)
	_, err := s.pgconnConfig(s.hosts[0])
	require.NoError(t, err)
	sysconf := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(sysconf, "pg_service.conf"), []byte("[system]\nport=5\n"), 0o600))
	t.Setenv("PGSYSCONFDIR", sysconf)
	t.Setenv("PGSERVICE", "system")
	s = resolved(t, "", transport.ConnectOptions{})
	require.Equal(t, 5, s.hosts[0].port)
	_, err = s.pgconnConfig(s.hosts[0])
	require.NoError(t, err, "pgconn looks for PGSERVICE, too, and must find it where it is")

	require.NoError(t, os.WriteFile(file, []byte("[mine]\nservice=x\n"), 0o600))
	_, err = resolve(conninfo{"service": "mine"}, transport.ConnectOptions{})
	require.ErrorContains(t, err, "nested service specifications not supported")
	require.NoError(t, os.WriteFile(file, []byte("[mine]\nnosuch=x\n"), 0o600))
	_, err = resolve(conninfo{"service": "mine"}, transport.ConnectOptions{})
	require.ErrorContains(t, err, "syntax error in service file")
}

func TestDisplayHidesSecretsAndShowsTheRest(t *testing.T) {
	clearEnv(t)
	s := resolved(t, "user=u password=p host=h sslpassword=q replication=true options='-c a=b'",
		transport.ConnectOptions{Replication: true, ApplicationName: "walreceiver"})
	require.Equal(t, "user=u password=******** channel_binding=prefer dbname=replication host=h port=5432 "+
		"options=-c a=b application_name=walreceiver fallback_application_name=walreceiver sslmode=prefer "+
		"sslnegotiation=postgres sslcompression=0 sslcertmode=allow sslpassword=******** sslsni=1 "+
		"ssl_min_protocol_version=TLSv1.2 gssencmode=disable krbsrvname=postgres gssdelegation=0 "+
		"target_session_attrs=any load_balance_hosts=disable", s.display())
}

func TestDBNameIsWhatTheStringItselfSays(t *testing.T) {
	t.Setenv("PGDATABASE", "env")
	for s, want := range map[string]string{"dbname=d": "d", "user=u": "", "postgresql://h/e": "e", "dbname=a dbname=b": "b"} {
		got, err := new(Transport).DBNameFromConninfo(s)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := new(Transport).DBNameFromConninfo("dbname")
	require.Error(t, err)
}

func TestSocketOptionsFollowTheString(t *testing.T) {
	clearEnv(t)
	cfg := resolved(t, "", transport.ConnectOptions{}).keepAlive()
	require.True(t, cfg.Enable)
	require.Negative(t, cfg.Idle)
	cfg = resolved(t, "keepalives_idle=7 keepalives_interval=8 keepalives_count=9", transport.ConnectOptions{}).keepAlive()
	require.Equal(t, 7*time.Second, cfg.Idle)
	require.Equal(t, 8*time.Second, cfg.Interval)
	require.Equal(t, 9, cfg.Count)
	require.False(t, resolved(t, "keepalives=0", transport.ConnectOptions{}).keepAlive().Enable)
}

func TestTLSVersionsReachTheConfiguration(t *testing.T) {
	clearEnv(t)
	s := resolved(t, "host=h sslmode=prefer ssl_min_protocol_version=TLSv1.3", transport.ConnectOptions{})
	cfg, err := s.pgconnConfig(s.hosts[0])
	require.NoError(t, err)
	require.Equal(t, uint16(tls.VersionTLS13), cfg.TLSConfig.MinVersion)
	require.Zero(t, cfg.TLSConfig.MaxVersion)
	require.Len(t, cfg.Fallbacks, 1)
	require.Nil(t, cfg.Fallbacks[0].TLSConfig)

	s = resolved(t, "host=/tmp sslmode=require", transport.ConnectOptions{})
	cfg, err = s.pgconnConfig(s.hosts[0])
	require.NoError(t, err)
	require.Nil(t, cfg.TLSConfig, "no TLS over a Unix socket")
}

func TestNothingButKnownParametersIsSentToTheServer(t *testing.T) {
	clearEnv(t)
	t.Setenv("PGTZ", "UTC")
	s := resolved(t, "host=h hostaddr=127.0.0.1 keepalives=1 tcp_user_timeout=5 requirepeer=x load_balance_hosts=random "+
		"fallback_application_name=f gssencmode=prefer sslcompression=0 krbsrvname=postgres", transport.ConnectOptions{})
	cfg, err := s.pgconnConfig(s.hosts[0])
	require.NoError(t, err)
	require.Equal(t, map[string]string{"timezone": "UTC"}, cfg.RuntimeParams)
}

func TestServerVersionNumbers(t *testing.T) {
	for text, want := range map[string]int{
		"15.18": 150018, "15.18 (Debian 15.18-0+deb12u1)": 150018, "18beta1": 180000, "17devel": 170000,
		"9.6.24": 90624, "10.1": 100001, "": 0, "x": 0,
	} {
		require.Equal(t, transport.ServerVersion{Num: want, Text: text}, parseServerVersion(text))
	}
}

func FuzzConninfo(f *testing.F) {
	for _, s := range []string{"host=a port=1", `password='a\'b'`, "postgresql://u:p@h:1,[::1]:2/d?user=x&ssl=true", "a=%00", "\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ci, err := parseConninfo(s)
		if err != nil {
			return
		}
		var again strings.Builder
		for k, v := range ci {
			again.WriteString(k + "=" + quoteValue(v) + " ")
		}
		back, err := parseConninfo(again.String())
		require.NoError(t, err)
		require.Equal(t, ci, back, "what was parsed can be written and parsed again")
	})
}
