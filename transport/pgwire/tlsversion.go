package pgwire

import (
	"crypto/tls"
	"strings"
)

// tlsVersion is crypto/tls's number for libpq's name of a version (compared without regard to case); "" is no bound.
func tlsVersion(name string) (version uint16, ok bool) {
	switch strings.ToLower(name) {
	case "":
		return 0, true
	case "tlsv1":
		return tls.VersionTLS10, true
	case "tlsv1.1":
		return tls.VersionTLS11, true
	case "tlsv1.2":
		return tls.VersionTLS12, true
	case "tlsv1.3":
		return tls.VersionTLS13, true
	}
	return 0, false
}

func checkTLSVersionRange(ci conninfo) error {
	lowest, _ := tlsVersion(ci["ssl_min_protocol_version"])
	highest, _ := tlsVersion(ci["ssl_max_protocol_version"])
	if highest != 0 && lowest > highest {
		return conninfoErrorf("ssl_max_protocol_version", "invalid SSL protocol version range")
	}
	return nil
}
