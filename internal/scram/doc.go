// Package scram is SCRAM-SHA-256 on the server's side, with channel binding of the kind tls-server-end-point, as PostgreSQL
// does it (RFC 5802, RFC 7677, RFC 5929; PostgreSQL: auth-scram.c), and what is stored in place of a password:
//
//	SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>	salt and keys in base64
//	md5<hex of MD5(password, role's name)>
//
// The rules that PostgreSQL adds to the RFCs hold here, too: the user's name in the client's message is not looked at, the
// startup packet's counts; a password that SASLprep refuses is taken as it is; a failed proof is told by the same error as
// every other wrong password, not by SCRAM's own.
//
// An exchange for somebody who cannot succeed (Doomed) takes the same steps, in the same time, as one with a wrong
// password.
//
// It is linked into every process that serves a client, so it has no tables that are built at start: the library of the
// field, github.com/xdg-go/scram, costs each process 170 kB of its own for those of SASLprep. The tests hold this package
// to that library. It never logs, and its errors have nothing secret in them.
package scram
