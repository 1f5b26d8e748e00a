package tlsfiles

import (
	"crypto/tls"
	"strings"

	"waypost/internal/guc"
)

// protocolVersion is a value of ssl_min_protocol_version, as crypto/tls numbers it; 0 for "", any.
func protocolVersion(name string) uint16 {
	switch strings.ToLower(name) {
	case "tlsv1":
		return tls.VersionTLS10
	case "tlsv1.1":
		return tls.VersionTLS11
	case "tlsv1.2":
		return tls.VersionTLS12
	case "tlsv1.3":
		return tls.VersionTLS13
	}
	return 0
}

// VersionName is a version as OpenSSL calls it.
func VersionName(v uint16) string {
	switch v {
	case tls.VersionTLS10:
		return "TLSv1"
	case tls.VersionTLS11:
		return "TLSv1.1"
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	}
	return "unknown"
}

func versions(low, high string) (lowest, highest uint16, err error) {
	lowest, highest = protocolVersion(low), protocolVersion(high)
	if lowest == 0 {
		lowest = tls.VersionTLS10
	}
	if highest == 0 {
		highest = tls.VersionTLS13
	}
	if lowest > highest {
		return 0, 0, &guc.Error{SQLSTATE: codeInternal, Message: "could not set SSL protocol version range",
			Detail: "\"ssl_min_protocol_version\" cannot be higher than \"ssl_max_protocol_version\""}
	}
	return lowest, highest, nil
}

// curves are the groups of ssl_ecdh_curve, as crypto/tls numbers them. Names are OpenSSL's.
func curves(text string) (list []uint16, err error) {
	if text == "" {
		return []uint16{uint16(tls.X25519), uint16(tls.CurveP256)}, nil
	}
	for name := range strings.SplitSeq(text, ":") {
		var id tls.CurveID
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "prime256v1", "p-256", "secp256r1":
			id = tls.CurveP256
		case "secp384r1", "p-384":
			id = tls.CurveP384
		case "secp521r1", "p-521":
			id = tls.CurveP521
		case "x25519":
			id = tls.X25519
		case "x25519mlkem768":
			id = tls.X25519MLKEM768
		default:
			e := configError("ECDH: unrecognized curve name: %s", name)
			e.Hint = "Known are prime256v1, secp384r1, secp521r1, X25519 and X25519MLKEM768."
			return nil, e
		}
		list = append(list, uint16(id))
	}
	return list, nil
}
