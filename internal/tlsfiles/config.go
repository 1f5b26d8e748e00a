package tlsfiles

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// ALPNProtocol is what a client names in its handshake that begins without an SSLRequest, registered with IANA.
const ALPNProtocol = "postgresql"

// Config is what crypto/tls serves a client by. It refers to f until the end of the handshake, when Forget may be called:
// the configuration lives as long as the session does, and the files need not.
func (f *Files) Config() (*tls.Config, error) {
	key, err := parseKey(f.Key)
	if err != nil {
		return nil, fmt.Errorf("take over the private key: %w", err)
	}
	chain := make([][]byte, len(f.Chain))
	for i, der := range f.Chain {
		chain[i] = bytes.Clone(der)
	}
	c := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: chain, PrivateKey: key}},
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
	authorities, err := f.authorities()
	if err != nil {
		return nil, fmt.Errorf("take over the root certificates: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	for _, cert := range authorities {
		c.ClientCAs.AddCert(cert)
	}
	// A first look by crypto/tls, which finds the right alert for what is most often wrong; the second knows OpenSSL's rules
	// and revocation lists. Those may be long, so they are looked into only when there is a certificate to be found there.
	c.ClientAuth = tls.VerifyClientCertIfGiven
	c.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		if len(raw) == 0 {
			return nil
		}
		v, err := newVerifier(f, authorities)
		if err != nil {
			return fmt.Errorf("take over the revocation lists: %w", err)
		}
		return v.verify(raw)
	}
	return c, nil
}

// authorities are the certificates of ssl_ca_file. They do not refer to f.
func (f *Files) authorities() ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for _, der := range f.CAs {
		cert, err := x509.ParseCertificate(bytes.Clone(der))
		if err != nil {
			return nil, err
		}
		list = append(list, cert)
	}
	return list, nil
}

// Forget gives everything up.
func (f *Files) Forget() { *f = Files{} }
