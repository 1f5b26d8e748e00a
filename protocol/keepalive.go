package protocol

import (
	"encoding/binary"

	"waypost/xlog"
)

// keepaliveLen is the exact length of a keepalive's body.
const keepaliveLen = 1 + 8 + 8 + 1

// Keepalive is the primary keepalive ('k') that a sender sends when it has no WAL to send, or wants an answer.
type Keepalive struct {
	WalEnd         xlog.LSN // the sender's end of WAL
	SendTime       xlog.TimestampTz
	ReplyRequested bool // answer at once, or be taken for dead
}

// AppendKeepalive appends m with its CopyData frame.
func AppendKeepalive(dst []byte, m *Keepalive) []byte {
	dst = append(appendFrame(dst, MsgCopyData, keepaliveLen), 'k')
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.WalEnd))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.SendTime))
	return append(dst, boolByte(m.ReplyRequested))
}

// DecodeKeepalive reads the body of a CopyData that begins with 'k'. Its length must be exact, as PostgreSQL's
// walreceiver demands.
func DecodeKeepalive(b []byte, m *Keepalive) error {
	if len(b) != keepaliveLen || b[0] != 'k' {
		return errInvalidKeepalive()
	}
	m.WalEnd = xlog.LSN(binary.BigEndian.Uint64(b[1:]))
	m.SendTime = xlog.TimestampTz(binary.BigEndian.Uint64(b[9:]))
	m.ReplyRequested = b[17] != 0
	return nil
}

func errInvalidKeepalive() *Error {
	return Errorf(CodeProtocolViolation, "invalid keepalive message received from primary")
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
