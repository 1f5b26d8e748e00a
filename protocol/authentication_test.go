package protocol

import (
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

func TestAuthenticationRequestsAreWhatClientsRead(t *testing.T) {
	for want, b := range map[pgproto3.BackendMessage][]byte{
		&pgproto3.AuthenticationOk{}:                                                      AppendAuthenticationOk(nil),
		&pgproto3.AuthenticationCleartextPassword{}:                                       AppendAuthenticationCleartextPassword(nil),
		&pgproto3.AuthenticationMD5Password{Salt: [4]byte{1, 2, 3, 4}}:                    AppendAuthenticationMD5Password(nil, [4]byte{1, 2, 3, 4}),
		&pgproto3.AuthenticationSASL{AuthMechanisms: []string{"SCRAM-SHA-256-PLUS", "B"}}: AppendAuthenticationSASL(nil, []string{"SCRAM-SHA-256-PLUS", "B"}),
		&pgproto3.AuthenticationSASLContinue{Data: []byte("x")}:                           AppendAuthenticationSASLContinue(nil, []byte("x")),
		&pgproto3.AuthenticationSASLFinal{Data: []byte("y")}:                              AppendAuthenticationSASLFinal(nil, []byte("y")),
	} {
		encoded, err := want.Encode(nil)
		require.NoError(t, err)
		require.Equal(t, encoded, b)
	}
}

func TestPasswordMessageIsOneString(t *testing.T) {
	password, err := DecodePasswordMessage([]byte("secret\x00"))
	require.NoError(t, err)
	require.Equal(t, "secret", password)
	for message, code := range map[string]SQLSTATE{"": "08P01", "secret": "08P01", "a\x00b\x00": "08P01", "a\x00b": "08P01",
		"\x00": "28P01"} {
		_, err := DecodePasswordMessage([]byte(message))
		var e *Error
		require.ErrorAs(t, err, &e, "%q", message)
		require.Equal(t, code, e.Code, "%q", message)
		require.NotContains(t, e.Error(), "secret")
	}
}

func TestSASLInitialResponse(t *testing.T) {
	mechanism, first, err := DecodeSASLInitialResponse([]byte("M\x00\x00\x00\x00\x02ab"))
	require.NoError(t, err)
	require.Equal(t, "M ab", mechanism+" "+string(first))
	_, first, err = DecodeSASLInitialResponse([]byte("M\x00\xff\xff\xff\xff"))
	require.NoError(t, err)
	require.Nil(t, first)
	for _, bad := range []string{"", "M", "M\x00", "M\x00\x00\x00\x00\x03ab", "M\x00\x00\x00\x00\x01ab", "M\x00\xff\xff\xff\xfe",
		"M\x00\x7f\xff\xff\xffab", "M\x00\xff\xff\xff\xffx"} {
		_, _, err := DecodeSASLInitialResponse([]byte(bad))
		var e *Error
		require.ErrorAs(t, err, &e, "%q", bad)
		require.Equal(t, CodeProtocolViolation, e.Code)
	}
}

func FuzzAuthenticationMessages(f *testing.F) {
	f.Add([]byte("M\x00\x00\x00\x00\x02ab"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, first, err := DecodeSASLInitialResponse(b); err == nil {
			require.LessOrEqual(t, len(first), len(b))
		}
		if p, err := DecodePasswordMessage(b); err == nil {
			require.Equal(t, string(b), p+"\x00")
		}
	})
}
