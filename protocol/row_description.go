package protocol

import "encoding/binary"

// OID names a data type (pg_type.oid).
type OID uint32

// The types that Waypost's answers have, by their fixed OIDs in PostgreSQL's catalog.
const (
	BoolOID        OID = 16
	ByteaOID       OID = 17
	Int8OID        OID = 20
	Int4OID        OID = 23
	TextOID        OID = 25
	OidOID         OID = 26
	TimestampTzOID OID = 1184
	NumericOID     OID = 1700
	PgLSNOID       OID = 3220
)

// typeLen is pg_type.typlen: bytes, or -1 where it varies.
func (o OID) typeLen() int16 {
	switch o {
	case BoolOID:
		return 1
	case Int4OID, OidOID:
		return 4
	case Int8OID, TimestampTzOID, PgLSNOID:
		return 8
	default:
		return -1
	}
}

// Column is one column of a result. It comes from no table, has no type modifier and is sent as text, as the results
// of PostgreSQL's replication commands are.
type Column struct {
	Name string
	Type OID
}

// AppendRowDescription appends the shape of the rows that follow.
func AppendRowDescription(dst []byte, columns ...Column) []byte {
	dst, at := beginMessage(dst, MsgRowDescription)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(columns)))
	for _, c := range columns {
		dst = appendCString(dst, c.Name)
		dst = binary.BigEndian.AppendUint32(dst, 0) // table
		dst = binary.BigEndian.AppendUint16(dst, 0) // attribute number
		dst = binary.BigEndian.AppendUint32(dst, uint32(c.Type))
		dst = binary.BigEndian.AppendUint16(dst, uint16(c.Type.typeLen()))
		dst = binary.BigEndian.AppendUint32(dst, 0xffffffff) // type modifier -1
		dst = binary.BigEndian.AppendUint16(dst, 0)          // text format
	}
	return endMessage(dst, at)
}
