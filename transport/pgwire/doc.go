// Package pgwire is the built-in transport: PostgreSQL's own protocol, over TCP, TLS or a Unix socket.
//
// Connecting (several hosts, TLS, SCRAM, password file) is done by pgconn, host by host; once the server is ready for
// a query the socket is taken from it, and everything after that is read by protocol.StreamDecoder straight from the
// socket into one big buffer, WAL being given out of that buffer piece by piece. A logical or regular connection,
// where whole messages matter and speed does not, reads with messageReader instead.
//
// Connection strings are read here, not by pgconn, because pgconn sends what it does not know to the server as a
// run-time parameter: each of libpq's keywords is either honoured or refused by name (options), and any other gets
// libpq's error. target_session_attrs is decided by what the server reports of itself (in_hot_standby,
// default_transaction_read_only; PostgreSQL 14 and later), because a walsender takes no SQL to ask with.
//
// Where it differs from libpq on purpose: a Unix socket's directory is looked up in the password file as "localhost"
// whatever it is; client certificates and root certificates must be readable as PEM files; revocation lists, GSSAPI
// and OAuth are refused; a server too old to report its state is not accepted for a target_session_attrs but "any".
package pgwire
