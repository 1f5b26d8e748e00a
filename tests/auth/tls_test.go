package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// authority issues certificates.
type authority struct {
	t    *testing.T
	c    *cluster.Cluster
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	n    int64
}

// newAuthority makes one whose own certificate is in the file name+".crt".
func newAuthority(t *testing.T, c *cluster.Cluster, name string) *authority {
	t.Helper()
	a := &authority{t: t, c: c}
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	require.NoError(t, err)
	a.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	a.write(name+".crt", "CERTIFICATE", der)
	return a
}

func (a *authority) write(name, kind string, der []byte) string {
	path := a.c.Path(name)
	a.c.WriteFile(path, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	a.c.Run("chmod", "600", path)
	return path
}

// issue makes name+".crt" and name+".key".
func (a *authority) issue(name string, subject pkix.Name) (cert, key string) {
	a.t.Helper()
	a.n++
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(a.n + 100), Subject: subject, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &own.PublicKey, a.key)
	require.NoError(a.t, err)
	keyDER, err := x509.MarshalECPrivateKey(own)
	require.NoError(a.t, err)
	return a.write(name+".crt", "CERTIFICATE", der), a.write(name+".key", "EC PRIVATE KEY", keyDER)
}

// TestCertificatesAndChannelBinding asks both servers over TLS, by psql.
func TestCertificatesAndChannelBinding(t *testing.T) {
	rules := []string{
		`hostssl all "/_by_cert$" 127.0.0.1/32 cert`,
		`hostssl all "/_by_mapped$" 127.0.0.1/32 cert map=m`,
		`hostssl all "/_by_dn$" 127.0.0.1/32 cert clientname=DN map=dn`,
		`hostssl all "/_by_ca$" 127.0.0.1/32 trust clientcert=verify-ca`,
		`hostssl all "/_by_full$" 127.0.0.1/32 scram-sha-256 clientcert=verify-full`,
		`hostssl all "/_by_trustfull$" 127.0.0.1/32 trust clientcert=verify-full`,
		`hostssl all "/_by_scram$" 127.0.0.1/32 scram-sha-256`,
		`hostssl all "/_by_md5$" 127.0.0.1/32 md5`,
		`hostnossl all "/_by_clear$" 127.0.0.1/32 scram-sha-256`,
	}
	p := newPair(t, rules, nil)
	ca := newAuthority(t, p.c, "ca")
	serverCert, serverKey := ca.issue("server", pkix.Name{CommonName: "localhost"})
	settings := map[string]string{"ssl": "on", "ssl_cert_file": serverCert, "ssl_key_file": serverKey, "ssl_ca_file": p.c.Path("ca.crt")}
	p.pg.Configure(settings)
	p.node.Configure(settings)
	for _, dir := range []string{p.pg.DataDir, p.node.DataDir} {
		p.c.WriteFile(filepath.Join(dir, "pg_ident.conf"), "m /^(.*)_cn$ \\1_by_mapped\ndn \"CN=some one,O=org\" x_by_dn\n")
	}
	p.pg.Restart()
	p.node.Restart()
	for _, kind := range []string{"cert", "mapped", "dn", "ca", "full", "trustfull", "scram", "md5", "clear"} {
		p.roles("CREATE ROLE x_by_"+kind+" LOGIN PASSWORD 'x'", "CREATE ROLE y_by_"+kind+" LOGIN PASSWORD 'x'")
	}
	certs := map[string]string{"none": "sslcert=/nonexistent"}
	for name, subject := range map[string]pkix.Name{"x_by_cert": {CommonName: "x_by_cert"}, "x_by_full": {CommonName: "x_by_full"},
		"x_by_trustfull": {CommonName: "x_by_trustfull"}, "x_cn": {CommonName: "x_cn"}, "nameless": {Organization: []string{"org"}},
		"dn": {CommonName: "some one", Organization: []string{"org"}}} {
		cert, key := ca.issue("client_"+name, subject)
		certs[name] = "sslcert=" + cert + " sslkey=" + key
	}
	told := map[string]int{}
	for _, c := range []struct{ user, cert, more string }{
		{"x_by_cert", "x_by_cert", ""}, {"y_by_cert", "x_by_cert", ""}, {"x_by_cert", "none", ""}, {"x_by_cert", "nameless", ""},
		{"absent_by_cert", "x_by_cert", ""}, {"x_by_mapped", "x_cn", ""}, {"y_by_mapped", "x_cn", ""}, {"x_by_mapped", "x_by_cert", ""},
		{"x_by_dn", "dn", ""}, {"y_by_dn", "dn", ""}, {"x_by_dn", "x_cn", ""}, {"x_by_ca", "x_cn", ""}, {"x_by_ca", "none", ""},
		{"x_by_full", "x_by_full", "password=x"}, {"x_by_full", "x_by_full", "password=y"}, {"x_by_full", "x_cn", "password=x"},
		{"x_by_full", "none", "password=x"}, {"x_by_trustfull", "x_by_trustfull", ""}, {"x_by_trustfull", "x_cn", ""},
		{"x_by_scram", "none", "password=x channel_binding=require"}, {"x_by_scram", "none", "password=x channel_binding=disable"},
		{"x_by_scram", "none", "password=x channel_binding=prefer"}, {"x_by_scram", "none", "password=y channel_binding=require"},
		{"x_by_scram", "none", "password=x sslmode=disable"}, {"x_by_md5", "none", "password=x channel_binding=require"},
		{"absent_by_scram", "none", "password=x channel_binding=require"},
		{"x_by_clear", "none", "password=x sslmode=disable"}, {"x_by_clear", "none", "password=x sslmode=disable channel_binding=require"},
		{"x_by_clear", "none", "password=x"}, {"x_by_ca", "none", "channel_binding=require"},
	} {
		mode := "sslmode=verify-ca sslrootcert=" + p.c.Path("ca.crt")
		if strings.Contains(c.more, "sslmode=") {
			mode = ""
		}
		var answers []string
		for _, port := range []int{p.pg.Port, p.node.Port} {
			conninfo := fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres user=%s %s %s %s", port, c.user, mode, certs[c.cert], c.more)
			code, _, stderr := p.c.RunCode(p.c.ClientProgram("psql"), "-wXAt", "-c", "SHOW is_superuser", conninfo)
			answers = append(answers, fmt.Sprintf("%d %s", code, strings.ReplaceAll(stderr, fmt.Sprint(port), "PORT")))
		}
		require.Equal(t, answers[0], answers[1], "%+v", c)
		told[answers[0]]++
	}
	require.Greater(t, told["0 "], 8, "let in: %v", told)
	require.Greater(t, len(told), 10)
	for _, part := range []string{
		`connection authenticated: identity="CN=x_by_cert" method=cert`, `connection authenticated: identity="CN=some one,O=org" method=cert`,
		"SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)",
		`certificate authentication failed for user "x_by_cert": client certificate contains no user name`,
		`certificate validation (clientcert=verify-full) failed for user "x_by_full": CN mismatch`,
		`provided user name (y_by_cert) and authenticated user name (x_by_cert) do not match`,
	} {
		require.Contains(t, p.pg.Process().LogText(), part)
		if !strings.HasPrefix(part, "SSL enabled") { // which cipher is chosen is the library's
			waitLog(t, p.node, part)
		}
	}
	waitLog(t, p.node, "SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_")
}
