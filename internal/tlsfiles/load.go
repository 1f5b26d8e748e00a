package tlsfiles

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // what the hash of a certificate may be
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"os"

	"golang.org/x/sys/unix"
)

// Files is all that a session needs for TLS, checked.
type Files struct {
	Chain    [][]byte // the server's certificate and those above it that clients are sent, DER
	Key      []byte   // PKCS #8, DER
	EndPoint []byte   // the certificate's hash for tls-server-end-point (RFC 5929); nil where there is none to go by
	CAs      [][]byte // DER; without any no client certificate is asked for
	CRLs     [][]byte // DER
	CheckCRL bool     // revocation lists are configured: a certificate whose issuer has none is not accepted

	MinVersion, MaxVersion uint16 // as crypto/tls numbers them
	Suites                 []uint16
	Curves                 []uint16
}

// Load reads and checks everything. What has no effect is in warnings. Errors are *guc.Error, but for those of Passphrase.
func (c *Settings) Load() (f *Files, warnings []string, err error) {
	f = &Files{}
	var leaf *x509.Certificate
	if f.Chain, leaf, err = readChain(c.CertFile); err != nil {
		return nil, nil, err
	}
	if f.Key, err = c.readKey(leaf); err != nil {
		return nil, nil, err
	}
	f.EndPoint = endPoint(leaf)
	if f.MinVersion, f.MaxVersion, err = versions(c.MinVersion, c.MaxVersion); err != nil {
		return nil, nil, err
	}
	if c.DHParamsFile != "" {
		warnings = append(warnings, "ssl_dh_params_file has no effect: there are no cipher suites with DHE")
	}
	if f.Curves, err = curves(c.Curves); err != nil {
		return nil, nil, err
	}
	var unknown []string
	if f.Suites, unknown, err = Suites(c.Ciphers); err != nil {
		return nil, nil, err
	}
	for _, name := range unknown {
		warnings = append(warnings, "ssl_ciphers: \""+name+"\" is not known, and is ignored")
	}
	if f.CAs, err = readCAs(c.CAFile); err != nil {
		return nil, nil, err
	}
	f.CheckCRL = c.CRLFile != "" || c.CRLDir != ""
	if f.CRLs, err = c.readCRLs(); err != nil {
		return nil, nil, err
	}
	return f, warnings, nil
}

// readChain reads the server's certificate and what stands behind it in its file.
func readChain(path string) (chain [][]byte, leaf *x509.Certificate, err error) {
	fail := func(why string) error {
		return configError("could not load server certificate file \"%s\": %s", path, why)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fail(reason(err))
	}
	chain = certificates(text)
	if len(chain) == 0 {
		return nil, nil, fail("no start line")
	}
	for i, der := range chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, nil, fail(err.Error())
		}
		if i == 0 {
			leaf = cert
		}
	}
	return chain, leaf, nil
}

// certificates are the certificates of a PEM file; everything else in it is passed over.
func certificates(text []byte) (list [][]byte) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return list
		}
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
			list = append(list, block.Bytes)
		}
	}
}

func readCAs(path string) ([][]byte, error) {
	if path == "" {
		return nil, nil
	}
	fail := func(why string) error {
		return configError("could not load root certificate file \"%s\": %s", path, why)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fail(reason(err))
	}
	list := certificates(text)
	if len(list) == 0 {
		return nil, fail("no certificate or crl found")
	}
	for _, der := range list {
		if _, err := x509.ParseCertificate(der); err != nil {
			return nil, fail(err.Error())
		}
	}
	return list, nil
}

// endPoint hashes the certificate by the hash of its own signature, and by SHA-256 where that is too weak.
func endPoint(cert *x509.Certificate) []byte {
	var h crypto.Hash
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256, x509.DSAWithSHA256:
		h = crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		h = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		h = crypto.SHA512
	default:
		return nil
	}
	sum := h.New()
	sum.Write(cert.Raw)
	return sum.Sum(nil)
}

// readKey reads the private key, which must be the certificate's, if its permissions allow that it be believed.
func (c *Settings) readKey(leaf *x509.Certificate) ([]byte, error) {
	if err := checkKeyFile(c.KeyFile); err != nil {
		return nil, err
	}
	fail := func(why string) error {
		return configError("could not load private key file \"%s\": %s", c.KeyFile, why)
	}
	text, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return nil, fail(reason(err))
	}
	defer clear(text)
	block := keyBlock(text)
	if block == nil {
		return nil, fail("no start line")
	}
	der := block.Bytes
	if encrypted(block) {
		if c.Passphrase == nil {
			return nil, configError("private key file \"%s\" cannot be reloaded because it requires a passphrase", c.KeyFile)
		}
		passphrase, err := c.Passphrase("Enter PEM pass phrase:")
		if err != nil {
			return nil, err
		}
		if der, err = decrypt(block, []byte(passphrase)); err != nil {
			return nil, fail(err.Error())
		}
	}
	key, err := parseKey(der)
	if err != nil {
		return nil, fail(err.Error())
	}
	if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(leaf.PublicKey) {
		return nil, configError("check of private key failed: key values mismatch")
	}
	if der, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return nil, fail(err.Error())
	}
	return der, nil
}

// checkKeyFile refuses a key that others can read, or could have put there.
func checkKeyFile(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		e := configError("could not access private key file \"%s\": %s", path, reason(err))
		e.SQLSTATE = accessCode(err)
		return e
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return configError("private key file \"%s\" is not a regular file", path)
	}
	return checkKeyAccess(path, st.Uid, st.Mode, uint32(os.Geteuid()))
}

// checkKeyAccess is the rule: 0600 or less if the file is ours, 0640 or less if it is root's.
func checkKeyAccess(path string, owner, mode, self uint32) error {
	switch {
	case owner != self && owner != 0:
		return configError("private key file \"%s\" must be owned by the database user or root", path)
	case owner == self && mode&0o077 != 0, owner == 0 && mode&0o037 != 0:
		e := configError("private key file \"%s\" has group or world access", path)
		e.Detail = "File must have permissions u=rw (0600) or less if owned by the database user, " +
			"or permissions u=rw,g=r (0640) or less if owned by root."
		return e
	}
	return nil
}

// keyBlock is the first private key of a PEM file; nil where there is none.
func keyBlock(text []byte) *pem.Block {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil || bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")) {
			return block
		}
	}
}
