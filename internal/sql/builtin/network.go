package builtin

import (
	"net/netip"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// inetText writes an address always with its length, as text(inet) does.
func inetText(v types.Value) types.Value { return v.(netip.Prefix).String() }

func masked(v types.Value) types.Value { return v.(netip.Prefix).Masked() }

func ofInet(f func(p netip.Prefix) types.Value) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		return f(v[0].(netip.Prefix)), nil
	}
}

// contains makes a body of << <<= >> >>= and &&.
func contains(strict, reverse bool) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		in, out := v[0].(netip.Prefix), v[1].(netip.Prefix)
		if reverse {
			in, out = out, in
		}
		if in.Addr().BitLen() != out.Addr().BitLen() || in.Bits() < out.Bits() || strict && in.Bits() == out.Bits() {
			return false, nil
		}
		return out.Contains(in.Addr()), nil
	}
}

func network(source string) Body {
	switch source {
	case "network_host":
		return ofInet(func(p netip.Prefix) types.Value { return p.Addr().String() })
	case "network_show":
		return ofInet(func(p netip.Prefix) types.Value { return p.String() })
	case "inet_abbrev":
		return ofInet(func(p netip.Prefix) types.Value {
			if p.IsSingleIP() {
				return p.Addr().String()
			}
			return p.String()
		})
	case "network_masklen":
		return ofInet(func(p netip.Prefix) types.Value { return int64(p.Bits()) })
	case "network_family":
		return ofInet(func(p netip.Prefix) types.Value {
			if p.Addr().Is4() {
				return int64(4)
			}
			return int64(6)
		})
	case "network_network":
		return ofInet(func(p netip.Prefix) types.Value { return p.Masked() })
	case "network_sub":
		return contains(true, false)
	case "network_subeq":
		return contains(false, false)
	case "network_sup":
		return contains(true, true)
	case "network_supeq":
		return contains(false, true)
	}
	return nil
}
