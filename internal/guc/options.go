package guc

const (
	maxInt      = 2147483647 // INT_MAX: numbers in settings are 32 bits wide
	maxBackends = 262143     // MAX_BACKENDS
)

// The values of the Enum settings, in the order in which PostgreSQL offers them. Never written to.
var (
	archiveModes = []Option{{"always", 2, false}, {"on", 1, false}, {"off", 0, false}, {"true", 1, true},
		{"false", 0, true}, {"yes", 1, true}, {"no", 0, true}, {"1", 1, true}, {"0", 0, true}}
	backslashQuotes = []Option{{"safe_encoding", 0, false}, {"on", 1, false}, {"off", 2, false},
		{"true", 1, true}, {"false", 2, true}, {"yes", 1, true}, {"no", 2, true}, {"1", 1, true}, {"0", 2, true}}
	byteaOutputs = []Option{{"escape", 0, false}, {"hex", 1, false}}
	clientLevels = []Option{{"debug5", 0, false}, {"debug4", 1, false}, {"debug3", 2, false},
		{"debug2", 3, false}, {"debug1", 4, false}, {"debug", 3, true}, {"log", 5, false}, {"info", 6, true},
		{"notice", 7, false}, {"warning", 8, false}, {"error", 9, false}}
	constraintExclusions = []Option{{"partition", 0, false}, {"on", 1, false}, {"off", 2, false},
		{"true", 1, true}, {"false", 2, true}, {"yes", 1, true}, {"no", 2, true}, {"1", 1, true}, {"0", 2, true}}
	dsmTypes           = []Option{{"posix", 0, false}, {"sysv", 1, false}, {"mmap", 2, false}}
	fetchConsistencies = []Option{{"none", 0, false}, {"cache", 1, false}, {"snapshot", 2, false}}
	fileCopyMethods    = []Option{{"copy", 0, false}, {"clone", 1, false}}
	fileExtendMethods  = []Option{{"posix_fallocate", 0, false}, {"write_zeros", 1, false}}
	hugePages          = []Option{{"off", 0, false}, {"on", 1, false}, {"try", 2, false}, {"true", 1, true},
		{"false", 0, true}, {"yes", 1, true}, {"no", 0, true}, {"1", 1, true}, {"0", 0, true}}
	hugePagesStates = []Option{{"off", 0, false}, {"on", 1, false}, {"unknown", 2, false}}
	icuLevels       = []Option{{"disabled", 0, false}, {"debug5", 1, false}, {"debug4", 2, false},
		{"debug3", 3, false}, {"debug2", 4, false}, {"debug1", 5, false}, {"log", 6, false},
		{"notice", 7, false}, {"warning", 8, false}, {"error", 9, false}}
	initSyncMethods = []Option{{"fsync", 0, false}, {"syncfs", 1, false}}
	intervalStyles  = []Option{{"postgres", 0, false}, {"postgres_verbose", 1, false},
		{"sql_standard", 2, false}, {"iso_8601", 3, false}}
	ioMethods       = []Option{{"sync", 0, false}, {"worker", 1, false}, {"io_uring", 2, false}}
	isolationLevels = []Option{{"serializable", 0, false}, {"repeatable read", 1, false},
		{"read committed", 2, false}, {"read uncommitted", 3, false}}
	loggedStatements  = []Option{{"none", 0, false}, {"ddl", 1, false}, {"mod", 2, false}, {"all", 3, false}}
	logicalStreamings = []Option{{"buffered", 0, false}, {"immediate", 1, false}}
	maxTLSVersions    = []Option{{"", 0, false}, {"TLSv1", 1, false}, {"TLSv1.1", 2, false},
		{"TLSv1.2", 3, false}, {"TLSv1.3", 4, false}}
	messageLevels = []Option{{"debug5", 10, false}, {"debug4", 11, false}, {"debug3", 12, false},
		{"debug2", 13, false}, {"debug1", 14, false}, {"debug", 13, true}, {"info", 17, false},
		{"notice", 18, false}, {"warning", 19, false}, {"error", 21, false}, {"log", 15, false},
		{"fatal", 22, false}, {"panic", 23, false}}
	minTLSVersions = []Option{{"TLSv1", 1, false}, {"TLSv1.1", 2, false}, {"TLSv1.2", 3, false},
		{"TLSv1.3", 4, false}}
	mismatchActions = []Option{{"error", 0, false}, {"warn", 1, false}, {"disabled", 2, false}}
	parallelQueries = []Option{{"off", 0, false}, {"on", 1, false}, {"regress", 2, false}, {"true", 1, true},
		{"false", 0, true}, {"yes", 1, true}, {"no", 0, true}, {"1", 1, true}, {"0", 0, true}}
	passwordEncryptions = []Option{{"md5", 1, false}, {"scram-sha-256", 2, false}}
	planCacheModes      = []Option{{"auto", 0, false}, {"force_generic_plan", 1, false},
		{"force_custom_plan", 2, false}}
	prefetches = []Option{{"off", 0, false}, {"on", 1, false}, {"try", 2, false}, {"true", 1, true},
		{"false", 0, true}, {"yes", 1, true}, {"no", 0, true}, {"1", 1, true}, {"0", 0, true}}
	queryIDs = []Option{{"auto", 0, false}, {"regress", 1, false}, {"on", 2, false}, {"off", 3, false},
		{"true", 2, true}, {"false", 3, true}, {"yes", 2, true}, {"no", 3, true}, {"1", 2, true}, {"0", 3, true}}
	replicationRoles = []Option{{"origin", 0, false}, {"replica", 1, false}, {"local", 2, false}}
	shmTypes         = []Option{{"sysv", 0, false}, {"mmap", 1, false}}
	syncCommits      = []Option{{"local", 1, false}, {"remote_write", 2, false}, {"remote_apply", 4, false},
		{"on", 3, false}, {"off", 0, false}, {"true", 3, true}, {"false", 0, true}, {"yes", 3, true},
		{"no", 0, true}, {"1", 3, true}, {"0", 0, true}}
	syslogFacilities = []Option{{"local0", 0, false}, {"local1", 1, false}, {"local2", 2, false},
		{"local3", 3, false}, {"local4", 4, false}, {"local5", 5, false}, {"local6", 6, false},
		{"local7", 7, false}}
	targetActions     = []Option{{"pause", 0, false}, {"promote", 1, false}, {"shutdown", 2, false}}
	toastCompressions = []Option{{"pglz", 0, false}, {"lz4", 1, false}}
	trackedFunctions  = []Option{{"none", 0, false}, {"pl", 1, false}, {"all", 2, false}}
	verbosities       = []Option{{"terse", 0, false}, {"default", 1, false}, {"verbose", 2, false}}
	walCompressions   = []Option{{"pglz", 1, false}, {"lz4", 2, false}, {"zstd", 3, false}, {"on", 1, false},
		{"off", 0, false}, {"true", 1, true}, {"false", 0, true}, {"yes", 1, true}, {"no", 0, true},
		{"1", 1, true}, {"0", 0, true}}
	walLevels = []Option{{"minimal", 0, false}, {"replica", 1, false}, {"archive", 1, true},
		{"hot_standby", 1, true}, {"logical", 2, false}}
	walSyncMethods = []Option{{"fsync", 0, false}, {"fdatasync", 1, false}, {"open_sync", 2, false},
		{"open_datasync", 4, false}}
	xmlBinaries = []Option{{"base64", 0, false}, {"hex", 1, false}}
	xmlOptions  = []Option{{"content", 0, false}, {"document", 1, false}}
)
