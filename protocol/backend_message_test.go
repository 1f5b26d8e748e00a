package protocol

import (
	"bytes"
	"testing"

	"github.com/jackc/pgproto3/v2"
	"github.com/stretchr/testify/require"
)

// Most of these were taken from a PostgreSQL 15 server; the others follow its manual.
func TestBackendMessagesHaveTheBytesOfPostgreSQL(t *testing.T) {
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"AuthenticationOk": {AppendAuthenticationOk(nil), "R\x00\x00\x00\x08\x00\x00\x00\x00"},
		"ParameterStatus":  {AppendParameterStatus(nil, "TimeZone", "Etc/UTC"), "S\x00\x00\x00\x15TimeZone\x00Etc/UTC\x00"},
		"BackendKeyData": {
			AppendBackendKeyData(nil, 0x7b31, []byte("\x12\x91\xb5\x4c")), "K\x00\x00\x00\x0c\x00\x00\x7b\x31\x12\x91\xb5\x4c",
		},
		"ReadyForQuery": {AppendReadyForQuery(nil, TxIdle), "Z\x00\x00\x00\x05I"},
		"RowDescription": {
			AppendRowDescription(nil, Column{"systemid", TextOID}, Column{"timeline", Int4OID}, Column{"restart_tli", Int8OID}),
			"T\x00\x00\x00\x5a\x00\x03" +
				"systemid\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00" +
				"timeline\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00" +
				"restart_tli\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x14\x00\x08\xff\xff\xff\xff\x00\x00",
		},
		"DataRow": {
			AppendDataRow(nil, []byte("7710125331581905579"), []byte("1"), []byte{}, nil),
			"D\x00\x00\x00\x2a\x00\x04\x00\x00\x00\x137710125331581905579\x00\x00\x00\x011\x00\x00\x00\x00\xff\xff\xff\xff",
		},
		"CommandComplete":    {AppendCommandComplete(nil, "SHOW"), "C\x00\x00\x00\x09SHOW\x00"},
		"EmptyQueryResponse": {AppendEmptyQueryResponse(nil), "I\x00\x00\x00\x04"},
		"ErrorResponse": {
			AppendErrorResponse(nil, &Error{
				Code: CodeSyntaxError, Message: "invalid timeline 0", File: "repl_gram.y", Line: 301, Routine: "replication_yyparse",
			}),
			"E\x00\x00\x00\x55SERROR\x00VERROR\x00C42601\x00Minvalid timeline 0\x00" +
				"Frepl_gram.y\x00L301\x00Rreplication_yyparse\x00\x00",
		},
		"NoticeResponse": {
			AppendNoticeResponse(nil, &Error{Severity: SeverityNotice, Code: CodeNameTooLong, Message: "m", Position: 12}),
			"N\x00\x00\x00\x23SNOTICE\x00VNOTICE\x00C42622\x00Mm\x00P12\x00\x00",
		},
		"CopyBothResponse": {AppendCopyBothResponse(nil), "W\x00\x00\x00\x07\x00\x00\x00"},
		"CopyDone":         {AppendCopyDone(nil), "c\x00\x00\x00\x04"},
		"CopyData":         {AppendCopyData(nil, []byte("abc")), "d\x00\x00\x00\x07abc"},
		"NegotiateProtocolVersion": {
			AppendNegotiateProtocolVersion(nil, []string{"_pq_.x", "_pq_.z"}),
			"v\x00\x00\x00\x1a\x00\x03\x00\x00\x00\x00\x00\x02_pq_.x\x00_pq_.z\x00",
		},
		"Query":     {AppendQuery(nil, "SHOW x"), "Q\x00\x00\x00\x0bSHOW x\x00"},
		"Terminate": {AppendTerminate(nil), "X\x00\x00\x00\x04"},
	} {
		require.Equal(t, []byte(c.want), c.got, name)
	}
}

func TestMessagesAreAppended(t *testing.T) {
	one := AppendReadyForQuery(nil, TxFailed)
	two := AppendErrorResponse(bytes.Clone(one), Errorf(CodeIOError, "x"))
	require.Equal(t, append(bytes.Clone(one), AppendErrorResponse(nil, Errorf(CodeIOError, "x"))...), two)
}

// An independent implementation reads what we write.
func TestBackendMessagesAreReadByPgproto3(t *testing.T) {
	var wire []byte
	wire = AppendAuthenticationOk(wire)
	wire = AppendParameterStatus(wire, "server_version", "17.4")
	wire = AppendBackendKeyData(wire, 4242, []byte{0, 0, 1, 2})
	wire = AppendReadyForQuery(wire, TxInTransaction)
	wire = AppendRowDescription(wire, Column{"a", TextOID}, Column{"b", PgLSNOID})
	wire = AppendDataRow(wire, []byte("x"), nil)
	wire = AppendCommandComplete(wire, "SELECT 1")
	wire = AppendErrorResponse(wire, &Error{
		Severity: SeverityFatal, Code: CodeIOError, Message: "m", Detail: "d", Hint: "h", Context: "w", Position: 3,
		File: "f.go", Line: 4, Routine: "r",
	})
	wire = AppendCopyBothResponse(wire)
	wire = AppendXLogData(wire, &XLogData{Data: []byte("wal")})
	wire = AppendCopyDone(wire)

	f := pgproto3.NewFrontend(pgproto3.NewChunkReader(bytes.NewReader(wire)), nil)
	receive := func() pgproto3.BackendMessage {
		m, err := f.Receive()
		require.NoError(t, err)
		return m
	}
	require.Equal(t, &pgproto3.AuthenticationOk{}, receive())
	require.Equal(t, &pgproto3.ParameterStatus{Name: "server_version", Value: "17.4"}, receive())
	require.Equal(t, &pgproto3.BackendKeyData{ProcessID: 4242, SecretKey: 258}, receive())
	require.Equal(t, &pgproto3.ReadyForQuery{TxStatus: 'T'}, receive())
	require.Equal(t, &pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{
		{Name: []byte("a"), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1},
		{Name: []byte("b"), DataTypeOID: 3220, DataTypeSize: 8, TypeModifier: -1},
	}}, receive())
	require.Equal(t, &pgproto3.DataRow{Values: [][]byte{[]byte("x"), nil}}, receive())
	require.Equal(t, &pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}, receive())
	require.Equal(t, &pgproto3.ErrorResponse{
		Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "58030", Message: "m", Detail: "d", Hint: "h", Where: "w",
		Position: 3, File: "f.go", Line: 4, Routine: "r",
	}, receive())
	require.Equal(t, &pgproto3.CopyBothResponse{ColumnFormatCodes: []uint16{}}, receive())
	require.Equal(t, AppendXLogData(nil, &XLogData{Data: []byte("wal")})[frameLen:], receive().(*pgproto3.CopyData).Data)
	require.Equal(t, &pgproto3.CopyDone{}, receive())
}

func TestErrorsTravelWhole(t *testing.T) {
	for _, e := range []*Error{
		{Severity: SeverityError, Code: CodeSyntaxError, Message: "m"},
		{Severity: SeverityFatal, Code: CodeIOError, Message: "m", Detail: "d", Hint: "h", Context: "c", Position: 1,
			File: "f", Line: 2, Routine: "r"},
	} {
		got, err := DecodeErrorResponse(AppendErrorResponse(nil, e)[frameLen:])
		require.NoError(t, err)
		require.Equal(t, e, got)
	}
	got, err := DecodeErrorResponse([]byte("SFEHLER\x00VERROR\x00C08P01\x00Mm\x00Pxx\x00?new\x00\x00"))
	require.NoError(t, err)
	require.Equal(t, &Error{Severity: SeverityError, Code: CodeProtocolViolation, Message: "m"}, got)
}

func TestErrorWithoutAnythingStillSaysSomething(t *testing.T) {
	require.Equal(t, "SERROR\x00VERROR\x00CXX000\x00Mmissing error text\x00\x00",
		string(AppendErrorResponse(nil, &Error{})[frameLen:]))
}

func TestNULInAStringCannotForgeFields(t *testing.T) {
	b := AppendErrorResponse(nil, &Error{Message: "a\x00C00000\x00", Code: CodeIOError})
	e, err := DecodeErrorResponse(b[frameLen:])
	require.NoError(t, err)
	require.Equal(t, "a", e.Message)
	require.Equal(t, CodeIOError, e.Code)
	require.Equal(t, AppendQuery(nil, "SELECT 1"), AppendQuery(nil, "SELECT 1\x00; DROP"))
}

func TestDamagedBodiesAreRefused(t *testing.T) {
	_, err := DecodeErrorResponse([]byte("SERROR\x00"))
	requireCode(t, err, CodeProtocolViolation, "no data left in message")
	_, err = DecodeErrorResponse([]byte("SERROR"))
	requireCode(t, err, CodeProtocolViolation, "invalid string in message")
	_, err = DecodeErrorResponse([]byte("SERROR\x00\x00x"))
	requireCode(t, err, CodeProtocolViolation, "invalid message format")
	_, err = DecodeQuery([]byte("SELECT 1"))
	requireCode(t, err, CodeProtocolViolation, "invalid string in message")
	_, err = DecodeQuery([]byte("SELECT 1\x00x"))
	requireCode(t, err, CodeProtocolViolation, "invalid message format")
	_, err = DecodeCommandComplete(nil)
	requireCode(t, err, CodeProtocolViolation, "invalid string in message")
	_, _, err = DecodeParameterStatus([]byte("a\x00b"))
	requireCode(t, err, CodeProtocolViolation, "invalid string in message")
	for _, row := range []string{"", "\x00", "\x00\x01", "\x00\x01\x00\x00\x00\x02x", "\xff\xff", "\x00\x01\xff\xff\xff\xfe"} {
		_, err = DecodeDataRow([]byte(row), nil)
		requireCode(t, err, CodeProtocolViolation, "insufficient data left in message")
	}
	_, err = DecodeDataRow([]byte("\x00\x00x"), nil)
	requireCode(t, err, CodeProtocolViolation, "invalid message format")
}

func TestFrontendDecoders(t *testing.T) {
	sql, err := DecodeQuery(AppendQuery(nil, "IDENTIFY_SYSTEM")[frameLen:])
	require.NoError(t, err)
	require.Equal(t, "IDENTIFY_SYSTEM", sql)
	name, value, err := DecodeParameterStatus(AppendParameterStatus(nil, "a", "")[frameLen:])
	require.NoError(t, err)
	require.Equal(t, []string{"a", ""}, []string{name, value})
	row, err := DecodeDataRow(AppendDataRow(nil, []byte("2"), nil, []byte{})[frameLen:], nil)
	require.NoError(t, err)
	require.Equal(t, [][]byte{[]byte("2"), nil, {}}, row)
}

func TestErrorSaysItAll(t *testing.T) {
	e := Fatalf(CodeCannotConnectNow, "the database system is %s", "starting up").WithHint("h %d", 1).WithDetail("d")
	require.Equal(t, "FATAL: the database system is starting up (SQLSTATE 57P03)", e.Error())
	require.Equal(t, "h 1", e.Hint)
	require.Equal(t, "d", e.Detail)
	cause := bytes.ErrTooLarge
	require.ErrorIs(t, e.WithCause(cause), cause)
	require.Contains(t, e.Error(), cause.Error())
}
