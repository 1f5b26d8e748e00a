package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

var errNotNow = errors.New("nothing to read now")

// drip gives its bytes in random small portions and says errNotNow in between, as a socket without data does.
type drip struct {
	data []byte
	rnd  *rand.Rand
	dry  bool
}

func (d *drip) Read(p []byte) (int, error) {
	if d.dry = !d.dry; d.dry {
		return 0, errNotNow
	}
	if len(d.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.data[:min(len(d.data), 1+d.rnd.IntN(40))])
	d.data = d.data[n:]
	return n, nil
}

// someStream makes a valid stream of XLogData that follow each other, keepalives between them, and CopyDone, and
// gives the WAL that is in it.
func someStream(rnd *rand.Rand, start xlog.LSN, messages int) (stream, wal []byte, keepalives int) {
	for range messages {
		if rnd.IntN(4) == 0 {
			stream = AppendKeepalive(stream, &Keepalive{WalEnd: start, SendTime: 5, ReplyRequested: true})
			keepalives++
			continue
		}
		data := make([]byte, rnd.IntN(3000))
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		stream = AppendXLogData(stream, &XLogData{Start: start, WalEnd: start + 9999, SendTime: 4, Data: data})
		start += xlog.LSN(len(data))
		wal = append(wal, data...)
	}
	return AppendCopyDone(stream), wal, keepalives
}

func TestStreamIsTheSameHoweverItArrives(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	const start = xlog.LSN(0x1_03000148)
	stream, wal, keepalives := someStream(rnd, start, 200)
	stream = AppendCommandComplete(stream, "COPY 0")

	for name, src := range map[string]io.Reader{
		"at once":          bytes.NewReader(stream),
		"with EOF at once": iotest.DataErrReader(bytes.NewReader(stream)),
		"byte by byte":     iotest.OneByteReader(bytes.NewReader(stream)),
		"in drips":         &drip{data: stream, rnd: rnd},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewStreamDecoder(src, streamMinBuffer)
			var got []byte
			var m StreamMessage
			gotKeepalives, done := 0, false
			for {
				ready := d.Ready()
				err := d.Next(&m)
				if ready {
					require.NoError(t, err)
				}
				if errors.Is(err, errNotNow) {
					continue
				}
				require.NoError(t, err)
				if m.Kind == StreamOther {
					break
				}
				switch m.Kind {
				case StreamWAL:
					require.False(t, done)
					require.Equal(t, start+xlog.LSN(len(got)), m.Start)
					require.Equal(t, xlog.TimestampTz(4), m.SendTime)
					got = append(got, m.Data...)
				case StreamKeepalive:
					gotKeepalives++
					require.True(t, m.ReplyRequested)
					require.Equal(t, xlog.TimestampTz(5), m.SendTime)
					require.Equal(t, start+xlog.LSN(len(got)), m.WalEnd)
				case StreamCopyDone:
					done = true
				}
			}
			require.True(t, done)
			require.Equal(t, byte(MsgCommandComplete), m.Type)
			tag, err := DecodeCommandComplete(m.Body)
			require.NoError(t, err)
			require.Equal(t, "COPY 0", tag)
			require.True(t, bytes.Equal(wal, got))
			require.Equal(t, keepalives, gotKeepalives)
			require.Zero(t, d.Buffered())
			for err = d.Next(&m); errors.Is(err, errNotNow); err = d.Next(&m) {
			}
			require.Equal(t, io.EOF, err)
		})
	}
}

// script gives one portion a call, so that a test says exactly what has arrived when.
type script struct{ portions [][]byte }

func (s *script) Read(p []byte) (int, error) {
	if len(s.portions) == 0 {
		return 0, errNotNow
	}
	n := copy(p, s.portions[0])
	if s.portions[0] = s.portions[0][n:]; len(s.portions[0]) == 0 {
		s.portions = s.portions[1:]
	}
	return n, nil
}

func TestWALIsGivenOutBeforeItsMessageIsWhole(t *testing.T) {
	whole := AppendXLogData(nil, &XLogData{Start: 1000, WalEnd: 2000, Data: []byte("0123456789")})
	d := NewStreamDecoder(&script{[][]byte{whole[:XLogDataHeaderLen+3], whole[XLogDataHeaderLen+3:]}}, 0)
	var m StreamMessage
	require.False(t, d.Ready())
	require.NoError(t, d.Next(&m))
	require.Equal(t, StreamMessage{Start: 1000, WalEnd: 2000, Data: []byte("012")}, m)
	require.False(t, d.Ready())
	require.NoError(t, d.Next(&m))
	require.Equal(t, StreamMessage{Start: 1003, WalEnd: 2000, Data: []byte("3456789")}, m)
	require.Equal(t, errNotNow, d.Next(&m))
}

func TestPiecesLiveWhileReady(t *testing.T) {
	var stream []byte
	for i := range 20 {
		stream = AppendXLogData(stream, &XLogData{Start: xlog.LSN(i), Data: bytes.Repeat([]byte{byte(i)}, 100)})
	}
	d := NewStreamDecoder(bytes.NewReader(stream), streamMinBuffer)
	var m StreamMessage
	var pieces [][]byte
	require.NoError(t, d.Next(&m))
	pieces = append(pieces, m.Data)
	for d.Ready() {
		require.NoError(t, d.Next(&m))
		pieces = append(pieces, m.Data)
	}
	require.Len(t, pieces, 20)
	for i, p := range pieces {
		require.Equal(t, bytes.Repeat([]byte{byte(i)}, 100), p)
	}
}

func TestEmptyXLogDataIsOneEmptyPiece(t *testing.T) {
	d := NewStreamDecoder(bytes.NewReader(AppendXLogData(nil, &XLogData{Start: 7, WalEnd: 8})), 0)
	var m StreamMessage
	require.NoError(t, d.Next(&m))
	require.Equal(t, xlog.LSN(7), m.Start)
	require.Empty(t, m.Data)
	require.Equal(t, io.EOF, d.Next(&m))
}

func TestErrorLongerThanTheBufferComesWhole(t *testing.T) {
	long := Errorf(CodeInternalError, "%s", bytes.Repeat([]byte("x"), 100_000))
	stream := AppendErrorResponse(nil, long)
	stream = AppendXLogData(stream, &XLogData{Start: 1, Data: []byte("x")})
	d := NewStreamDecoder(iotest.HalfReader(bytes.NewReader(stream)), 0)
	var m StreamMessage
	require.NoError(t, d.Next(&m))
	require.Equal(t, StreamOther, m.Kind)
	e, err := DecodeErrorResponse(m.Body)
	require.NoError(t, err)
	require.Equal(t, long, e)
	require.NoError(t, d.Next(&m))
	require.Equal(t, []byte("x"), m.Data)
}

func TestBrokenStreamIsRefusedAtOnce(t *testing.T) {
	frame := func(typ byte, length uint32, rest ...byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{typ}, length), rest...)
	}
	for name, c := range map[string]struct {
		in   []byte
		text string
	}{
		"length below 4":          {frame('d', 3), `lost synchronization with server: got message type "d", length 3`},
		"length 0":                {frame('Z', 0), "lost synchronization"},
		"negative length":         {frame('d', 0xffffffff), "length -1"},
		"CopyData above 1 GB":     {frame('d', 0x3fffffff), "lost synchronization"},
		"long short message":      {frame('Z', 30001), "lost synchronization"},
		"error above 1 MB":        {frame('E', 1<<20+1), "lost synchronization"},
		"empty CopyData":          {frame('d', 4), "no data left in message"},
		"unknown kind":            {frame('d', 100, 'q'), "invalid replication message type 113"},
		"short XLogData":          {frame('d', 4+24, 'w'), "invalid WAL message received from primary"},
		"short keepalive":         {frame('d', 4+17, 'k'), "invalid keepalive message received from primary"},
		"long keepalive":          {frame('d', 4+19, 'k'), "invalid keepalive message received from primary"},
		"long keepalive, arrived": {frame('d', 4+30, append([]byte{'k'}, make([]byte, 17)...)...), "invalid keepalive"},
	} {
		d := NewStreamDecoder(&script{[][]byte{c.in}}, 0)
		var m StreamMessage
		requireCode(t, d.Next(&m), CodeProtocolViolation, c.text)
		require.True(t, d.Ready(), name)
	}
}

func TestServerThatClosesInMidMessageIsTold(t *testing.T) {
	whole := AppendXLogData(nil, &XLogData{Data: []byte("0123")})
	for n := range len(whole) {
		d := NewStreamDecoder(bytes.NewReader(whole[:n]), 0)
		var m StreamMessage
		err := d.Next(&m)
		if n == 0 {
			require.Equal(t, io.EOF, err)
			continue
		}
		if err == nil {
			err = d.Next(&m)
		}
		requireCode(t, err, CodeConnectionFailure, "server closed the connection unexpectedly")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}

// repeat gives the same bytes for ever, in full reads.
type repeat struct {
	data []byte
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], r.data[r.at:])
		n += c
		r.at = (r.at + c) % len(r.data)
	}
	return n, nil
}

func TestStreamDecoderDoesNotAllocate(t *testing.T) {
	stream := AppendXLogData(nil, &XLogData{Data: make([]byte, 300)})
	stream = AppendKeepalive(stream, &Keepalive{})
	d := NewStreamDecoder(&repeat{data: stream}, 64*1024)
	var m StreamMessage
	require.Zero(t, testing.AllocsPerRun(10_000, func() {
		if d.Next(&m) != nil {
			t.Fail()
		}
	}))
}

func benchmarkStreamDecoder(b *testing.B, payload int) {
	d := NewStreamDecoder(&repeat{data: AppendXLogData(nil, &XLogData{Data: make([]byte, payload)})}, 256*1024)
	b.SetBytes(int64(payload))
	b.ReportAllocs()
	var m StreamMessage
	for got := int64(0); got < int64(b.N)*int64(payload); got += int64(len(m.Data)) {
		if err := d.Next(&m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStreamDecoder128kB(b *testing.B) { benchmarkStreamDecoder(b, 128*1024) }
func BenchmarkStreamDecoder200B(b *testing.B)  { benchmarkStreamDecoder(b, 200) }
