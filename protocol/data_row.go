package protocol

import "encoding/binary"

// AppendDataRow appends one row; a nil value is NULL, an empty one is an empty string.
func AppendDataRow(dst []byte, values ...[]byte) []byte {
	dst, at := beginMessage(dst, MsgDataRow)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(values)))
	for _, v := range values {
		if v == nil {
			dst = binary.BigEndian.AppendUint32(dst, 0xffffffff)
			continue
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)))
		dst = append(dst, v...)
	}
	return endMessage(dst, at)
}

// DecodeDataRow appends a row's values to values; NULL is nil. The values are part of b.
func DecodeDataRow(b []byte, values [][]byte) ([][]byte, error) {
	m := body{rest: b}
	for n := m.uint16(); n > 0 && m.err == nil; n-- {
		l := m.uint32()
		if l == 0xffffffff {
			values = append(values, nil)
			continue
		}
		if v := m.take(int(l)); v != nil {
			values = append(values, v)
		}
	}
	return values, m.end()
}
