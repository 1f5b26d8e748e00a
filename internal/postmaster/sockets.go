package postmaster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/internal/guc"
)

// acceptPause is how long a listener rests after accept has failed, as it does when the machine is out of descriptors.
const acceptPause = 100 * time.Millisecond

// sockets are what the node listens on. Accepted connections go to one channel, which the postmaster's loop reads; the
// kernel's backlog holds the others meanwhile.
type sockets struct {
	log      *zerolog.Logger
	accepted chan int // descriptors, owned by the receiver
	fds      []int
	unix     []unixSocket
	firstTCP string // for postmaster.pid
	firstDir string
	closed   bool
}

// unixSocket is a socket file and the lock that keeps other servers from it.
type unixSocket struct {
	path string
	lock *datadir.SocketLock
}

// listen opens everything that listen_addresses and unix_socket_directories ask for. An address that cannot be had is
// a warning as long as another can. info goes into the sockets' lock files.
func listen(s *guc.Settings, info datadir.PidInfo, log *zerolog.Logger) (*sockets, error) {
	l := &sockets{accepted: make(chan int), log: log}
	port := s.Int(guc.Port)
	backlog := 2 * (s.Int(guc.MaxConnections) + s.Int(guc.MaxWalSenders))

	hosts := splitList(s.String(guc.ListenAddresses))
	tcp := 0
	for _, h := range hosts {
		n, err := l.listenHost(h, port, backlog)
		if err != nil {
			log.Warn().Err(err).Msgf("could not create listen socket for %q", h)
		}
		tcp += n
	}
	if len(hosts) > 0 {
		l.firstTCP = hosts[0]
		if tcp == 0 {
			return nil, errors.New("could not create any TCP/IP sockets")
		}
	}
	dirs := splitList(s.String(guc.UnixSocketDirectories))
	for _, d := range dirs {
		if err := l.listenUnix(d, port, backlog, s, info); err != nil {
			log.Warn().Err(err).Msgf("could not create Unix-domain socket in directory %q", d)
		}
	}
	if len(dirs) > 0 && len(l.unix) == 0 {
		return nil, errors.New("could not create any Unix-domain sockets")
	}
	if len(l.fds) == 0 {
		return nil, errors.New("no socket created for listening")
	}
	return l, nil
}

func splitList(s string) []string {
	var list []string
	for _, item := range strings.Split(s, ",") {
		if item = strings.Trim(strings.TrimSpace(item), `"`); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// listenHost binds every address that host stands for and gives how many were bound.
func (l *sockets) listenHost(host string, port, backlog int) (bound int, err error) {
	if host == "*" {
		n4, err4 := l.bindTCP(net.IPv4zero, port, backlog)
		n6, err6 := l.bindTCP(net.IPv6zero, port, backlog)
		if n4+n6 > 0 {
			return n4 + n6, nil
		}
		return 0, errors.Join(err4, err6)
	}
	addrs, err := net.DefaultResolver.LookupIPAddr(context.Background(), host)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, a := range addrs {
		n, err := l.bindTCP(a.IP, port, backlog)
		bound += n
		errs = append(errs, err)
	}
	if bound > 0 {
		return bound, nil
	}
	return 0, errors.Join(errs...)
}

func (l *sockets) bindTCP(ip net.IP, port, backlog int) (int, error) {
	name := "IPv6"
	family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: port, Addr: [16]byte(ip.To16())})
	if ip4 := ip.To4(); ip4 != nil {
		name = "IPv4"
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte(ip4)}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("create socket: %w", err)
	}
	if family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	if err == nil {
		err = bindAndListen(fd, sa, backlog)
	}
	if err != nil {
		unix.Close(fd)
		return 0, fmt.Errorf("bind %s, port %d: %w", ip, port, err)
	}
	l.fds = append(l.fds, fd)
	l.log.Info().Msgf("listening on %s address %q, port %d", name, ip, port)
	return 1, nil
}

func bindAndListen(fd int, sa unix.Sockaddr, backlog int) error {
	if err := unix.Bind(fd, sa); err != nil {
		return err
	}
	return unix.Listen(fd, backlog)
}

func (l *sockets) listenUnix(dir string, port, backlog int, s *guc.Settings, info datadir.PidInfo) error {
	path := filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))
	info.SocketDir = dir
	lock, err := datadir.LockSocket(path, info)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		// The lock is ours, so a socket file that is there belongs to nobody.
		os.Remove(path)
		err = bindAndListen(fd, &unix.SockaddrUnix{Name: path}, backlog)
	}
	if err == nil {
		err = socketAccess(path, s)
	}
	if err != nil {
		if fd >= 0 {
			unix.Close(fd)
		}
		lock.Release()
		return err
	}
	l.log.Info().Msgf("listening on Unix socket %q", path)
	if l.firstDir == "" {
		l.firstDir = dir
	}
	l.fds = append(l.fds, fd)
	l.unix = append(l.unix, unixSocket{path, lock})
	return nil
}

// socketAccess applies unix_socket_group and unix_socket_permissions.
func socketAccess(path string, s *guc.Settings) error {
	if name := s.String(guc.UnixSocketGroup); name != "" {
		g, err := user.LookupGroup(name)
		if err != nil {
			return err
		}
		gid, err := strconv.Atoi(g.Gid)
		if err != nil {
			return err
		}
		if err := os.Chown(path, -1, gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, os.FileMode(s.Int(guc.UnixSocketPermissions)))
}

// serve begins to accept. quit ends it: a listener that is about to hand a connection over gives up then.
func (l *sockets) serve(quit <-chan struct{}) {
	for _, fd := range l.fds {
		go func() {
			for l.acceptOne(fd, quit) {
			}
		}()
	}
}

// acceptOne waits for a connection and hands it over; false says that the listener was closed.
func (l *sockets) acceptOne(fd int, quit <-chan struct{}) bool {
	client, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
	switch err {
	case nil:
	case unix.EINTR, unix.ECONNABORTED, unix.EAGAIN:
		return true
	case unix.EINVAL: // what shutdown makes of a listener
		return false
	default:
		// The machine is out of something, or accept passes on an error of the new connection's network.
		select {
		case <-time.After(acceptPause):
			return true
		case <-quit:
			return false
		}
	}
	select {
	case l.accepted <- client:
		return true
	case <-quit:
		unix.Close(client)
		return false
	}
}

// stopAccepting closes the listeners: whoever connects from now on is refused by the kernel.
func (l *sockets) stopAccepting() {
	if l.closed {
		return
	}
	l.closed = true
	for _, fd := range l.fds {
		// A thread that sleeps in accept is woken by shutdown, not by close.
		unix.Shutdown(fd, unix.SHUT_RDWR)
	}
}

// remove takes the socket files and their locks away, at the node's end.
func (l *sockets) remove() {
	l.stopAccepting()
	for _, u := range l.unix {
		os.Remove(u.path)
		u.lock.Release()
	}
}

// touch keeps cleaners of temporary directories from the socket files.
func (l *sockets) touch(now time.Time) {
	for _, u := range l.unix {
		os.Chtimes(u.path, now, now)
		u.lock.Touch(now)
	}
}
