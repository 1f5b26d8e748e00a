// Package metrics is the metrics process: it tells Prometheus, over HTTP, what the views know.
//
// Role: a scrape of /metrics reads the shared memory, the settings and /proc, and nothing else. Names are those that the
// field's exporters give (pg_…), and waypost_… for what is Waypost's own. docs/monitoring.md has them all.
//
// Started by the postmaster while the node serves and metrics_listen_address is set. It lives on through a shutdown until
// the last walsender has ended, so that the catching up of the clients can be watched, and is told to end then.
//
//	SIGTERM  end
//	SIGHUP   read the configuration files again; move to another address, or end where none is set any more
//	SIGQUIT  die at once (internal/child)
//	others   nothing
//
//	exit 0   it was told to end, or is not wanted any more
//	exit 1   the address cannot be used, or it cannot serve; the postmaster launches another after a pause
//
// It must never take a lock in shared memory, nor write there but to its own slots: so its death, of whatever kind, harms
// nobody. It must never give out a text that a client of HTTP should not see: of texts there are only names of
// applications, addresses, versions and processes.
package metrics
