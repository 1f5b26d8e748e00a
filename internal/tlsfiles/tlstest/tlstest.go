// Package tlstest makes the authorities, certificates and revocation lists that tests of TLS need.
package tlstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Pair is a certificate and its key.
type Pair struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	// Above are the certificates between this one and the root, the nearest first.
	Above []*x509.Certificate
}

// CA is an authority.
type CA struct {
	Pair
	serial int64
}

// NewCA makes an authority that has signed itself.
func NewCA(t testing.TB, name string) *CA {
	t.Helper()
	ca := &CA{}
	ca.Pair = *sign(t, authority(name), nil)
	return ca
}

// Intermediate makes an authority below ca.
func (ca *CA) Intermediate(t testing.TB, name string) *CA {
	t.Helper()
	below := &CA{}
	template := authority(name)
	template.SerialNumber = ca.next()
	below.Pair = *sign(t, template, &ca.Pair)
	return below
}

func authority(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func (ca *CA) next() *big.Int {
	ca.serial++
	return big.NewInt(1000 + ca.serial)
}

// Issue makes a certificate for cn, good for 127.0.0.1 and localhost, changed as change says.
func (ca *CA) Issue(t testing.TB, cn string, change ...func(c *x509.Certificate)) *Pair {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: ca.next(), Subject: pkix.Name{CommonName: cn},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, f := range change {
		f(template)
	}
	return sign(t, template, &ca.Pair)
}

// CRL is a list of what ca has revoked, PEM; it holds until nextUpdate.
func (ca *CA) CRL(t testing.TB, nextUpdate time.Time, revoked ...*Pair) []byte {
	t.Helper()
	return ca.ChangedCRL(t, nextUpdate, nil, revoked...)
}

// ChangedCRL is such a list with something else about it than usual.
func (ca *CA) ChangedCRL(t testing.TB, nextUpdate time.Time, change func(l *x509.RevocationList), revoked ...*Pair) []byte {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: nextUpdate.Add(-48 * time.Hour), NextUpdate: nextUpdate}
	for _, p := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: p.Cert.SerialNumber, RevocationTime: time.Now().Add(-time.Hour)})
	}
	if change != nil {
		change(list)
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, ca.Cert, ca.Key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// sign makes a key and a certificate for it, signed by the issuer, or by itself.
func sign(t testing.TB, template *x509.Certificate, issuer *Pair) *Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(24 * time.Hour)
	}
	p := &Pair{Key: key}
	parent, signer := template, crypto.Signer(key)
	if issuer != nil {
		parent, signer = issuer.Cert, issuer.Key
		if issuer.Cert.CheckSignatureFrom(issuer.Cert) != nil { // no root
			p.Above = append([]*x509.Certificate{issuer.Cert}, issuer.Above...)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	p.Cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return p
}

// CertPEM is the certificate and what stands between it and the root.
func (p *Pair) CertPEM() []byte {
	var out []byte
	for _, c := range append([]*x509.Certificate{p.Cert}, p.Above...) {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// KeyPEM is the key as PKCS #8.
func (p *Pair) KeyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// TLS is the pair as a client of crypto/tls shows it.
func (p *Pair) TLS() tls.Certificate {
	c := tls.Certificate{Certificate: [][]byte{p.Cert.Raw}, PrivateKey: p.Key}
	for _, a := range p.Above {
		c.Certificate = append(c.Certificate, a.Raw)
	}
	return c
}

// Pool has the authorities in it.
func Pool(list ...*CA) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, ca := range list {
		pool.AddCert(ca.Cert)
	}
	return pool
}

// Write writes parts, one behind the other, to a file that only its owner may read, and gives its path.
func Write(t testing.TB, dir, name string, parts ...[]byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, slices.Concat(parts...), 0o600))
	return path
}
