package tlsfiles

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/tlsfiles/tlstest"
)

func verifierOf(t *testing.T, f *Files) *verifier {
	t.Helper()
	authorities, err := f.authorities()
	require.NoError(t, err)
	v, err := newVerifier(f, authorities)
	require.NoError(t, err)
	return v
}

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
	v := verifierOf(t, f)
	err = v.verify(pair.TLS().Certificate)
	if err == nil {
		return ""
	}
	var e *VerifyError
	require.ErrorAs(t, err, &e)
	require.EqualError(t, e, "certificate verify failed")
	return e.Detail()
}

func numbered(n int64) func(l *x509.RevocationList) {
	return func(l *x509.RevocationList) { l.Number = big.NewInt(n) }
}

// forSome gives a list the extension issuingDistributionPoint: for authorities' certificates only.
func forSome(l *x509.RevocationList) {
	l.ExtraExtensions = []pkix.Extension{
		{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x82, 1, 0xff}},
	}
}

// indirect gives each entry the extension certificateIssuer, without names.
func indirect(l *x509.RevocationList) {
	for i := range l.RevokedCertificateEntries {
		l.RevokedCertificateEntries[i].ExtraExtensions = []pkix.Extension{
			{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}},
		}
	}
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
	used := func(usage x509.KeyUsage) *tlstest.Pair {
		return root.Issue(t, "used", func(c *x509.Certificate) { c.KeyUsage = usage })
	}
	signer, agrees, anything := used(x509.KeyUsageCRLSign), used(x509.KeyUsageKeyAgreement), used(0)
	newer := root.Intermediate(t, "root") // its names are as a root's
	newer.Above = nil
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
		{"for signing authorities' lists", signer, root.CertPEM(), nil, at0 + "unsupported certificate purpose."},
		{"for agreeing on keys", agrees, root.CertPEM(), nil, ""},
		{"for whatever", anything, root.CertPEM(), nil, ""},
		{"only the authority's new key is there, signed by the old one", newer.Issue(t, "x"), newer.CertPEM(), nil,
			at0 + "unable to get local issuer certificate."},
		{"of the authority's new key, signed by the old one", newer.Issue(t, "x"), append(root.CertPEM(), newer.CertPEM()...), nil, ""},
		{"a server's", server, root.CertPEM(), nil, at0 + "unsupported certificate purpose."},

		{"not revoked", good, root.CertPEM(), [][]byte{root.CRL(t, soon, past)}, ""},
		{"revoked", good, root.CertPEM(), [][]byte{root.CRL(t, soon, past, good)}, at0 + "certificate revoked."},
		{"no list of its issuer", good, root.CertPEM(), [][]byte{stranger.CRL(t, soon)}, at0 + "unable to get certificate CRL."},
		{"old list", good, root.CertPEM(), [][]byte{root.CRL(t, time.Now().Add(-time.Minute))}, at0 + "CRL has expired."},
		{"an old and a new list", good, root.CertPEM(),
			[][]byte{root.CRL(t, time.Now().Add(-time.Minute)), root.CRL(t, soon, good)}, at0 + "certificate revoked."},
		{"revoked since the first of two valid lists", good, root.CertPEM(),
			[][]byte{root.CRL(t, soon), root.CRL(t, soon.Add(time.Minute), good)}, at0 + "certificate revoked."},
		{"revoked in the newer list, which comes first", good, root.CertPEM(),
			[][]byte{root.CRL(t, soon.Add(time.Minute), good), root.CRL(t, soon)}, at0 + "certificate revoked."},
		{"a revocation that was taken back", good, root.CertPEM(),
			[][]byte{root.CRL(t, soon, good), root.CRL(t, soon.Add(time.Minute))}, ""},
		{"two lists of one second", good, root.CertPEM(),
			[][]byte{root.CRL(t, soon), root.ChangedCRL(t, soon, numbered(2), good)}, at0 + "certificate revoked."},
		{"two lists of one second and number", good, root.CertPEM(),
			[][]byte{root.CRL(t, soon), root.CRL(t, soon, good)}, at0 + "certificate revoked."},
		{"list for some of the certificates", good, root.CertPEM(), [][]byte{root.ChangedCRL(t, soon, forSome)},
			at0 + "unhandled critical CRL extension."},
		{"list for some, newer than the one for all", good, root.CertPEM(),
			[][]byte{root.CRL(t, soon, good), root.ChangedCRL(t, soon.Add(time.Minute), forSome)}, at0 + "certificate revoked."},
		{"list of other issuers' certificates", good, root.CertPEM(), [][]byte{root.ChangedCRL(t, soon, indirect, past)},
			at0 + "unhandled critical CRL extension."},
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
	v := verifierOf(t, f)
	require.NoError(t, v.verify(good.TLS().Certificate))
	require.Error(t, v.verify(bad.TLS().Certificate))
	require.NoError(t, v.verify(nil), "whether there must be one pg_hba.conf says")
}
