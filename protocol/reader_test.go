package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// message frames a body whatever the type is.
func message(typ byte, body string) []byte {
	return append(appendFrame(nil, typ, len(body)), body...)
}

func TestMessagesAreTheSameHoweverTheyArrive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	type msg struct {
		typ  byte
		body string
	}
	var sent []msg
	var wire []byte
	for range 300 {
		m := msg{"QdcfX"[rnd.IntN(5)], strings.Repeat("x", rnd.IntN(200))}
		if m.typ == 'Q' && rnd.IntN(10) == 0 {
			m.body = strings.Repeat("long ", 10_000)
		}
		sent = append(sent, m)
		wire = append(wire, message(m.typ, m.body)...)
	}
	for name, src := range map[string]io.Reader{
		"at once":          bytes.NewReader(wire),
		"with EOF at once": iotest.DataErrReader(bytes.NewReader(wire)),
		"byte by byte":     iotest.OneByteReader(bytes.NewReader(wire)),
		"in drips":         &drip{data: wire, rnd: rnd},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(src)
			next := func() (byte, []byte, error) {
				typ, body, err := r.Next(PhaseCommand)
				for errors.Is(err, errNotNow) {
					typ, body, err = r.Next(PhaseCommand)
				}
				return typ, body, err
			}
			for _, m := range sent {
				typ, body, err := next()
				require.NoError(t, err)
				require.Equal(t, m.typ, typ)
				require.Equal(t, m.body, string(body))
			}
			_, _, err := next()
			require.Equal(t, io.EOF, err)
		})
	}
}

func TestPeerThatClosesInMidMessageIsTold(t *testing.T) {
	whole := AppendQuery(nil, "IDENTIFY_SYSTEM")
	for n := range len(whole) {
		_, _, err := NewReader(bytes.NewReader(whole[:n])).Next(PhaseCommand)
		switch {
		case n == 0:
			require.Equal(t, io.EOF, err)
			continue
		case n < frameLen:
			require.True(t, requireCode(t, err, CodeProtocolViolation, "unexpected EOF within message length word").LogOnly)
		default:
			require.True(t, requireCode(t, err, CodeProtocolViolation, "incomplete message from client").LogOnly)
		}
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.NotErrorIs(t, err, io.EOF)
	}
}

func TestLengthIsCheckedBeforeItIsBelieved(t *testing.T) {
	for _, c := range []struct {
		phase Phase
		typ   byte
		limit uint32
	}{
		{PhaseCommand, 'Q', 0x3ffffffe}, {PhaseCommand, 'd', 0x3ffffffe}, {PhaseCommand, 'P', 0x3ffffffe},
		{PhaseCommand, 'X', 10000}, {PhaseCommand, 'S', 10000}, {PhaseCommand, 'f', 10000},
		{PhaseCopyBoth, 'd', 0x3ffffffe}, {PhaseCopyBoth, 'c', 10000}, {PhaseCopyBoth, 'X', 10000},
		{PhasePassword, 'p', 65535}, {PhaseSASL, 'p', 1024},
	} {
		next := func(length uint32) error {
			src := &script{[][]byte{binary.BigEndian.AppendUint32([]byte{c.typ}, length)}}
			_, _, err := NewReader(src).Next(c.phase)
			return err
		}
		for _, bad := range []uint32{0, 3, c.limit + 1, 0x7fffffff, 0x80000000, 0xffffffff} {
			require.True(t, requireCode(t, next(bad), CodeProtocolViolation, "invalid message length").LogOnly)
		}
		require.Equal(t, errNotNow, next(c.limit), "%d %c", c.phase, c.typ)
	}
}

func TestMessageTypesThatHaveNoPlaceEndTheSession(t *testing.T) {
	for _, c := range []struct {
		phase Phase
		types string
		text  string
	}{
		{PhaseCommand, "\x00AarpzZ\xff", "invalid frontend message type"},
		{PhaseCopyBoth, "QSfpP", "invalid standby message type"},
		{PhasePassword, "QdX", "expected password response, got message type"},
		{PhaseSASL, "QdX", "expected SASL response, got message type"},
	} {
		for _, typ := range []byte(c.types) {
			_, _, err := NewReader(bytes.NewReader([]byte{typ})).Next(c.phase)
			e := requireCode(t, err, CodeProtocolViolation, c.text)
			require.Equal(t, SeverityFatal, e.Severity)
			require.False(t, e.LogOnly)
		}
	}
	_, _, err := NewReader(strings.NewReader("z")).Next(PhaseCopyBoth)
	requireCode(t, err, CodeProtocolViolation, `invalid standby message type "z"`)
}

func TestLyingLengthTakesNoMemory(t *testing.T) {
	lie := append(binary.BigEndian.AppendUint32([]byte{'Q'}, 0x3ffffffe), make([]byte, 5000)...)
	r := NewReader(&script{[][]byte{lie}})
	_, _, err := r.Next(PhaseCommand)
	require.Equal(t, errNotNow, err)
	require.LessOrEqual(t, len(r.in.buf), 16*1024)
}

func TestBufferIsSmallAgainAfterALongMessage(t *testing.T) {
	r := NewReader(&script{[][]byte{message('Q', strings.Repeat("x", 1<<20)), message('X', "")}})
	_, body, err := r.Next(PhaseCommand)
	require.NoError(t, err)
	require.Len(t, body, 1<<20)
	_, _, err = r.Next(PhaseCommand)
	require.NoError(t, err)
	_, _, err = r.Next(PhaseCommand)
	require.Equal(t, errNotNow, err)
	require.LessOrEqual(t, len(r.in.buf), readerKeepBuffer)
	require.Zero(t, r.Buffered())
}

func TestReaderThatGivesNothingForEverIsBroken(t *testing.T) {
	_, _, err := NewReader(iotest.ErrReader(nil)).Next(PhaseCommand)
	require.Equal(t, io.ErrNoProgress, err)
}

func TestReaderDoesNotAllocatePerMessage(t *testing.T) {
	wire := AppendStandbyStatusUpdate(nil, &StandbyStatusUpdate{Write: 1})
	r := NewReader(&repeat{data: wire})
	var m StandbyStatusUpdate
	require.Zero(t, testing.AllocsPerRun(10_000, func() {
		_, body, err := r.Next(PhaseCopyBoth)
		if err != nil || DecodeStandbyStatusUpdate(body, &m) != nil {
			t.Fail()
		}
	}))
}

func TestSocketWithoutDataDoesNotAllocate(t *testing.T) {
	r := NewReader(&script{[][]byte{{'d'}}})
	_, _, err := r.Next(PhaseCopyBoth)
	require.Equal(t, errNotNow, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _, _ = r.Next(PhaseCopyBoth) }))
}
