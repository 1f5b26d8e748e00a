package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// ALPNProtocol is what a client names in its handshake that begins without an SSLRequest, registered with IANA.
const ALPNProtocol = "postgresql"

// Config is what crypto/tls serves a client by.
func (f *Files) Config() (*tls.Config, error) {
	key, err := parseKey(f.Key)
	if err != nil {
		return nil, fmt.Errorf("take over the private key: %w", err)
	}
	c := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: f.Chain, PrivateKey: key}},
		MinVersion:   f.MinVersion,
		MaxVersion:   f.MaxVersion,
		CipherSuites: f.Suites,
		NextProtos:   []string{ALPNProtocol},
		// PostgreSQL resumes no sessions, so that authentication is never of yesterday.
		SessionTicketsDisabled: true,
		// Records that begin small are for web pages.
		DynamicRecordSizingDisabled: true,
	}
	for _, id := range f.Curves {
		c.CurvePreferences = append(c.CurvePreferences, tls.CurveID(id))
	}
	if len(f.CAs) == 0 {
		return c, nil
	}
	verifier, err := newVerifier(f)
	if err != nil {
		return nil, fmt.Errorf("take over the root certificates: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	for _, der := range f.CAs {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("take over the root certificates: %w", err)
		}
		c.ClientCAs.AddCert(cert)
	}
	// A first look by crypto/tls, which finds the right alert for what is most often wrong; the second knows OpenSSL's rules
	// and revocation lists.
	c.ClientAuth = tls.VerifyClientCertIfGiven
	c.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error { return verifier.verify(raw) }
	return c, nil
}
