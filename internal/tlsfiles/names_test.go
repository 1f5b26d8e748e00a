package tlsfiles

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Names are printed as OpenSSL prints them, which is what people have put into pg_ident.conf.
func TestNamesAreOpenssls(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct{ subject, rfc2253, shown, cn string }{
		{"/CN=x", "CN=x", "/CN=x", "x"},
		{"/C=DE/O=Example, Inc./OU=a\\+b/CN=<x>;\"y\"", `CN=\<x\>\;\"y\",OU=a\+b,O=Example\, Inc.,C=DE`,
			`/C=DE/O=Example\, Inc./OU=a\+b/CN=\<x\>\;\"y\"`, `<x>;"y"`},
		{"/DC=org/DC=example/UID=u/CN=#first /emailAddress=a@b.c", `emailAddress=a@b.c,CN=\#first\ ,UID=u,DC=example,DC=org`,
			`/DC=org/DC=example/UID=u/CN=\#first\ /emailAddress=a@b.c`, "#first "},
		{"/CN=Zoë", `CN=Zo\C3\AB`, "/CN=Zoë", "Zoë"},
		{"/CN=first/CN=second", "CN=second,CN=first", "/CN=first/CN=second", "first"},
		{"/O=no common name", "O=no common name", "/O=no common name", ""},
		{"/CN=a+UID=b", "UID=b+CN=a", "/CN=a/UID=b", "a"},
	} {
		t.Run(tc.subject, func(t *testing.T) {
			crt := filepath.Join(dir, "crt")
			openssl(t, "req", "-new", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-utf8",
				"-multivalue-rdn", "-subj", tc.subject, "-keyout", filepath.Join(dir, "key"), "-out", crt)
			out, err := exec.Command("openssl", "x509", "-in", crt, "-noout", "-subject", "-nameopt", "RFC2253").Output()
			require.NoError(t, err)
			text, err := os.ReadFile(crt)
			require.NoError(t, err)
			block, _ := pem.Decode(text)
			cert, err := x509.ParseCertificate(block.Bytes)
			require.NoError(t, err)
			require.Equal(t, strings.TrimSuffix(strings.TrimPrefix(string(out), "subject="), "\n"), RFC2253(cert.RawSubject))
			require.Equal(t, tc.rfc2253, RFC2253(cert.RawSubject))
			require.Equal(t, tc.shown, Subject(cert.RawSubject))
			cn, _ := CommonName(cert.RawSubject)
			require.Equal(t, tc.cn, cn)
		})
	}
}

func TestPartsOfANameThatNobodyKnows(t *testing.T) {
	name := pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: "x"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "y\x00z"},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: 7}}}
	raw, err := asn1.Marshal(name.ToRDNSequence())
	require.NoError(t, err)
	require.Equal(t, `serialNumber=#020107,CN=y\00z,1.2.3.4=#130178`, RFC2253(raw))
	cn, ok := CommonName(raw)
	require.True(t, ok)
	require.Equal(t, "y\x00z", cn, "whoever uses it must look")
}

func FuzzNames(f *testing.F) {
	f.Add([]byte{0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 0x78})
	f.Fuzz(func(t *testing.T, raw []byte) {
		require.NotContains(t, RFC2253(raw), "\x00")
		Subject(raw)
		CommonName(raw)
	})
}
