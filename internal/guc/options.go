package guc

const (
	maxInt      = 2147483647 // INT_MAX: numbers in settings are 32 bits wide
	maxBackends = 262143     // MAX_BACKENDS
)

// Categories, as pg_settings.category has them.
const (
	catFile            = "File Locations"
	catConnection      = "Connections and Authentication / Connection Settings"
	catAuth            = "Connections and Authentication / Authentication"
	catSSL             = "Connections and Authentication / SSL"
	catSending         = "Replication / Sending Servers"
	catStandby         = "Replication / Standby Servers"
	catPrimary         = "Replication / Primary Server"
	catWAL             = "Write-Ahead Log / Settings"
	catArchiving       = "Write-Ahead Log / Archiving"
	catArchiveRecovery = "Write-Ahead Log / Archive Recovery"
	catRecoveryTarget  = "Write-Ahead Log / Recovery Target"
	catCheckpoints     = "Write-Ahead Log / Checkpoints"
	catLogWhat         = "Reporting and Logging / What to Log"
	catLogWhere        = "Reporting and Logging / Where to Log"
	catLogWhen         = "Reporting and Logging / When to Log"
	catProcessTitle    = "Reporting and Logging / Process Title"
	catErrorHandling   = "Error Handling"
	catMemory          = "Resource Usage / Memory"
	catAsync           = "Resource Usage / Asynchronous Behavior"
	catLock            = "Lock Management"
	catMonitoring      = "Statistics / Cumulative Query and Index Statistics"
	catLocale          = "Client Connection Defaults / Locale and Formatting"
	catStatement       = "Client Connection Defaults / Statement Behavior"
	catCompat          = "Version and Platform Compatibility / Previous PostgreSQL Versions"
	catPreset          = "Preset Options"
	catUngrouped       = "Ungrouped"
)

// The values of the Enum settings. Never written to.
var (
	archiveModes = []Option{{"always", 2, false}, {"on", 1, false}, {"off", 0, false},
		{"true", 1, true}, {"false", 0, true}, {"yes", 1, true}, {"no", 0, true}, {"1", 1, true}, {"0", 0, true}}
	dsmTypes       = []Option{{"posix", 0, false}, {"sysv", 1, false}, {"mmap", 2, false}}
	shmTypes       = []Option{{"sysv", 0, false}, {"mmap", 1, false}}
	minTLSVersions = []Option{{"TLSv1", 1, false}, {"TLSv1.1", 2, false}, {"TLSv1.2", 3, false}, {"TLSv1.3", 4, false}}
	maxTLSVersions = []Option{{"", 0, false}, {"TLSv1", 1, false}, {"TLSv1.1", 2, false}, {"TLSv1.2", 3, false}, {"TLSv1.3", 4, false}}
	hugePages      = []Option{{"off", 0, false}, {"on", 1, false}, {"try", 2, false}, {"true", 1, true}, {"false", 0, true}, {"yes", 1, true}, {"no", 0, true}, {"1", 1, true}, {"0", 0, true}}
	walLevels      = []Option{{"minimal", 0, false}, {"replica", 1, false}, {"archive", 1, true}, {"hot_standby", 1, true}, {"logical", 2, false}}
	syncCommits    = []Option{{"local", 1, false}, {"remote_write", 2, false}, {"remote_apply", 4, false}, {"on", 3, false}, {"off", 0, false},
		{"true", 3, true}, {"false", 0, true}, {"yes", 3, true}, {"no", 0, true}, {"1", 3, true}, {"0", 0, true}}
	walSyncMethods  = []Option{{"fsync", 0, false}, {"fdatasync", 1, false}, {"open_sync", 2, false}, {"open_datasync", 4, false}}
	walCompressions = []Option{{"pglz", 1, false}, {"lz4", 2, false}, {"zstd", 3, false}, {"on", 1, false}, {"off", 0, false},
		{"true", 1, true}, {"false", 0, true}, {"yes", 1, true}, {"no", 0, true}, {"1", 1, true}, {"0", 0, true}}
	intervalStyles      = []Option{{"postgres", 0, false}, {"postgres_verbose", 1, false}, {"sql_standard", 2, false}, {"iso_8601", 3, false}}
	passwordEncryptions = []Option{{"md5", 1, false}, {"scram-sha-256", 2, false}}
	messageLevels       = []Option{{"debug5", 10, false}, {"debug4", 11, false}, {"debug3", 12, false}, {"debug2", 13, false}, {"debug1", 14, false}, {"debug", 13, true},
		{"info", 17, false}, {"notice", 18, false}, {"warning", 19, false}, {"error", 21, false}, {"log", 15, false}, {"fatal", 22, false}, {"panic", 23, false}}
)
