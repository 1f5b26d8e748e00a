package pgwire

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/transport"
)

func TestSocketOptionsReachTheSocket(t *testing.T) {
	clearEnv(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	option := func(conninfo string, level, name int) int {
		t.Helper()
		s := resolved(t, conninfo, transport.ConnectOptions{})
		conn, err := s.dial(context.Background(), s.hosts[0], "tcp", l.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		var value int
		var errno error
		require.NoError(t, conn.(*sock).raw.Control(func(fd uintptr) { value, errno = unix.GetsockoptInt(int(fd), level, name) }))
		require.NoError(t, errno)
		return value
	}
	require.Equal(t, 1, option("host=h", unix.SOL_SOCKET, unix.SO_KEEPALIVE))
	require.Equal(t, 0, option("host=h keepalives=0", unix.SOL_SOCKET, unix.SO_KEEPALIVE))
	require.Equal(t, 7, option("host=h keepalives_idle=7", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE))
	require.Equal(t, 8, option("host=h keepalives_interval=8", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL))
	require.Equal(t, 9, option("host=h keepalives_count=9", unix.IPPROTO_TCP, unix.TCP_KEEPCNT))
	require.Equal(t, 1234, option("host=h tcp_user_timeout=1234", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT))
	require.Equal(t, 1, option("host=h", unix.IPPROTO_TCP, unix.TCP_NODELAY))
}
