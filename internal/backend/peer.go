package backend

import (
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Peer is where a client is. The zero Addr stands for a Unix-domain socket.
type Peer struct {
	Addr netip.Addr
	Port int    // -1 for a Unix-domain socket
	Name string // the host's, where log_hostname asks for it and it has one
}

// Local says whether the client came by a Unix-domain socket.
func (p Peer) Local() bool { return !p.Addr.IsValid() }

// Host is the client's address as PostgreSQL's messages have it.
func (p Peer) Host() string {
	if p.Local() {
		return "[local]"
	}
	return p.Addr.String()
}

// shown is what stands for the host where people read it.
func (p Peer) shown() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Host()
}

// Display is host and port as process titles have them: "127.0.0.1(40000)", "[local]".
func (p Peer) Display() string {
	if p.Local() {
		return p.Host()
	}
	return p.shown() + "(" + strconv.Itoa(p.Port) + ")"
}

// log is host and port as the log has them.
func (p Peer) log() string {
	if p.Local() {
		return "host=" + p.Host()
	}
	return "host=" + p.shown() + " port=" + strconv.Itoa(p.Port)
}

func peerOf(fd int) (Peer, error) {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return Peer{}, fmt.Errorf("get the client's address: %w", err)
	}
	return peerAt(sa), nil
}

func peerAt(sa unix.Sockaddr) Peer {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return Peer{Addr: netip.AddrFrom4(sa.Addr), Port: sa.Port}
	case *unix.SockaddrInet6:
		addr := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			addr = addr.WithZone(strconv.Itoa(int(sa.ZoneId)))
		}
		return Peer{Addr: addr, Port: sa.Port}
	default:
		return Peer{Port: -1}
	}
}

// onThisHost says whether the client of a TCP connection has the address that it connected to.
func (c *Conn) onThisHost() bool {
	sa, err := unix.Getsockname(c.fd)
	return err == nil && !c.Peer.Local() && peerAt(sa).Addr == c.Peer.Addr
}
