package protocol

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// unhex reads bytes written in hexadecimal, blanks for the reader's eye.
func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err)
	return b
}

// requireCode checks that err is an *Error with this code and a message that contains the text.
func requireCode(t testing.TB, err error, code SQLSTATE, text string) *Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code)
	require.Contains(t, e.Message, text)
	return e
}

func TestCopyBothMessagesHaveTheirExactBytes(t *testing.T) {
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"XLogData": {
			AppendXLogData(nil, &XLogData{Start: 0x1_02030405, WalEnd: 0x1_02030408, SendTime: 7, Data: []byte("abc")}),
			"64 00000020 77 0000000102030405 0000000102030408 0000000000000007 616263",
		},
		"keepalive": {
			AppendKeepalive(nil, &Keepalive{WalEnd: 0x16_B374D848, SendTime: 1, ReplyRequested: true}),
			"64 00000016 6b 00000016b374d848 0000000000000001 01",
		},
		"status update": {
			AppendStandbyStatusUpdate(nil, &StandbyStatusUpdate{Write: 3, Flush: 2, Apply: 1, ReplyTime: -1}),
			"64 00000026 72 0000000000000003 0000000000000002 0000000000000001 ffffffffffffffff 00",
		},
		"hot standby feedback": {
			AppendHotStandbyFeedback(nil, &HotStandbyFeedback{ReplyTime: 9, Xmin: 1, XminEpoch: 2, CatalogXmin: 3, CatalogEpoch: 4}),
			"64 0000001d 68 0000000000000009 00000001 00000002 00000003 00000004",
		},
	} {
		require.Equal(t, unhex(t, c.want), c.got, name)
	}
}

func TestXLogDataHeaderIsWhatGoesInFrontOfTheBytes(t *testing.T) {
	m := XLogData{Start: 0x3_00000148, WalEnd: 0x3_00002000, SendTime: 123456, Data: []byte("wal bytes")}
	var h [XLogDataHeaderLen]byte
	PutXLogDataHeader(&h, m.Start, m.WalEnd, m.SendTime, len(m.Data))
	require.Equal(t, AppendXLogData(nil, &m), append(h[:], m.Data...))
	require.Panics(t, func() { PutXLogDataHeader(&h, 0, 0, 0, MaxXLogData+1) })
	require.Panics(t, func() { PutXLogDataHeader(&h, 0, 0, 0, -1) })
}

func TestCopyBothMessagesRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 1000 {
		w := XLogData{xlog.LSN(rnd.Uint64()), xlog.LSN(rnd.Uint64()), xlog.TimestampTz(rnd.Int64()), make([]byte, rnd.IntN(100))}
		var w2 XLogData
		require.NoError(t, DecodeXLogData(AppendXLogData(nil, &w)[frameLen:], &w2))
		require.Equal(t, w, w2)

		k := Keepalive{xlog.LSN(rnd.Uint64()), xlog.TimestampTz(rnd.Int64()), rnd.IntN(2) == 1}
		var k2 Keepalive
		require.NoError(t, DecodeKeepalive(AppendKeepalive(nil, &k)[frameLen:], &k2))
		require.Equal(t, k, k2)

		r := StandbyStatusUpdate{
			xlog.LSN(rnd.Uint64()), xlog.LSN(rnd.Uint64()), xlog.LSN(rnd.Uint64()), xlog.TimestampTz(rnd.Int64()), rnd.IntN(2) == 1,
		}
		var r2 StandbyStatusUpdate
		require.NoError(t, DecodeStandbyStatusUpdate(AppendStandbyStatusUpdate(nil, &r)[frameLen:], &r2))
		require.Equal(t, r, r2)

		h := HotStandbyFeedback{xlog.TimestampTz(rnd.Int64()), rnd.Uint32(), rnd.Uint32(), rnd.Uint32(), rnd.Uint32()}
		var h2 HotStandbyFeedback
		require.NoError(t, DecodeHotStandbyFeedback(AppendHotStandbyFeedback(nil, &h)[frameLen:], &h2))
		require.Equal(t, h, h2)
	}
}

func TestCopyBothMessagesOfAWrongLengthAreRefused(t *testing.T) {
	body := func(whole []byte) []byte { return whole[frameLen:] }
	r := body(AppendStandbyStatusUpdate(nil, &StandbyStatusUpdate{}))
	h := body(AppendHotStandbyFeedback(nil, &HotStandbyFeedback{}))
	k := body(AppendKeepalive(nil, &Keepalive{}))
	w := body(AppendXLogData(nil, &XLogData{}))

	for n := range len(r) {
		text := "insufficient data left in message"
		if n == len(r)-1 {
			text = "no data left in message"
		}
		requireCode(t, DecodeStandbyStatusUpdate(r[:n], &StandbyStatusUpdate{}), CodeProtocolViolation, text)
	}
	for n := range len(h) {
		requireCode(t, DecodeHotStandbyFeedback(h[:n], &HotStandbyFeedback{}), CodeProtocolViolation,
			"insufficient data left in message")
	}
	for n := range len(k) {
		requireCode(t, DecodeKeepalive(k[:n], &Keepalive{}), CodeProtocolViolation, "invalid keepalive message")
	}
	requireCode(t, DecodeKeepalive(append(k, 0), &Keepalive{}), CodeProtocolViolation, "invalid keepalive message")
	for n := range len(w) {
		requireCode(t, DecodeXLogData(w[:n], &XLogData{}), CodeProtocolViolation, "invalid WAL message")
	}
	require.NoError(t, DecodeStandbyStatusUpdate(append(r, 1, 2), &StandbyStatusUpdate{}))
	require.NoError(t, DecodeHotStandbyFeedback(append(h, 1, 2), &HotStandbyFeedback{}))
}

func TestStandbyMessageOfAnotherTypeIsForTheLogOnly(t *testing.T) {
	for _, typ := range []byte{'r', 'h'} {
		got, err := StandbyMessageType([]byte{typ, 1, 2})
		require.NoError(t, err)
		require.Equal(t, typ, got)
	}
	_, err := StandbyMessageType([]byte("x"))
	require.True(t, requireCode(t, err, CodeProtocolViolation, `unexpected message type "x"`).LogOnly)
	_, err = StandbyMessageType([]byte{0xff})
	require.True(t, requireCode(t, err, CodeProtocolViolation, `unexpected message type "\xff"`).LogOnly)
	_, err = StandbyMessageType(nil)
	require.False(t, requireCode(t, err, CodeProtocolViolation, "no data left in message").LogOnly)
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	wal := make([]byte, 1000)
	var header [XLogDataHeaderLen]byte
	w := AppendXLogData(nil, &XLogData{Data: wal})[frameLen:]
	k := AppendKeepalive(nil, &Keepalive{})[frameLen:]
	r := AppendStandbyStatusUpdate(nil, &StandbyStatusUpdate{})[frameLen:]
	h := AppendHotStandbyFeedback(nil, &HotStandbyFeedback{})[frameLen:]
	for name, f := range map[string]func(){
		"PutXLogDataHeader":         func() { PutXLogDataHeader(&header, 1, 2, 3, 4) },
		"AppendXLogData":            func() { buf = AppendXLogData(buf[:0], &XLogData{Start: 1, Data: wal}) },
		"AppendKeepalive":           func() { buf = AppendKeepalive(buf[:0], &Keepalive{WalEnd: 1}) },
		"AppendStandbyStatusUpdate": func() { buf = AppendStandbyStatusUpdate(buf[:0], &StandbyStatusUpdate{Write: 1}) },
		"AppendHotStandbyFeedback":  func() { buf = AppendHotStandbyFeedback(buf[:0], &HotStandbyFeedback{Xmin: 1}) },
		"DecodeXLogData":            func() { var m XLogData; _ = DecodeXLogData(w, &m) },
		"DecodeKeepalive":           func() { var m Keepalive; _ = DecodeKeepalive(k, &m) },
		"StandbyMessageType":        func() { _, _ = StandbyMessageType(r) },
		"DecodeStandbyStatusUpdate": func() { var m StandbyStatusUpdate; _ = DecodeStandbyStatusUpdate(r, &m) },
		"DecodeHotStandbyFeedback":  func() { var m HotStandbyFeedback; _ = DecodeHotStandbyFeedback(h, &m) },
		"AppendCopyDone":            func() { buf = AppendCopyDone(buf[:0]) },
		"AppendCommandComplete":     func() { buf = AppendCommandComplete(buf[:0], "COPY 0") },
		"AppendReadyForQuery":       func() { buf = AppendReadyForQuery(buf[:0], TxIdle) },
		"AppendParameterStatus":     func() { buf = AppendParameterStatus(buf[:0], "TimeZone", "UTC") },
		"AppendDataRow":             func() { buf = AppendDataRow(buf[:0], wal, nil) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, f), name)
	}
}
