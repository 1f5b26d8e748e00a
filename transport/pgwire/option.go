package pgwire

import (
	"fmt"
	"strconv"

	"waypost/transport"
)

// option is a keyword of a connection string: libpq's PQconninfoOption, of all versions up to 18.
type option struct {
	keyword string
	env     string // environment variable that gives a default, "" for none
	def     string // compiled-in default, "" for none
	secret  bool   // dispchar '*': never shown
	debug   bool   // dispchar 'D': never shown, and not the user's to set
	// check says whether a value can be honoured; nil takes any. It is asked about values that are not empty.
	check func(o *option, value string) error
	// pgconn says that pgconn.ParseConfig takes the keyword and honours it. What it does not know it would send to the
	// server as a run-time parameter, so everything else is either done here or refused by check.
	pgconn bool
}

// options is libpq's table in its order, which is also the order of the displayed conninfo.
func options() []option {
	return []option{
		{keyword: "service", env: "PGSERVICE"},
		{keyword: "servicefile", env: "PGSERVICEFILE"},
		{keyword: "user", env: "PGUSER", pgconn: true},
		{keyword: "password", env: "PGPASSWORD", secret: true, pgconn: true},
		{keyword: "passfile", env: "PGPASSFILE"},
		{keyword: "channel_binding", env: "PGCHANNELBINDING", def: "prefer", pgconn: true, check: oneOf("disable", "prefer", "require")},
		{keyword: "connect_timeout", env: "PGCONNECT_TIMEOUT", check: isInt},
		{keyword: "dbname", env: "PGDATABASE", pgconn: true},
		{keyword: "host", env: "PGHOST"},
		{keyword: "hostaddr", env: "PGHOSTADDR"},
		{keyword: "port", env: "PGPORT", def: "5432"},
		{keyword: "client_encoding", env: "PGCLIENTENCODING"},
		{keyword: "options", env: "PGOPTIONS"},
		{keyword: "application_name", env: "PGAPPNAME"},
		{keyword: "fallback_application_name"},
		{keyword: "keepalives", check: isInt},
		{keyword: "keepalives_idle", check: isInt},
		{keyword: "keepalives_interval", check: isInt},
		{keyword: "keepalives_count", check: isInt},
		{keyword: "tcp_user_timeout", check: isInt},
		{keyword: "sslmode", env: "PGSSLMODE", def: "prefer", pgconn: true,
			check: oneOf("disable", "allow", "prefer", "require", "verify-ca", "verify-full")},
		{keyword: "sslnegotiation", env: "PGSSLNEGOTIATION", def: "postgres", pgconn: true, check: oneOf("postgres", "direct")},
		{keyword: "sslcompression", env: "PGSSLCOMPRESSION", def: "0", check: only("0")},
		{keyword: "sslcert", env: "PGSSLCERT", pgconn: true},
		{keyword: "sslkey", env: "PGSSLKEY", pgconn: true},
		{keyword: "sslcertmode", env: "PGSSLCERTMODE", def: "allow", pgconn: true, check: oneOf("disable", "allow", "require")},
		{keyword: "sslpassword", secret: true, pgconn: true},
		{keyword: "sslrootcert", env: "PGSSLROOTCERT", pgconn: true},
		{keyword: "sslcrl", env: "PGSSLCRL", check: only()},
		{keyword: "sslcrldir", env: "PGSSLCRLDIR", check: only()},
		{keyword: "sslsni", env: "PGSSLSNI", def: "1", pgconn: true, check: oneOf("0", "1")},
		{keyword: "requirepeer", env: "PGREQUIREPEER"},
		{keyword: "require_auth", env: "PGREQUIREAUTH", pgconn: true},
		{keyword: "min_protocol_version", env: "PGMINPROTOCOLVERSION", pgconn: true, check: oneOf("3.0", "3.2", "latest")},
		{keyword: "max_protocol_version", env: "PGMAXPROTOCOLVERSION", pgconn: true, check: oneOf("3.0", "3.2", "latest")},
		{keyword: "ssl_min_protocol_version", env: "PGSSLMINPROTOCOLVERSION", def: "TLSv1.2", check: isTLSVersion},
		{keyword: "ssl_max_protocol_version", env: "PGSSLMAXPROTOCOLVERSION", check: isTLSVersion},
		{keyword: "gssencmode", env: "PGGSSENCMODE", def: "disable", check: checkGSSEncMode},
		{keyword: "krbsrvname", env: "PGKRBSRVNAME", def: "postgres", check: only("postgres")},
		{keyword: "gsslib", env: "PGGSSLIB", check: only()},
		{keyword: "gssdelegation", env: "PGGSSDELEGATION", def: "0", check: only("0")},
		{keyword: "replication", debug: true},
		{keyword: "target_session_attrs", env: "PGTARGETSESSIONATTRS", def: "any",
			check: oneOf("any", "read-write", "read-only", "primary", "standby", "prefer-standby")},
		{keyword: "load_balance_hosts", env: "PGLOADBALANCEHOSTS", def: "disable", check: oneOf("disable", "random")},
		{keyword: "scram_client_key", secret: true, check: only()},
		{keyword: "scram_server_key", secret: true, check: only()},
		{keyword: "sslkeylogfile", check: only()},
		{keyword: "oauth_issuer", check: only()},
		{keyword: "oauth_client_id", check: only()},
		{keyword: "oauth_client_secret", secret: true, check: only()},
		{keyword: "oauth_scope", check: only()},
	}
}

// conninfoErrorf makes the error for an option; keyword "" is for a fault of syntax.
func conninfoErrorf(keyword, format string, args ...any) *transport.ConninfoError {
	return &transport.ConninfoError{Option: keyword, Msg: fmt.Sprintf(format, args...)}
}

func invalidValue(o *option, value string) error {
	return conninfoErrorf(o.keyword, "invalid %s value: %q", o.keyword, value)
}

func oneOf(values ...string) func(*option, string) error {
	return func(o *option, value string) error {
		for _, v := range values {
			if value == v {
				return nil
			}
		}
		return invalidValue(o, value)
	}
}

// only accepts what has no effect and refuses the rest by name: what a user asked for is never silently left out.
func only(values ...string) func(*option, string) error {
	return func(o *option, value string) error {
		if oneOf(values...)(o, value) == nil {
			return nil
		}
		return conninfoErrorf(o.keyword, "connection option %q is not supported", o.keyword)
	}
}

func isInt(o *option, value string) error {
	if _, err := strconv.ParseInt(value, 10, 32); err != nil {
		return conninfoErrorf(o.keyword, "invalid integer value %q for connection option %q", value, o.keyword)
	}
	return nil
}

func isTLSVersion(o *option, value string) error {
	if _, ok := tlsVersion(value); !ok {
		return invalidValue(o, value)
	}
	return nil
}

// checkGSSEncMode: without GSSAPI, "prefer" comes to the same as "disable", as in a libpq built without it.
func checkGSSEncMode(o *option, value string) error {
	switch value {
	case "disable", "prefer":
		return nil
	case "require":
		return conninfoErrorf(o.keyword, "gssencmode value %q invalid when GSSAPI support is not compiled in", value)
	}
	return invalidValue(o, value)
}
