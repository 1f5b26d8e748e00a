package pgwire

import (
	"strconv"
	"strings"

	"waypost/transport"
)

// parseServerVersion reads the parameter server_version as libpq does: "15.18 (Debian …)" is 150018, "18beta1" is
// 180000, and of old "9.6.24" is 90624.
func parseServerVersion(text string) transport.ServerVersion {
	v := transport.ServerVersion{Text: text}
	major, rest := leadingNumber(text)
	var minor, patch int
	if rest, dot := strings.CutPrefix(rest, "."); dot {
		minor, rest = leadingNumber(rest)
		if rest, dot = strings.CutPrefix(rest, "."); dot {
			patch, _ = leadingNumber(rest)
		}
	}
	if v.Num = major*10000 + minor; major < 10 {
		v.Num = (major*100+minor)*100 + patch
	}
	return v
}

func leadingNumber(s string) (n int, rest string) {
	digits := 0
	for digits < len(s) && digits < 6 && '0' <= s[digits] && s[digits] <= '9' {
		digits++
	}
	n, _ = strconv.Atoi(s[:digits])
	return n, s[digits:]
}
