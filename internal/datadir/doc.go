// Package datadir knows the outside of a data directory, as a DBA and PostgreSQL's own tools see it: whose it is,
// which version, postmaster.pid and postmaster.opts, the socket lock files, and the one lock that keeps a second
// postmaster out.
//
// postmaster.pid is text, one line each: postmaster's pid; data directory; start, seconds since 1970; port; first
// socket directory; first listen address ("*" for all); key and id of shared memory, "%9lu %9lu"; status, eight
// characters. Line 9 is Waypost's own: the path of the shared-memory file. (PostgreSQL: utils/pidfile.h.)
//
// That file is for people and tools. What holds is a flock on the data directory itself: it cannot be removed by
// accident, it ends with the last process that inherited it, and no pid that came round again can stand in its way.
//
// The package never logs and starts no goroutine.
package datadir

// Names of what is in a data directory.
const (
	VersionFile      = "PG_VERSION"
	PidFile          = "postmaster.pid"
	OptsFile         = "postmaster.opts"
	ConfigFile       = "postgresql.conf"
	AutoConfigFile   = "postgresql.auto.conf"
	HbaFile          = "pg_hba.conf"
	IdentFile        = "pg_ident.conf"
	StandbySignal    = "standby.signal"
	RecoverySignal   = "recovery.signal"
	PromoteSignal    = "promote"
	WalDir           = "pg_wal"
	ArchiveStatusDir = "pg_wal/archive_status"
	ReplSlotDir      = "pg_replslot"
	GlobalDir        = "global"
	RememberedFile   = "global/waypost_remembered"
	RolesFile        = "global/waypost_roles"

	UpstreamVersionFile = "global/waypost_upstream_version"
)
