package backend_test

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

// FuzzSession sends whatever it likes to a session that stands. The session may refuse, skip or end, but what it says must
// be messages that a server sends, in a session that ends when its client goes, and it must not take long about it.
func FuzzSession(f *testing.F) {
	message := func(typ byte, body string) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{typ}, uint32(len(body)+4)), body...)
	}
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	sync := message('S', "")
	one := join(message('P', "s\x00SELECT $1::int, $2\x00\x00\x01\x00\x00\x00\x17"), message('D', "Ss\x00"),
		message('B', "p\x00s\x00\x00\x01\x00\x01\x00\x02\x00\x00\x00\x04\x00\x00\x00\x07\xff\xff\xff\xff\x00\x01\x00\x01"),
		message('D', "Pp\x00"), message('E', "p\x00\x00\x00\x00\x01"), message('H', ""), message('C', "Pp\x00"), sync)
	f.Add(one)
	f.Add(join(message('Q',
		"BEGIN; DECLARE c SCROLL CURSOR FOR SELECT * FROM generate_series(1,9); FETCH 3 c; FETCH BACKWARD 2 c\x00"),
		message('Q', "SAVEPOINT a; SELECT 1/0\x00"), message('Q', "ROLLBACK TO a\x00"), message('Q',
			"COMMIT AND CHAIN\x00"), one))
	f.Add(join(message('Q', "SET client_encoding = latin1; SELECT '\xe9'; RESET ALL\x00"), message('Q', "SHOW ALL\x00")))
	f.Add(join(message('P', "\x00PREPARE x AS SELECT 1\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"),
		message('E', "\x00\x00\x00\x00\x00"), sync, message('Q', "EXECUTE x; DEALLOCATE ALL; DISCARD ALL\x00")))
	f.Add(join(message('Q', "COPY (SELECT 1, 'a') TO STDOUT (FORMAT csv, HEADER)\x00"), message('d', "late"),
		message('F', "\x00\x00\x00\x01")))
	f.Add(join(message('E', "\x00\x00\x00\x00\x00"), message('Q', "SELECT 1\x00"), sync, message('X', "")))
	f.Add([]byte{'Q', 0, 0, 0, 3})
	n := newNode(f, backendtest.Options{})
	f.Fuzz(func(t *testing.T, input []byte) {
		n.T = t
		c := n.Connect()
		c.Start("user", "postgres", "options",
			"-c statement_timeout=200ms -c transaction_timeout=2s -c idle_session_timeout=10s")
		c.Until('Z')
		go func() {
			_, _ = c.Write(input)
			_, _ = c.Write(protocol.AppendTerminate(nil))
			_ = closeWrite(c)
		}()
		for {
			m, err := c.Next()
			if err != nil {
				require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the session says nothing and stays")
				break
			}
			requireFromServer(t, m)
		}
		select {
		case <-c.Session.Done():
		case <-time.After(soon):
			t.Fatal("the session does not end")
		}
		c.Close()
	})
}

func closeWrite(c *backendtest.Client) error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return io.ErrClosedPipe
}

// requireFromServer says that a message is one that a server sends, and whole.
func requireFromServer(t *testing.T, m backendtest.Message) {
	t.Helper()
	switch m.Type {
	case '1', '2', '3', 'n', 's', 'I', 'c':
		require.Empty(t, m.Body)
	case 'Z':
		require.Len(t, m.Body, 1)
		require.Contains(t, "ITE", string(m.Body))
	case 'E', 'N':
		e, err := protocol.DecodeErrorResponse(m.Body)
		require.NoError(t, err)
		require.Len(t, string(e.Code), 5)
		require.NotEqual(t, protocol.CodeInternalError, e.Code, e.Message)
	case 'D':
		_, err := protocol.DecodeDataRow(m.Body, nil)
		require.NoError(t, err)
	case 'C':
		tag, err := protocol.DecodeCommandComplete(m.Body)
		require.NoError(t, err)
		require.NotEmpty(t, tag)
	case 'S':
		_, _, err := protocol.DecodeParameterStatus(m.Body)
		require.NoError(t, err)
	case 'T', 't', 'd', 'H':
	default:
		t.Fatalf("message %q %q", string(rune(m.Type)), m.Body)
	}
}
