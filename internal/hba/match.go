package hba

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Resolver turns addresses into names and back; a *net.Resolver is one.
type Resolver interface {
	LookupAddr(ctx context.Context, addr string) (names []string, err error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// lookupTimeout bounds one look-up: a client waits for it.
const lookupTimeout = 10 * time.Second

// matcher holds what was found out about one client.
type matcher struct {
	c    *Client
	addr netip.Addr

	resolved bool
	host     string // the client's name, "" if it has none that leads back to its address
}

func (m *matcher) fits(r *Rule) bool {
	return r.admitsType(m.c) && (r.Type == Local || m.fitsAddress(r)) && r.admitsDatabase(m.c) && r.admitsUser(m.c)
}

func (m *matcher) fitsAddress(r *Rule) bool {
	switch r.kind {
	case addrAll:
		return true
	case addrMask:
		return inNet(m.addr, r.addr, r.mask)
	case addrName:
		host := m.hostName()
		if strings.HasPrefix(r.name, ".") {
			return len(host) >= len(r.name) && strings.EqualFold(host[len(host)-len(r.name):], r.name)
		}
		return host != "" && strings.EqualFold(host, r.name)
	}
	return m.onInterface(r.kind == addrSameNet)
}

// inNet says whether addr and network are the same where mask has ones, which need not be in a row.
func inNet(addr, network, mask netip.Addr) bool {
	if addr.BitLen() != network.BitLen() {
		return false
	}
	a, n, k := addr.AsSlice(), network.AsSlice(), mask.AsSlice()
	for i := range a {
		if (a[i]^n[i])&k[i] != 0 {
			return false
		}
	}
	return true
}

// onInterface says whether the client has one of this machine's addresses, or one in the same network as one. If
// the interfaces cannot be listed it has not.
func (m *matcher) onInterface(network bool) bool {
	list := m.c.Interfaces
	if list == nil {
		list = interfaces
	}
	prefixes, err := list()
	if err != nil {
		return false
	}
	for _, p := range prefixes {
		if m.addr == p.Addr() || network && p.Contains(m.addr) {
			return true
		}
	}
	return false
}

func interfaces() ([]netip.Prefix, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var prefixes []netip.Prefix
	for _, a := range addrs {
		if ipnet, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(ipnet.IP); ok {
				ones, _ := ipnet.Mask.Size()
				prefixes = append(prefixes, netip.PrefixFrom(addr.Unmap(), ones))
			}
		}
	}
	return prefixes, nil
}

// hostName is the client's name, if that name's addresses have the client's among them: a name server may claim
// any name for its own addresses.
func (m *matcher) hostName() string {
	if m.resolved {
		return m.host
	}
	m.resolved = true
	var r Resolver = net.DefaultResolver
	if m.c.Resolver != nil {
		r = m.c.Resolver
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	names, err := r.LookupAddr(ctx, m.addr.String())
	if err != nil || len(names) == 0 {
		return ""
	}
	name := strings.TrimSuffix(names[0], ".")
	addrs, err := r.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return ""
	}
	for _, a := range addrs {
		if a.Unmap() == m.addr {
			m.host = name
		}
	}
	return m.host
}
