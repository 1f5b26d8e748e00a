package sessions

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/tlsfiles/tlstest"
	"waypost/tests/cluster"
)

// encryptedRules say by a role's name how it comes in: by_cert by a certificate.
const encryptedRules = `local all all trust
host all,replication postgres 127.0.0.1/32 trust
hostssl all,replication by_cert 127.0.0.1/32 cert
hostssl all by_map 127.0.0.1/32 cert map=people
hostssl all by_ca 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
hostssl all by_full 127.0.0.1/32 scram-sha-256 clientcert=verify-full
hostssl all by_full_trust 127.0.0.1/32 trust clientcert=verify-full
hostssl all,replication by_scram 127.0.0.1/32 scram-sha-256
hostssl all by_md5 127.0.0.1/32 md5
hostssl all by_password 127.0.0.1/32 password
hostssl all by_trust 127.0.0.1/32 trust
hostssl all by_peer 127.0.0.1/32 reject
hostnossl all plain 127.0.0.1/32 trust
`

// encrypted is a PostgreSQL 17 and a relay of it with the same certificates, rules and roles.
type encrypted struct {
	*cluster.Cluster
	primary *cluster.Postgres
	relay   *cluster.Waypost
	clients map[string]*tlstest.Pair
}

func newEncrypted(t *testing.T) *encrypted {
	t.Helper()
	c := cluster.New(t)
	settings := map[string]string{"ssl": "on", "ssl_ca_file": "root.crt", "ssl_crl_file": "root.crl"}
	e := &encrypted{Cluster: c, primary: c.InitPostgres("primary", 17, cluster.PostgresOptions{Settings: settings})}
	ca, other := tlstest.NewCA(t, "root"), tlstest.NewCA(t, "another")
	e.clients = map[string]*tlstest.Pair{
		"by_cert": ca.Issue(t, "by_cert"), "someone": ca.Issue(t, "someone"), "revoked": ca.Issue(t, "by_cert"),
		"foreign": other.Issue(t, "by_cert"), "mapped": ca.Issue(t, "map@example.org"), "by_full": ca.Issue(t, "by_full"),
	}
	ours := ca.Issue(t, "localhost")
	install := func(dir string) {
		for name, text := range map[string][]byte{
			"root.crt": ca.CertPEM(), "root.crl": ca.CRL(t, time.Now().Add(time.Hour), e.clients["revoked"]),
			"server.crt": ours.CertPEM(), "server.key": ours.KeyPEM(t), "pg_hba.conf": []byte(encryptedRules),
			"pg_ident.conf": []byte("people /^(.*)@example\\.org$ by_\\1\n"),
		} {
			c.WriteFile(filepath.Join(dir, name), string(text))
		}
	}
	install(e.primary.DataDir)
	e.primary.Start()
	e.relay = c.InitWaypost("relay", e.primary.Conninfo(), cluster.WaypostOptions{Settings: settings})
	install(e.relay.DataDir)
	e.relay.Start()
	c.WriteFile(c.Path("ca.crt"), string(ca.CertPEM()))
	for name, pair := range e.clients {
		c.WriteFile(c.Path(name+".crt"), string(pair.CertPEM()))
		c.WriteFile(c.Path(name+".key"), string(pair.KeyPEM(t)))
	}
	for _, role := range []string{
		"by_cert", "by_map", "by_ca", "by_full", "by_full_trust", "by_scram", "by_md5", "by_password", "by_trust", "by_peer",
		"plain",
	} {
		encryption := "scram-sha-256"
		if role == "by_md5" {
			encryption = "md5"
		}
		for _, conninfo := range []string{e.primary.Conninfo(), e.relay.Conninfo()} {
			conn := connect(t, conninfo)
			for _, sql := range []string{
				"SET password_encryption = '" + encryption + "'",
				"CREATE ROLE " + role + " LOGIN REPLICATION PASSWORD 'right'",
			} {
				_, err := conn.Exec(context.Background(), sql).ReadAll()
				require.NoError(t, err, sql)
			}
		}
	}
	return e
}

// TestEncryptedClientsAreToldWhatPostgreSQLTellsThem crosses roles with certificates, passwords and ways to connect, for
// libpq 15's psql and for pgx.
func TestEncryptedClientsAreToldWhatPostgreSQLTellsThem(t *testing.T) {
	t.Parallel()
	e := newEncrypted(t)
	outcomes := map[string]int{}
	for _, options := range e.attempts() {
		want := e.viaPsql(e.primary.Port, options)
		require.Equal(t, want, e.viaPsql(e.relay.Port, options), options)
		code := e.viaPgx(t, e.primary.Port, options)
		require.Equal(t, code, e.viaPgx(t, e.relay.Port, options), options)
		outcomes[strings.Fields(code)[0]]++
	}
	for _, code := range []string{"in", "28000", "28P01"} {
		require.Positivef(t, outcomes[code], "nobody was told %s: %v", code, outcomes)
	}
	e.requireSameInformation(t)
	require.NotContains(t, e.relay.Process().LogText(), "PANIC")
}

// attempts are the conninfos, but for host and port.
func (e *encrypted) attempts() (list []string) {
	certificates := []string{"", "by_cert", "someone", "revoked", "foreign", "mapped", "by_full"}
	for _, role := range []string{"by_cert", "by_map", "by_ca", "by_full", "by_full_trust"} {
		for _, cert := range certificates {
			list = append(list, "user="+role+" sslmode=require password=right"+e.showing(cert))
		}
	}
	for _, role := range []string{"by_scram", "by_md5", "by_password", "by_trust", "by_peer", "plain", "nobody"} {
		for _, mode := range []string{"disable", "require", "verify-ca", "verify-full"} {
			list = append(list, "user="+role+" password=right sslmode="+mode+" sslrootcert="+e.Path("ca.crt"))
		}
		list = append(list, "user="+role+" password=wrong sslmode=require", "user="+role+" sslmode=require")
	}
	for _, binding := range []string{"require", "prefer", "disable"} {
		for _, role := range []string{"by_scram", "by_md5", "by_password", "by_trust"} {
			for _, password := range []string{"right", "wrong"} {
				list = append(list,
					fmt.Sprintf("user=%s password=%s sslmode=require channel_binding=%s", role, password, binding))
			}
		}
		list = append(list, "user=postgres sslmode=disable channel_binding="+binding)
	}
	for _, version := range []string{"TLSv1.1", "TLSv1.2", "TLSv1.3"} {
		list = append(list, "user=by_scram password=right sslmode=require "+
			"ssl_min_protocol_version=TLSv1.1 ssl_max_protocol_version="+version)
	}
	return append(list, "user=by_scram password=right sslmode=require replication=true",
		"user=by_cert sslmode=require replication=true"+e.showing("by_cert"),
		"user=by_full_trust sslmode=require replication=true"+e.showing("by_full"))
}

func (e *encrypted) showing(cert string) string {
	if cert == "" {
		return ""
	}
	return " sslcert=" + e.Path(cert+".crt") + " sslkey=" + e.Path(cert+".key")
}

// oneAlert: crypto/tls has one alert for all that it is told of a certificate, OpenSSL has more.
var oneAlert = strings.NewReplacer("certificate revoked", "bad certificate", "revoked certificate", "bad certificate")

var anyPort = regexp.MustCompile(`port [0-9]+`)

// viaPsql is what psql prints, and the code it ends with.
func (e *encrypted) viaPsql(port int, options string) string {
	command := "SELECT current_user"
	if strings.Contains(options, "replication=true") {
		command = "SHOW wal_segment_size"
	}
	code, stdout, stderr := e.RunCode(e.ClientProgram("psql"), "-w", "-X", "-At", "-c", command,
		"host=127.0.0.1 dbname=postgres port="+strconv.Itoa(port)+" "+options)
	return fmt.Sprintf("%d\n%s", code, oneAlert.Replace(anyPort.ReplaceAllString(stdout+stderr, "port N")))
}

// viaPgx is the error's code and message; what is no server's error is told by its kind alone.
func (e *encrypted) viaPgx(t *testing.T, port int, options string) string {
	t.Helper()
	if strings.Contains(options, "protocol_version") {
		return "in" // libpq's alone
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	config, err := pgconn.ParseConfig("host=127.0.0.1 dbname=postgres port=" + strconv.Itoa(port) + " " + options)
	require.NoError(t, err)
	conn, err := pgconn.ConnectConfig(ctx, config)
	var refused *pgconn.PgError
	switch {
	case err == nil:
		closeConn(conn)
		return "in"
	case errors.As(err, &refused):
		return refused.Code + " " + refused.Severity + " " + refused.Message + " " + refused.Detail + " " + refused.Hint
	case strings.Contains(err.Error(), "channel binding"):
		return "no channel binding"
	}
	return "no connection" // the alert may come before it is reset, or not
}

// requireSameInformation: who comes in with a certificate is shown with it in pg_stat_ssl. Of the ciphers of TLS 1.3 Go and
// OpenSSL have favourites of their own.
func (e *encrypted) requireSameInformation(t *testing.T) {
	t.Helper()
	const query = "SELECT ssl, version, cipher LIKE '%AES%GCM%', bits >= 128, client_dn, client_serial, issuer_dn " +
		"FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
	for _, options := range []string{
		"user=by_cert sslmode=require ssl_max_protocol_version=TLSv1.3" + e.showing("by_cert"),
		"user=by_cert sslmode=require ssl_max_protocol_version=TLSv1.2" + e.showing("by_cert"),
		"user=by_trust sslmode=require", "user=postgres sslmode=disable",
	} {
		say := func(port int) string {
			return e.Run(e.ClientProgram("psql"), "-X", "-At", "-c", query,
				"host=127.0.0.1 dbname=postgres port="+strconv.Itoa(port)+" "+options)
		}
		require.Equal(t, say(e.primary.Port), say(e.relay.Port), options)
	}
}
