package backend

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/tlsfiles"
	"waypost/internal/tlsfiles/tlstest"
	"waypost/pmsignal"
	"waypost/protocol"
)

// securePair is a Conn that speaks TLS, and the client's end of it: encrypted, and below.
func securePair(t testing.TB) (*Conn, *tls.Conn, *net.TCPConn) {
	t.Helper()
	ca := tlstest.NewCA(t, "root")
	server := ca.Issue(t, "server")
	dir := t.TempDir()
	files, _, err := (&tlsfiles.Settings{
		CertFile: tlstest.Write(t, dir, "server.crt", server.CertPEM()),
		KeyFile:  tlstest.Write(t, dir, "server.key", server.KeyPEM(t)), Ciphers: "HIGH",
	}).Load()
	require.NoError(t, err)
	config, err := files.Config()
	require.NoError(t, err)
	c, raw := pair(t)
	client := tls.Client(raw, &tls.Config{RootCAs: tlstest.Pool(ca), ServerName: "localhost"})
	done := make(chan error, 1)
	go func() { done <- client.Handshake() }()
	_, err = c.startTLS(config, nil)
	require.NoError(t, err)
	require.NoError(t, <-done)
	return c, client, raw
}

// BenchmarkWriteFromTLS is what messages of old WAL cost the thread that sends them. The client throws away what it gets
// as it came.
func BenchmarkWriteFromTLS(b *testing.B) {
	c, _, raw := securePair(b)
	const size = 128 << 10
	f, err := os.CreateTemp(b.TempDir(), "")
	require.NoError(b, err)
	defer f.Close()
	_, err = f.Write(make([]byte, size))
	require.NoError(b, err)
	fd, err := raw.File()
	require.NoError(b, err)
	defer fd.Close()
	require.NoError(b, unix.SetNonblock(int(fd.Fd()), false))
	go func() {
		room := make([]byte, 1<<20)
		for {
			if n, _, err := unix.Recvfrom(int(fd.Fd()), room, unix.MSG_TRUNC); n <= 0 || err != nil {
				return
			}
		}
	}()
	c.BeginBulk()
	defer c.EndBulk()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.Rusage
	head := make([]byte, 30)
	b.SetBytes(size)
	require.NoError(b, unix.Getrusage(unix.RUSAGE_THREAD, &before))
	for b.Loop() {
		if err := c.WriteFrom(head, int(f.Fd()), 0, size); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, unix.Getrusage(unix.RUSAGE_THREAD, &after))
	cpu := unix.TimevalToNsec(after.Utime) + unix.TimevalToNsec(after.Stime) - unix.TimevalToNsec(before.Utime) - unix.TimevalToNsec(before.Stime)
	b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op")
	require.NoError(b, unix.Shutdown(c.fd, unix.SHUT_WR))
}

func TestReadOverTLSGoesOnAfterItsDeadline(t *testing.T) {
	c, client, _ := securePair(t)
	c.SetDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := c.Read(make([]byte, 8))
	require.Equal(t, ErrTimeout, err)
	_, err = client.Write([]byte("late"))
	require.NoError(t, err)
	c.SetDeadline(time.Time{})
	b := make([]byte, 8)
	n, err := c.Read(b)
	require.NoError(t, err)
	require.Equal(t, "late", string(b[:n]))
}

func TestHandoverOverTLSLosesNothing(t *testing.T) {
	c, client, _ := securePair(t)
	first := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 4)) // the rest stays in crypto/tls
		first <- err
	}()
	c.Handover()
	_, err := client.Write([]byte("for the next reader"))
	require.NoError(t, err)
	require.ErrorIs(t, <-first, ErrHandover)
	c.Taken()
	b := make([]byte, len("for the next reader"))
	_, err = io.ReadFull(c, b)
	require.NoError(t, err)
	require.Equal(t, "for the next reader", string(b))
	require.NoError(t, client.Close())
	_, err = c.Read(b)
	require.Equal(t, io.EOF, err)
}

func TestCutOverTLSIsNoCleanEnd(t *testing.T) {
	c, client, raw := securePair(t)
	_, err := client.Write([]byte("x"))
	require.NoError(t, err)
	_, err = raw.Write([]byte{23, 3, 3, 0, 100, 1, 2, 3}) // the beginning of a record
	require.NoError(t, err)
	require.NoError(t, raw.CloseWrite())
	b := make([]byte, 8)
	_, err = c.Read(b)
	require.NoError(t, err)
	_, err = c.Read(b)
	require.EqualError(t, err, "SSL error: unexpected EOF")
}

func TestChangedRecordEndsTheConnection(t *testing.T) {
	c, _, raw := securePair(t)
	_, err := raw.Write(append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...))
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 8))
	require.ErrorContains(t, err, "SSL error: ")
}

func TestMessagesOfAllSizesOverTLS(t *testing.T) {
	c, client, _ := securePair(t)
	f, content := bulkFile(t)
	c.BeginBulk()
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
	big := bytes.Repeat([]byte("0123456789"), 500_000)
	_, err := c.Write(big)
	require.NoError(t, err)
	want = append(want, big...)
	c.Acquire()
	c.sayGoodbye()
	require.True(t, bytes.Equal(want, <-got))
	require.False(t, c.ByReference())
}

func TestFileThatCannotBeReadIsNotBegunOverTLS(t *testing.T) {
	c, client, _ := securePair(t)
	f, content := bulkFile(t)
	err := c.WriteFrom([]byte("head "), int(f.Fd()), int64(len(content)-5), 10)
	var failed *ReadError
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, c.Broken())
	_, err = c.Write([]byte("sorry"))
	require.NoError(t, err)
	b := make([]byte, 5)
	_, err = io.ReadFull(client, b)
	require.NoError(t, err)
	require.Equal(t, "sorry", string(b))
}

func TestWriteOverTLSThatIsNotTakenAsksWhetherToGoOn(t *testing.T) {
	for _, size := range []int{longestRecord, 64 << 20} { // record by record, and gathered
		c, _, _ := securePair(t)
		asked := 0
		enough := errors.New("enough")
		c.GiveUp = func() error {
			if asked++; asked == 3 {
				return enough
			}
			return nil
		}
		var err error
		for range 10_000 { // no socket holds that much
			if _, err = c.Write(make([]byte, size)); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, enough)
		require.Equal(t, 3, asked)
		require.ErrorIs(t, c.Broken(), enough)
		_, err = c.Write([]byte("x"))
		require.ErrorIs(t, err, enough)
	}
}

// A reader's records, such as the answer to a request for new keys, come while the writer cannot go on.
func TestReadersRecordsLineUpBehindTheWriters(t *testing.T) {
	c, client, _ := securePair(t)
	e := c.tls
	written := make(chan error)
	big := bytes.Repeat([]byte("0123456789"), 2_000_000)
	go func() {
		_, err := c.Write(big)
		written <- err
	}()
	require.Eventually(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.sending
	}, 10*time.Second, time.Millisecond)
	// What a reader does, in effect: crypto/tls encrypts and calls the socket.
	_, err := e.tls.Write([]byte("behind"))
	require.NoError(t, err)
	var flooded error
	for range 1000 {
		if _, flooded = e.tls.Write(make([]byte, 100)); flooded != nil {
			break
		}
	}
	require.ErrorIs(t, flooded, errFlooded, "a client cannot make the line as long as it likes")
	got := make([]byte, len(big)+len("behind"))
	_, err = io.ReadFull(client, got)
	require.NoError(t, err)
	require.NoError(t, <-written)
	require.True(t, bytes.Equal(append(big, "behind"...), got))
	_, err = c.Write([]byte("x"))
	require.ErrorIs(t, err, errFlooded)
}

// A reader's record that nobody else waits for: the client asks for new keys and does not read.
func TestReadersRecordsAreTakenInTimeOrTheConnectionEnds(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(c *Conn)
	}{
		{"before authentication", func(c *Conn) { c.SetDeadline(time.Now().Add(2 * stallCheck)) }},
		{"afterwards", func(c *Conn) {
			c.letIn()
			c.tls.patience = 2 * stallCheck
			c.SetDeadline(time.Now().Add(time.Hour))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, client, _ := securePair(t)
			tc.prepare(c)
			_, err := client.Write([]byte("there is something to read"))
			require.NoError(t, err)
			failed := make(chan error, 1)
			c.tls.answers = -1 << 20 // this is not about their number
			go func() {              // what a reader does, in effect
				var err error
				for err == nil { // no socket holds that much
					_, err = c.tls.tls.Write(make([]byte, longestRecord))
				}
				failed <- err
			}()
			select {
			case err := <-failed:
				require.ErrorIs(t, err, errFlooded)
			case <-time.After(10 * time.Second):
				t.Fatal("it waits for ever")
			}
			_, err = c.Read(make([]byte, 100))
			require.ErrorContains(t, err, errFlooded.Error())
		})
	}
}

func TestLastWordsOverTLSTakeNoWaiting(t *testing.T) {
	c, _, _ := securePair(t)
	c.GiveUp = func() error { return errors.New("full") }
	for c.Broken() == nil {
		c.Write(make([]byte, 1<<20))
	}
	began := time.Now()
	require.Error(t, c.WriteAtOnce([]byte("x")))
	c.sayGoodbye()
	require.Less(t, time.Since(began), stallCheck)
}

func TestSigquitTellsTheClientWhyOverTLS(t *testing.T) {
	s, _ := established(t)
	c, client, _ := securePair(t)
	s.Conn = c
	s.P.PM.SetQuitReason(pmsignal.QuitForCrash)
	s.quickdie()
	b := make([]byte, 1000)
	n, err := client.Read(b)
	require.NoError(t, err)
	e, err := protocol.DecodeErrorResponse(b[5:n])
	require.NoError(t, err)
	require.Equal(t, protocol.CodeCrashShutdown, e.Code)
}

func TestWhatComesBesideTheHandshakeIsNotLost(t *testing.T) {
	ca := tlstest.NewCA(t, "root")
	server := ca.Issue(t, "server")
	c, raw := pair(t)
	client := tls.Client(raw, &tls.Config{RootCAs: tlstest.Pool(ca), ServerName: "localhost"})
	done := make(chan error, 1)
	go func() {
		_, err := client.Write([]byte("at once"))
		done <- err
	}()
	unread := make([]byte, 7)
	_, err := io.ReadFull(c, unread) // as a Reader does that looks for a startup packet
	require.NoError(t, err)
	_, err = c.startTLS(&tls.Config{Certificates: []tls.Certificate{server.TLS()}}, unread)
	require.NoError(t, err)
	require.NoError(t, <-done)
	b := make([]byte, 20)
	n, err := c.Read(b)
	require.NoError(t, err)
	require.Equal(t, "at once", string(b[:n]))
}
