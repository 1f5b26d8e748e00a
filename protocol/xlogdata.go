package protocol

import (
	"encoding/binary"

	"waypost/xlog"
)

// xlogDataHeader is the length of an XLogData's fields in front of its data, the 'w' included.
const xlogDataHeader = 1 + 8 + 8 + 8

// XLogDataHeaderLen is what goes on the wire in front of the WAL bytes: CopyData frame and XLogData header.
const XLogDataHeaderLen = frameLen + xlogDataHeader

// MaxXLogData is the most WAL, in bytes, that one XLogData can carry. PostgreSQL sends at most 128 kB at a time.
const MaxXLogData = maxMessageLen - 4 - xlogDataHeader

// XLogData is a run of WAL ('w').
type XLogData struct {
	Start    xlog.LSN // position of Data's first byte
	WalEnd   xlog.LSN // the sender's end of WAL when it sent this
	SendTime xlog.TimestampTz
	Data     []byte // part of the body that was decoded
}

// PutXLogDataHeader fills h with everything of a CopyData with an XLogData of n WAL bytes but those bytes, which the
// caller then sends by whatever way is cheapest. n is at most MaxXLogData.
func PutXLogDataHeader(h *[XLogDataHeaderLen]byte, start, walEnd xlog.LSN, sendTime xlog.TimestampTz, n int) {
	if n < 0 || n > MaxXLogData {
		panic("protocol: XLogData of impossible length")
	}
	h[0] = MsgCopyData
	binary.BigEndian.PutUint32(h[1:], uint32(4+xlogDataHeader+n))
	h[5] = 'w'
	binary.BigEndian.PutUint64(h[6:], uint64(start))
	binary.BigEndian.PutUint64(h[14:], uint64(walEnd))
	binary.BigEndian.PutUint64(h[22:], uint64(sendTime))
}

// AppendXLogData appends m with its CopyData frame.
func AppendXLogData(dst []byte, m *XLogData) []byte {
	var h [XLogDataHeaderLen]byte
	PutXLogDataHeader(&h, m.Start, m.WalEnd, m.SendTime, len(m.Data))
	return append(append(dst, h[:]...), m.Data...)
}

// DecodeXLogData reads the body of a CopyData that begins with 'w'. m.Data is part of b.
func DecodeXLogData(b []byte, m *XLogData) error {
	if len(b) < xlogDataHeader || b[0] != 'w' {
		return errInvalidXLogData()
	}
	m.Start = xlog.LSN(binary.BigEndian.Uint64(b[1:]))
	m.WalEnd = xlog.LSN(binary.BigEndian.Uint64(b[9:]))
	m.SendTime = xlog.TimestampTz(binary.BigEndian.Uint64(b[17:]))
	m.Data = b[xlogDataHeader:]
	return nil
}

func errInvalidXLogData() *Error {
	return Errorf(CodeProtocolViolation, "invalid WAL message received from primary")
}
