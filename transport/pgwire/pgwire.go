package pgwire

import (
	"context"
	"slices"

	"waypost/transport"
)

// Transport makes connections to PostgreSQL servers, and to Waypost's. The zero value is ready for use.
type Transport struct {
	// BufferSize is the receive buffer of a physical replication connection, bytes; 0 is DefaultBufferSize.
	BufferSize int
}

// DefaultBufferSize is enough for several of a walsender's largest messages (128 kB) to be read by one system call,
// and what may at most be received between two syncs.
const DefaultBufferSize = 1 << 20

var _ transport.Transport = (*Transport)(nil)

// CheckConninfo implements transport.Transport.
func (t *Transport) CheckConninfo(conninfo string, mustUsePassword bool) error {
	ci, err := parseConninfo(conninfo)
	if err != nil {
		return err
	}
	for _, o := range options() {
		if value := ci[o.keyword]; value != "" && o.check != nil {
			if err := o.check(&o, value); err != nil {
				return err
			}
		}
	}
	if mustUsePassword && ci["password"] == "" {
		return &transport.PasswordRequiredError{
			Detail: "Non-superusers must provide a password in the connection string.",
		}
	}
	return nil
}

// DBNameFromConninfo implements transport.Transport.
func (t *Transport) DBNameFromConninfo(conninfo string) (string, error) {
	ci, err := parseConninfo(conninfo)
	if err != nil {
		return "", err
	}
	return ci["dbname"], nil
}

// Connect implements transport.Transport.
func (t *Transport) Connect(ctx context.Context, conninfo string, opts transport.ConnectOptions) (transport.Conn, error) {
	if err := t.CheckConninfo(conninfo, opts.MustUsePassword); err != nil {
		return nil, err
	}
	given, err := parseConninfo(conninfo)
	if err != nil {
		return nil, err
	}
	s, err := resolve(given, opts)
	if err != nil {
		return nil, err
	}
	c, err := t.connectAny(ctx, s, opts)
	if err != nil {
		return nil, err
	}
	if opts.Replication && opts.Logical {
		if err := c.secureSearchPath(ctx); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// connectAny tries the hosts in turn, prefer-standby in two rounds.
func (t *Transport) connectAny(ctx context.Context, s *settings, opts transport.ConnectOptions) (*conn, error) {
	hosts := slices.Clone(s.hosts)
	if s.conninfo["load_balance_hosts"] == "random" {
		shuffle(hosts)
	}
	attrs := s.conninfo["target_session_attrs"]
	c, err := t.connectFirst(ctx, s, hosts, attrs, opts)
	if err != nil && attrs == "prefer-standby" && mayTryNext(err) && ctx.Err() == nil {
		return t.connectFirst(ctx, s, hosts, "any", opts)
	}
	return c, err
}

func (t *Transport) connectFirst(
	ctx context.Context, s *settings, hosts []host, attrs string, opts transport.ConnectOptions,
) (*conn, error) {
	var failed []error
	for _, h := range hosts {
		c, err := t.connectHost(ctx, s, h, attrs, opts)
		if err == nil {
			return c, nil
		}
		failed = append(failed, err)
		if ctx.Err() != nil || !mayTryNext(err) {
			break
		}
	}
	return nil, joinHostErrors(failed)
}
