package backend

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/child"
	"waypost/internal/guc"
	"waypost/internal/layout"
	"waypost/pmsignal"
	"waypost/protocol"
	"waypost/shmem"
)

// pair is a Conn and the client's end of it.
func pair(t testing.TB) (*Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	defer accepted.Close()
	f, err := accepted.(*net.TCPConn).File()
	require.NoError(t, err)
	c, err := NewConn(int(f.Fd()))
	require.NoError(t, err)
	t.Cleanup(func() {
		f.Close()
		client.Close()
	})
	return c, client.(*net.TCPConn)
}

func TestKeepaliveSettingsReachTheSocket(t *testing.T) {
	c, _ := pair(t)
	require.NoError(t, c.SetKeepalive(Keepalive{Idle: 33 * time.Second, Interval: 4 * time.Second, Count: 5, UserTimeout: 6 * time.Second}))
	for option, want := range map[int]int{
		unix.TCP_KEEPIDLE: 33, unix.TCP_KEEPINTVL: 4, unix.TCP_KEEPCNT: 5, unix.TCP_USER_TIMEOUT: 6000, unix.TCP_NODELAY: 1,
	} {
		got, err := unix.GetsockoptInt(c.fd, unix.IPPROTO_TCP, option)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestReadGivesUpAtTheDeadline(t *testing.T) {
	c, client := pair(t)
	c.SetDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := c.Read(make([]byte, 8))
	require.ErrorIs(t, err, ErrTimeout)
	_, err = client.Write([]byte("late"))
	require.NoError(t, err)
	c.SetDeadline(time.Time{})
	b := make([]byte, 8)
	n, err := c.Read(b)
	require.NoError(t, err)
	require.Equal(t, "late", string(b[:n]))
}

func TestHandoverLosesNothing(t *testing.T) {
	c, client := pair(t)
	first := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 100))
		first <- err
	}()
	c.Handover()
	_, err := client.Write([]byte("for the next reader"))
	require.NoError(t, err)
	require.ErrorIs(t, <-first, ErrHandover)
	c.Taken()
	var got []byte
	b := make([]byte, 4) // smaller than what was kept
	for len(got) < len("for the next reader") {
		n, err := c.Read(b)
		require.NoError(t, err)
		got = append(got, b[:n]...)
	}
	require.Equal(t, "for the next reader", string(got))
	require.NoError(t, client.Close())
	_, err = c.Read(b)
	require.ErrorIs(t, err, io.EOF)
}

func TestWriteThatIsNotTakenAsksWhetherToGoOn(t *testing.T) {
	c, _ := pair(t)
	asked := 0
	enough := errors.New("enough")
	c.GiveUp = func() error {
		if asked++; asked == 3 {
			return enough
		}
		return nil
	}
	_, err := c.Write(make([]byte, 64<<20)) // no socket holds that much
	require.ErrorIs(t, err, enough)
	require.ErrorIs(t, c.Broken(), enough)
	_, err = c.Write([]byte("x"))
	require.ErrorIs(t, err, enough, "half a message is out: nothing more may follow")
	require.ErrorIs(t, c.WriteAtOnce([]byte("x")), enough)
}

func TestShortFileIsNotSentAsIfWhole(t *testing.T) {
	c, client := pair(t)
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteString("0123456789")
	require.NoError(t, err)
	require.NoError(t, c.writeBeginning([]byte("head ")))
	require.NoError(t, c.writeFile(int(f.Fd()), 2, 5))
	b := make([]byte, 10)
	_, err = io.ReadFull(client, b)
	require.NoError(t, err)
	require.Equal(t, "head 23456", string(b))
	require.ErrorIs(t, c.writeFile(int(f.Fd()), 8, 5), io.ErrUnexpectedEOF)
	require.ErrorIs(t, c.Broken(), io.ErrUnexpectedEOF)
}

func TestTurnIsTakenByOneAtATime(t *testing.T) {
	c, _ := pair(t)
	c.Acquire()
	require.False(t, c.AcquireWithin(0))
	require.False(t, c.AcquireWithin(20*time.Millisecond))
	taken := make(chan bool)
	go func() { taken <- c.AcquireWithin(10 * time.Second) }()
	c.Release()
	require.True(t, <-taken)
}

// established is a session past its start, without a goroutine of its own.
func established(t *testing.T) (*Session, *net.TCPConn) {
	t.Helper()
	segment, err := shmem.Create([]string{t.TempDir()}, "test", layout.New(1, 1), 1)
	require.NoError(t, err)
	areas, err := layout.Map(segment)
	require.NoError(t, err)
	c, client := pair(t)
	s := &Session{P: &child.Process{Settings: guc.New(), Areas: areas}, Conn: c, Startup: &protocol.StartupMessage{}}
	s.phase.Store(uint32(phaseCommands))
	return s, client
}

func TestSigquitTellsTheClientWhy(t *testing.T) {
	s, client := established(t)
	s.P.PM.SetQuitReason(pmsignal.QuitForStop)
	s.quickdie()
	b := make([]byte, 1000)
	n, err := client.Read(b)
	require.NoError(t, err)
	require.Equal(t, byte(protocol.MsgNoticeResponse), b[0])
	e, err := protocol.DecodeErrorResponse(b[5:n])
	require.NoError(t, err)
	require.Equal(t, protocol.SeverityWarning, e.Severity)
	require.Equal(t, "terminating connection due to immediate shutdown command", e.Message)
}

func TestSigquitSaysNothingInTheMiddleOfAMessage(t *testing.T) {
	s, client := established(t)
	s.Conn.Acquire() // somebody is writing
	began := time.Now()
	s.quickdie()
	require.Less(t, time.Since(began), time.Second)
	require.NoError(t, client.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := client.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}
