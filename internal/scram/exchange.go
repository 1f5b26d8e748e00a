package scram

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"

	"waypost/protocol"
)

// RawNonceLen is the length of a server's part of a nonce before it is made base64, bytes (SCRAM_RAW_NONCE_LEN).
const RawNonceLen = 18

// TLS is what an exchange must know of the connection.
type TLS struct {
	InUse bool
	// EndPoint is the hash of the server's certificate (RFC 5929, tls-server-end-point); empty where there is none.
	EndPoint []byte
}

// Mechanisms are what a client is offered, the best first.
func (t TLS) Mechanisms() []string {
	if len(t.EndPoint) > 0 {
		return []string{MethodPlus, Method}
	}
	return []string{Method}
}

// Exchange is the server's side of one exchange: First, then Final.
type Exchange struct {
	Verifier Verifier
	Doomed   bool // it fails, whatever the client knows
	TLS      TLS
	Nonce    [RawNonceLen]byte // random

	plus        bool
	gs2         string // as Final's c= must repeat it, without the data of a channel binding
	bound       bool   // the client binds the channel
	clientFirst string // without the gs2 header
	serverFirst string
	nonce       string // client's and server's
}

// Begin takes the mechanism that the client has chosen.
func (e *Exchange) Begin(mechanism string) error {
	switch {
	case mechanism == MethodPlus && len(e.TLS.EndPoint) > 0:
		e.plus = true
	case mechanism == Method:
	default:
		return protocol.Errorf(protocol.CodeProtocolViolation, "client selected an invalid SASL authentication mechanism")
	}
	return nil
}

// First answers client-first-message with server-first-message.
func (e *Exchange) First(message []byte) ([]byte, error) {
	if err := wellFormed(message); err != nil {
		return nil, err
	}
	p := &parser{rest: string(message)}
	if err := e.readFlag(p); err != nil {
		return nil, err
	}
	e.gs2 = string(message[:len(message)-len(p.rest)])
	e.clientFirst = p.rest
	clientNonce, err := readFirstBare(p)
	if err != nil {
		return nil, err
	}
	e.nonce = clientNonce + base64.StdEncoding.EncodeToString(e.Nonce[:])
	e.serverFirst = "r=" + e.nonce + ",s=" + base64.StdEncoding.EncodeToString(e.Verifier.Salt) +
		",i=" + strconv.Itoa(e.Verifier.Iterations)
	return []byte(e.serverFirst), nil
}

// Final answers client-final-message with server-final-message; ok says whether the client has proved that it knows the
// password. If not, there is nothing to be sent but the refusal.
func (e *Exchange) Final(message []byte) (answer []byte, ok bool, err error) {
	if err := wellFormed(message); err != nil {
		return nil, false, err
	}
	p := &parser{rest: string(message)}
	if err := e.readBinding(p); err != nil {
		return nil, false, err
	}
	nonce, err := p.value('r')
	if err != nil {
		return nil, false, err
	}
	proof, withoutProof, err := readProof(p, string(message))
	if err != nil {
		return nil, false, err
	}
	if subtle.ConstantTimeCompare([]byte(nonce), []byte(e.nonce)) != 1 {
		return nil, false, protocol.Errorf(protocol.CodeProtocolViolation, "invalid SCRAM response").
			WithDetail("Nonce does not match.")
	}
	authMessage := e.clientFirst + "," + e.serverFirst + "," + withoutProof
	// The proof is checked for the doomed, too: they must not be told by the time it takes.
	if proved := e.proved(proof, authMessage); !proved || e.Doomed {
		return nil, false, nil
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(mac(e.Verifier.ServerKey[:], authMessage))), true, nil
}

// proved says whether the proof leads back to StoredKey.
func (e *Exchange) proved(proof []byte, authMessage string) bool {
	clientKey := mac(e.Verifier.StoredKey[:], authMessage)
	subtle.XORBytes(clientKey, clientKey, proof)
	stored := sha256.Sum256(clientKey)
	return hmac.Equal(stored[:], e.Verifier.StoredKey[:])
}

// readProof reads what is left from the extensions on, of which there may be any number: the proof comes last.
func readProof(p *parser, message string) (proof []byte, without string, err error) {
	for {
		before := len(message) - len(p.rest)
		attr, value, err := p.any()
		if err != nil {
			return nil, "", err
		}
		if attr != 'p' {
			continue
		}
		proof, err = base64.StdEncoding.DecodeString(value)
		if err != nil || len(proof) != KeyLen {
			return nil, "", malformed("Malformed proof in client-final-message.")
		}
		if p.rest != "" {
			return nil, "", malformed("Garbage found at the end of client-final-message.")
		}
		return proof, message[:before-1], nil
	}
}

// readBinding checks that the client says of the channel again what it said first, and that its channel is ours.
func (e *Exchange) readBinding(p *parser) error {
	got, err := p.value('c')
	if err != nil {
		return err
	}
	want := []byte(e.gs2)
	if e.bound {
		want = append(want, e.TLS.EndPoint...)
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(base64.StdEncoding.EncodeToString(want))) == 1 {
		return nil
	}
	if e.bound {
		return protocol.Errorf(protocol.CodeInvalidAuthorization, "SCRAM channel binding check failed")
	}
	return protocol.Errorf(protocol.CodeProtocolViolation, "unexpected SCRAM channel-binding attribute in client-final-message")
}
