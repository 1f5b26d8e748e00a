package pgwire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/transport"
)

type message struct {
	typ  byte
	body string
}

// readAll reads messages until an error, which is returned with them.
func readAll(src io.Reader) (all []message, err error) {
	r := newMessageReader(src)
	var m protocol.StreamMessage
	for {
		if err := r.Next(&m); err != nil {
			return all, err
		}
		all = append(all, message{m.Type, string(m.Body)})
	}
}

func TestMessageReaderGathersMessagesHoweverTheyCome(t *testing.T) {
	var wire []byte
	var want []message
	for _, n := range []int{0, 1, 10, messageReaderBuffer - 5, messageReaderBuffer, 1000000, 3} {
		body := bytes.Repeat([]byte{byte(n)}, n)
		wire = protocol.AppendCopyData(wire, body)
		want = append(want, message{'d', string(body)})
	}
	wire = protocol.AppendCopyDone(wire)
	want = append(want, message{'c', ""})
	for name, src := range map[string]io.Reader{
		"at once": bytes.NewReader(wire), "by halves": iotest.HalfReader(bytes.NewReader(wire)),
		"by bytes": iotest.OneByteReader(bytes.NewReader(wire)), "with the end": iotest.DataErrReader(bytes.NewReader(wire)),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(src)
			require.ErrorIs(t, err, io.EOF)
			require.True(t, slices.Equal(want, got))
		})
	}
	_, err := readAll(bytes.NewReader(wire[:len(wire)-1]))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestMessageReaderTakesNoMemoryForALyingLength(t *testing.T) {
	r := newMessageReader(bytes.NewReader([]byte{'d', 0x3f, 0xff, 0xff, 0xff, 1, 2, 3}))
	require.ErrorIs(t, r.Next(new(protocol.StreamMessage)), io.ErrUnexpectedEOF)
	require.Len(t, r.buf, messageReaderBuffer)
}

func FuzzMessageReader(f *testing.F) {
	f.Add(protocol.AppendCopyDone(protocol.AppendCopyData(nil, []byte("x"))))
	f.Add([]byte{'d', 0x40, 0, 0, 0})
	f.Add([]byte{'S', 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole, err := readAll(bytes.NewReader(wire))
		pieces, errPieces := readAll(iotest.OneByteReader(bytes.NewReader(wire)))
		require.Equal(t, whole, pieces)
		var broken *protocol.Error
		require.Equal(t, errors.As(err, &broken), errors.As(errPieces, &broken))
	})
}

func FuzzRows(f *testing.F) {
	f.Add(protocol.AppendRowDescription(nil, protocol.Column{Name: "a", Type: 25})[5:], protocol.AppendDataRow(nil, []byte("x"))[5:])
	f.Fuzz(func(t *testing.T, description, row []byte) {
		columns, err := decodeRowDescription(description)
		if err != nil {
			return
		}
		result := transport.ExecResult{Columns: columns}
		if addRow(&result, row) == nil {
			require.Len(t, result.Rows[0], len(columns))
		}
	})
}
