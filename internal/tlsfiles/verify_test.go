package tlsfiles

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/tlsfiles/tlstest"
)

// check is what a server with these authorities and lists says to a client with pair. Empty: it is let in.
func check(t *testing.T, pair *tlstest.Pair, cas []byte, lists ...[]byte) string {
	t.Helper()
	c, dir, _, _ := fixture(t)
	c.CAFile = tlstest.Write(t, dir, "ca.crt", cas)
	if lists != nil {
		c.CRLFile = tlstest.Write(t, dir, "crl", lists...)
	}
	f, _, err := c.Load()
	require.NoError(t, err)
	v, err := newVerifier(f)
	require.NoError(t, err)
	err = v.verify(pair.TLS().Certificate)
	if err == nil {
		return ""
	}
	var e *VerifyError
	require.ErrorAs(t, err, &e)
	require.EqualError(t, e, "certificate verify failed")
	return e.Detail()
}

func TestClientCertificates(t *testing.T) {
	root := tlstest.NewCA(t, "root")
	below := root.Intermediate(t, "below")
	stranger := tlstest.NewCA(t, "stranger")
	good := root.Issue(t, "good")
	deep := below.Issue(t, "deep")
	alone := *deep
	alone.Above = nil
	past := root.Issue(t, "past", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	future := root.Issue(t, "future", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })
	server := root.Issue(t, "server", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	self := tlstest.NewCA(t, "self")
	soon := time.Now().Add(time.Hour)

	const at0 = "Client certificate verification failed at depth 0: "
	for _, tc := range []struct {
		name  string
		pair  *tlstest.Pair
		cas   []byte
		lists [][]byte
		want  string // the beginning
	}{
		{"good", good, root.CertPEM(), nil, ""},
		{"sends what is between", deep, root.CertPEM(), nil, ""},
		{"what is between is in ssl_ca_file", &alone, append(root.CertPEM(), below.CertPEM()...), nil, ""},
		{"what is between is nowhere", &alone, root.CertPEM(), nil, at0 + "unable to get local issuer certificate."},
		{"the root is nowhere", deep, below.CertPEM(), nil, at0 + "unable to get local issuer certificate."},
		{"of a stranger", stranger.Issue(t, "x"), root.CertPEM(), nil, at0 + "unable to get local issuer certificate."},
		{"signed by itself", &self.Pair, root.CertPEM(), nil, at0 + "self-signed certificate."},
		{"past", past, root.CertPEM(), nil, at0 + "certificate has expired."},
		{"future", future, root.CertPEM(), nil, at0 + "certificate is not yet valid."},
		{"a server's", server, root.CertPEM(), nil, at0 + "unsupported certificate purpose."},

		{"not revoked", good, root.CertPEM(), [][]byte{root.CRL(t, soon, past)}, ""},
		{"revoked", good, root.CertPEM(), [][]byte{root.CRL(t, soon, past, good)}, at0 + "certificate revoked."},
		{"no list of its issuer", good, root.CertPEM(), [][]byte{stranger.CRL(t, soon)}, at0 + "unable to get certificate CRL."},
		{"old list", good, root.CertPEM(), [][]byte{root.CRL(t, time.Now().Add(-time.Minute))}, at0 + "CRL has expired."},
		{"an old and a new list", good, root.CertPEM(),
			[][]byte{root.CRL(t, time.Now().Add(-time.Minute)), root.CRL(t, soon, good)}, at0 + "certificate revoked."},
		{"list from the future", good, root.CertPEM(), [][]byte{root.CRL(t, time.Now().Add(72*time.Hour))},
			at0 + "CRL is not yet valid."},
		{"false list", good, root.CertPEM(), [][]byte{tlstest.NewCA(t, "root").CRL(t, soon)}, at0 + "CRL signature failure."},
		{"lists of both", deep, root.CertPEM(), [][]byte{root.CRL(t, soon), below.CRL(t, soon)}, ""},
		{"no list of the one between", deep, root.CertPEM(), [][]byte{root.CRL(t, soon)}, at0 + "unable to get certificate CRL."},
		{"the one between is revoked", deep, root.CertPEM(), [][]byte{root.CRL(t, soon, &below.Pair), below.CRL(t, soon)},
			"Client certificate verification failed at depth 1: certificate revoked."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := check(t, tc.pair, tc.cas, tc.lists...)
			if tc.want == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, tc.want)
			require.Contains(t, got, `Failed certificate data (unverified): subject "/CN=`)
		})
	}
}

func TestListsOfADirectoryCount(t *testing.T) {
	root := tlstest.NewCA(t, "root")
	bad, good := root.Issue(t, "bad"), root.Issue(t, "good")
	c, dir, _, _ := fixture(t)
	c.CAFile = tlstest.Write(t, dir, "ca.crt", root.CertPEM())
	c.CRLDir = t.TempDir()
	tlstest.Write(t, c.CRLDir, "README", []byte("is not read"))
	tlstest.Write(t, c.CRLDir, "0123abcd.r0", root.CRL(t, time.Now().Add(time.Hour), bad))
	f, _, err := c.Load()
	require.NoError(t, err)
	v, err := newVerifier(f)
	require.NoError(t, err)
	require.NoError(t, v.verify(good.TLS().Certificate))
	require.Error(t, v.verify(bad.TLS().Certificate))
	require.NoError(t, v.verify(nil), "whether there must be one pg_hba.conf says")
}
