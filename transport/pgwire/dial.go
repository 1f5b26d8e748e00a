package pgwire

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dial opens the socket to h. network and address are pgconn's idea of it, one of the addresses that lookup gave.
func (s *settings) dial(ctx context.Context, h host, network, address string) (net.Conn, error) {
	if h.unix() {
		network, address = "unix", filepath.Join(h.name, ".s.PGSQL.")+strconv.Itoa(h.port)
	}
	d := net.Dialer{KeepAlive: -1, KeepAliveConfig: s.keepAlive()}
	if ms := s.int("tcp_user_timeout", 0); ms > 0 && network == "tcp" {
		d.Control = func(_, _ string, c syscall.RawConn) error { return setUserTimeout(c, ms) }
	}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if peer := s.conninfo["requirepeer"]; peer != "" && h.unix() {
		if err := requirePeer(conn, peer); err != nil {
			conn.Close()
			return nil, err
		}
	}
	sock, err := newSock(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return sock, nil
}

// keepAlive follows libpq: on unless keepalives=0, and what is not given (or 0) is the system's default.
func (s *settings) keepAlive() net.KeepAliveConfig {
	const systemDefault = -1
	cfg := net.KeepAliveConfig{
		Enable: s.int("keepalives", 1) != 0, Idle: systemDefault, Interval: systemDefault, Count: systemDefault,
	}
	if n := s.int("keepalives_idle", 0); n > 0 {
		cfg.Idle = time.Duration(n) * time.Second
	}
	if n := s.int("keepalives_interval", 0); n > 0 {
		cfg.Interval = time.Duration(n) * time.Second
	}
	if n := s.int("keepalives_count", 0); n > 0 {
		cfg.Count = n
	}
	return cfg
}

func setUserTimeout(c syscall.RawConn, ms int) error {
	var errno error
	if err := c.Control(func(fd uintptr) {
		errno = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, ms)
	}); err != nil {
		return err
	}
	return errno
}

// requirePeer checks who runs the server at the other end of a Unix socket.
func requirePeer(conn net.Conn, want string) error {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var errno error
	if err := raw.Control(func(fd uintptr) {
		cred, errno = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if errno != nil {
		return fmt.Errorf("get peer credentials: %w", errno)
	}
	peer, err := user.LookupId(strconv.Itoa(int(cred.Uid)))
	if err != nil {
		return fmt.Errorf("look up local user ID %d: %w", cred.Uid, err)
	}
	if peer.Username != want {
		return fmt.Errorf("requirepeer specifies %q, but actual peer user name is %q", want, peer.Username)
	}
	return nil
}

// lookup gives the addresses to try for h.
func (s *settings) lookup(ctx context.Context, h host) ([]string, error) {
	switch {
	case h.addr != "":
		if !isAddress(h.addr) {
			return nil, fmt.Errorf("could not parse network address %q", h.addr)
		}
		return []string{h.addr}, nil
	case h.unix():
		return []string{h.name}, nil
	}
	addrs, err := net.DefaultResolver.LookupHost(ctx, h.name)
	if err == nil && s.conninfo["load_balance_hosts"] == "random" {
		shuffle(addrs)
	}
	return addrs, err
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func shuffle[T any](list []T) {
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}
