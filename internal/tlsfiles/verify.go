package tlsfiles

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// VerifyError says why a client's certificate is not accepted, in OpenSSL's words.
type VerifyError struct {
	Depth int // of the certificate that is wrong: 0 is the client's own
	Why   string
	Cert  *x509.Certificate // nil where it is not known which one is wrong
}

func (e *VerifyError) Error() string { return "certificate verify failed" }

// Detail is the line that goes with it.
func (e *VerifyError) Detail() string {
	text := fmt.Sprintf("Client certificate verification failed at depth %d: %s.", e.Depth, e.Why)
	if e.Cert != nil {
		text += fmt.Sprintf(" Failed certificate data (unverified): subject \"%s\", serial number %v, issuer \"%s\".",
			shorten(Subject(e.Cert.RawSubject)), e.Cert.SerialNumber, shorten(Subject(e.Cert.RawIssuer)))
	}
	return text
}

// shorten keeps what a stranger has put into a certificate from filling the log.
func shorten(s string) string {
	const most = 71
	if len(s) <= most {
		return s
	}
	return "..." + s[len(s)-most:]
}

// verifier checks the certificates that clients show.
type verifier struct {
	roots, others *x509.CertPool // of ssl_ca_file: only what has signed itself is trusted, as with OpenSSL
	lists         []*x509.RevocationList
	checkCRL      bool
	now           func() time.Time
}

// newVerifier parses what Load has checked.
func newVerifier(f *Files, authorities []*x509.Certificate) (*verifier, error) {
	v := &verifier{roots: x509.NewCertPool(), others: x509.NewCertPool(), checkCRL: f.CheckCRL, now: time.Now}
	for _, cert := range authorities {
		if signedItself(cert) {
			v.roots.AddCert(cert)
		} else {
			v.others.AddCert(cert)
		}
	}
	for _, der := range f.CRLs {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, err
		}
		v.lists = append(v.lists, list)
	}
	return v, nil
}

// signedItself says whether cert is a root. A name alone makes none: authorities have certificates for new keys of their
// own signed by the old ones. Signatures that are too weak to be checked say nothing; then the keys' names must do, as
// they do for OpenSSL.
func signedItself(cert *x509.Certificate) bool {
	if !bytes.Equal(cert.RawSubject, cert.RawIssuer) {
		return false
	}
	err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
	var weak x509.InsecureAlgorithmError
	if errors.As(err, &weak) || errors.Is(err, x509.ErrUnsupportedAlgorithm) {
		return len(cert.AuthorityKeyId) == 0 || bytes.Equal(cert.AuthorityKeyId, cert.SubjectKeyId)
	}
	return err == nil
}

// mayBeClients says whether the key of cert may be used as a client of TLS uses one, where cert says what it is for.
func mayBeClients(cert *x509.Certificate) bool {
	return cert.KeyUsage == 0 || cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageKeyAgreement) != 0
}

// verify checks a chain, the client's own certificate first. No certificate is well: pg_hba.conf may not ask for one.
func (v *verifier) verify(raw [][]byte) error {
	if len(raw) == 0 {
		return nil
	}
	others := v.others.Clone()
	var leaf *x509.Certificate
	for i, der := range raw {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return &VerifyError{Depth: i, Why: err.Error()}
		}
		if i == 0 {
			leaf = cert
		} else {
			others.AddCert(cert)
		}
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: v.roots, Intermediates: others, CurrentTime: v.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return failure(leaf, err, v.now())
	}
	if !mayBeClients(leaf) {
		return &VerifyError{Why: wrongPurpose, Cert: leaf}
	}
	if !v.checkCRL {
		return nil
	}
	for _, chain := range chains {
		if err = v.checkChain(chain); err == nil {
			return nil
		}
	}
	return err
}

// checkChain looks every certificate of a chain up, the authority's own included.
func (v *verifier) checkChain(chain []*x509.Certificate) error {
	for i, cert := range chain {
		issuer := chain[min(i+1, len(chain)-1)]
		if err := checkRevoked(cert, issuer, v.lists, v.now()); err != nil {
			return &VerifyError{Depth: i, Why: err.Error(), Cert: cert}
		}
	}
	return nil
}

// Explain turns the failure of crypto/tls's own look at a certificate into a VerifyError; nil for any other error.
func Explain(err error) *VerifyError {
	var ours *VerifyError
	var theirs *tls.CertificateVerificationError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &theirs) && len(theirs.UnverifiedCertificates) > 0:
		return failure(theirs.UnverifiedCertificates[0], theirs.Err, time.Now())
	}
	return nil
}

// failure says what is wrong as OpenSSL does.
func failure(leaf *x509.Certificate, err error, now time.Time) *VerifyError {
	e := &VerifyError{Why: err.Error(), Cert: leaf}
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil:
		e.Why = "self-signed certificate"
	case errors.As(err, &unknown):
		e.Why = "unable to get local issuer certificate"
	case errors.As(err, &invalid):
		if invalid.Cert != nil && !bytes.Equal(invalid.Cert.Raw, leaf.Raw) {
			e.Depth, e.Cert = 1, invalid.Cert
		}
		e.Why = invalidity(e.Cert, &invalid, now)
	}
	return e
}

// wrongPurpose is what OpenSSL says of a certificate that is for something else.
const wrongPurpose = "unsupported certificate purpose"

func invalidity(cert *x509.Certificate, err *x509.CertificateInvalidError, now time.Time) string {
	switch err.Reason {
	case x509.Expired:
		if now.Before(cert.NotBefore) {
			return "certificate is not yet valid"
		}
		return "certificate has expired"
	case x509.IncompatibleUsage:
		return wrongPurpose
	case x509.NotAuthorizedToSign:
		return "invalid CA certificate"
	case x509.TooManyIntermediates:
		return "path length constraint exceeded"
	}
	return err.Error()
}
