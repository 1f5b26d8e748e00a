package tlsfiles

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
	"waypost/internal/tlsfiles/tlstest"
)

// fixture is a directory with a server's files that are all right.
func fixture(t *testing.T) (c *Settings, dir string, ca *tlstest.CA, server *tlstest.Pair) {
	t.Helper()
	dir = t.TempDir()
	ca = tlstest.NewCA(t, "root")
	server = ca.Issue(t, "localhost")
	return &Settings{
		CertFile: tlstest.Write(t, dir, "server.crt", server.CertPEM()),
		KeyFile:  tlstest.Write(t, dir, "server.key", server.KeyPEM(t)),
		Ciphers:  "HIGH:MEDIUM:+3DES:!aNULL", MinVersion: "TLSv1.2",
	}, dir, ca, server
}

func TestWhatWasReadReachesTheChild(t *testing.T) {
	c, dir, ca, server := fixture(t)
	c.CAFile = tlstest.Write(t, dir, "ca.crt", ca.CertPEM())
	c.CRLFile = tlstest.Write(t, dir, "crl", ca.CRL(t, time.Now().Add(time.Hour)))
	f, warnings, err := c.Load()
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, [][]byte{server.Cert.Raw}, f.Chain)
	sum := sha256.Sum256(server.Cert.Raw)
	require.Equal(t, sum[:], f.EndPoint)
	require.True(t, f.CheckCRL)
	back, err := Decode(f.Encode())
	require.NoError(t, err)
	require.Equal(t, f, back)
	config, err := back.Config()
	require.NoError(t, err)
	require.Len(t, config.Certificates, 1)
}

func TestDamagedRecordIsRefused(t *testing.T) {
	c, _, _, _ := fixture(t)
	f, _, err := c.Load()
	require.NoError(t, err)
	whole := f.Encode()
	for n := range whole {
		_, err := Decode(whole[:n])
		require.Errorf(t, err, "cut to %d bytes", n)
	}
	_, err = Decode(append(whole, 0))
	require.Error(t, err)
}

func TestWrongFilesAreNamed(t *testing.T) {
	c, dir, ca, _ := fixture(t)
	other := ca.Issue(t, "other")
	junk := tlstest.Write(t, dir, "junk", []byte("no PEM at all\n"))
	broken := tlstest.Write(t, dir, "broken",
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("xx")}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("xx")}),
		pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: []byte("xx")}))
	otherKey := tlstest.Write(t, dir, "other.key", other.KeyPEM(t))
	open := tlstest.Write(t, dir, "open.key", other.KeyPEM(t))
	require.NoError(t, os.Chmod(open, 0o640))
	crls := filepath.Join(dir, "crls")
	require.NoError(t, os.Mkdir(crls, 0o700))
	tlstest.Write(t, crls, "01234567.r0", []byte("x"))
	missing := filepath.Join(dir, "missing")
	for _, tc := range []struct {
		name            string
		change          func(c *Settings)
		state           string
		message, detail string
	}{
		{"no certificate", func(c *Settings) { c.CertFile = missing }, "F0000",
			`could not load server certificate file "` + missing + `": No such file or directory`, ""},
		{"certificate is no PEM", func(c *Settings) { c.CertFile = junk }, "F0000",
			`could not load server certificate file "` + junk + `": no start line`, ""},
		{"certificate is broken", func(c *Settings) { c.CertFile = broken }, "F0000",
			`could not load server certificate file "` + broken + `": x509: malformed certificate`, ""},
		{"no key", func(c *Settings) { c.KeyFile = missing }, "58P01",
			`could not access private key file "` + missing + `": No such file or directory`, ""},
		{"key is a directory", func(c *Settings) { c.KeyFile = dir }, "F0000",
			`private key file "` + dir + `" is not a regular file`, ""},
		{"key is no PEM", func(c *Settings) { c.KeyFile = junk }, "F0000",
			`could not load private key file "` + junk + `": no start line`, ""},
		{"key is broken", func(c *Settings) { c.KeyFile = broken }, "F0000",
			`could not load private key file "` + broken + `": unsupported private key`, ""},
		{"key of another certificate", func(c *Settings) { c.KeyFile = otherKey }, "F0000",
			"check of private key failed: key values mismatch", ""},
		{"no root certificates", func(c *Settings) { c.CAFile = missing }, "F0000",
			`could not load root certificate file "` + missing + `": No such file or directory`, ""},
		{"root certificates are no PEM", func(c *Settings) { c.CAFile = junk }, "F0000",
			`could not load root certificate file "` + junk + `": no certificate or crl found`, ""},
		{"no list", func(c *Settings) { c.CRLFile = missing }, "F0000",
			`could not load SSL certificate revocation list file "` + missing + `": No such file or directory`, ""},
		{"list is broken", func(c *Settings) { c.CRLFile = broken }, "F0000",
			`could not load SSL certificate revocation list file "` + broken + `": x509: malformed crl`, ""},
		{"no directory of lists", func(c *Settings) { c.CRLDir = missing }, "F0000",
			`could not load SSL certificate revocation list directory "` + missing + `": No such file or directory`, ""},
		{"directory with a broken list", func(c *Settings) { c.CRLDir = crls }, "F0000",
			`could not load SSL certificate revocation list directory "` + crls + `": 01234567.r0: no certificate or crl found`, ""},
		{"versions", func(c *Settings) { c.MinVersion, c.MaxVersion = "TLSv1.3", "TLSv1.2" }, "XX000",
			"could not set SSL protocol version range",
			`"ssl_min_protocol_version" cannot be higher than "ssl_max_protocol_version"`},
		{"ciphers", func(c *Settings) { c.Ciphers = "NULL" }, "F0000",
			"could not set the cipher list (no valid ciphers available)", ""},
		{"curve", func(c *Settings) { c.Curves = "prime256v1:brainpoolP256r1" }, "F0000",
			"ECDH: unrecognized curve name: brainpoolP256r1", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := *c
			tc.change(&changed)
			_, _, err := changed.Load()
			var e *guc.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tc.message, e.Message)
			require.Equal(t, tc.detail, e.Detail)
			require.Equal(t, tc.state, e.SQLSTATE)
		})
	}
}

func TestKeyThatOthersCanReadIsRefused(t *testing.T) {
	const ours, root, stranger = 1000, 0, 1001
	for _, tc := range []struct {
		owner, mode uint32
		message     string
	}{
		{ours, 0o600, ""}, {ours, 0o400, ""}, {root, 0o640, ""}, {root, 0o600, ""}, {root, 0o440, ""},
		{stranger, 0o600, `private key file "k" must be owned by the database user or root`},
		{ours, 0o640, `private key file "k" has group or world access`},
		{ours, 0o604, `private key file "k" has group or world access`},
		{root, 0o660, `private key file "k" has group or world access`},
		{root, 0o644, `private key file "k" has group or world access`},
		{root, 0o650, `private key file "k" has group or world access`},
	} {
		err := checkKeyAccess("k", tc.owner, tc.mode, ours)
		if tc.message == "" {
			require.NoErrorf(t, err, "%d %o", tc.owner, tc.mode)
			continue
		}
		require.EqualErrorf(t, err, tc.message, "%d %o", tc.owner, tc.mode)
	}
	c, _, _, _ := fixture(t)
	require.NoError(t, os.Chmod(c.KeyFile, 0o604))
	_, _, err := c.Load()
	require.ErrorContains(t, err, "has group or world access")
}

func TestSettingsWithoutEffectAreSaidToBe(t *testing.T) {
	c, _, _, _ := fixture(t)
	c.DHParamsFile = "dh.pem"
	c.Ciphers = "HIGH:NOSUCH:!aNULL"
	_, warnings, err := c.Load()
	require.NoError(t, err)
	require.Equal(t, []string{
		"ssl_dh_params_file has no effect: there are no cipher suites with DHE",
		`ssl_ciphers: "NOSUCH" is not known, and is ignored`,
	}, warnings)
}

// openssl runs the real thing, which writes what people have.
func openssl(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("openssl", args...).CombinedOutput()
	require.NoErrorf(t, err, "openssl %v: %s", args, out)
}

func TestKeysAsOpensslWritesThemAreRead(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain.key")
	openssl(t, "genrsa", "-out", plain, "2048")
	crt := filepath.Join(dir, "server.crt")
	openssl(t, "req", "-new", "-x509", "-days", "2", "-key", plain, "-subj", "/CN=localhost", "-out", crt)
	ec := filepath.Join(dir, "ec.key")
	openssl(t, "ecparam", "-genkey", "-name", "prime256v1", "-out", ec) // parameters stand before the key
	ecCrt := filepath.Join(dir, "ec.crt")
	openssl(t, "req", "-new", "-x509", "-days", "2", "-key", ec, "-subj", "/CN=localhost", "-out", ecCrt)
	ed := filepath.Join(dir, "ed.key")
	openssl(t, "genpkey", "-algorithm", "ed25519", "-out", ed)
	edCrt := filepath.Join(dir, "ed.crt")
	openssl(t, "req", "-new", "-x509", "-days", "2", "-key", ed, "-subj", "/CN=localhost", "-out", edCrt)

	for _, tc := range []struct {
		name, from, crt string
		args            []string // nil: as it is
		encrypted       bool
	}{
		{"PKCS 8", plain, crt, nil, false},
		{"PKCS 1", plain, crt, []string{"rsa", "-traditional"}, false},
		{"EC with parameters", ec, ecCrt, nil, false},
		{"Ed25519", ed, edCrt, nil, false},
		{"PKCS 8 encrypted", plain, crt, []string{"pkcs8", "-topk8", "-passout", "pass:secret"}, true},
		{"PKCS 8 encrypted, AES-128 and SHA-1", plain, crt,
			[]string{"pkcs8", "-topk8", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1", "-passout", "pass:secret"}, true},
		{"PKCS 8 encrypted, 3DES and SHA-512", ec, ecCrt,
			[]string{"pkcs8", "-topk8", "-v2", "des3", "-v2prf", "hmacWithSHA512", "-passout", "pass:secret"}, true},
		{"PKCS 1 encrypted", plain, crt, []string{"rsa", "-traditional", "-aes256", "-passout", "pass:secret"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "server.key")
			text, err := os.ReadFile(tc.from)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, text, 0o600))
			if tc.args != nil {
				openssl(t, append(tc.args, "-in", tc.from, "-out", path)...)
				require.NoError(t, os.Chmod(path, 0o600))
			}
			asked := 0
			word := "secret"
			c := &Settings{CertFile: tc.crt, KeyFile: path, Ciphers: "HIGH", Passphrase: func(prompt string) (string, error) {
				require.Equal(t, "Enter PEM pass phrase:", prompt)
				asked++
				return word, nil
			}}
			f, _, err := c.Load()
			require.NoError(t, err)
			require.Equal(t, tc.encrypted, asked == 1)
			_, err = f.Config()
			require.NoError(t, err)
			require.Equal(t, tc.from == ed, f.EndPoint == nil)
			if !tc.encrypted {
				return
			}
			word = "wrong"
			_, _, err = c.Load()
			require.ErrorContains(t, err, `could not load private key file "`+path+`": `)
			c.Passphrase = nil
			_, _, err = c.Load()
			require.EqualError(t, err, `private key file "`+path+`" cannot be reloaded because it requires a passphrase`)
		})
	}
}

func TestScryptIsRefusedByName(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	plain := tlstest.Write(t, dir, "plain", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	path := filepath.Join(dir, "server.key")
	openssl(t, "pkcs8", "-topk8", "-scrypt", "-passout", "pass:secret", "-in", plain, "-out", path)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = decrypt(keyBlock(text), []byte("secret"))
	require.ErrorIs(t, err, errScheme)
}
