package protocol

import "encoding/binary"

// Message types that a backend sends (see PostgreSQL's protocol.h).
const (
	MsgAuthentication           = 'R'
	MsgBackendKeyData           = 'K'
	MsgCommandComplete          = 'C'
	MsgCopyBothResponse         = 'W'
	MsgDataRow                  = 'D'
	MsgEmptyQueryResponse       = 'I'
	MsgErrorResponse            = 'E'
	MsgNegotiateProtocolVersion = 'v'
	MsgNoticeResponse           = 'N'
	MsgNotificationResponse     = 'A'
	MsgParameterStatus          = 'S'
	MsgReadyForQuery            = 'Z'
	MsgRowDescription           = 'T'
	MsgParseComplete            = '1'
	MsgBindComplete             = '2'
	MsgCloseComplete            = '3'
	MsgNoData                   = 'n'
	MsgParameterDescription     = 't'
	MsgPortalSuspended          = 's'
	MsgCopyOutResponse          = 'H'
)

// Message types that a frontend sends.
const (
	MsgQuery        = 'Q'
	MsgTerminate    = 'X'
	MsgPassword     = 'p' // passwords, SASL and GSS answers
	MsgCopyFail     = 'f'
	MsgBind         = 'B'
	MsgClose        = 'C'
	MsgDescribe     = 'D'
	MsgExecute      = 'E'
	MsgFlush        = 'H'
	MsgFunctionCall = 'F'
	MsgParse        = 'P'
	MsgSync         = 'S'
)

// Message types that both sides send.
const (
	MsgCopyData = 'd'
	MsgCopyDone = 'c'
)

// frameLen is the type and the length in front of every body.
const frameLen = 1 + 4

// maxMessageLen is the largest length word that PostgreSQL takes (PQ_LARGE_MESSAGE_LIMIT, 1 GB less 2).
const maxMessageLen = 0x3fffffff - 1

// beginMessage appends a frame whose length endMessage fills in; the int is the frame's place in dst.
func beginMessage(dst []byte, typ byte) ([]byte, int) {
	return append(dst, typ, 0, 0, 0, 0), len(dst)
}

// endMessage fills in the length of the message that began at "at" and ends with dst.
func endMessage(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-1))
	return dst
}

// appendFrame appends the frame of a body of n bytes.
func appendFrame(dst []byte, typ byte, n int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, typ), uint32(n+4))
}

// appendCString appends s and a NUL. A NUL inside would end the string early on the other side and make the rest of
// it be read as something else, so the string ends at its first one.
func appendCString(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			s = s[:i]
			break
		}
	}
	return append(append(dst, s...), 0)
}
