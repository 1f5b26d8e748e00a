package pgwire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"waypost/transport"
)

// maxStartupMessage is the longest message believed while connecting, bytes; libpq stops at 30,000.
const maxStartupMessage = 64 * 1024

// connectHost connects to one host and checks that it is of the kind asked for.
func (t *Transport) connectHost(
	ctx context.Context, s *settings, h host, attrs string, opts transport.ConnectOptions,
) (*conn, error) {
	cfg, err := s.pgconnConfig(h)
	if err != nil {
		return nil, err
	}
	var frames *framer // of the attempt that was made last, which is the one that pgconn returns
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		frames = newFramer(r)
		return pgproto3.NewFrontend(frames, w)
	}
	if opts.Notice != nil {
		cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { opts.Notice(fromPgError((*pgconn.PgError)(n))) }
	}
	pg, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, connectError(ctx, h, err)
	}
	c, err := t.takeOver(pg, frames, s, h, opts)
	if err != nil {
		_ = pg.Conn().Close()
		return nil, &transport.ConnError{Op: connectOp(h), Err: err}
	}
	if err := acceptsTarget(attrs, c.parameters); err != nil {
		c.Close()
		return nil, targetError(h, err)
	}
	if opts.MustUsePassword && !frames.passwordAsked {
		c.Close()
		return nil, &transport.PasswordRequiredError{
			Detail: "Non-superuser cannot connect if the server does not request a password.",
		}
	}
	return c, nil
}

// takeOver takes the socket from pgconn, with every byte that was read beyond the server's greeting.
func (t *Transport) takeOver(
	pg *pgconn.PgConn, frames *framer, s *settings, h host, opts transport.ConnectOptions,
) (*conn, error) {
	hijacked, err := pg.Hijack()
	if err != nil {
		return nil, err
	}
	ahead, err := frames.drain(hijacked.Conn)
	if err != nil {
		return nil, err
	}
	socket, err := sockUnder(hijacked.Conn)
	if err != nil {
		return nil, err
	}
	return newConn(t, newSource(socket, hijacked.Conn, ahead), s, h, opts, hijacked.PID, hijacked.ParameterStatuses), nil
}

func sockUnder(c net.Conn) (*sock, error) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	s, ok := c.(*sock)
	if !ok {
		return nil, fmt.Errorf("unexpected connection of type %T", c)
	}
	return s, nil
}

// pgconnConfig is the configuration for one host. pgconn reads the environment and the password file by itself; what
// it is told here takes precedence.
func (s *settings) pgconnConfig(h host) (*pgconn.Config, error) {
	text := s.pgconnString(h)
	cfg, err := pgconn.ParseConfig(text)
	if err != nil {
		// pgconn's text quotes the connection string; the cause alone says what is wrong.
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
		return nil, conninfoErrorf("", "invalid connection settings: %s", err)
	}
	cfg.ConnectTimeout = s.connectTimeout()
	cfg.ValidateConnect = nil
	cfg.MaxProtocolMessageBodyLen = maxStartupMessage
	cfg.RuntimeParams = s.runtimeParams()
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return s.dial(ctx, h, network, address)
	}
	cfg.LookupFunc = func(ctx context.Context, _ string) ([]string, error) { return s.lookup(ctx, h) }
	s.limitTLS(cfg.TLSConfig)
	for _, f := range cfg.Fallbacks {
		s.limitTLS(f.TLSConfig)
	}
	return cfg, nil
}

// pgconnString is a connection string with only what pgconn honours, for one host.
func (s *settings) pgconnString(h host) string {
	var b strings.Builder
	set := func(keyword, value string) {
		if value != "" {
			b.WriteString(keyword + "=" + quoteValue(value) + " ")
		}
	}
	name := h.name
	if h.addr != "" && strings.HasPrefix(name, "/") {
		name = h.addr // pgconn would take the name for a socket's directory; the address is what is dialled
	}
	set("host", name)
	set("port", strconv.Itoa(h.port))
	for _, o := range options() {
		if o.pgconn && !(o.keyword == "sslmode" && h.unix()) {
			set(o.keyword, s.conninfo[o.keyword])
		}
	}
	if h.unix() {
		set("sslmode", "disable") // as libpq: no TLS over Unix sockets
	}
	// pgconn reads PGSERVICE, too. What it finds has been taken over and counts for less than what is set here.
	set("service", s.conninfo["service"])
	set("servicefile", s.conninfo["servicefile"])
	set("target_session_attrs", "any") // decided here, see acceptsTarget
	b.WriteString("passfile=" + quoteValue(s.passfile()) + " ")
	return b.String()
}

// passfile is the password file to use, "" for none. One that others may read is not used, as libpq has it.
func (s *settings) passfile() string {
	path := s.conninfo["passfile"]
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		path = filepath.Join(home, ".pgpass")
	}
	if fi, err := os.Stat(path); err != nil || !fi.Mode().IsRegular() || fi.Mode().Perm()&0o077 != 0 {
		return ""
	}
	return path
}

// runtimeParams are the parameters of the startup packet beside user and database.
func (s *settings) runtimeParams() map[string]string {
	params := make(map[string]string)
	for _, keyword := range []string{"replication", "application_name", "client_encoding", "options"} {
		if value := s.conninfo[keyword]; value != "" {
			params[keyword] = value
		}
	}
	for env, name := range map[string]string{"PGDATESTYLE": "datestyle", "PGTZ": "timezone", "PGGEQO": "geqo"} {
		if value := os.Getenv(env); value != "" {
			params[name] = value
		}
	}
	return params
}

func (s *settings) limitTLS(cfg *tls.Config) {
	if cfg != nil {
		cfg.MinVersion, _ = tlsVersion(s.conninfo["ssl_min_protocol_version"])
		cfg.MaxVersion, _ = tlsVersion(s.conninfo["ssl_max_protocol_version"])
	}
}
