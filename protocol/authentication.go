package protocol

import "encoding/binary"

// authOk is the authentication request code that says there is nothing more to prove.
const authOk = 0

// AppendAuthenticationOk appends the end of a successful authentication.
func AppendAuthenticationOk(dst []byte) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(dst, MsgAuthentication, 4), authOk)
}
