package protocol

import (
	"encoding/binary"

	"waypost/xlog"
)

const hotStandbyFeedbackLen = 1 + 8 + 4*4

// HotStandbyFeedback ('h') tells the oldest transactions whose effects a standby still needs. Zero for an xmin means
// that it holds nothing back.
type HotStandbyFeedback struct {
	ReplyTime                 xlog.TimestampTz
	Xmin, XminEpoch           uint32
	CatalogXmin, CatalogEpoch uint32
}

// AppendHotStandbyFeedback appends m with its CopyData frame.
func AppendHotStandbyFeedback(dst []byte, m *HotStandbyFeedback) []byte {
	dst = append(appendFrame(dst, MsgCopyData, hotStandbyFeedbackLen), 'h')
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.ReplyTime))
	dst = binary.BigEndian.AppendUint32(dst, m.Xmin)
	dst = binary.BigEndian.AppendUint32(dst, m.XminEpoch)
	dst = binary.BigEndian.AppendUint32(dst, m.CatalogXmin)
	return binary.BigEndian.AppendUint32(dst, m.CatalogEpoch)
}

// DecodeHotStandbyFeedback reads the body of a CopyData that begins with 'h'. Like PostgreSQL it does not look at
// what may follow the fields it knows.
func DecodeHotStandbyFeedback(b []byte, m *HotStandbyFeedback) error {
	if len(b) < hotStandbyFeedbackLen {
		return Errorf(CodeProtocolViolation, "insufficient data left in message")
	}
	m.ReplyTime = xlog.TimestampTz(binary.BigEndian.Uint64(b[1:]))
	m.Xmin = binary.BigEndian.Uint32(b[9:])
	m.XminEpoch = binary.BigEndian.Uint32(b[13:])
	m.CatalogXmin = binary.BigEndian.Uint32(b[17:])
	m.CatalogEpoch = binary.BigEndian.Uint32(b[21:])
	return nil
}
