package tlsfiles

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	errCRLExtension = errors.New("unhandled critical CRL extension")
)

// checkRevoked looks cert up in the newest list of its issuer that is valid, one of which there must be. Older ones, valid
// as they may be, say nothing: they do not know what was revoked since, nor what was taken back.
func checkRevoked(cert, issuer *x509.Certificate, lists []*x509.RevocationList, now time.Time) error {
	err := errNoCRL
	var newest []*x509.RevocationList // more than one where it cannot be told which is newer
	for _, l := range lists {
		if !bytes.Equal(l.RawIssuer, cert.RawIssuer) {
			continue
		}
		if wrong := checkList(l, issuer, now); wrong != nil {
			err = wrong
			continue
		}
		switch {
		case len(newest) == 0 || compareAge(l, newest[0]) > 0:
			newest = append(newest[:0], l)
		case compareAge(l, newest[0]) == 0:
			newest = append(newest, l)
		}
	}
	for _, l := range newest {
		if revokes(l, cert) {
			return errRevoked
		}
	}
	if len(newest) > 0 {
		return nil
	}
	return err
}

// compareAge is positive where a was made after b.
func compareAge(a, b *x509.RevocationList) int {
	if c := a.ThisUpdate.Compare(b.ThisUpdate); c != 0 {
		return c
	}
	if a.Number == nil || b.Number == nil {
		return 0
	}
	return a.Number.Cmp(b.Number)
}

func revokes(l *x509.RevocationList, cert *x509.Certificate) bool {
	for _, r := range l.RevokedCertificateEntries {
		if r.SerialNumber.Cmp(cert.SerialNumber) == 0 && r.ReasonCode != removeFromCRL {
			return true
		}
	}
	return false
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
	case limited(l):
		return errCRLExtension
	}
	return nil
}

// limited says whether the list has a critical extension, its own or of an entry: it is for some of the issuer's
// certificates only, or holds changes alone, or those of other issuers. None is understood here, so the list is no answer
// (RFC 5280, 5.2).
func limited(l *x509.RevocationList) bool {
	reasonCode := asn1.ObjectIdentifier{2, 5, 29, 21} // RevocationListEntry.ReasonCode has it
	critical := func(list []pkix.Extension) bool {
		return slices.ContainsFunc(list, func(e pkix.Extension) bool { return e.Critical && !e.Id.Equal(reasonCode) })
	}
	return critical(l.Extensions) || slices.ContainsFunc(l.RevokedCertificateEntries,
		func(r x509.RevocationListEntry) bool { return critical(r.Extensions) })
}
