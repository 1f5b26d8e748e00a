package tlsfiles

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// readCRLs reads ssl_crl_file, and of ssl_crl_dir the files that are named as OpenSSL looks for them ("0f1e2d3c.r0").
func (c *Settings) readCRLs() (list [][]byte, err error) {
	if c.CRLFile != "" {
		got, why := readCRLFile(c.CRLFile)
		if why != "" {
			return nil, configError("could not load SSL certificate revocation list file \"%s\": %s", c.CRLFile, why)
		}
		list = got
	}
	if c.CRLDir == "" {
		return list, nil
	}
	fail := func(why string) error {
		return configError("could not load SSL certificate revocation list directory \"%s\": %s", c.CRLDir, why)
	}
	entries, err := os.ReadDir(c.CRLDir)
	if err != nil {
		return nil, fail(reason(err))
	}
	for _, e := range entries {
		hash, number, ok := strings.Cut(e.Name(), ".r")
		if !ok || len(hash) != 8 || strings.Trim(number, "0123456789") != "" {
			continue
		}
		got, why := readCRLFile(filepath.Join(c.CRLDir, e.Name()))
		if why != "" {
			return nil, fail(e.Name() + ": " + why)
		}
		list = append(list, got...)
	}
	return list, nil
}

// readCRLFile reads the lists of a PEM file; why is what is wrong with it.
func readCRLFile(path string) (list [][]byte, why string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, reason(err)
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "X509 CRL" {
			continue
		}
		if _, err := x509.ParseRevocationList(block.Bytes); err != nil {
			return nil, err.Error()
		}
		list = append(list, block.Bytes)
	}
	if len(list) == 0 {
		return nil, "no certificate or crl found"
	}
	return list, ""
}

// What OpenSSL says of revocation.
var (
	errRevoked      = errors.New("certificate revoked")
	errNoCRL        = errors.New("unable to get certificate CRL")
	errCRLExpired   = errors.New("CRL has expired")
	errCRLNotYet    = errors.New("CRL is not yet valid")
	errCRLSignature = errors.New("CRL signature failure")
)

// checkRevoked looks cert up in the list of its issuer, which must be there and valid.
func checkRevoked(cert, issuer *x509.Certificate, lists []*x509.RevocationList, now time.Time) error {
	err := errNoCRL
	for _, l := range lists {
		if !bytes.Equal(l.RawIssuer, cert.RawIssuer) {
			continue
		}
		if err = checkList(l, issuer, now); err != nil {
			continue // another one of the same issuer may be newer
		}
		for _, r := range l.RevokedCertificateEntries {
			if r.SerialNumber.Cmp(cert.SerialNumber) == 0 && r.ReasonCode != removeFromCRL {
				return errRevoked
			}
		}
		return nil
	}
	return err
}

// removeFromCRL is the reason of an entry that takes a revocation back (RFC 5280, 5.3.1).
const removeFromCRL = 8

func checkList(l *x509.RevocationList, issuer *x509.Certificate, now time.Time) error {
	switch {
	case l.CheckSignatureFrom(issuer) != nil:
		return errCRLSignature
	case now.Before(l.ThisUpdate):
		return errCRLNotYet
	case !l.NextUpdate.IsZero() && now.After(l.NextUpdate):
		return errCRLExpired
	}
	return nil
}
