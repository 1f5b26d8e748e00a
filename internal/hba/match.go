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

// matcher looks for one client's rule.
type matcher struct {
	c    *Client
	addr netip.Addr
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
		return m.hasName(r.name)
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

// hasName says whether the client's name is the wanted one, and leads back to its address: a name server may claim any
// name for its own addresses. Each look-up is made once for a client, and the second only for a name that is wanted.
func (m *matcher) hasName(wanted string) bool {
	l := &m.c.lookup
	if l.state == lookupNone {
		m.reverse(l)
	}
	if l.state == lookupFailed || !nameFits(wanted, l.name) {
		return false
	}
	if l.state == lookupReverse {
		m.forward(l)
	}
	return l.state == lookupMatches
}

func nameFits(wanted, name string) bool {
	if strings.HasPrefix(wanted, ".") {
		return len(name) >= len(wanted) && equalFold(name[len(name)-len(wanted):], wanted)
	}
	return equalFold(name, wanted)
}

func (m *matcher) resolver() Resolver {
	if m.c.Resolver != nil {
		return m.c.Resolver
	}
	return net.DefaultResolver
}

// within bounds one look-up.
func (m *matcher) within() (context.Context, context.CancelFunc) {
	until := time.Now().Add(lookupTimeout)
	if d := m.c.Deadline; !d.IsZero() && d.Before(until) {
		until = d
	}
	return context.WithDeadline(context.Background(), until)
}

func (m *matcher) reverse(l *lookup) {
	ctx, cancel := m.within()
	defer cancel()
	names, err := m.resolver().LookupAddr(ctx, m.addr.String())
	if err != nil || len(names) == 0 {
		l.state, l.err = lookupFailed, err
		return
	}
	l.state, l.name = lookupReverse, strings.TrimSuffix(names[0], ".")
}

func (m *matcher) forward(l *lookup) {
	ctx, cancel := m.within()
	defer cancel()
	addrs, err := m.resolver().LookupNetIP(ctx, "ip", l.name)
	if err != nil {
		l.state, l.err = lookupFailed, err
		return
	}
	l.state = lookupElsewhere
	for _, a := range addrs {
		if a.Unmap() == m.addr {
			l.state = lookupMatches
		}
	}
}
