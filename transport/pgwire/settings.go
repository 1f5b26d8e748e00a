package pgwire

import (
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"waypost/transport"
)

// settings are what a connection is made with: the string's, its service's, the environment's and the defaults, in
// that order of precedence (libpq's conninfo_add_defaults), checked.
type settings struct {
	conninfo
	hosts          []host
	connectDefault time.Duration // connect_timeout where none is given
}

// host is one of the servers to try.
type host struct {
	name string // name, address, or a socket's directory; what certificates and the password file are matched against
	addr string // hostaddr: the numeric address to dial in place of looking name up; "" for none
	port int
}

// unix says whether h is reached by a Unix socket.
func (h host) unix() bool {
	return h.addr == "" && (strings.HasPrefix(h.name, "/") || strings.HasPrefix(h.name, "@"))
}

// resolve completes and checks a parsed string for one connect.
func resolve(given conninfo, opts transport.ConnectOptions) (*settings, error) {
	s := &settings{conninfo: make(conninfo), connectDefault: opts.ConnectTimeout}
	for k, v := range given {
		s.conninfo[k] = v
	}
	s.applyOptions(opts)
	if err := s.addService(); err != nil {
		return nil, err
	}
	for _, o := range options() {
		if err := s.complete(&o); err != nil {
			return nil, err
		}
	}
	s.completeNames()
	if err := checkTLSVersionRange(s.conninfo); err != nil {
		return nil, err
	}
	return s, s.splitHosts()
}

// applyOptions puts in what PostgreSQL's walreceiver passes beside the string (libpqrcv_connect).
func (s *settings) applyOptions(opts transport.ConnectOptions) {
	delete(s.conninfo, "replication")
	switch {
	case opts.Replication && opts.Logical:
		s.conninfo["replication"] = "database"
	case opts.Replication:
		s.conninfo["replication"] = "true"
		// The server ignores it; the password file is searched for it.
		s.conninfo["dbname"] = "replication"
	}
	if opts.Logical {
		s.conninfo["client_encoding"] = "UTF8"
		// Values must come in a form that does not depend on the server's settings.
		s.conninfo["options"] = strings.TrimSpace(s.conninfo["options"] +
			" -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3")
	}
	s.conninfo["fallback_application_name"] = opts.ApplicationName
}

// complete gives o its default where it was not given and checks its value.
func (s *settings) complete(o *option) error {
	value, given := s.conninfo[o.keyword]
	if !given && o.env != "" {
		value = os.Getenv(o.env)
	}
	if !given && value == "" {
		value = o.def
	}
	if value == "" {
		delete(s.conninfo, o.keyword)
		return nil
	}
	s.conninfo[o.keyword] = value
	if o.check != nil {
		return o.check(o, value)
	}
	return nil
}

// completeNames fills in what defaults to something else's value.
func (s *settings) completeNames() {
	if s.conninfo["user"] == "" {
		if u, err := user.Current(); err == nil {
			s.conninfo["user"] = u.Username
		}
	}
	if s.conninfo["dbname"] == "" {
		s.conninfo["dbname"] = s.conninfo["user"]
	}
	if s.conninfo["application_name"] == "" {
		s.conninfo["application_name"] = s.conninfo["fallback_application_name"]
	}
}

// splitHosts makes hosts of the comma-separated lists (connectOptions2).
func (s *settings) splitHosts() error {
	names, addrs, ports := splitList(s.conninfo["host"]), splitList(s.conninfo["hostaddr"]), splitList(s.conninfo["port"])
	n := max(1, len(names))
	if len(addrs) > 0 {
		if n = len(addrs); len(names) > 0 && len(names) != n {
			return conninfoErrorf("host", "could not match %d host names to %d hostaddr values", len(names), n)
		}
	}
	if len(ports) > 1 && len(ports) != n {
		return conninfoErrorf("port", "could not match %d port numbers to %d hosts", len(ports), n)
	}
	for i := range n {
		h := host{name: element(names, i), addr: element(addrs, i)}
		if h.name == "" {
			if h.name = h.addr; h.addr == "" {
				h.name = defaultHost()
			}
		}
		port := element(ports, i)
		if len(ports) == 1 {
			port = ports[0]
		}
		var err error
		if h.port, err = parsePort(port); err != nil {
			return err
		}
		s.hosts = append(s.hosts, h)
	}
	return nil
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func element(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

const defaultPort = 5432

func parsePort(s string) (int, error) {
	if s == "" {
		return defaultPort, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, conninfoErrorf("port", "invalid integer value %q for connection option %q", s, "port")
	}
	if n < 1 || n > 65535 {
		return 0, conninfoErrorf("port", "invalid port number: %q", s)
	}
	return n, nil
}

// defaultHost is the socket directory that this system's libpq has built in: Debian's where it exists, else the one
// of PostgreSQL's own sources.
func defaultHost() string {
	const debian = "/var/run/postgresql"
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	return "/tmp"
}

// int is an integer setting; absent gives def. Its value has been checked.
func (s *settings) int(keyword string, def int) int {
	n, err := strconv.Atoi(s.conninfo[keyword])
	if err != nil {
		return def
	}
	return n
}

// connectTimeout is how long one host may take; 0 is without end. Like libpq it never allows less than 2 seconds,
// because the time is in whole seconds.
func (s *settings) connectTimeout() time.Duration {
	if s.conninfo["connect_timeout"] == "" {
		return s.connectDefault
	}
	n := s.int("connect_timeout", 0)
	if n <= 0 {
		return 0
	}
	return time.Duration(max(n, 2)) * time.Second
}

// display is the string with which the connection to h was made, secrets hidden (libpqrcv_get_conninfo).
func (s *settings) display() string {
	var b strings.Builder
	for _, o := range options() {
		value := s.conninfo[o.keyword]
		if o.debug || value == "" {
			continue
		}
		if o.secret {
			value = "********"
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(o.keyword + "=" + value)
	}
	return b.String()
}
