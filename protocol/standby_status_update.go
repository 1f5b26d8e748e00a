package protocol

import (
	"encoding/binary"

	"waypost/xlog"
)

const standbyStatusUpdateLen = 1 + 8 + 8 + 8 + 8 + 1

// StandbyStatusUpdate is a standby's reply ('r'). A position is that of the byte after the last one that was written,
// flushed or applied; zero is "not known".
type StandbyStatusUpdate struct {
	Write, Flush, Apply xlog.LSN
	ReplyTime           xlog.TimestampTz
	ReplyRequested      bool // the sender is to send a keepalive at once
}

// AppendStandbyStatusUpdate appends m with its CopyData frame.
func AppendStandbyStatusUpdate(dst []byte, m *StandbyStatusUpdate) []byte {
	dst = append(appendFrame(dst, MsgCopyData, standbyStatusUpdateLen), 'r')
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Write))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Flush))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Apply))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.ReplyTime))
	return append(dst, boolByte(m.ReplyRequested))
}

// DecodeStandbyStatusUpdate reads the body of a CopyData that begins with 'r'. Like PostgreSQL it does not look at
// what may follow the fields it knows.
func DecodeStandbyStatusUpdate(b []byte, m *StandbyStatusUpdate) error {
	if len(b) < standbyStatusUpdateLen-1 {
		return Errorf(CodeProtocolViolation, "insufficient data left in message")
	}
	if len(b) < standbyStatusUpdateLen {
		return Errorf(CodeProtocolViolation, "no data left in message")
	}
	m.Write = xlog.LSN(binary.BigEndian.Uint64(b[1:]))
	m.Flush = xlog.LSN(binary.BigEndian.Uint64(b[9:]))
	m.Apply = xlog.LSN(binary.BigEndian.Uint64(b[17:]))
	m.ReplyTime = xlog.TimestampTz(binary.BigEndian.Uint64(b[25:]))
	m.ReplyRequested = b[33] != 0
	return nil
}
