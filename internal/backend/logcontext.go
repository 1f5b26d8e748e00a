package backend

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"

	"waypost/internal/guc"
	"waypost/internal/logging"
)

// hostnameTimeout bounds the look-up of log_hostname, beside authentication_timeout: the client waits for it.
const hostnameTimeout = 10 * time.Second

// knowPeer tells the log where the client is, by name if log_hostname says so.
func (s *Session) knowPeer() {
	peer := &s.Conn.Peer
	if s.P.Settings.Bool(guc.LogHostname) && !peer.Local() {
		peer.Name = hostname(peer.Addr.String(), s.Conn.Deadline())
	}
	s.P.LogClient(func(c *logging.Client) {
		c.Start = s.started
		c.RemoteHost = peer.shown()
		if !peer.Local() {
			c.RemotePort = strconv.Itoa(peer.Port)
		}
	})
}

// hostname is the name that the system knows an address by, or "" if there is none, or none by then.
func hostname(addr string, deadline time.Time) string {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	ctx, cancelOne := context.WithTimeout(ctx, hostnameTimeout)
	defer cancelOne()
	names, err := net.DefaultResolver.LookupAddr(ctx, addr)
	if err != nil || len(names) == 0 {
		return ""
	}
	return strings.TrimSuffix(names[0], ".")
}

// knowUser tells the log who the client says it is. Its application_name is a setting, and none of its settings counts yet.
func (s *Session) knowUser() {
	s.P.LogClient(func(c *logging.Client) { c.User, c.Database = s.Startup.User, s.Startup.Database })
}

// knowApplication tells the log what the client calls itself, now that its settings count.
func (s *Session) knowApplication() {
	name := s.P.Settings.String(guc.ApplicationName)
	s.P.LogClient(func(c *logging.Client) { c.Application = name })
}
