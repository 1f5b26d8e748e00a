// Package tls holds tests of TLS with real programs: a relay of a real primary, PostgreSQL 15's psql, pg_receivewal and
// standby, and pgx, over encrypted connections.
package tls
