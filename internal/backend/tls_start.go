package backend

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"strings"

	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/internal/tlsfiles"
	"waypost/protocol"
	"waypost/shmem"
)

// mayEncrypt says whether TLS is on and makes sense on the connection.
func (s *Session) mayEncrypt() bool {
	return len(s.P.TLS) > 0 && !s.Conn.Peer.Local() && s.Conn.TLS() == nil
}

// acceptTLS answers 'S' and begins to encrypt. What has come in clear behind the request is not taken for anything.
func (s *Session) acceptTLS() error {
	s.out = append(s.out, 'S')
	if err := s.Flush(); err != nil {
		return err
	}
	if s.Reader.Buffered() > 0 {
		return protocol.UnencryptedDataAfter(protocol.SSLRequest{})
	}
	return s.startTLS(nil)
}

// acceptDirectTLS serves a client that has begun with its handshake. That it means PostgreSQL, and is not led here by
// somebody to be misunderstood, it must say in the handshake.
func (s *Session) acceptDirectTLS() error {
	if err := s.startTLS(s.Reader.Take()); err != nil {
		return err
	}
	if s.Conn.tls.tls.ConnectionState().NegotiatedProtocol == "" {
		return tlsError("received direct SSL connection request without ALPN protocol negotiation extension")
	}
	return nil
}

// tlsError is an error that only the log hears of: the client would not understand it.
func tlsError(message string) *protocol.Error {
	return &protocol.Error{Severity: protocol.SeverityLog, Code: protocol.CodeProtocolViolation, LogOnly: true, Message: message}
}

func (s *Session) startTLS(unread []byte) error {
	files, err := tlsfiles.Decode(s.P.TLS)
	if err != nil {
		return err
	}
	s.P.TLS = nil // there is one handshake, and then the session need not keep all that
	defer files.Forget()
	config, err := files.Config()
	if err != nil {
		return err
	}
	state, err := s.Conn.startTLS(config, unread)
	if err != nil {
		return s.notEncrypted(err)
	}
	t := &TLSState{Version: tlsfiles.VersionName(state.Version), ServerEndPoint: bytes.Clone(files.EndPoint)}
	t.Cipher, t.Bits = tlsfiles.CipherName(state.CipherSuite)
	if len(state.PeerCertificates) > 0 {
		if err := t.setPeer(state.PeerCertificates[0]); err != nil {
			return err
		}
	}
	s.Conn.state = t
	s.showTLS(t)
	return nil
}

// setPeer takes over what a client's certificate says. It was verified in the handshake.
func (t *TLSState) setPeer(cert *x509.Certificate) error {
	t.PeerCN, _ = tlsfiles.CommonName(cert.RawSubject)
	// A name that ends early for others may be one that an authority would never have signed.
	if strings.Contains(t.PeerCN, "\x00") {
		return tlsError("SSL certificate's common name contains embedded null")
	}
	t.PeerVerified = true
	t.PeerDN = tlsfiles.RFC2253(cert.RawSubject)
	t.PeerSubject = tlsfiles.Subject(cert.RawSubject)
	t.PeerIssuerDN = tlsfiles.Subject(cert.RawIssuer)
	t.PeerSerial = cert.SerialNumber.String()
	return nil
}

// showTLS has pg_stat_ssl show the connection's encryption.
func (s *Session) showTLS(t *TLSState) {
	var version, cipher, dn, serial, issuer [activity.NameLen]byte
	shmem.SetString(version[:], t.Version)
	shmem.SetString(cipher[:], t.Cipher)
	shmem.SetString(dn[:], t.PeerSubject)
	shmem.SetString(serial[:], t.PeerSerial)
	shmem.SetString(issuer[:], t.PeerIssuerDN)
	s.update(func(f *activity.Fields) {
		f.SSL, f.SSLBits = 1, int32(t.Bits)
		f.SSLVersion, f.SSLCipher, f.SSLClientDN, f.SSLSerial, f.SSLIssuerDN = version, cipher, dn, serial, issuer
	})
}

// notEncrypted is why a handshake has failed, as PostgreSQL says it.
func (s *Session) notEncrypted(err error) error {
	if err == ErrTimeout {
		return err
	}
	var errno unix.Errno
	switch {
	case errors.As(err, &errno):
		return tlsError("could not accept SSL connection: " + errno.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return tlsError("could not accept SSL connection: EOF detected")
	}
	e := tlsError("could not accept SSL connection: " + tlsReason(err))
	if wrong := tlsfiles.Explain(err); wrong != nil {
		e.Detail = wrong.Detail()
	}
	if strings.HasSuffix(e.Message, unsupportedProtocol) || strings.HasSuffix(e.Message, "protocol version") {
		low, high := s.P.Settings.Enum(guc.SslMinProtocolVersion), s.P.Settings.Enum(guc.SslMaxProtocolVersion)
		if high == "" {
			high = tlsfiles.VersionName(tls.VersionTLS13)
		}
		e.Hint = "This may indicate that the client does not support any SSL protocol version between " + low + " and " + high + "."
	}
	return e
}

// What OpenSSL says of a client and a server that have no version in common, and of one that speaks something else.
const (
	unsupportedProtocol = "unsupported protocol"
	wrongVersion        = "wrong version number"
)

// tlsReason is what crypto/tls has to say, in OpenSSL's words where it has some that people know.
func tlsReason(err error) string {
	if tlsfiles.Explain(err) != nil {
		return "certificate verify failed"
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return wrongVersion
	}
	text := strings.TrimPrefix(err.Error(), "tls: ")
	if alert, ok := strings.CutPrefix(text, "remote error: tls: "); ok {
		return "alert " + strings.TrimPrefix(strings.Replace(alert, "certificate authority", "ca", 1), "unknown ")
	}
	switch {
	case strings.Contains(text, "unsupported versions"):
		return unsupportedProtocol
	case strings.HasPrefix(text, "no cipher suite supported"):
		return "no shared cipher"
	case strings.Contains(text, "requested unsupported application protocols"):
		return "no application protocol"
	}
	return text
}
