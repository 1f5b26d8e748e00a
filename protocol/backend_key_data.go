package protocol

import "encoding/binary"

// AppendBackendKeyData appends what a client needs to cancel: the backend's pid and its key. The key has exactly 4
// bytes in protocol 3.0.
func AppendBackendKeyData(dst []byte, pid uint32, key []byte) []byte {
	dst = appendFrame(dst, MsgBackendKeyData, 4+len(key))
	dst = binary.BigEndian.AppendUint32(dst, pid)
	return append(dst, key...)
}
