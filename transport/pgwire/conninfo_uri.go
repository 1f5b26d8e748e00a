package pgwire

import "strings"

// parseURI reads what follows "postgresql://": [user[:password]@][host][:port][,…][/dbname][?keyword=value&…]
// (conninfo_uri_parse_options). Empty parts are not set at all.
func (ci conninfo) parseURI(s string, known map[string]bool) error {
	if at := strings.IndexAny(s, "@/"); at >= 0 && s[at] == '@' {
		user, password, _ := strings.Cut(s[:at], ":")
		if err := ci.setDecoded("user", user); err != nil {
			return err
		}
		if err := ci.setDecoded("password", password); err != nil {
			return err
		}
		s = s[at+1:]
	}
	hosts, ports, s, err := cutNetlocs(s)
	if err != nil {
		return err
	}
	if err := ci.setDecoded("host", hosts); err != nil {
		return err
	}
	if err := ci.setDecoded("port", ports); err != nil {
		return err
	}
	path, query, _ := strings.Cut(s, "?")
	if err := ci.setDecoded("dbname", strings.TrimPrefix(path, "/")); err != nil {
		return err
	}
	return ci.parseQuery(query, known)
}

// cutNetlocs takes the list of hosts and ports off the front of s; rest begins with '/' or '?' or is empty.
func cutNetlocs(s string) (hosts, ports, rest string, err error) {
	for {
		var host, port string
		if strings.HasPrefix(s, "[") {
			if host, s, err = cutIPv6(s[1:]); err != nil {
				return "", "", "", err
			}
		} else {
			host, s = cutAny(s, ":/?,")
		}
		if strings.HasPrefix(s, ":") {
			port, s = cutAny(s[1:], "/?,")
		}
		hosts, ports = hosts+host, ports+port
		if !strings.HasPrefix(s, ",") {
			return hosts, ports, s, nil
		}
		hosts, ports, s = hosts+",", ports+",", s[1:]
	}
}

// cutIPv6 takes an address up to its "]" off the front of s.
func cutIPv6(s string) (host, rest string, err error) {
	host, rest, ok := strings.Cut(s, "]")
	switch {
	case !ok:
		return "", "", conninfoErrorf("", "end of string reached when looking for matching \"]\" in IPv6 host address in URI")
	case host == "":
		return "", "", conninfoErrorf("", "IPv6 host address may not be empty in URI")
	case rest != "" && strings.IndexByte(":/?,", rest[0]) < 0:
		return "", "", conninfoErrorf("", "unexpected character %q after IPv6 host address in URI (expected \":\" or \"/\")", rest[0])
	}
	return host, rest, nil
}

// cutAny splits s in front of the first of chars.
func cutAny(s, chars string) (before, rest string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// parseQuery reads the part after "?".
func (ci conninfo) parseQuery(query string, known map[string]bool) error {
	for query != "" {
		var param string
		param, query, _ = strings.Cut(query, "&")
		keyword, value, ok := strings.Cut(param, "=")
		if !ok {
			return conninfoErrorf("", "missing key/value separator \"=\" in URI query parameter: %q", keyword)
		}
		if strings.Contains(value, "=") {
			return conninfoErrorf("", "extra key/value separator \"=\" in URI query parameter: %q", keyword)
		}
		keyword, err := uriDecode("", keyword)
		if err != nil {
			return err
		}
		if value, err = uriDecode(keyword, value); err != nil {
			return err
		}
		if keyword == "ssl" && value == "true" { // as JDBC has it
			keyword, value = "sslmode", "require"
		}
		if !known[keyword] {
			return conninfoErrorf(keyword, "invalid URI query parameter: %q", keyword)
		}
		ci[keyword] = value
	}
	return nil
}

func (ci conninfo) setDecoded(keyword, encoded string) error {
	if encoded == "" {
		return nil
	}
	value, err := uriDecode(keyword, encoded)
	if err == nil {
		ci[keyword] = value
	}
	return err
}

// uriDecode resolves percent-encoding, and that alone: a plus sign is a plus sign.
func uriDecode(keyword, s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
			return "", conninfoErrorf(keyword, "invalid percent-encoded token in URI")
		}
		c := hexDigit(s[i+1])<<4 | hexDigit(s[i+2])
		if c == 0 {
			return "", conninfoErrorf(keyword, "forbidden value %%00 in percent-encoded value")
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}

// hexDigit is c's value, -1 where it is no hexadecimal digit.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
