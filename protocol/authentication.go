package protocol

import "encoding/binary"

// Authentication request codes (PostgreSQL: protocol.h, AUTH_REQ_…).
const (
	authOk           = 0
	authPassword     = 3
	authMD5          = 5
	authSASL         = 10
	authSASLContinue = 11
	authSASLFinal    = 12
)

func appendAuthentication(dst []byte, code uint32, data []byte) []byte {
	dst = binary.BigEndian.AppendUint32(appendFrame(dst, MsgAuthentication, 4+len(data)), code)
	return append(dst, data...)
}

// AppendAuthenticationOk appends the end of a successful authentication.
func AppendAuthenticationOk(dst []byte) []byte { return appendAuthentication(dst, authOk, nil) }

// AppendAuthenticationCleartextPassword asks for the password as it is.
func AppendAuthenticationCleartextPassword(dst []byte) []byte {
	return appendAuthentication(dst, authPassword, nil)
}

// AppendAuthenticationMD5Password asks for the password hashed with salt.
func AppendAuthenticationMD5Password(dst []byte, salt [4]byte) []byte {
	return appendAuthentication(dst, authMD5, salt[:])
}

// AppendAuthenticationSASL offers mechanisms, the best first.
func AppendAuthenticationSASL(dst []byte, mechanisms []string) []byte {
	var list []byte
	for _, m := range mechanisms {
		list = append(append(list, m...), 0)
	}
	return appendAuthentication(dst, authSASL, append(list, 0))
}

// AppendAuthenticationSASLContinue appends a mechanism's answer that does not end the exchange.
func AppendAuthenticationSASLContinue(dst, data []byte) []byte {
	return appendAuthentication(dst, authSASLContinue, data)
}

// AppendAuthenticationSASLFinal appends a mechanism's last answer, behind which AuthenticationOk follows.
func AppendAuthenticationSASLFinal(dst, data []byte) []byte {
	return appendAuthentication(dst, authSASLFinal, data)
}

// DecodePasswordMessage takes the password out of a PasswordMessage's body (PostgreSQL: recv_password_packet).
func DecodePasswordMessage(message []byte) (string, error) {
	b := &body{rest: message}
	password := b.cstring()
	if b.err != nil || len(b.rest) != 0 {
		return "", Errorf(CodeProtocolViolation, "invalid password packet size")
	}
	if password == "" {
		return "", Errorf(CodeInvalidPassword, "empty password returned by client")
	}
	return password, nil
}

// DecodeSASLInitialResponse takes the mechanism and its first message out of a SASLInitialResponse's body; first is nil
// where the client waits to be asked. It refers to message.
func DecodeSASLInitialResponse(message []byte) (mechanism string, first []byte, err error) {
	b := &body{rest: message}
	mechanism = b.cstring()
	if n := int32(b.uint32()); n != -1 {
		first = b.take(int(n))
	}
	return mechanism, first, b.end()
}
