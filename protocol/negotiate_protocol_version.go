package protocol

import "encoding/binary"

// AppendNegotiateProtocolVersion appends the answer to a client that wants a newer minor version than
// LatestVersion, or protocol options that nobody here knows. It goes out before authentication.
func AppendNegotiateProtocolVersion(dst []byte, unrecognizedOptions []string) []byte {
	dst, at := beginMessage(dst, MsgNegotiateProtocolVersion)
	dst = binary.BigEndian.AppendUint32(dst, uint32(LatestVersion))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(unrecognizedOptions)))
	for _, o := range unrecognizedOptions {
		dst = appendCString(dst, o)
	}
	return endMessage(dst, at)
}
