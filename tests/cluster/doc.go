// Package cluster builds replication trees of real processes for the tests:
// PostgreSQL servers of several versions, Waypost nodes from the built binaries,
// pg_receivewal, pgbench, proxies that misbehave, and generators of load that
// remember which commits were acknowledged.
//
// A test makes one [Cluster] with [New]. It owns a temporary directory, an
// unprivileged user to run the servers as when the test itself is root, and every
// process that it starts: at the test's end each is ended by its pid, and a process
// that outlives its server fails the test. The directory is kept when the test
// fails, and its path and the ends of all logs are printed.
//
// Nothing here sleeps for a fixed time: see [Eventually]. Nothing here skips: what
// is missing on the machine fails the test and names `make setup`.
//
// Methods without an error result fail the test where they cannot do what they
// say, and so may be called from the test's own goroutine only.
package cluster
