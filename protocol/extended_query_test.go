package protocol

import (
	"testing"

	"github.com/jackc/pgproto3/v2"
	"github.com/stretchr/testify/require"
)

// sent is the body of a message that pgproto3 encodes.
func sent(t *testing.T, m interface{ Encode([]byte) ([]byte, error) }) []byte {
	t.Helper()
	b, err := m.Encode(nil)
	require.NoError(t, err)
	return bodyOf(t, b)
}

func bodyOf(t *testing.T, encoded []byte) []byte {
	t.Helper()
	require.Greater(t, len(encoded), 4)
	return encoded[5:]
}

func TestExtendedQueryMessagesOfPgproto3AreRead(t *testing.T) {
	p, err := DecodeParse(sent(t, &pgproto3.Parse{Name: "s", Query: "select $1", ParameterOIDs: []uint32{23, 0}}))
	require.NoError(t, err)
	require.Equal(t, Parse{Statement: "s", Query: "select $1", Types: []OID{23, 0}}, p)

	b, err := DecodeBind(sent(t, &pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "s",
		ParameterFormatCodes: []int16{0, 1, 0}, Parameters: [][]byte{[]byte("x"), {}, nil}, ResultFormatCodes: []int16{1}}))
	require.NoError(t, err)
	require.NoError(t, b.Head())
	require.Equal(t, "p", b.Portal)
	require.Equal(t, "s", b.Statement)
	require.Equal(t, 3, b.Count)
	for i, want := range []Parameter{{0, []byte("x")}, {1, []byte{}}, {0, nil}} {
		got, err := b.Parameter(i)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	formats, err := b.Results()
	require.NoError(t, err)
	require.Equal(t, []int16{1}, formats)

	portal, limit, err := DecodeExecute(sent(t, &pgproto3.Execute{Portal: "p", MaxRows: 7}))
	require.NoError(t, err)
	require.Equal(t, "p", portal)
	require.EqualValues(t, 7, limit)

	kind, name, err := DecodeTarget(sent(t, &pgproto3.Describe{ObjectType: 'S', Name: "s"}))
	require.NoError(t, err)
	require.Equal(t, byte('S'), kind)
	require.Equal(t, "s", name)
}

func TestOneFormatCodeStandsForAllParameters(t *testing.T) {
	b, err := DecodeBind(sent(t, &pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{1}, {2}}}))
	require.NoError(t, err)
	require.NoError(t, b.Head())
	for i := range 2 {
		p, err := b.Parameter(i)
		require.NoError(t, err)
		require.EqualValues(t, 1, p.Format)
	}
}

func TestDamagedExtendedQueryMessagesAreRefused(t *testing.T) {
	for name, decode := range map[string]func() error{
		"no end of a name":     func() error { _, err := DecodeParse([]byte("s")); return err },
		"no types":             func() error { _, err := DecodeParse([]byte("s\x00q\x00")); return err },
		"fewer types":          func() error { _, err := DecodeParse([]byte("s\x00q\x00\x00\x02\x00\x00\x00\x17")); return err },
		"more than types":      func() error { _, err := DecodeParse([]byte("s\x00q\x00\x00\x00x")); return err },
		"bind without names":   func() error { _, err := DecodeBind([]byte("p\x00")); return err },
		"execute, no limit":    func() error { _, _, err := DecodeExecute([]byte("p\x00")); return err },
		"describe, no name":    func() error { _, _, err := DecodeTarget([]byte("S")); return err },
		"describe, nothing":    func() error { _, _, err := DecodeTarget(nil); return err },
		"sync with a body":     func() error { return DecodeEmpty([]byte{0}) },
		"bind, negative value": func() error { return bindValue("\xff\xff\xff\xfe") },
		"bind, value too long": func() error { return bindValue("\x00\x00\x00\x09x") },
	} {
		err := decode()
		require.Error(t, err, name)
		requireCode(t, err, CodeProtocolViolation, "message")
	}
}

// bindValue reads a Bind with one parameter of these bytes, length included.
func bindValue(value string) error {
	b, err := DecodeBind([]byte("\x00\x00\x00\x00\x00\x01" + value))
	if err == nil {
		err = b.Head()
	}
	if err == nil {
		_, err = b.Parameter(0)
	}
	return err
}

func TestAnswersToExtendedQueriesAreReadByPgproto3(t *testing.T) {
	var d pgproto3.ParameterDescription
	require.NoError(t, d.Decode(bodyOf(t, AppendParameterDescription(nil, []OID{23, 25}))))
	require.Equal(t, []uint32{23, 25}, d.ParameterOIDs)
	var r pgproto3.RowDescription
	require.NoError(t, r.Decode(bodyOf(t, AppendFields(nil, []Field{{Name: "a", Type: 23, Len: 4, Typmod: -1, Format: 1}}))))
	require.Equal(t, []pgproto3.FieldDescription{{Name: []byte("a"), DataTypeOID: 23, DataTypeSize: 4, TypeModifier: -1, Format: 1}}, r.Fields)
	var c pgproto3.CopyOutResponse
	require.NoError(t, c.Decode(bodyOf(t, AppendCopyOutResponse(nil, 2))))
	require.Equal(t, []uint16{0, 0}, c.ColumnFormatCodes)
	all := AppendPortalSuspended(AppendNoData(AppendCloseComplete(AppendBindComplete(AppendParseComplete(nil)))))
	require.Equal(t, "1\x00\x00\x00\x042\x00\x00\x00\x043\x00\x00\x00\x04n\x00\x00\x00\x04s\x00\x00\x00\x04", string(all))
}
