package backend

import "strconv"

// TLSState is what a client's connection over TLS is made of, from the end of the handshake on. Names are OpenSSL's.
type TLSState struct {
	Version string // "TLSv1.3"
	Cipher  string // "TLS_AES_256_GCM_SHA384"
	Bits    int    // of the cipher's key

	// PeerVerified says that the client has shown a certificate; it was issued by an authority of ssl_ca_file then, is
	// valid and not revoked: a handshake with any other fails. The fields below are empty without it.
	PeerVerified bool
	PeerCN       string // the first common name of its subject, "" for none
	PeerDN       string // its subject as RFC 2253 has it, "CN=x,O=y": what clientname=DN compares with
	PeerSubject  string // its subject as pg_stat_ssl.client_dn has it: "/O=y/CN=x"
	PeerSerial   string // decimal
	PeerIssuerDN string // its issuer as pg_stat_ssl.issuer_dn has it: "/O=y/CN=x"

	// ServerEndPoint is the channel binding tls-server-end-point (RFC 5929): a hash of the certificate that the client was
	// shown. Nil where its signature has no hash to go by (Ed25519).
	ServerEndPoint []byte
}

// TLS is the state of the client's encryption; nil where there is none.
func (c *Conn) TLS() *TLSState { return c.state }

// log is the state as the log has it when a connection is authorized.
func (t *TLSState) log() string {
	return "SSL enabled (protocol=" + t.Version + ", cipher=" + t.Cipher + ", bits=" + strconv.Itoa(t.Bits) + ")"
}
