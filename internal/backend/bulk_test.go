package backend

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// bulkFile is a file of random bytes, some messages long.
func bulkFile(t *testing.T) (*os.File, []byte) {
	t.Helper()
	content := make([]byte, 2<<20)
	r := rand.NewChaCha8([32]byte{})
	r.Read(content)
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = f.Write(content)
	require.NoError(t, err)
	return f, content
}

// messages sends messages of all kinds of sizes and gives what the client is to get.
func messages(t *testing.T, c *Conn, f *os.File, content []byte) []byte {
	t.Helper()
	var want []byte
	for offset, n := 0, 1; offset+n <= len(content); n = min(n*3, 128<<10) {
		require.NoError(t, c.WriteFrom([]byte("head "), int(f.Fd()), int64(offset), n))
		want = append(append(want, "head "...), content[offset:offset+n]...)
		offset += n
	}
	return want
}

func TestBulkMessagesArriveAsWritten(t *testing.T) {
	for _, way := range []struct {
		name    string
		prepare func(t *testing.T, c *Conn)
		keeps   bool
	}{
		{"no bulk", func(*testing.T, *Conn) {}, false},
		{"bulk", func(_ *testing.T, c *Conn) { c.BeginBulk() }, true},
		{"pipe with too little room", func(t *testing.T, c *Conn) {
			c.BeginBulk()
			_, err := unix.FcntlInt(uintptr(c.bulk.w), unix.F_SETPIPE_SZ, 8*os.Getpagesize())
			require.NoError(t, err)
		}, false},
	} {
		t.Run(way.name, func(t *testing.T) {
			c, client := pair(t)
			f, content := bulkFile(t)
			way.prepare(t, c)
			defer c.EndBulk()
			got := make(chan []byte)
			go func() {
				b, err := io.ReadAll(client)
				if err != nil {
					t.Error(err)
				}
				got <- b
			}()
			want := messages(t, c, f, content)
			require.Equal(t, way.keeps, c.bulk != nil)
			require.NoError(t, unix.Shutdown(c.fd, unix.SHUT_WR))
			require.True(t, bytes.Equal(want, <-got))
		})
	}
}

func TestBulkWriteEndsWhenGiveUpSaysSo(t *testing.T) {
	c, _ := pair(t)
	f, content := bulkFile(t)
	c.BeginBulk()
	defer c.EndBulk()
	asked := 0
	enough := errors.New("enough")
	c.GiveUp = func() error {
		if asked++; asked == 3 {
			return enough
		}
		return nil
	}
	var err error
	for range 1000 { // no socket holds that much
		if err = c.WriteFrom([]byte("head "), int(f.Fd()), 0, len(content)/16); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, enough)
	require.Equal(t, 3, asked)
	require.NotNil(t, c.bulk, "it was the pipe that held the rest")
	require.ErrorIs(t, c.Broken(), enough)
	require.ErrorIs(t, c.WriteFrom([]byte("head "), int(f.Fd()), 0, 1), enough, "half a message is out: nothing more may follow")
}

func TestBulkMessageOfAFileThatCannotBeReadIsNotBegun(t *testing.T) {
	c, client := pair(t)
	f, content := bulkFile(t)
	unreadable, err := os.OpenFile(f.Name(), os.O_WRONLY, 0) // a disk's EIO is the same to us
	require.NoError(t, err)
	defer unreadable.Close()
	for _, tc := range []struct {
		file   *os.File
		offset int
		err    error
	}{
		{f, len(content) - 5, io.ErrUnexpectedEOF},
		{unreadable, 0, unix.EBADF},
	} {
		c.BeginBulk()
		err := c.WriteFrom([]byte("head "), int(tc.file.Fd()), int64(tc.offset), 10)
		var failed *ReadError
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, tc.err)
		require.NoError(t, c.Broken(), "nothing is out, so the client can be told")
	}
	c.BeginBulk()
	defer c.EndBulk()
	require.NoError(t, c.WriteFrom([]byte("head "), int(f.Fd()), 0, 10))
	require.NoError(t, unix.Shutdown(c.fd, unix.SHUT_WR))
	b, err := io.ReadAll(client)
	require.NoError(t, err)
	require.Equal(t, "head "+string(content[:10]), string(b), "what the pipe had is gone with it")
}

func TestBulkToTheSameHostKeepsTheQueueShort(t *testing.T) {
	c, _ := pair(t)
	before, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
	require.NoError(t, err)
	require.NotEqual(t, 2*hostSendBuffer, before)
	c.BeginBulk()
	defer c.EndBulk()
	after, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
	require.NoError(t, err)
	require.Equal(t, 2*hostSendBuffer, after) // the kernel counts its own structures, too
}
