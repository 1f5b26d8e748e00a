package guc

import "math"

// params is the one table of settings. It is never written to, and made of constants alone, so that it takes no work at a
// process's start. Facts are those of PostgreSQL 17; what only another version has is that version's.
var params = [numParams]Param{
	AllowAlterSystem: {
		Name: "allow_alter_system", Type: Bool, Context: Sighup, Boot: "on", since: 17,
		Category: catPlatforms, Short: "Whether ALTER SYSTEM may write postgresql.auto.conf",
		Flags: flagNotInAutoFile,
	},
	AllowInPlaceTablespaces: {
		Name: "allow_in_place_tablespaces", Type: Bool, Context: Superuser, Boot: "off",
		Category: catDeveloper, Short: "Let tablespaces live inside pg_tblspc, for tests",
		Flags: FlagNotInSample | FlagInert,
	},
	AllowSystemTableMods: {
		Name: "allow_system_table_mods", Type: Bool, Context: Superuser, Boot: "off",
		Category: catDeveloper, Short: "Let superusers change the definition of system tables",
		Flags: FlagNotInSample | FlagInert,
	},
	ApplicationName: {
		Name: "application_name", Type: String, Context: User, Boot: "", check: checkPrintable,
		Category: catLogWhat, Short: "Name the client gives itself",
		Flags: FlagReport | flagName | FlagNotInSample,
	},
	ArchiveCleanupCommand: {
		Name: "archive_cleanup_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiveRecovery, Short: "Command run at every restartpoint",
		Flags: flagLater,
	},
	ArchiveCommand: {
		Name: "archive_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiving, Short: "Command that archives one finished WAL file",
		Flags: flagLater,
	},
	ArchiveLibrary: {
		Name: "archive_library", Type: String, Context: Sighup, Boot: "",
		Category: catArchiving, Short: "Library that archives finished WAL files, in place of a command",
		Flags: flagLater,
	},
	ArchiveMode: {
		Name: "archive_mode", Type: Enum, Context: Postmaster, Boot: "off", Options: archiveModes,
		Category: catArchiving, Short: "Whether finished WAL files are archived",
		Flags: flagLater,
	},
	ArchiveTimeout: {
		Name: "archive_timeout", Type: Int, Context: Sighup, Boot: "0", Unit: Sec, Max: maxInt / 2,
		Category: catArchiving, Short: "Longest time a WAL file stays open without a switch",
		Flags: flagLater,
	},
	ArrayNulls: {
		Name: "array_nulls", Type: Bool, Context: User, Boot: "on",
		Category: catCompat, Short: "Read an unquoted NULL in an array literal as a null element",
	},
	AuthQuery: {
		Name: "auth_query", Type: String, Context: Sighup, Boot: "",
		Category: catAuth, Short: "Query that asks the upstream for a role's verifier (Waypost's own); empty for none",
		Flags: FlagOwn,
	},
	AuthQueryConninfo: {
		Name: "auth_query_conninfo", Type: String, Context: Sighup, Boot: "",
		Category: catAuth,
		Short:    "How to connect to the upstream for auth_query (Waypost's own); empty takes primary_conninfo",
		Flags:    FlagSuperuserOnly | flagSecret | FlagOwn,
	},
	AuthQueryTtl: {
		Name: "auth_query_ttl", Type: Int, Context: Sighup, Boot: "60", Unit: Sec, Max: maxInt / 1000,
		Category: catAuth, Short: "How long an answer of auth_query is used again (Waypost's own)",
		Flags: FlagOwn,
	},
	AuthenticationTimeout: {
		Name: "authentication_timeout", Type: Int, Context: Sighup, Boot: "60", Unit: Sec, Min: 1, Max: 600,
		Category: catAuth, Short: "Longest time a client may take to authenticate",
	},
	Autovacuum: {
		Name: "autovacuum", Type: Bool, Context: Sighup, Boot: "on",
		Category: catAutovacuum, Short: "Run the autovacuum launcher",
		Flags: FlagInert,
	},
	AutovacuumAnalyzeScaleFactor: {
		Name: "autovacuum_analyze_scale_factor", Type: Real, Context: Sighup, Boot: "0.1", Max: 100,
		Category: catAutovacuum, Short: "Share of a table's rows that must change before it is analyzed",
		Flags: FlagInert,
	},
	AutovacuumAnalyzeThreshold: {
		Name: "autovacuum_analyze_threshold", Type: Int, Context: Sighup, Boot: "50", Max: maxInt,
		Category: catAutovacuum, Short: "Fewest changed rows before a table is analyzed",
		Flags: FlagInert,
	},
	AutovacuumFreezeMaxAge: {
		Name: "autovacuum_freeze_max_age", Type: Int, Context: Postmaster, Boot: "200000000", Min: 100000,
		Max:      2000000000,
		Category: catAutovacuum,
		Short:    "Age in transactions at which a table is vacuumed whether autovacuum is on or not",
		Flags:    FlagInert,
	},
	AutovacuumMaxWorkers: {
		Name: "autovacuum_max_workers", Type: Int, Context: Postmaster, Boot: "3", Min: 1, Max: maxBackends,
		Category: catAutovacuum, Short: "Most autovacuum workers at one time",
		Flags: FlagInert,
	},
	AutovacuumMultixactFreezeMaxAge: {
		Name: "autovacuum_multixact_freeze_max_age", Type: Int, Context: Postmaster, Boot: "400000000", Min: 10000,
		Max:      2000000000,
		Category: catAutovacuum,
		Short:    "Age in multixacts at which a table is vacuumed whether autovacuum is on or not",
		Flags:    FlagInert,
	},
	AutovacuumNaptime: {
		Name: "autovacuum_naptime", Type: Int, Context: Sighup, Boot: "60", Unit: Sec, Min: 1, Max: maxInt / 1000,
		Category: catAutovacuum, Short: "Pause between two autovacuum rounds over one database",
		Flags: FlagInert,
	},
	AutovacuumVacuumCostDelay: {
		Name: "autovacuum_vacuum_cost_delay", Type: Real, Context: Sighup, Boot: "2", Unit: MS, Min: -1, Max: 100,
		Category: catAutovacuum, Short: "Pause that an autovacuum worker takes when it has used up its cost limit",
		Flags: FlagInert,
	},
	AutovacuumVacuumCostLimit: {
		Name: "autovacuum_vacuum_cost_limit", Type: Int, Context: Sighup, Boot: "-1", Min: -1, Max: 10000,
		Category: catAutovacuum, Short: "Cost after which an autovacuum worker pauses; -1 takes vacuum_cost_limit",
		Flags: FlagInert,
	},
	AutovacuumVacuumInsertScaleFactor: {
		Name: "autovacuum_vacuum_insert_scale_factor", Type: Real, Context: Sighup, Boot: "0.2", Max: 100,
		Category: catAutovacuum, Short: "Share of a table's unfrozen pages that inserts must add before it is vacuumed",
		Flags: FlagInert,
	},
	AutovacuumVacuumInsertThreshold: {
		Name: "autovacuum_vacuum_insert_threshold", Type: Int, Context: Sighup, Boot: "1000", Min: -1, Max: maxInt,
		Category: catAutovacuum, Short: "Fewest inserted rows before a table is vacuumed; -1 never for inserts alone",
		Flags: FlagInert,
	},
	AutovacuumVacuumMaxThreshold: {
		Name: "autovacuum_vacuum_max_threshold", Type: Int, Context: Sighup, Boot: "100000000", Min: -1, Max: maxInt,
		since:    18,
		Category: catAutovacuum18, Short: "Most dead rows that the scaled threshold of vacuuming may reach",
		Flags: FlagInert,
	},
	AutovacuumVacuumScaleFactor: {
		Name: "autovacuum_vacuum_scale_factor", Type: Real, Context: Sighup, Boot: "0.2", Max: 100,
		Category: catAutovacuum, Short: "Share of a table's rows that must be dead before it is vacuumed",
		Flags: FlagInert,
	},
	AutovacuumVacuumThreshold: {
		Name: "autovacuum_vacuum_threshold", Type: Int, Context: Sighup, Boot: "50", Max: maxInt,
		Category: catAutovacuum, Short: "Fewest dead rows before a table is vacuumed",
		Flags: FlagInert,
	},
	AutovacuumWorkMem: {
		Name: "autovacuum_work_mem", Type: Int, Context: Sighup, Boot: "-1", Unit: KB, Min: -1, Max: maxInt,
		check:    checkWorkMem,
		Category: catMemory, Short: "Memory for each autovacuum worker; -1 takes maintenance_work_mem",
		Flags: FlagInert,
	},
	AutovacuumWorkerSlots: {
		Name: "autovacuum_worker_slots", Type: Int, Context: Postmaster, Boot: "16", Min: 1, Max: maxBackends,
		since:    18,
		Category: catAutovacuum18, Short: "Process slots set aside for autovacuum workers",
		Flags: FlagInert,
	},
	BackendFlushAfter: {
		Name: "backend_flush_after", Type: Int, Context: User, Boot: "0", Unit: Blocks, Max: 256,
		Category: catAsync, Short: "Pages a backend writes before it asks the kernel to write them back",
		Flags: FlagInert,
	},
	BackslashQuote: {
		Name: "backslash_quote", Type: Enum, Context: User, Boot: "safe_encoding", Options: backslashQuotes,
		Category: catCompat, Short: "Whether a quote in a string literal may be written with a backslash",
		Flags: FlagInert,
	},
	BacktraceFunctions: {
		Name: "backtrace_functions", Type: String, Context: Superuser, Boot: "", check: checkFunctions,
		Category: catDeveloper, Short: "Server functions whose errors are logged with a backtrace",
		Flags: FlagNotInSample | FlagInert,
	},
	BgwriterDelay: {
		Name: "bgwriter_delay", Type: Int, Context: Sighup, Boot: "200", Unit: MS, Min: 10, Max: 10000,
		Category: catBgwriter, Short: "Pause of the background writer between two rounds",
		Flags: FlagInert,
	},
	BgwriterFlushAfter: {
		Name: "bgwriter_flush_after", Type: Int, Context: Sighup, Boot: "64", Unit: Blocks, Max: 256,
		Category: catBgwriter, Short: "Pages the background writer writes before it asks the kernel to write them back",
		Flags: FlagInert,
	},
	BgwriterLruMaxpages: {
		Name: "bgwriter_lru_maxpages", Type: Int, Context: Sighup, Boot: "100", Max: maxInt / 2,
		Category: catBgwriter, Short: "Most pages that the background writer writes in one round",
		Flags: FlagInert,
	},
	BgwriterLruMultiplier: {
		Name: "bgwriter_lru_multiplier", Type: Real, Context: Sighup, Boot: "2", Max: 10,
		Category: catBgwriter, Short: "How far ahead of the recent demand for buffers the background writer works",
		Flags: FlagInert,
	},
	BlockSize: {
		Name: "block_size", Type: Int, Context: Internal, Boot: "8192", Min: 8192, Max: 8192,
		Category: catPreset, Short: "Size of a disk block",
		Flags: FlagNotInSample | flagNotInFile,
	},
	Bonjour: {
		Name: "bonjour", Type: Bool, Context: Postmaster, Boot: "off", check: checkNotOff,
		Category: catConnection, Short: "Announce the server by Bonjour",
		Flags: FlagInert,
	},
	BonjourName: {
		Name: "bonjour_name", Type: String, Context: Postmaster, Boot: "",
		Category: catConnection, Short: "Name under which Bonjour announces the server",
		Flags: FlagInert,
	},
	ByteaOutput: {
		Name: "bytea_output", Type: Enum, Context: User, Boot: "hex", Options: byteaOutputs,
		Category: catStatement, Short: "Text form of bytea values in results",
	},
	CheckFunctionBodies: {
		Name: "check_function_bodies", Type: Bool, Context: User, Boot: "on",
		Category: catStatement, Short: "Look at a function's body when it is created",
		Flags: FlagInert,
	},
	CheckpointCompletionTarget: {
		Name: "checkpoint_completion_target", Type: Real, Context: Sighup, Boot: "0.9", Max: 1,
		Category: catCheckpoints, Short: "Part of the checkpoint interval over which writing is spread",
	},
	CheckpointFlushAfter: {
		Name: "checkpoint_flush_after", Type: Int, Context: Sighup, Boot: "32", Unit: Blocks, Max: 256,
		Category: catCheckpoints, Short: "Pages a checkpoint writes before it asks the kernel to write them back",
		Flags: FlagInert,
	},
	CheckpointTimeout: {
		Name: "checkpoint_timeout", Type: Int, Context: Sighup, Boot: "300", Unit: Sec, Min: 30, Max: 86400,
		Category: catCheckpoints, Short: "Longest time between two checkpoints",
	},
	CheckpointWarning: {
		Name: "checkpoint_warning", Type: Int, Context: Sighup, Boot: "30", Unit: Sec, Max: maxInt,
		Category: catCheckpoints, Short: "Warn when WAL volume forces checkpoints more often than this",
		Flags: flagLater,
	},
	ClientConnectionCheckInterval: {
		Name: "client_connection_check_interval", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catTCP, Short: "Interval between checks that the client is still connected",
	},
	ClientEncoding: {
		Name: "client_encoding", Type: String, Context: User, Boot: "SQL_ASCII", check: checkEncoding,
		Category: catLocale, Short: "The client's character set",
		Flags: FlagReport | flagName,
	},
	ClientMinMessages: {
		Name: "client_min_messages", Type: Enum, Context: User, Boot: "notice", Options: clientLevels,
		Category: catStatement, Short: "Lowest level of messages that a client is sent",
	},
	ClusterName: {
		Name: "cluster_name", Type: String, Context: Postmaster, Boot: "", check: checkPrintable,
		Category: catProcessTitle, Short: "Name of the node, shown in process titles",
		Flags: flagName,
	},
	CommitDelay: {
		Name: "commit_delay", Type: Int, Context: Superuser, Boot: "0", Max: 100000,
		Category: catWAL, Short: "Wait between a commit and its flush, so that others can join it",
		Flags: FlagInert,
	},
	CommitSiblings: {
		Name: "commit_siblings", Type: Int, Context: User, Boot: "5", Max: 1000,
		Category: catWAL, Short: "Open transactions that there must be for commit_delay to apply",
		Flags: FlagInert,
	},
	CommitTimestampBuffers: {
		Name: "commit_timestamp_buffers", Type: Int, Context: Postmaster, Boot: "0", Unit: Blocks, Max: 131072,
		since: 17, check: checkSixteen,
		Category: catMemory, Short: "Size of the cache of commit timestamps; 0 follows shared_buffers",
		Flags: FlagInert,
	},
	CompositeTypeMismatch: {
		Name: "composite_type_mismatch", Type: Enum, Context: Superuser, Boot: "error", Options: mismatchActions,
		until:    15,
		Category: catDeveloper, Short: "What is done about a composite value that no longer fits its type",
		Flags: FlagNotInSample | FlagInert,
	},
	ComputeQueryId: {
		Name: "compute_query_id", Type: Enum, Context: Superuser, Boot: "auto", Options: queryIDs,
		Category: catMonitoring, Short: "Whether queries get an identifier",
		Flags: FlagInert,
	},
	ConfigFile: {
		Name: "config_file", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of the main configuration file",
		Flags: FlagSuperuserOnly | flagNotInFile | flagNoBoot,
	},
	ConstraintExclusion: {
		Name: "constraint_exclusion", Type: Enum, Context: User, Boot: "partition", Options: constraintExclusions,
		Category: catPlannerOther, Short: "Where the planner proves tables irrelevant by their constraints",
		Flags: FlagExplain | FlagInert,
	},
	CpuIndexTupleCost: {
		Name: "cpu_index_tuple_cost", Type: Real, Context: User, Boot: "0.005", Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Planner's price of processing one index entry",
		Flags: FlagExplain | FlagInert,
	},
	CpuOperatorCost: {
		Name: "cpu_operator_cost", Type: Real, Context: User, Boot: "0.0025", Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Planner's price of calling one operator or function",
		Flags: FlagExplain | FlagInert,
	},
	CpuTupleCost: {
		Name: "cpu_tuple_cost", Type: Real, Context: User, Boot: "0.01", Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Planner's price of processing one row",
		Flags: FlagExplain | FlagInert,
	},
	CreateroleSelfGrant: {
		Name: "createrole_self_grant", Type: String, Context: User, Boot: "", since: 16, check: checkGrants,
		Category: catStatement, Short: "Options with which the creator of a role is made its member",
		Flags: FlagListInput | flagLater,
	},
	CursorTupleFraction: {
		Name: "cursor_tuple_fraction", Type: Real, Context: User, Boot: "0.1", Max: 1,
		Category: catPlannerOther, Short: "Share of a cursor's rows that the planner expects to be fetched",
		Flags: FlagExplain | FlagInert,
	},
	DataChecksums: {
		Name: "data_checksums", Type: Bool, Context: Internal, Boot: "off",
		Category: catPreset, Short: "Whether the upstream's data pages carry checksums",
		Flags: FlagNotInSample | flagNotInFile | FlagRuntimeComputed,
	},
	DataDirectory: {
		Name: "data_directory", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of the data directory",
		Flags: FlagSuperuserOnly | flagNotInAutoFile | flagNoBoot,
	},
	DataDirectoryMode: {
		Name: "data_directory_mode", Type: Int, Context: Internal, Boot: "0700", Max: 511,
		Category: catPreset, Short: "Permissions of the data directory",
		Flags: FlagNotInSample | flagNotInFile | FlagRuntimeComputed | flagOctal,
	},
	DataSyncRetry: {
		Name: "data_sync_retry", Type: Bool, Context: Postmaster, Boot: "off",
		Category: catErrorHandling, Short: "Go on after a failed sync of data files; Waypost never does",
		Flags: FlagInert,
	},
	DateStyle: {
		Name: "DateStyle", Type: String, Context: User, Boot: "ISO, MDY", check: checkDateStyle,
		Category: catLocale, Short: "Format of dates and times",
		Flags: FlagReport | FlagListInput,
	},
	DbUserNamespace: {
		Name: "db_user_namespace", Type: Bool, Context: Sighup, Boot: "off", until: 16,
		Category: catAuth, Short: "User names of their own for each database",
		Flags: FlagInert,
	},
	DeadlockTimeout: {
		Name: "deadlock_timeout", Type: Int, Context: Superuser, Boot: "1000", Unit: MS, Min: 1, Max: maxInt,
		Category: catLock, Short: "Wait for a lock after which deadlocks are looked for",
		Flags: FlagInert,
	},
	DebugAssertions: {
		Name: "debug_assertions", Type: Bool, Context: Internal, Boot: "off",
		Category: catPreset, Short: "Whether this build checks its own assertions",
		Flags: FlagNotInSample | flagNotInFile,
	},
	DebugDiscardCaches: {
		Name: "debug_discard_caches", Type: Int, Context: Superuser, Boot: "0",
		Category: catDeveloper, Short: "Throw catalog caches away at every chance, for tests",
		Flags: FlagNotInSample | FlagInert,
	},
	DebugIoDirect: {
		Name: "debug_io_direct", Type: String, Context: Postmaster, Boot: "", since: 16, check: checkDirectIO,
		Category: catDeveloper, Short: "Kinds of files that are opened for direct I/O, for tests",
		Flags: FlagNotInSample | FlagInert,
	},
	DebugLogicalReplicationStreaming: {
		Name: "debug_logical_replication_streaming", Type: Enum, Context: User, Boot: "buffered",
		Options: logicalStreamings, since: 16,
		Category: catDeveloper, Short: "When logical decoding streams or spills changes, for tests",
		Flags: FlagNotInSample | FlagInert,
	},
	DebugParallelQuery: {
		Name: "debug_parallel_query", Type: Enum, Context: User, Boot: "off", Options: parallelQueries, since: 16,
		Category: catDeveloper, Short: "Have queries run in parallel workers without need, for tests",
		Flags: FlagExplain | FlagNotInSample | FlagInert,
	},
	DebugPrettyPrint: {
		Name: "debug_pretty_print", Type: Bool, Context: User, Boot: "on",
		Category: catLogWhat, Short: "Indent the parse and plan trees that are logged",
		Flags: FlagInert,
	},
	DebugPrintParse: {
		Name: "debug_print_parse", Type: Bool, Context: User, Boot: "off",
		Category: catLogWhat, Short: "Log each query's parse tree",
		Flags: FlagInert,
	},
	DebugPrintPlan: {
		Name: "debug_print_plan", Type: Bool, Context: User, Boot: "off",
		Category: catLogWhat, Short: "Log each query's plan",
		Flags: FlagInert,
	},
	DebugPrintRewritten: {
		Name: "debug_print_rewritten", Type: Bool, Context: User, Boot: "off",
		Category: catLogWhat, Short: "Log each query's parse tree as rewritten",
		Flags: FlagInert,
	},
	DefaultStatisticsTarget: {
		Name: "default_statistics_target", Type: Int, Context: User, Boot: "100", Min: 1, Max: 10000,
		Category: catPlannerOther, Short: "How detailed ANALYZE's statistics are for columns that do not say",
		Flags: FlagInert,
	},
	DefaultTableAccessMethod: {
		Name: "default_table_access_method", Type: String, Context: User, Boot: "heap", check: checkAccessMethod,
		Category: catStatement, Short: "Access method of tables whose definition names none",
		Flags: flagName | FlagInert,
	},
	DefaultTablespace: {
		Name: "default_tablespace", Type: String, Context: User, Boot: "",
		Category: catStatement, Short: "Tablespace of tables and indexes whose definition names none",
		Flags: flagName | FlagInert,
	},
	DefaultTextSearchConfig: {
		Name: "default_text_search_config", Type: String, Context: User, Boot: "pg_catalog.simple",
		Category: catLocale, Short: "Text search configuration where none is named",
		Flags: FlagInert,
	},
	DefaultToastCompression: {
		Name: "default_toast_compression", Type: Enum, Context: User, Boot: "pglz", Options: toastCompressions,
		Category: catStatement, Short: "Compression of large column values",
		Flags: FlagInert,
	},
	DefaultTransactionDeferrable: {
		Name: "default_transaction_deferrable", Type: Bool, Context: User, Boot: "off",
		Category: catStatement, Short: "Whether new transactions are deferrable",
	},
	DefaultTransactionIsolation: {
		Name: "default_transaction_isolation", Type: Enum, Context: User, Boot: "read committed",
		Options:  isolationLevels,
		Category: catStatement, Short: "Isolation level of new transactions",
	},
	DefaultTransactionReadOnly: {
		Name: "default_transaction_read_only", Type: Bool, Context: User, Boot: "off",
		Category: catStatement, Short: "Whether new transactions are read-only",
		Flags: FlagReport,
	},
	DefaultWithOids: {
		Name: "default_with_oids", Type: Bool, Context: User, Boot: "off", check: checkNotOff,
		Category: catCompat, Short: "Give new tables OIDs; has been impossible since version 12",
		Flags: FlagNoShowAll | FlagNotInSample | FlagInert,
	},
	DynamicLibraryPath: {
		Name: "dynamic_library_path", Type: String, Context: Superuser, Boot: "$libdir",
		Category: catDefaults, Short: "Directories in which loadable modules are looked for",
		Flags: FlagSuperuserOnly | FlagInert,
	},
	DynamicSharedMemoryType: {
		Name: "dynamic_shared_memory_type", Type: Enum, Context: Postmaster, Boot: "posix", Options: dsmTypes,
		Category: catMemory, Short: "Kind of shared memory of parallel queries",
		Flags: FlagInert,
	},
	EffectiveCacheSize: {
		Name: "effective_cache_size", Type: Int, Context: User, Boot: "524288", Unit: Blocks, Min: 1, Max: maxInt,
		Category: catPlannerCost, Short: "Size of the caches that the planner reckons with",
		Flags: FlagExplain | FlagInert,
	},
	EffectiveIoConcurrency: {
		Name: "effective_io_concurrency", Type: Int, Context: User, Boot: "1", Max: 1000,
		Category: catAsync, Short: "Reads that the storage is taken to serve at once",
		Flags: FlagExplain | FlagInert,
	},
	EnableAsyncAppend: {
		Name: "enable_async_append", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans read foreign children of an append at the same time",
		Flags: FlagExplain | FlagInert,
	},
	EnableBitmapscan: {
		Name: "enable_bitmapscan", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans use bitmap scans",
		Flags: FlagExplain | FlagInert,
	},
	EnableDistinctReordering: {
		Name: "enable_distinct_reordering", Type: Bool, Context: User, Boot: "on", since: 18,
		Category: catPlannerMethod, Short: "Let plans reorder the keys of DISTINCT",
		Flags: FlagExplain | FlagInert,
	},
	EnableGathermerge: {
		Name: "enable_gathermerge", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans merge the sorted output of parallel workers",
		Flags: FlagExplain | FlagInert,
	},
	EnableGroupByReordering: {
		Name: "enable_group_by_reordering", Type: Bool, Context: User, Boot: "on", since: 17,
		Category: catPlannerMethod, Short: "Let plans reorder the keys of GROUP BY",
		Flags: FlagExplain | FlagInert,
	},
	EnableHashagg: {
		Name: "enable_hashagg", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans aggregate by hashing",
		Flags: FlagExplain | FlagInert,
	},
	EnableHashjoin: {
		Name: "enable_hashjoin", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans join by hashing",
		Flags: FlagExplain | FlagInert,
	},
	EnableIncrementalSort: {
		Name: "enable_incremental_sort", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans sort what is sorted in part",
		Flags: FlagExplain | FlagInert,
	},
	EnableIndexonlyscan: {
		Name: "enable_indexonlyscan", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans answer from an index alone",
		Flags: FlagExplain | FlagInert,
	},
	EnableIndexscan: {
		Name: "enable_indexscan", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans use index scans",
		Flags: FlagExplain | FlagInert,
	},
	EnableMaterial: {
		Name: "enable_material", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans keep intermediate rows",
		Flags: FlagExplain | FlagInert,
	},
	EnableMemoize: {
		Name: "enable_memoize", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans remember the inner rows of a join",
		Flags: FlagExplain | FlagInert,
	},
	EnableMergejoin: {
		Name: "enable_mergejoin", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans join by merging",
		Flags: FlagExplain | FlagInert,
	},
	EnableNestloop: {
		Name: "enable_nestloop", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans join by nested loops",
		Flags: FlagExplain | FlagInert,
	},
	EnableParallelAppend: {
		Name: "enable_parallel_append", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans append children in parallel",
		Flags: FlagExplain | FlagInert,
	},
	EnableParallelHash: {
		Name: "enable_parallel_hash", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans share one hash table among workers",
		Flags: FlagExplain | FlagInert,
	},
	EnablePartitionPruning: {
		Name: "enable_partition_pruning", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Leave partitions out that cannot match",
		Flags: FlagExplain | FlagInert,
	},
	EnablePartitionwiseAggregate: {
		Name: "enable_partitionwise_aggregate", Type: Bool, Context: User, Boot: "off",
		Category: catPlannerMethod, Short: "Let plans aggregate partition by partition",
		Flags: FlagExplain | FlagInert,
	},
	EnablePartitionwiseJoin: {
		Name: "enable_partitionwise_join", Type: Bool, Context: User, Boot: "off",
		Category: catPlannerMethod, Short: "Let plans join partition by partition",
		Flags: FlagExplain | FlagInert,
	},
	EnablePresortedAggregate: {
		Name: "enable_presorted_aggregate", Type: Bool, Context: User, Boot: "on", since: 16,
		Category: catPlannerMethod, Short: "Let plans sort below ordered aggregates",
		Flags: FlagExplain | FlagInert,
	},
	EnableSelfJoinElimination: {
		Name: "enable_self_join_elimination", Type: Bool, Context: User, Boot: "on", since: 18,
		Category: catPlannerMethod, Short: "Take out joins of a table with itself that change nothing",
		Flags: FlagExplain | FlagInert,
	},
	EnableSeqscan: {
		Name: "enable_seqscan", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans use sequential scans",
		Flags: FlagExplain | FlagInert,
	},
	EnableSort: {
		Name: "enable_sort", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans use explicit sorts",
		Flags: FlagExplain | FlagInert,
	},
	EnableTidscan: {
		Name: "enable_tidscan", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerMethod, Short: "Let plans fetch rows by their address",
		Flags: FlagExplain | FlagInert,
	},
	EscapeStringWarning: {
		Name: "escape_string_warning", Type: Bool, Context: User, Boot: "on",
		Category: catCompat, Short: "Warn about backslashes in plain string literals",
		Flags: FlagInert,
	},
	EventSource: {
		Name: "event_source", Type: String, Context: Postmaster, Boot: "PostgreSQL",
		Category: catLogWhere, Short: "Name of the server in the event log of Windows",
		Flags: FlagInert,
	},
	EventTriggers: {
		Name: "event_triggers", Type: Bool, Context: Superuser, Boot: "on", since: 17,
		Category: catStatement, Short: "Let event triggers fire",
		Flags: FlagInert,
	},
	ExitOnError: {
		Name: "exit_on_error", Type: Bool, Context: User, Boot: "off",
		Category: catErrorHandling, Short: "End the session at the first error",
		Flags: FlagInert,
	},
	ExtensionControlPath: {
		Name: "extension_control_path", Type: String, Context: Superuser, Boot: "$system", since: 18,
		Category: catDefaults, Short: "Directories in which extensions' control files are looked for",
		Flags: FlagSuperuserOnly | FlagInert,
	},
	ExtensionDestdir: {
		Name: "extension_destdir", Type: String, Context: Superuser, Boot: "", until: 15,
		Category: catFile, Short: "Directory put before extensions' paths, for building packages",
		Flags: FlagSuperuserOnly | FlagInert,
	},
	ExternalPidFile: {
		Name: "external_pid_file", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of an additional file with the postmaster's pid",
		Flags: FlagSuperuserOnly | flagNoBoot,
	},
	ExtraFloatDigits: {
		Name: "extra_float_digits", Type: Int, Context: User, Boot: "1", Min: -15, Max: 3,
		Category: catLocale, Short: "Digits of floating-point numbers in results; above 0 they are exact",
	},
	FileCopyMethod: {
		Name: "file_copy_method", Type: Enum, Context: User, Boot: "copy", Options: fileCopyMethods, since: 18,
		Category: catDisk, Short: "How files of a database are copied",
		Flags: FlagInert,
	},
	FileExtendMethod: {
		Name: "file_extend_method", Type: Enum, Context: Sighup, Boot: "posix_fallocate", Options: fileExtendMethods,
		since:    16,
		Category: catDisk, Short: "How data files are made longer",
		Flags: FlagInert,
	},
	FromCollapseLimit: {
		Name: "from_collapse_limit", Type: Int, Context: User, Boot: "8", Min: 1, Max: maxInt,
		Category: catPlannerOther, Short: "Size of FROM lists up to which sub-selects are merged into them",
		Flags: FlagExplain | FlagInert,
	},
	Fsync: {
		Name: "fsync", Type: Bool, Context: Sighup, Boot: "on",
		Category: catWAL, Short: "Whether writes are forced to disk",
		Flags: flagLater,
	},
	FullPageWrites: {
		Name: "full_page_writes", Type: Bool, Context: Sighup, Boot: "on",
		Category: catWAL, Short: "Whether whole pages are logged after a checkpoint",
		Flags: FlagInert,
	},
	Geqo: {
		Name: "geqo", Type: Bool, Context: User, Boot: "on",
		Category: catGenetic, Short: "Plan large joins by genetic search",
		Flags: FlagExplain | FlagInert,
	},
	GeqoEffort: {
		Name: "geqo_effort", Type: Int, Context: User, Boot: "5", Min: 1, Max: 10,
		Category: catGenetic, Short: "Effort from which the genetic search's other defaults follow",
		Flags: FlagExplain | FlagInert,
	},
	GeqoGenerations: {
		Name: "geqo_generations", Type: Int, Context: User, Boot: "0", Max: maxInt,
		Category: catGenetic, Short: "Rounds of the genetic search; 0 lets it choose",
		Flags: FlagExplain | FlagInert,
	},
	GeqoPoolSize: {
		Name: "geqo_pool_size", Type: Int, Context: User, Boot: "0", Max: maxInt,
		Category: catGenetic, Short: "Population of the genetic search; 0 lets it choose",
		Flags: FlagExplain | FlagInert,
	},
	GeqoSeed: {
		Name: "geqo_seed", Type: Real, Context: User, Boot: "0", Max: 1,
		Category: catGenetic, Short: "Start of the genetic search's random numbers",
		Flags: FlagExplain | FlagInert,
	},
	GeqoSelectionBias: {
		Name: "geqo_selection_bias", Type: Real, Context: User, Boot: "2", Min: 1.5, Max: 2,
		Category: catGenetic, Short: "How strongly the genetic search prefers the better",
		Flags: FlagExplain | FlagInert,
	},
	GeqoThreshold: {
		Name: "geqo_threshold", Type: Int, Context: User, Boot: "12", Min: 2, Max: maxInt,
		Category: catGenetic, Short: "Tables in a join from which on the genetic search is used",
		Flags: FlagExplain | FlagInert,
	},
	GinFuzzySearchLimit: {
		Name: "gin_fuzzy_search_limit", Type: Int, Context: User, Boot: "0", Max: maxInt,
		Category: catDefaults, Short: "Rows that a GIN search gives at most, roughly; 0 for all",
		Flags: FlagInert,
	},
	GinPendingListLimit: {
		Name: "gin_pending_list_limit", Type: Int, Context: User, Boot: "4096", Unit: KB, Min: 64, Max: maxInt,
		Category: catStatement, Short: "Size of a GIN index's pending list at which it is worked off",
		Flags: FlagInert,
	},
	GssAcceptDelegation: {
		Name: "gss_accept_delegation", Type: Bool, Context: Sighup, Boot: "off", since: 16,
		Category: catAuth, Short: "Take over the credentials that a GSSAPI client delegates",
		Flags: FlagInert,
	},
	HashMemMultiplier: {
		Name: "hash_mem_multiplier", Type: Real, Context: User, Boot: "2", Min: 1, Max: 1000,
		Category: catMemory, Short: "How many times work_mem a hash table may take",
		Flags: FlagExplain | FlagInert,
	},
	HbaFile: {
		Name: "hba_file", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of the host-based authentication file",
		Flags: FlagSuperuserOnly | flagNoBoot,
	},
	HotStandby: {
		Name: "hot_standby", Type: Bool, Context: Postmaster, Boot: "on",
		Category: catStandby, Short: "Whether clients are let in during recovery",
	},
	HotStandbyFeedback: {
		Name: "hot_standby_feedback", Type: Bool, Context: Sighup, Boot: "off",
		Category: catStandby, Short: "Whether clients' horizons are passed upstream",
		Flags: FlagInert,
	},
	HugePageSize: {
		Name: "huge_page_size", Type: Int, Context: Postmaster, Boot: "0", Unit: KB, Max: maxInt,
		Category: catMemory, Short: "Size of huge pages to ask for; 0 for the system's",
		Flags: FlagInert,
	},
	HugePages: {
		Name: "huge_pages", Type: Enum, Context: Postmaster, Boot: "try", Options: hugePages,
		Category: catMemory, Short: "Ask the system for huge pages",
		Flags: FlagInert,
	},
	HugePagesStatus: {
		Name: "huge_pages_status", Type: Enum, Context: Internal, Boot: "unknown", Options: hugePagesStates, since: 17,
		Category: catPreset, Short: "Whether the segment is in huge pages; Waypost's never is",
		Flags: FlagNotInSample,
	},
	IcuValidationLevel: {
		Name: "icu_validation_level", Type: Enum, Context: User, Boot: "warning", Options: icuLevels, since: 16,
		Category: catLocale, Short: "Level at which a bad ICU locale is reported",
		Flags: FlagInert,
	},
	IdentFile: {
		Name: "ident_file", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of the user name map file",
		Flags: FlagSuperuserOnly | flagNoBoot,
	},
	IdleInTransactionSessionTimeout: {
		Name: "idle_in_transaction_session_timeout", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catStatement,
		Short:    "Longest wait for a client inside a transaction before its session is ended; 0 for none",
	},
	IdleReplicationSlotTimeout: {
		Name: "idle_replication_slot_timeout", Type: Int, Context: Sighup, Boot: "0", Unit: Sec, Max: maxInt, since: 18,
		Category: catSending, Short: "Time without use after which a replication slot is invalidated; 0 for none",
		Flags: flagLater,
	},
	IdleSessionTimeout: {
		Name: "idle_session_timeout", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catStatement,
		Short:    "Longest wait for a client outside a transaction before its session is ended; 0 for none",
	},
	IgnoreChecksumFailure: {
		Name: "ignore_checksum_failure", Type: Bool, Context: Superuser, Boot: "off",
		Category: catDeveloper, Short: "Go on after a page with a wrong checksum",
		Flags: FlagNotInSample | FlagInert,
	},
	IgnoreInvalidPages: {
		Name: "ignore_invalid_pages", Type: Bool, Context: Postmaster, Boot: "off",
		Category: catDeveloper, Short: "Let recovery go on after WAL that names pages that are not there",
		Flags: FlagNotInSample | FlagInert,
	},
	IgnoreSystemIndexes: {
		Name: "ignore_system_indexes", Type: Bool, Context: Backend, Boot: "off",
		Category: catDeveloper, Short: "Read system tables without their indexes",
		Flags: FlagNotInSample | FlagInert,
	},
	InHotStandby: {
		Name: "in_hot_standby", Type: Bool, Context: Internal, Boot: "off",
		Category: catPreset, Short: "Whether this node is in recovery and serves clients",
		Flags: FlagReport | FlagNotInSample | flagNotInFile,
	},
	IntegerDatetimes: {
		Name: "integer_datetimes", Type: Bool, Context: Internal, Boot: "on",
		Category: catPreset, Short: "Whether times are 64-bit integers",
		Flags: FlagReport | FlagNotInSample | flagNotInFile,
	},
	IntervalStyle: {
		Name: "IntervalStyle", Type: Enum, Context: User, Boot: "postgres", Options: intervalStyles,
		Category: catLocale, Short: "Format of intervals",
		Flags: FlagReport,
	},
	IoCombineLimit: {
		Name: "io_combine_limit", Type: Int, Context: User, Boot: "16", Unit: Blocks, Min: 1, Max: 32, since: 17,
		Category: catAsync, Short: "Largest read or write that neighbouring pages are joined to",
		Flags: FlagInert,
	},
	IoMaxCombineLimit: {
		Name: "io_max_combine_limit", Type: Int, Context: Postmaster, Boot: "16", Unit: Blocks, Min: 1, Max: 128,
		since:    18,
		Category: catIO, Short: "Upper bound that the server sets to io_combine_limit",
		Flags: FlagInert,
	},
	IoMaxConcurrency: {
		Name: "io_max_concurrency", Type: Int, Context: Postmaster, Boot: "-1", Min: -1, Max: 1024, since: 18,
		Category: catIO, Short: "Most I/O operations one process has under way; -1 lets it choose",
		Flags: FlagInert,
	},
	IoMethod: {
		Name: "io_method", Type: Enum, Context: Postmaster, Boot: "worker", Options: ioMethods, since: 18,
		Category: catIO, Short: "How asynchronous I/O is done",
		Flags: FlagInert,
	},
	IoWorkers: {
		Name: "io_workers", Type: Int, Context: Sighup, Boot: "3", Min: 1, Max: 32, since: 18,
		Category: catIO, Short: "Processes that do asynchronous I/O",
		Flags: FlagInert,
	},
	IsSuperuser: {
		Name: "is_superuser", Type: Bool, Context: Internal, Boot: "off",
		Category: catUngrouped, Short: "Whether the current user is a superuser",
		Flags: FlagReport | FlagNoShowAll | FlagNoResetAll | FlagNotInSample | flagNotInFile,
	},
	Jit: {
		Name: "jit", Type: Bool, Context: User, Boot: "on",
		Category: catPlannerOther, Short: "Compile expressions at run time",
		Flags: FlagExplain | FlagInert,
	},
	JitAboveCost: {
		Name: "jit_above_cost", Type: Real, Context: User, Boot: "100000", Min: -1, Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Cost of a query from which on it is compiled",
		Flags: FlagExplain | FlagInert,
	},
	JitDebuggingSupport: {
		Name: "jit_debugging_support", Type: Bool, Context: SuperuserBackend, Boot: "off",
		Category: catDeveloper, Short: "Tell debuggers of compiled functions",
		Flags: FlagNotInSample | FlagInert,
	},
	JitDumpBitcode: {
		Name: "jit_dump_bitcode", Type: Bool, Context: Superuser, Boot: "off",
		Category: catDeveloper, Short: "Write compiled code to files",
		Flags: FlagNotInSample | FlagInert,
	},
	JitExpressions: {
		Name: "jit_expressions", Type: Bool, Context: User, Boot: "on",
		Category: catDeveloper, Short: "Compile expressions",
		Flags: FlagNotInSample | FlagInert,
	},
	JitInlineAboveCost: {
		Name: "jit_inline_above_cost", Type: Real, Context: User, Boot: "500000", Min: -1, Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Cost of a query from which on functions are inlined",
		Flags: FlagExplain | FlagInert,
	},
	JitOptimizeAboveCost: {
		Name: "jit_optimize_above_cost", Type: Real, Context: User, Boot: "500000", Min: -1, Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Cost of a query from which on compiled code is optimized",
		Flags: FlagExplain | FlagInert,
	},
	JitProfilingSupport: {
		Name: "jit_profiling_support", Type: Bool, Context: SuperuserBackend, Boot: "off",
		Category: catDeveloper, Short: "Tell the profiler of compiled functions",
		Flags: FlagNotInSample | FlagInert,
	},
	JitProvider: {
		Name: "jit_provider", Type: String, Context: Postmaster, Boot: "llvmjit",
		Category: catPreload, Short: "Library that compiles",
		Flags: FlagSuperuserOnly | FlagInert,
	},
	JitTupleDeforming: {
		Name: "jit_tuple_deforming", Type: Bool, Context: User, Boot: "on",
		Category: catDeveloper, Short: "Compile the taking apart of rows",
		Flags: FlagNotInSample | FlagInert,
	},
	JoinCollapseLimit: {
		Name: "join_collapse_limit", Type: Int, Context: User, Boot: "8", Min: 1, Max: maxInt,
		Category: catPlannerOther, Short: "Size up to which explicit joins are flattened into FROM lists",
		Flags: FlagExplain | FlagInert,
	},
	KrbCaseinsUsers: {
		Name: "krb_caseins_users", Type: Bool, Context: Sighup, Boot: "off",
		Category: catAuth, Short: "Compare GSSAPI user names without regard to case",
		Flags: FlagInert,
	},
	KrbServerKeyfile: {
		Name: "krb_server_keyfile", Type: String, Context: Sighup, Boot: "",
		Category: catAuth, Short: "Key file for GSSAPI, which Waypost does not offer",
		Flags: FlagSuperuserOnly | FlagInert,
	},
	LcCollate: {
		Name: "lc_collate", Type: String, Context: Internal, Boot: "C", until: 15,
		Category: catPreset, Short: "Sort order of the database",
		Flags: FlagNotInSample | flagNotInFile,
	},
	LcCtype: {
		Name: "lc_ctype", Type: String, Context: Internal, Boot: "C", until: 15,
		Category: catPreset, Short: "Character classes of the database",
		Flags: FlagNotInSample | flagNotInFile,
	},
	LcMessages: {
		Name: "lc_messages", Type: String, Context: Superuser, Boot: "",
		Category: catLocale, Short: "Language of messages; Waypost's are English",
		Flags: FlagInert,
	},
	LcMonetary: {
		Name: "lc_monetary", Type: String, Context: User, Boot: "C",
		Category: catLocale, Short: "Locale of amounts of money",
		Flags: FlagInert,
	},
	LcNumeric: {
		Name: "lc_numeric", Type: String, Context: User, Boot: "C",
		Category: catLocale, Short: "Locale of numbers",
		Flags: FlagInert,
	},
	LcTime: {
		Name: "lc_time", Type: String, Context: User, Boot: "C",
		Category: catLocale, Short: "Locale of names in dates",
		Flags: FlagInert,
	},
	ListenAddresses: {
		Name: "listen_addresses", Type: String, Context: Postmaster, Boot: "localhost",
		Category: catConnection, Short: "Host names or addresses to listen on",
		Flags: FlagListInput,
	},
	LoCompatPrivileges: {
		Name: "lo_compat_privileges", Type: Bool, Context: Superuser, Boot: "off",
		Category: catCompat, Short: "Do not check rights on large objects",
		Flags: FlagInert,
	},
	LocalPreloadLibraries: {
		Name: "local_preload_libraries", Type: String, Context: User, Boot: "",
		Category: catPreload, Short: "Unprivileged libraries loaded at the start of a session",
		Flags: FlagListInput | FlagListQuote | FlagInert,
	},
	LockTimeout: {
		Name: "lock_timeout", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catStatement, Short: "Longest wait for a lock; 0 for none",
		Flags: FlagInert,
	},
	LogAutovacuumMinDuration: {
		Name: "log_autovacuum_min_duration", Type: Int, Context: Sighup, Boot: "600000", Unit: MS, Min: -1, Max: maxInt,
		Category: catLogWhat, Short: "Log autovacuum's work when it takes this long; -1 never, 0 always",
		Flags: FlagInert,
	},
	LogCheckpoints: {
		Name: "log_checkpoints", Type: Bool, Context: Sighup, Boot: "on",
		Category: catLogWhat, Short: "Log every checkpoint and restartpoint",
	},
	LogConnections: {
		Name: "log_connections", Type: Bool, Context: SuperuserBackend, Boot: "off", check: checkAspects,
		Category: catLogWhat, Short: "Log every connection",
	},
	LogDestination: {
		Name: "log_destination", Type: String, Context: Sighup, Boot: "stderr", check: checkLogDestination,
		Category: catLogWhere, Short: "Where and in which form the log is written",
		Flags: FlagListInput,
	},
	LogDirectory: {
		Name: "log_directory", Type: String, Context: Sighup, Boot: "log",
		Category: catLogWhere, Short: "Directory of log files",
		Flags: FlagSuperuserOnly,
	},
	LogDisconnections: {
		Name: "log_disconnections", Type: Bool, Context: SuperuserBackend, Boot: "off",
		Category: catLogWhat, Short: "Log the end of every session",
	},
	LogDuration: {
		Name: "log_duration", Type: Bool, Context: Superuser, Boot: "off",
		Category: catLogWhat, Short: "Log how long each statement took",
	},
	LogErrorVerbosity: {
		Name: "log_error_verbosity", Type: Enum, Context: Superuser, Boot: "default", Options: verbosities,
		Category: catLogWhat, Short: "How much of an error is logged",
	},
	LogExecutorStats: {
		Name: "log_executor_stats", Type: Bool, Context: Superuser, Boot: "off",
		Category: catMonitoring, Short: "Log what executing took of the system",
		Flags: FlagInert,
	},
	LogFileMode: {
		Name: "log_file_mode", Type: Int, Context: Sighup, Boot: "0600", Max: 511,
		Category: catLogWhere, Short: "Permissions of log files",
		Flags: flagOctal,
	},
	LogFilename: {
		Name: "log_filename", Type: String, Context: Sighup, Boot: "postgresql-%Y-%m-%d_%H%M%S.log",
		Category: catLogWhere, Short: "Name pattern of log files",
		Flags: FlagSuperuserOnly,
	},
	LogHostname: {
		Name: "log_hostname", Type: Bool, Context: Sighup, Boot: "off",
		Category: catLogWhat, Short: "Look up and log the client's host name",
	},
	LogLinePrefix: {
		Name: "log_line_prefix", Type: String, Context: Sighup, Boot: "%m [%p] ",
		Category: catLogWhat, Short: "What stands before every log line",
	},
	LogLockFailures: {
		Name: "log_lock_failures", Type: Bool, Context: Superuser, Boot: "off", since: 18,
		Category: catLogWhat, Short: "Log locks that could not be had at once",
		Flags: FlagInert,
	},
	LogLockWaits: {
		Name: "log_lock_waits", Type: Bool, Context: Superuser, Boot: "off",
		Category: catLogWhat, Short: "Log long waits for locks",
		Flags: FlagInert,
	},
	LogMinDurationSample: {
		Name: "log_min_duration_sample", Type: Int, Context: Superuser, Boot: "-1", Unit: MS, Min: -1, Max: maxInt,
		Category: catLogWhen, Short: "Log a sample of the statements that take this long; -1 none, 0 all",
		Flags: flagLater,
	},
	LogMinDurationStatement: {
		Name: "log_min_duration_statement", Type: Int, Context: Superuser, Boot: "-1", Unit: MS, Min: -1, Max: maxInt,
		Category: catLogWhen, Short: "Log statements that take this long; -1 none, 0 all",
	},
	LogMinErrorStatement: {
		Name: "log_min_error_statement", Type: Enum, Context: Superuser, Boot: "error", Options: messageLevels,
		Category: catLogWhen, Short: "Level from which on an error's statement is logged with it",
	},
	LogMinMessages: {
		Name: "log_min_messages", Type: Enum, Context: Superuser, Boot: "warning", Options: messageLevels,
		Category: catLogWhen, Short: "Lowest level that is logged",
	},
	LogParameterMaxLength: {
		Name: "log_parameter_max_length", Type: Int, Context: Superuser, Boot: "-1", Unit: Byte, Min: -1,
		Max:      maxInt / 2,
		Category: catLogWhat, Short: "Bytes of each parameter that are logged with a statement; -1 for all",
		Flags: flagLater,
	},
	LogParameterMaxLengthOnError: {
		Name: "log_parameter_max_length_on_error", Type: Int, Context: User, Boot: "0", Unit: Byte, Min: -1,
		Max:      maxInt / 2,
		Category: catLogWhat, Short: "Bytes of each parameter that are logged with an error; -1 for all",
		Flags: flagLater,
	},
	LogParserStats: {
		Name: "log_parser_stats", Type: Bool, Context: Superuser, Boot: "off",
		Category: catMonitoring, Short: "Log what parsing took of the system",
		Flags: FlagInert,
	},
	LogPlannerStats: {
		Name: "log_planner_stats", Type: Bool, Context: Superuser, Boot: "off",
		Category: catMonitoring, Short: "Log what planning took of the system",
		Flags: FlagInert,
	},
	LogRecoveryConflictWaits: {
		Name: "log_recovery_conflict_waits", Type: Bool, Context: Sighup, Boot: "off",
		Category: catLogWhat, Short: "Log when recovery waits for a session in its way",
		Flags: FlagInert,
	},
	LogReplicationCommands: {
		Name: "log_replication_commands", Type: Bool, Context: Superuser, Boot: "off",
		Category: catLogWhat, Short: "Log every replication command",
	},
	LogRotationAge: {
		Name: "log_rotation_age", Type: Int, Context: Sighup, Boot: "1440", Unit: Min, Max: maxInt / 60,
		Category: catLogWhere, Short: "Age at which a log file is followed by a new one; 0 for no limit",
	},
	LogRotationSize: {
		Name: "log_rotation_size", Type: Int, Context: Sighup, Boot: "10240", Unit: KB, Max: maxInt / 1024,
		Category: catLogWhere, Short: "Size at which a log file is followed by a new one; 0 for no limit",
	},
	LogStartupProgressInterval: {
		Name: "log_startup_progress_interval", Type: Int, Context: Sighup, Boot: "10000", Unit: MS, Max: maxInt,
		Category: catLogWhen, Short: "Time between two log lines of a long operation at start; 0 for none",
		Flags: flagLater,
	},
	LogStatement: {
		Name: "log_statement", Type: Enum, Context: Superuser, Boot: "none", Options: loggedStatements,
		Category: catLogWhat, Short: "Kinds of statements that are logged",
	},
	LogStatementSampleRate: {
		Name: "log_statement_sample_rate", Type: Real, Context: Superuser, Boot: "1", Max: 1,
		Category: catLogWhen, Short: "Share of statements beyond log_min_duration_sample that is logged",
		Flags: flagLater,
	},
	LogStatementStats: {
		Name: "log_statement_stats", Type: Bool, Context: Superuser, Boot: "off",
		Category: catMonitoring, Short: "Log what a statement took of the system",
		Flags: FlagInert,
	},
	LogTempFiles: {
		Name: "log_temp_files", Type: Int, Context: Superuser, Boot: "-1", Unit: KB, Min: -1, Max: maxInt,
		Category: catLogWhat, Short: "Log temporary files of this size or more; -1 none, 0 all",
		Flags: FlagInert,
	},
	LogTimezone: {
		Name: "log_timezone", Type: String, Context: Sighup, Boot: "GMT", check: checkLogTimeZone,
		Category: catLogWhat, Short: "Time zone of times in the log",
	},
	LogTransactionSampleRate: {
		Name: "log_transaction_sample_rate", Type: Real, Context: Superuser, Boot: "0", Max: 1,
		Category: catLogWhen, Short: "Share of transactions whose statements are all logged",
		Flags: flagLater,
	},
	LogTruncateOnRotation: {
		Name: "log_truncate_on_rotation", Type: Bool, Context: Sighup, Boot: "off",
		Category: catLogWhere, Short: "Empty an existing log file of the same name at a rotation by time",
	},
	LoggingCollector: {
		Name: "logging_collector", Type: Bool, Context: Postmaster, Boot: "off",
		Category: catLogWhere, Short: "Whether stderr is collected into log files",
	},
	LogicalDecodingWorkMem: {
		Name: "logical_decoding_work_mem", Type: Int, Context: User, Boot: "65536", Unit: KB, Min: 64, Max: maxInt,
		Category: catMemory, Short: "Memory of one logical decoding before it spills",
		Flags: FlagInert,
	},
	MaintenanceIoConcurrency: {
		Name: "maintenance_io_concurrency", Type: Int, Context: User, Boot: "10", Max: 1000,
		Category: catAsync, Short: "As effective_io_concurrency, for maintenance",
		Flags: FlagExplain | FlagInert,
	},
	MaintenanceWorkMem: {
		Name: "maintenance_work_mem", Type: Int, Context: User, Boot: "65536", Unit: KB, Min: 64, Max: maxInt,
		Category: catMemory, Short: "Memory of one maintenance operation",
		Flags: FlagInert,
	},
	MaxActiveReplicationOrigins: {
		Name: "max_active_replication_origins", Type: Int, Context: Postmaster, Boot: "10", Max: maxBackends, since: 18,
		Category: catSubscribers, Short: "Replication origins that can be in use at one time",
		Flags: FlagInert,
	},
	MaxConnections: {
		Name: "max_connections", Type: Int, Context: Postmaster, Boot: "100", Min: 1, Max: maxBackends,
		Category: catConnection, Short: "Most clients at one time",
	},
	MaxFilesPerProcess: {
		Name: "max_files_per_process", Type: Int, Context: Postmaster, Boot: "1000", Min: 64, Max: maxInt,
		Category: catKernel, Short: "Most files that one process holds open",
		Flags: FlagInert,
	},
	MaxFunctionArgs: {
		Name: "max_function_args", Type: Int, Context: Internal, Boot: "100", Min: 100, Max: 100,
		Category: catPreset, Short: "Most arguments of a function",
		Flags: FlagNotInSample | flagNotInFile,
	},
	MaxIdentifierLength: {
		Name: "max_identifier_length", Type: Int, Context: Internal, Boot: "63", Min: 63, Max: 63,
		Category: catPreset, Short: "Longest name, in bytes",
		Flags: FlagNotInSample | flagNotInFile,
	},
	MaxIndexKeys: {
		Name: "max_index_keys", Type: Int, Context: Internal, Boot: "32", Min: 32, Max: 32,
		Category: catPreset, Short: "Most columns of an index",
		Flags: FlagNotInSample | flagNotInFile,
	},
	MaxLocksPerTransaction: {
		Name: "max_locks_per_transaction", Type: Int, Context: Postmaster, Boot: "64", Min: 10, Max: maxInt,
		Category: catLock, Short: "Carried in parameter-change records",
		Flags: FlagInert,
	},
	MaxLogicalReplicationWorkers: {
		Name: "max_logical_replication_workers", Type: Int, Context: Postmaster, Boot: "4", Max: maxBackends,
		Category: catSubscribers, Short: "Most workers of logical replication",
		Flags: FlagInert,
	},
	MaxNotifyQueuePages: {
		Name: "max_notify_queue_pages", Type: Int, Context: Postmaster, Boot: "1048576", Min: 64, Max: maxInt,
		since:    17,
		Category: catDisk, Short: "Size of the queue of NOTIFY",
		Flags: FlagInert,
	},
	MaxParallelApplyWorkersPerSubscription: {
		Name: "max_parallel_apply_workers_per_subscription", Type: Int, Context: Sighup, Boot: "2", Max: 1024,
		since:    16,
		Category: catSubscribers, Short: "Most parallel workers that apply one subscription's changes",
		Flags: FlagInert,
	},
	MaxParallelMaintenanceWorkers: {
		Name: "max_parallel_maintenance_workers", Type: Int, Context: User, Boot: "2", Max: 1024,
		Category: catAsync, Short: "Most parallel workers of one maintenance operation",
		Flags: FlagInert,
	},
	MaxParallelWorkers: {
		Name: "max_parallel_workers", Type: Int, Context: User, Boot: "8", Max: 1024,
		Category: catAsync, Short: "Most parallel workers in all",
		Flags: FlagExplain | FlagInert,
	},
	MaxParallelWorkersPerGather: {
		Name: "max_parallel_workers_per_gather", Type: Int, Context: User, Boot: "2", Max: 1024,
		Category: catAsync, Short: "Most parallel workers of one plan node",
		Flags: FlagExplain | FlagInert,
	},
	MaxPredLocksPerPage: {
		Name: "max_pred_locks_per_page", Type: Int, Context: Sighup, Boot: "2", Max: maxInt,
		Category: catLock, Short: "Predicate locks on rows of a page before the page is locked whole",
		Flags: FlagInert,
	},
	MaxPredLocksPerRelation: {
		Name: "max_pred_locks_per_relation", Type: Int, Context: Sighup, Boot: "-2", Min: -maxInt - 1, Max: maxInt,
		Category: catLock, Short: "Predicate locks on pages and rows of a table before the table is locked whole",
		Flags: FlagInert,
	},
	MaxPredLocksPerTransaction: {
		Name: "max_pred_locks_per_transaction", Type: Int, Context: Postmaster, Boot: "64", Min: 10, Max: maxInt,
		Category: catLock, Short: "Predicate locks for each transaction, on average",
		Flags: FlagInert,
	},
	MaxPreparedTransactions: {
		Name: "max_prepared_transactions", Type: Int, Context: Postmaster, Boot: "0", Max: maxBackends,
		Category: catMemory, Short: "Carried in parameter-change records",
		Flags: FlagInert,
	},
	MaxReplicationSlots: {
		Name: "max_replication_slots", Type: Int, Context: Postmaster, Boot: "10", Max: maxBackends,
		Category: catSending, Short: "Most replication slots",
		Flags: flagLater,
	},
	MaxSlotWalKeepSize: {
		Name: "max_slot_wal_keep_size", Type: Int, Context: Sighup, Boot: "-1", Unit: MB, Min: -1, Max: maxInt,
		Category: catSending, Short: "Most WAL that slots may hold back",
		Flags: flagLater,
	},
	MaxStackDepth: {
		Name: "max_stack_depth", Type: Int, Context: Superuser, Boot: "100", Unit: KB, Min: 100, Max: maxInt,
		check:    checkStack,
		Category: catMemory, Short: "Deepest stack; Waypost caps the nesting of statements instead",
		Flags: FlagInert,
	},
	MaxStandbyArchiveDelay: {
		Name: "max_standby_archive_delay", Type: Int, Context: Sighup, Boot: "30000", Unit: MS, Min: -1, Max: maxInt,
		Category: catStandby, Short: "Longest that archived WAL waits for queries in its way; -1 for no limit",
		Flags: FlagInert,
	},
	MaxStandbyStreamingDelay: {
		Name: "max_standby_streaming_delay", Type: Int, Context: Sighup, Boot: "30000", Unit: MS, Min: -1, Max: maxInt,
		Category: catStandby, Short: "Longest that streamed WAL waits for queries in its way; -1 for no limit",
		Flags: FlagInert,
	},
	MaxSyncWorkersPerSubscription: {
		Name: "max_sync_workers_per_subscription", Type: Int, Context: Sighup, Boot: "2", Max: maxBackends,
		Category: catSubscribers, Short: "Most workers that copy one subscription's tables",
		Flags: FlagInert,
	},
	MaxWalSenders: {
		Name: "max_wal_senders", Type: Int, Context: Postmaster, Boot: "10", Max: maxBackends,
		Category: catSending, Short: "Most walsenders at one time",
	},
	MaxWalSize: {
		Name: "max_wal_size", Type: Int, Context: Sighup, Boot: "1024", Unit: MB, Min: 2, Max: maxInt,
		Category: catCheckpoints, Short: "WAL volume that forces a checkpoint",
	},
	MaxWorkerProcesses: {
		Name: "max_worker_processes", Type: Int, Context: Postmaster, Boot: "8", Max: maxBackends,
		Category: catAsync, Short: "Carried in parameter-change records",
		Flags: FlagInert,
	},
	Md5PasswordWarnings: {
		Name: "md5_password_warnings", Type: Bool, Context: User, Boot: "on", since: 18,
		Category: catAuth, Short: "Warn when an MD5 password is set",
		Flags: FlagInert,
	},
	MetricsListenAddress: {
		Name: "metrics_listen_address", Type: String, Context: Sighup, Boot: "", check: checkListen,
		Category: catMonitoring, Short: "Address, host:port or :port, on which Prometheus metrics are served",
		Flags: FlagOwn,
	},
	MinDynamicSharedMemory: {
		Name: "min_dynamic_shared_memory", Type: Int, Context: Postmaster, Boot: "0", Unit: MB, Max: maxInt,
		Category: catMemory, Short: "Shared memory set aside for parallel queries",
		Flags: FlagInert,
	},
	MinParallelIndexScanSize: {
		Name: "min_parallel_index_scan_size", Type: Int, Context: User, Boot: "64", Unit: Blocks, Max: maxInt / 3,
		Category: catPlannerCost, Short: "Size of an index from which on a parallel scan is thought of",
		Flags: FlagExplain | FlagInert,
	},
	MinParallelTableScanSize: {
		Name: "min_parallel_table_scan_size", Type: Int, Context: User, Boot: "1024", Unit: Blocks, Max: maxInt / 3,
		Category: catPlannerCost, Short: "Size of a table from which on a parallel scan is thought of",
		Flags: FlagExplain | FlagInert,
	},
	MinWalSize: {
		Name: "min_wal_size", Type: Int, Context: Sighup, Boot: "80", Unit: MB, Min: 2, Max: maxInt,
		Category: catCheckpoints, Short: "WAL volume below which old files are recycled",
	},
	MultixactMemberBuffers: {
		Name: "multixact_member_buffers", Type: Int, Context: Postmaster, Boot: "32", Unit: Blocks, Min: 16,
		Max: 131072, since: 17, check: checkSixteen,
		Category: catMemory, Short: "Size of the cache of multixacts' members",
		Flags: FlagInert,
	},
	MultixactOffsetBuffers: {
		Name: "multixact_offset_buffers", Type: Int, Context: Postmaster, Boot: "16", Unit: Blocks, Min: 16,
		Max: 131072, since: 17, check: checkSixteen,
		Category: catMemory, Short: "Size of the cache of multixacts' offsets",
		Flags: FlagInert,
	},
	NotifyBuffers: {
		Name: "notify_buffers", Type: Int, Context: Postmaster, Boot: "16", Unit: Blocks, Min: 16, Max: 131072,
		since: 17, check: checkSixteen,
		Category: catMemory, Short: "Size of the cache of NOTIFY messages",
		Flags: FlagInert,
	},
	NumOsSemaphores: {
		Name: "num_os_semaphores", Type: Int, Context: Internal, Boot: "0", Max: maxInt, since: 18,
		Category: catPreset, Short: "Semaphores of the system in use: none",
		Flags: FlagNotInSample | FlagRuntimeComputed,
	},
	OauthValidatorLibraries: {
		Name: "oauth_validator_libraries", Type: String, Context: Sighup, Boot: "", since: 18,
		Category: catAuth, Short: "Libraries that check OAuth tokens",
		Flags: FlagListInput | FlagListQuote | FlagSuperuserOnly | FlagInert,
	},
	OldSnapshotThreshold: {
		Name: "old_snapshot_threshold", Type: Int, Context: Postmaster, Boot: "-1", Unit: Min, Min: -1, Max: 86400,
		until:    16,
		Category: catAsync, Short: "Age after which a snapshot may be too old to read with; -1 never",
		Flags: FlagInert,
	},
	OutputPluginLibraries: {
		Name: "output_plugin_libraries", Type: String, Context: Superuser, Boot: "pgoutput, test_decoding", until: 15,
		Category: catSending, Short: "Output plugins that logical decoding may use",
		Flags: FlagListInput | FlagListQuote | FlagSuperuserOnly | FlagInert,
	},
	ParallelLeaderParticipation: {
		Name: "parallel_leader_participation", Type: Bool, Context: User, Boot: "on",
		Category: catAsync, Short: "Let the leader of a parallel query work, too",
		Flags: FlagExplain | FlagInert,
	},
	ParallelSetupCost: {
		Name: "parallel_setup_cost", Type: Real, Context: User, Boot: "1000", Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Planner's price of starting workers",
		Flags: FlagExplain | FlagInert,
	},
	ParallelTupleCost: {
		Name: "parallel_tuple_cost", Type: Real, Context: User, Boot: "0.1", Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Planner's price of passing one row from a worker",
		Flags: FlagExplain | FlagInert,
	},
	PasswordEncryption: {
		Name: "password_encryption", Type: Enum, Context: User, Boot: "scram-sha-256", Options: passwordEncryptions,
		Category: catAuth, Short: "Form in which new passwords are kept",
	},
	PlanCacheMode: {
		Name: "plan_cache_mode", Type: Enum, Context: User, Boot: "auto", Options: planCacheModes,
		Category: catPlannerOther,
		Short:    "Whether prepared statements get plans of their own or one for all parameters",
		Flags:    FlagExplain | FlagInert,
	},
	Port: {
		Name: "port", Type: Int, Context: Postmaster, Boot: "5432", Min: 1, Max: 65535,
		Category: catConnection, Short: "TCP port, also part of the socket file's name",
	},
	PostAuthDelay: {
		Name: "post_auth_delay", Type: Int, Context: Backend, Boot: "0", Unit: Sec, Max: 2147,
		Category: catDeveloper, Short: "Wait after authentication, for debuggers",
		Flags: FlagNotInSample | FlagInert,
	},
	PreAuthDelay: {
		Name: "pre_auth_delay", Type: Int, Context: Sighup, Boot: "0", Unit: Sec, Max: 60,
		Category: catDeveloper, Short: "Wait before authentication, for debuggers",
		Flags: FlagNotInSample | FlagInert,
	},
	PrimaryConninfo: {
		Name: "primary_conninfo", Type: String, Context: Sighup, Boot: "",
		Category: catStandby, Short: "How to connect to the upstream",
		Flags: FlagSuperuserOnly | flagSecret,
	},
	PrimarySlotName: {
		Name: "primary_slot_name", Type: String, Context: Sighup, Boot: "", check: checkSlotName,
		Category: catStandby, Short: "Replication slot to use on the upstream",
	},
	PromoteTriggerFile: {
		Name: "promote_trigger_file", Type: String, Context: Sighup, Boot: "", until: 15,
		Category: catStandby, Short: "File whose appearance ends recovery; version 16 took it away",
		Flags: FlagInert,
	},
	QuoteAllIdentifiers: {
		Name: "quote_all_identifiers", Type: Bool, Context: User, Boot: "off",
		Category: catCompat, Short: "Quote every name in SQL that the server writes",
		Flags: FlagInert,
	},
	RandomPageCost: {
		Name: "random_page_cost", Type: Real, Context: User, Boot: "4", Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Planner's price of a page read at random",
		Flags: FlagExplain | FlagInert,
	},
	RecoveryEndCommand: {
		Name: "recovery_end_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiveRecovery, Short: "Command run once when recovery ends",
		Flags: flagLater,
	},
	RecoveryInitSyncMethod: {
		Name: "recovery_init_sync_method", Type: Enum, Context: Sighup, Boot: "fsync", Options: initSyncMethods,
		Category: catErrorHandling, Short: "How the data directory is synced before recovery",
		Flags: FlagInert,
	},
	RecoveryMinApplyDelay: {
		Name: "recovery_min_apply_delay", Type: Int, Context: Sighup, Boot: "0", Unit: MS, Max: maxInt,
		Category: catStandby, Short: "Shortest delay before a change is applied",
		Flags: flagLater,
	},
	RecoveryPrefetch: {
		Name: "recovery_prefetch", Type: Enum, Context: Sighup, Boot: "try", Options: prefetches,
		Category: catRecovery, Short: "Read pages ahead that WAL will change",
		Flags: FlagInert,
	},
	RecoveryTarget: {
		Name: "recovery_target", Type: String, Context: Postmaster, Boot: "", check: checkTarget,
		Category: catRecoveryTarget, Short: "\"immediate\" ends recovery as soon as it can",
		Flags: flagLater,
	},
	RecoveryTargetAction: {
		Name: "recovery_target_action", Type: Enum, Context: Postmaster, Boot: "pause", Options: targetActions,
		Category: catRecoveryTarget, Short: "What to do at the recovery target",
		Flags: flagLater,
	},
	RecoveryTargetInclusive: {
		Name: "recovery_target_inclusive", Type: Bool, Context: Postmaster, Boot: "on",
		Category: catRecoveryTarget, Short: "Whether recovery ends behind its target or before it",
		Flags: flagLater,
	},
	RecoveryTargetLsn: {
		Name: "recovery_target_lsn", Type: String, Context: Postmaster, Boot: "", check: checkTargetLSN,
		Category: catRecoveryTarget, Short: "WAL position at which recovery ends",
		Flags: flagLater,
	},
	RecoveryTargetName: {
		Name: "recovery_target_name", Type: String, Context: Postmaster, Boot: "", check: checkTargetName,
		Category: catRecoveryTarget, Short: "Restore point at which recovery ends",
		Flags: flagLater,
	},
	RecoveryTargetTime: {
		Name: "recovery_target_time", Type: String, Context: Postmaster, Boot: "", check: checkTargetTime,
		Category: catRecoveryTarget, Short: "Time at which recovery ends",
		Flags: flagLater,
	},
	RecoveryTargetTimeline: {
		Name: "recovery_target_timeline", Type: String, Context: Postmaster, Boot: "latest", check: checkTimeline,
		Category: catRecoveryTarget, Short: "Timeline to recover into",
	},
	RecoveryTargetXid: {
		Name: "recovery_target_xid", Type: String, Context: Postmaster, Boot: "", check: checkTargetXID,
		Category: catRecoveryTarget, Short: "Transaction at which recovery ends",
		Flags: flagLater,
	},
	RecursiveWorktableFactor: {
		Name: "recursive_worktable_factor", Type: Real, Context: User, Boot: "10", Min: 0.001, Max: 1000000,
		Category: catPlannerOther, Short: "Size that the planner expects of a recursive query's work table",
		Flags: FlagExplain | FlagInert,
	},
	RemoveTempFilesAfterCrash: {
		Name: "remove_temp_files_after_crash", Type: Bool, Context: Sighup, Boot: "on",
		Category: catDeveloper, Short: "Remove temporary files after a crash",
		Flags: FlagNotInSample | FlagInert,
	},
	ReservedConnections: {
		Name: "reserved_connections", Type: Int, Context: Postmaster, Boot: "0", Max: maxBackends, since: 16,
		Category: catConnection, Short: "Connections kept for privileged users",
	},
	RestartAfterCrash: {
		Name: "restart_after_crash", Type: Bool, Context: Sighup, Boot: "on",
		Category: catErrorHandling, Short: "Whether the node starts anew after a child crashed",
	},
	RestoreCommand: {
		Name: "restore_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiveRecovery, Short: "Command that fetches one archived WAL file",
		Flags: flagLater,
	},
	RestrictNonsystemRelationKind: {
		Name: "restrict_nonsystem_relation_kind", Type: String, Context: User, Boot: "", check: checkKinds,
		Category: catStatement, Short: "Kinds of relations that users' queries may not touch",
		Flags: FlagListInput | FlagNotInSample | FlagInert,
	},
	Role: {
		Name: "role", Type: String, Context: User, Boot: "none",
		Category: catUngrouped, Short: "The role whose rights the session has",
		Flags: flagName | FlagNoShowAll | FlagNoResetAll | FlagNotInSample | flagNotInFile,
	},
	RowSecurity: {
		Name: "row_security", Type: Bool, Context: User, Boot: "on",
		Category: catStatement, Short: "Apply row security, or fail where it would apply",
		Flags: FlagInert,
	},
	ScramIterations: {
		Name: "scram_iterations", Type: Int, Context: User, Boot: "4096", Min: 1, Max: maxInt, since: 16,
		Category: catAuth, Short: "Iterations used for new SCRAM secrets",
		Flags: FlagReport,
	},
	SearchPath: {
		Name: "search_path", Type: String, Context: User, Boot: "\"$user\", public", check: checkNames,
		Category: catStatement, Short: "Schemas in which names without a schema are looked up",
		Flags: FlagExplain | FlagReport | FlagListInput | FlagListQuote,
	},
	Seed: {
		Name: "seed", Type: Real, Context: User, Boot: "0", Min: -1, Max: 1,
		Category: catUngrouped, Short: "Start of random()'s numbers",
		Flags: FlagNoShowAll | FlagNoReset | FlagNoResetAll | FlagNotInSample | flagNotInAutoFile | FlagInert,
	},
	SegmentSize: {
		Name: "segment_size", Type: Int, Context: Internal, Boot: "131072", Unit: Blocks, Min: 131072, Max: 131072,
		Category: catPreset, Short: "Pages in one file of a table",
		Flags: FlagNotInSample | flagNotInFile,
	},
	SendAbortForCrash: {
		Name: "send_abort_for_crash", Type: Bool, Context: Sighup, Boot: "off", since: 16,
		Category: catDeveloper, Short: "Have children dump core when one has crashed",
		Flags: FlagNotInSample | FlagInert,
	},
	SendAbortForKill: {
		Name: "send_abort_for_kill", Type: Bool, Context: Sighup, Boot: "off", since: 16,
		Category: catDeveloper, Short: "Have children dump core that do not end in time",
		Flags: FlagNotInSample | FlagInert,
	},
	SeqPageCost: {
		Name: "seq_page_cost", Type: Real, Context: User, Boot: "1", Max: math.MaxFloat64,
		Category: catPlannerCost, Short: "Planner's price of a page read in order",
		Flags: FlagExplain | FlagInert,
	},
	SerializableBuffers: {
		Name: "serializable_buffers", Type: Int, Context: Postmaster, Boot: "32", Unit: Blocks, Min: 16, Max: 131072,
		since: 17, check: checkSixteen,
		Category: catMemory, Short: "Size of the cache of serializable transactions",
		Flags: FlagInert,
	},
	ServerEncoding: {
		Name: "server_encoding", Type: String, Context: Internal, Boot: "SQL_ASCII",
		Category: catPreset, Short: "The database's character set",
		Flags: FlagReport | flagName | flagNotInFile | FlagNotInSample,
	},
	ServerVersion: {
		Name: "server_version", Type: String, Context: Internal, Boot: "15.0",
		Category: catPreset, Short: "Version that is told to clients: the upstream's",
		Flags: FlagReport | flagNotInFile | FlagNotInSample,
	},
	ServerVersionNum: {
		Name: "server_version_num", Type: Int, Context: Internal, Boot: "150000", Max: maxInt,
		Category: catPreset, Short: "The same as a number",
		Flags: flagNotInFile | FlagNotInSample,
	},
	SessionAuthorization: {
		Name: "session_authorization", Type: String, Context: User, Boot: "",
		Category: catUngrouped, Short: "Name of the session's user",
		Flags: FlagReport | flagName | FlagNoShowAll | FlagNoResetAll | FlagNotInSample | flagNotInFile,
	},
	SessionPreloadLibraries: {
		Name: "session_preload_libraries", Type: String, Context: Superuser, Boot: "",
		Category: catPreload, Short: "Libraries loaded at the start of a session",
		Flags: FlagListInput | FlagListQuote | FlagSuperuserOnly | FlagInert,
	},
	SessionReplicationRole: {
		Name: "session_replication_role", Type: Enum, Context: Superuser, Boot: "origin", Options: replicationRoles,
		Category: catStatement, Short: "Which triggers and rules fire in the session",
		Flags: FlagInert,
	},
	SharedBuffers: {
		Name: "shared_buffers", Type: Int, Context: Postmaster, Boot: "16384", Unit: Blocks, Min: 16, Max: maxInt / 2,
		Category: catMemory, Short: "Memory for cached pages of tables",
		Flags: FlagInert,
	},
	SharedMemorySize: {
		Name: "shared_memory_size", Type: Int, Context: Internal, Boot: "0", Unit: MB, Max: maxInt,
		Category: catPreset, Short: "Size of the shared memory segment",
		Flags: FlagNotInSample | flagNotInFile | FlagRuntimeComputed,
	},
	SharedMemorySizeInHugePages: {
		Name: "shared_memory_size_in_huge_pages", Type: Int, Context: Internal, Boot: "-1", Min: -1, Max: maxInt,
		Category: catPreset, Short: "Huge pages that the segment would take; -1 where that is not known",
		Flags: FlagNotInSample | flagNotInFile | FlagRuntimeComputed,
	},
	SharedMemoryType: {
		Name: "shared_memory_type", Type: Enum, Context: Postmaster, Boot: "mmap", Options: shmTypes,
		Category: catMemory, Short: "Kind of the main shared memory",
		Flags: FlagInert,
	},
	SharedPreloadLibraries: {
		Name: "shared_preload_libraries", Type: String, Context: Postmaster, Boot: "",
		Category: catPreload, Short: "Libraries loaded at the server's start",
		Flags: FlagListInput | FlagListQuote | FlagSuperuserOnly | FlagInert,
	},
	Ssl: {
		Name: "ssl", Type: Bool, Context: Sighup, Boot: "off",
		Category: catSSL, Short: "Whether TLS connections are accepted",
	},
	SslCaFile: {
		Name: "ssl_ca_file", Type: String, Context: Sighup, Boot: "",
		Category: catSSL, Short: "File with the certificates of the authorities that may issue clients'",
	},
	SslCertFile: {
		Name: "ssl_cert_file", Type: String, Context: Sighup, Boot: "server.crt",
		Category: catSSL, Short: "File with the server's certificate",
	},
	SslCiphers: {
		Name: "ssl_ciphers", Type: String, Context: Sighup, Boot: "HIGH:MEDIUM:+3DES:!aNULL",
		Category: catSSL, Short: "Cipher suites of TLS 1.2 and before that are allowed",
		Flags: FlagSuperuserOnly,
	},
	SslCrlDir: {
		Name: "ssl_crl_dir", Type: String, Context: Sighup, Boot: "",
		Category: catSSL, Short: "Directory with lists of revoked client certificates",
	},
	SslCrlFile: {
		Name: "ssl_crl_file", Type: String, Context: Sighup, Boot: "",
		Category: catSSL, Short: "File with lists of revoked client certificates",
	},
	SslDhParamsFile: {
		Name: "ssl_dh_params_file", Type: String, Context: Sighup, Boot: "",
		Category: catSSL, Short: "Accepted for compatibility; no cipher suite needs it",
		Flags: FlagSuperuserOnly,
	},
	SslEcdhCurve: {
		Name: "ssl_ecdh_curve", Type: String, Context: Sighup, Boot: "prime256v1",
		Category: catSSL, Short: "Curves for the exchange of keys",
		Flags: FlagSuperuserOnly,
	},
	SslKeyFile: {
		Name: "ssl_key_file", Type: String, Context: Sighup, Boot: "server.key",
		Category: catSSL, Short: "File with the server's private key",
	},
	SslLibrary: {
		Name: "ssl_library", Type: String, Context: Internal, Boot: "Go",
		Category: catPreset, Short: "Library that does TLS",
		Flags: FlagNotInSample | flagNotInFile,
	},
	SslMaxProtocolVersion: {
		Name: "ssl_max_protocol_version", Type: Enum, Context: Sighup, Boot: "", Options: maxTLSVersions,
		Category: catSSL, Short: "Highest version of TLS that is allowed",
		Flags: FlagSuperuserOnly,
	},
	SslMinProtocolVersion: {
		Name: "ssl_min_protocol_version", Type: Enum, Context: Sighup, Boot: "TLSv1.2", Options: minTLSVersions,
		Category: catSSL, Short: "Lowest version of TLS that is allowed",
		Flags: FlagSuperuserOnly,
	},
	SslPassphraseCommand: {
		Name: "ssl_passphrase_command", Type: String, Context: Sighup, Boot: "",
		Category: catSSL, Short: "Command that gives the passphrase of the private key",
		Flags: FlagSuperuserOnly | flagSecret,
	},
	SslPassphraseCommandSupportsReload: {
		Name: "ssl_passphrase_command_supports_reload", Type: Bool, Context: Sighup, Boot: "off",
		Category: catSSL, Short: "Whether that command is run on reload, too",
	},
	SslPreferServerCiphers: {
		Name: "ssl_prefer_server_ciphers", Type: Bool, Context: Sighup, Boot: "on",
		Category: catSSL, Short: "Accepted for compatibility; the suite is chosen by the hardware of both sides",
		Flags: flagLater,
	},
	SslRenegotiationLimit: {
		Name: "ssl_renegotiation_limit", Type: Int, Context: User, Boot: "0", Unit: KB,
		Category: catSSL, Short: "TLS renegotiation, which is gone; only 0 is taken",
		Flags: FlagNoShowAll | FlagNotInSample | flagNotInAutoFile | FlagInert,
	},
	SslTls13Ciphers: {
		Name: "ssl_tls13_ciphers", Type: String, Context: Sighup, Boot: "", since: 18,
		Category: catSSL, Short: "Cipher suites allowed from TLS 1.3 on; empty for the library's own",
		Flags: flagLater,
	},
	StandardConformingStrings: {
		Name: "standard_conforming_strings", Type: Bool, Context: User, Boot: "on",
		Category: catCompat, Short: "Whether backslashes in plain literals are literal",
		Flags: FlagReport,
	},
	StatementTimeout: {
		Name: "statement_timeout", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catStatement, Short: "Longest that a statement may run; 0 for no limit",
	},
	StatsFetchConsistency: {
		Name: "stats_fetch_consistency", Type: Enum, Context: User, Boot: "cache", Options: fetchConsistencies,
		Category: catStatistics, Short: "How far statistics stay the same while they are looked at",
		Flags: flagLater,
	},
	SubtransactionBuffers: {
		Name: "subtransaction_buffers", Type: Int, Context: Postmaster, Boot: "0", Unit: Blocks, Max: 131072, since: 17,
		check:    checkSixteen,
		Category: catMemory, Short: "Size of the cache of subtransactions; 0 follows shared_buffers",
		Flags: FlagInert,
	},
	SummarizeWal: {
		Name: "summarize_wal", Type: Bool, Context: Sighup, Boot: "off", since: 17,
		Category: catSummarization, Short: "Keep summaries of WAL for incremental backups",
		Flags: flagLater,
	},
	SuperuserReservedConnections: {
		Name: "superuser_reserved_connections", Type: Int, Context: Postmaster, Boot: "3", Max: maxBackends,
		Category: catConnection, Short: "Connections kept for superusers",
	},
	SyncReplicationSlots: {
		Name: "sync_replication_slots", Type: Bool, Context: Sighup, Boot: "off", since: 17,
		Category: catStandby, Short: "Whether the upstream's failover slots are copied",
		Flags: flagLater,
	},
	SynchronizeSeqscans: {
		Name: "synchronize_seqscans", Type: Bool, Context: User, Boot: "on",
		Category: catCompat, Short: "Have scans of one large table share their reads",
		Flags: FlagInert,
	},
	SynchronizedStandbySlots: {
		Name: "synchronized_standby_slots", Type: String, Context: Sighup, Boot: "", since: 17, check: checkSlotNames,
		Category: catPrimary, Short: "Slots that logical walsenders wait for",
		Flags: FlagListInput | flagLater,
	},
	SynchronousCommit: {
		Name: "synchronous_commit", Type: Enum, Context: User, Boot: "on", Options: syncCommits,
		Category: catWAL, Short: "What a commit waits for",
		Flags: flagLater,
	},
	SynchronousStandbyNames: {
		Name: "synchronous_standby_names", Type: String, Context: Sighup, Boot: "", check: checkStandbyNames,
		Category: catPrimary, Short: "Standbys that commits wait for",
		Flags: FlagListInput | flagLater,
	},
	SyslogFacility: {
		Name: "syslog_facility", Type: Enum, Context: Sighup, Boot: "local0", Options: syslogFacilities,
		Category: catLogWhere, Short: "Facility in the system's log",
		Flags: FlagInert,
	},
	SyslogIdent: {
		Name: "syslog_ident", Type: String, Context: Sighup, Boot: "postgres",
		Category: catLogWhere, Short: "Name of the server in the system's log",
		Flags: FlagInert,
	},
	SyslogSequenceNumbers: {
		Name: "syslog_sequence_numbers", Type: Bool, Context: Sighup, Boot: "on",
		Category: catLogWhere, Short: "Number messages in the system's log",
		Flags: FlagInert,
	},
	SyslogSplitMessages: {
		Name: "syslog_split_messages", Type: Bool, Context: Sighup, Boot: "on",
		Category: catLogWhere, Short: "Split messages for the system's log by lines and at 1024 bytes",
		Flags: FlagInert,
	},
	TcpKeepalivesCount: {
		Name: "tcp_keepalives_count", Type: Int, Context: User, Boot: "0", Max: maxInt,
		Category: catTCP, Short: "Keepalives lost before the connection is given up",
	},
	TcpKeepalivesIdle: {
		Name: "tcp_keepalives_idle", Type: Int, Context: User, Boot: "0", Unit: Sec, Max: maxInt,
		Category: catTCP, Short: "Idle time before the first keepalive",
	},
	TcpKeepalivesInterval: {
		Name: "tcp_keepalives_interval", Type: Int, Context: User, Boot: "0", Unit: Sec, Max: maxInt,
		Category: catTCP, Short: "Time between keepalives",
	},
	TcpUserTimeout: {
		Name: "tcp_user_timeout", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catTCP, Short: "Longest time sent data may stay unacknowledged",
	},
	TempBuffers: {
		Name: "temp_buffers", Type: Int, Context: User, Boot: "1024", Unit: Blocks, Min: 100, Max: maxInt / 2,
		Category: catMemory, Short: "Memory for pages of a session's temporary tables",
		Flags: FlagExplain | FlagInert,
	},
	TempFileLimit: {
		Name: "temp_file_limit", Type: Int, Context: Superuser, Boot: "-1", Unit: KB, Min: -1, Max: maxInt,
		Category: catDisk, Short: "Most disk space for a session's temporary files; -1 for no limit",
		Flags: FlagInert,
	},
	TempTablespaces: {
		Name: "temp_tablespaces", Type: String, Context: User, Boot: "", check: checkNames,
		Category: catStatement, Short: "Tablespaces of temporary tables and files",
		Flags: FlagListInput | FlagListQuote | FlagInert,
	},
	TimeZone: {
		Name: "TimeZone", Type: String, Context: User, Boot: "GMT", check: checkTimeZone,
		Category: catLocale, Short: "Time zone of the session",
		Flags: FlagReport,
	},
	TimezoneAbbreviations: {
		Name: "timezone_abbreviations", Type: String, Context: User, Boot: "", check: checkAbbreviations,
		Category: catLocale, Short: "File of abbreviations of time zones",
		Flags: flagNoBoot | FlagInert,
	},
	TraceConnectionNegotiation: {
		Name: "trace_connection_negotiation", Type: Bool, Context: Postmaster, Boot: "off", since: 17,
		Category: catDeveloper, Short: "Log how the negotiation of encryption went",
		Flags: FlagNotInSample | flagLater,
	},
	TraceNotify: {
		Name: "trace_notify", Type: Bool, Context: User, Boot: "off",
		Category: catDeveloper, Short: "Log the work of LISTEN and NOTIFY",
		Flags: FlagNotInSample | FlagInert,
	},
	TraceRecoveryMessages: {
		Name: "trace_recovery_messages", Type: Enum, Context: Sighup, Boot: "log", Options: clientLevels, until: 16,
		Category: catDeveloper,
		Short:    "Level from which on messages of recovery are logged whatever log_min_messages says",
		Flags:    FlagNotInSample | FlagInert,
	},
	TraceSort: {
		Name: "trace_sort", Type: Bool, Context: User, Boot: "off",
		Category: catDeveloper, Short: "Log what sorts took of the system",
		Flags: FlagNotInSample | FlagInert,
	},
	TrackActivities: {
		Name: "track_activities", Type: Bool, Context: Superuser, Boot: "on",
		Category: catStatistics, Short: "Show in pg_stat_activity what sessions do",
	},
	TrackActivityQuerySize: {
		Name: "track_activity_query_size", Type: Int, Context: Postmaster, Boot: "1024", Unit: Byte, Min: 100,
		Max:      1048576,
		Category: catStatistics, Short: "Bytes kept of each session's statement",
		Flags: flagLater,
	},
	TrackCommitTimestamp: {
		Name: "track_commit_timestamp", Type: Bool, Context: Postmaster, Boot: "off",
		Category: catSending, Short: "Carried in parameter-change records",
		Flags: FlagInert,
	},
	TrackCostDelayTiming: {
		Name: "track_cost_delay_timing", Type: Bool, Context: Superuser, Boot: "off", since: 18,
		Category: catStatistics, Short: "Measure how long vacuum pauses",
		Flags: FlagInert,
	},
	TrackCounts: {
		Name: "track_counts", Type: Bool, Context: Superuser, Boot: "on",
		Category: catStatistics, Short: "Count accesses to tables; Waypost's own counters are always kept",
		Flags: FlagInert,
	},
	TrackFunctions: {
		Name: "track_functions", Type: Enum, Context: Superuser, Boot: "none", Options: trackedFunctions,
		Category: catStatistics, Short: "Count and time calls of functions",
		Flags: FlagInert,
	},
	TrackIoTiming: {
		Name: "track_io_timing", Type: Bool, Context: Superuser, Boot: "off",
		Category: catStatistics, Short: "Measure how long reading and writing of data takes",
		Flags: flagLater,
	},
	TrackWalIoTiming: {
		Name: "track_wal_io_timing", Type: Bool, Context: Superuser, Boot: "off",
		Category: catStatistics, Short: "Measure how long writing and syncing of WAL takes",
	},
	TransactionBuffers: {
		Name: "transaction_buffers", Type: Int, Context: Postmaster, Boot: "0", Unit: Blocks, Max: 131072, since: 17,
		check:    checkSixteen,
		Category: catMemory, Short: "Size of the cache of transactions' states; 0 follows shared_buffers",
		Flags: FlagInert,
	},
	TransactionDeferrable: {
		Name: "transaction_deferrable", Type: Bool, Context: User, Boot: "off",
		Category: catStatement, Short: "Whether the current transaction is deferrable",
		Flags: FlagNoReset | FlagNoResetAll | FlagNotInSample | flagNotInFile,
	},
	TransactionIsolation: {
		Name: "transaction_isolation", Type: Enum, Context: User, Boot: "read committed", Options: isolationLevels,
		Category: catStatement, Short: "Isolation level of the current transaction",
		Flags: FlagNoReset | FlagNoResetAll | FlagNotInSample | flagNotInFile,
	},
	TransactionReadOnly: {
		Name: "transaction_read_only", Type: Bool, Context: User, Boot: "off",
		Category: catStatement, Short: "Whether the current transaction is read-only",
		Flags: FlagNoReset | FlagNoResetAll | FlagNotInSample | flagNotInFile,
	},
	TransactionTimeout: {
		Name: "transaction_timeout", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt, since: 17,
		Category: catStatement, Short: "Longest that a transaction may last; 0 for no limit",
	},
	TransformNullEquals: {
		Name: "transform_null_equals", Type: Bool, Context: User, Boot: "off",
		Category: catPlatforms, Short: "Read \"x = NULL\" as \"x IS NULL\"",
	},
	UnixSocketDirectories: {
		Name: "unix_socket_directories", Type: String, Context: Postmaster, Boot: "/tmp",
		Category: catConnection, Short: "Directories of the Unix-domain sockets",
		Flags: FlagListInput | FlagListQuote | FlagSuperuserOnly,
	},
	UnixSocketGroup: {
		Name: "unix_socket_group", Type: String, Context: Postmaster, Boot: "",
		Category: catConnection, Short: "Group that owns the Unix-domain sockets",
	},
	UnixSocketPermissions: {
		Name: "unix_socket_permissions", Type: Int, Context: Postmaster, Boot: "0777", Max: 511,
		Category: catConnection, Short: "Permissions of the Unix-domain sockets",
		Flags: flagOctal,
	},
	UpdateProcessTitle: {
		Name: "update_process_title", Type: Bool, Context: Superuser, Boot: "on",
		Category: catProcessTitle, Short: "Whether process titles tell what the process does",
	},
	VacuumBufferUsageLimit: {
		Name: "vacuum_buffer_usage_limit", Type: Int, Context: User, Boot: "2048", Unit: KB, Max: 16777216, since: 16,
		check:    checkRing,
		Category: catMemory, Short: "Buffers that VACUUM and ANALYZE go round in",
		Flags: FlagInert,
	},
	VacuumCostDelay: {
		Name: "vacuum_cost_delay", Type: Real, Context: User, Boot: "0", Unit: MS, Max: 100,
		Category: catVacuumDelay, Short: "Pause of a vacuum that has used up its cost limit",
		Flags: FlagInert,
	},
	VacuumCostLimit: {
		Name: "vacuum_cost_limit", Type: Int, Context: User, Boot: "200", Min: 1, Max: 10000,
		Category: catVacuumDelay, Short: "Cost after which vacuum pauses",
		Flags: FlagInert,
	},
	VacuumCostPageDirty: {
		Name: "vacuum_cost_page_dirty", Type: Int, Context: User, Boot: "20", Max: 10000,
		Category: catVacuumDelay, Short: "Vacuum's price of a page made dirty",
		Flags: FlagInert,
	},
	VacuumCostPageHit: {
		Name: "vacuum_cost_page_hit", Type: Int, Context: User, Boot: "1", Max: 10000,
		Category: catVacuumDelay, Short: "Vacuum's price of a page found in the cache",
		Flags: FlagInert,
	},
	VacuumCostPageMiss: {
		Name: "vacuum_cost_page_miss", Type: Int, Context: User, Boot: "2", Max: 10000,
		Category: catVacuumDelay, Short: "Vacuum's price of a page not in the cache",
		Flags: FlagInert,
	},
	VacuumDeferCleanupAge: {
		Name: "vacuum_defer_cleanup_age", Type: Int, Context: Sighup, Boot: "0", Max: 1000000, until: 15,
		Category: catPrimary, Short: "Transactions by which cleaning up is put off",
		Flags: FlagInert,
	},
	VacuumFailsafeAge: {
		Name: "vacuum_failsafe_age", Type: Int, Context: User, Boot: "1600000000", Max: 2100000000,
		Category: catStatement, Short: "Age in transactions at which vacuum leaves out all but freezing",
		Flags: FlagInert,
	},
	VacuumFreezeMinAge: {
		Name: "vacuum_freeze_min_age", Type: Int, Context: User, Boot: "50000000", Max: 1000000000,
		Category: catStatement, Short: "Age in transactions from which on vacuum freezes a row",
		Flags: FlagInert,
	},
	VacuumFreezeTableAge: {
		Name: "vacuum_freeze_table_age", Type: Int, Context: User, Boot: "150000000", Max: 2000000000,
		Category: catStatement, Short: "Age in transactions at which vacuum reads a table whole",
		Flags: FlagInert,
	},
	VacuumMaxEagerFreezeFailureRate: {
		Name: "vacuum_max_eager_freeze_failure_rate", Type: Real, Context: User, Boot: "0.03", Max: 1, since: 18,
		Category: catFreezing18, Short: "Share of pages that vacuum may read in vain to freeze them early",
		Flags: FlagInert,
	},
	VacuumMultixactFailsafeAge: {
		Name: "vacuum_multixact_failsafe_age", Type: Int, Context: User, Boot: "1600000000", Max: 2100000000,
		Category: catStatement, Short: "Age in multixacts at which vacuum leaves out all but freezing",
		Flags: FlagInert,
	},
	VacuumMultixactFreezeMinAge: {
		Name: "vacuum_multixact_freeze_min_age", Type: Int, Context: User, Boot: "5000000", Max: 1000000000,
		Category: catStatement, Short: "Age in multixacts from which on vacuum freezes a row",
		Flags: FlagInert,
	},
	VacuumMultixactFreezeTableAge: {
		Name: "vacuum_multixact_freeze_table_age", Type: Int, Context: User, Boot: "150000000", Max: 2000000000,
		Category: catStatement, Short: "Age in multixacts at which vacuum reads a table whole",
		Flags: FlagInert,
	},
	VacuumTruncate: {
		Name: "vacuum_truncate", Type: Bool, Context: User, Boot: "on", since: 18,
		Category: catVacuumDefaults18, Short: "Let vacuum give empty pages at a table's end back",
		Flags: FlagInert,
	},
	WalBlockSize: {
		Name: "wal_block_size", Type: Int, Context: Internal, Boot: "8192", Min: 8192, Max: 8192,
		Category: catPreset, Short: "Size of a WAL page",
		Flags: FlagNotInSample | flagNotInFile,
	},
	WalBuffers: {
		Name: "wal_buffers", Type: Int, Context: Postmaster, Boot: "-1", Unit: Blocks, Min: -1, Max: maxBackends,
		check:    checkWalBuffers,
		Category: catWAL, Short: "Memory for WAL not yet written; -1 follows shared_buffers",
		Flags: flagLater,
	},
	WalCompression: {
		Name: "wal_compression", Type: Enum, Context: Superuser, Boot: "off", Options: walCompressions,
		Category: catWAL, Short: "How page images in WAL are compressed",
		Flags: flagLater,
	},
	WalConsistencyChecking: {
		Name: "wal_consistency_checking", Type: String, Context: Superuser, Boot: "", check: checkResourceManager,
		Category: catDeveloper, Short: "Kinds of records whose pages recovery compares with its own result",
		Flags: FlagListInput | FlagNotInSample | FlagInert,
	},
	WalDecodeBufferSize: {
		Name: "wal_decode_buffer_size", Type: Int, Context: Postmaster, Boot: "524288", Unit: Byte, Min: 65536,
		Max:      maxInt / 2,
		Category: catRecovery, Short: "Memory for reading WAL ahead in recovery",
		Flags: FlagInert,
	},
	WalInitZero: {
		Name: "wal_init_zero", Type: Bool, Context: Superuser, Boot: "on",
		Category: catWAL, Short: "Whether new WAL files are filled with zeros",
	},
	WalKeepSize: {
		Name: "wal_keep_size", Type: Int, Context: Sighup, Boot: "0", Unit: MB, Max: maxInt,
		Category: catSending, Short: "WAL kept for clients beyond what is needed",
	},
	WalLevel: {
		Name: "wal_level", Type: Enum, Context: Postmaster, Boot: "replica", Options: walLevels,
		Category: catWAL, Short: "How much is written to WAL",
		Flags: flagLater,
	},
	WalLogHints: {
		Name: "wal_log_hints", Type: Bool, Context: Postmaster, Boot: "off",
		Category: catWAL, Short: "Log whole pages even where only hint bits change",
		Flags: FlagInert,
	},
	WalPrepareSegments: {
		Name: "wal_prepare_segments", Type: Int, Context: Sighup, Boot: "2", Max: 64,
		Category: catWAL, Short: "Future segments kept ready (Waypost's own)",
		Flags: FlagOwn,
	},
	WalReceiverCreateTempSlot: {
		Name: "wal_receiver_create_temp_slot", Type: Bool, Context: Sighup, Boot: "off",
		Category: catStandby, Short: "Whether a temporary slot is made when no slot is named",
	},
	WalReceiverLibrary: {
		Name: "wal_receiver_library", Type: String, Context: Sighup, Boot: "pgwire",
		Category: catStandby, Short: "Transport to the upstream (Waypost's own)",
		Flags: FlagOwn,
	},
	WalReceiverStatusInterval: {
		Name: "wal_receiver_status_interval", Type: Int, Context: Sighup, Boot: "10", Unit: Sec, Max: maxInt / 1000,
		Category: catStandby, Short: "Longest time between reports to the upstream",
	},
	WalReceiverTimeout: {
		Name: "wal_receiver_timeout", Type: Int, Context: Sighup, Boot: "60000", Unit: MS, Max: maxInt,
		Category: catStandby, Short: "Silence after which the upstream is given up",
	},
	WalRecycle: {
		Name: "wal_recycle", Type: Bool, Context: Superuser, Boot: "on",
		Category: catWAL, Short: "Whether old WAL files are renamed for later use",
	},
	WalRetrieveRetryInterval: {
		Name: "wal_retrieve_retry_interval", Type: Int, Context: Sighup, Boot: "5000", Unit: MS, Min: 1, Max: maxInt,
		Category: catStandby, Short: "Pause after a failed attempt to get WAL",
	},
	WalSegmentSize: {
		Name: "wal_segment_size", Type: Int, Context: Internal, Boot: "16777216", Unit: Byte, Min: 1048576,
		Max:      1073741824,
		Category: catPreset, Short: "Size of a WAL segment file",
		Flags: FlagNotInSample | flagNotInFile | FlagRuntimeComputed,
	},
	WalSenderRequireFlush: {
		Name: "wal_sender_require_flush", Type: Bool, Context: Sighup, Boot: "off",
		Category: catSending, Short: "Whether a relay sends only what it has flushed (Waypost's own)",
		Flags: FlagOwn,
	},
	WalSenderShutdownTimeout: {
		Name: "wal_sender_shutdown_timeout", Type: Int, Context: Sighup, Boot: "0", Unit: MS, Max: maxInt,
		Category: catSending, Short: "Longest wait at shutdown for a client to confirm, 0 for ever (Waypost's own)",
		Flags: FlagOwn,
	},
	WalSenderTimeout: {
		Name: "wal_sender_timeout", Type: Int, Context: User, Boot: "60000", Unit: MS, Max: maxInt,
		Category: catSending, Short: "Silence after which a client is given up",
	},
	WalSkipThreshold: {
		Name: "wal_skip_threshold", Type: Int, Context: User, Boot: "2048", Unit: KB, Max: maxInt,
		Category: catWAL, Short: "Size of new files from which on they are synced instead of logged",
		Flags: FlagInert,
	},
	WalSummaryKeepTime: {
		Name: "wal_summary_keep_time", Type: Int, Context: Sighup, Boot: "14400", Unit: Min, Max: maxInt / 60,
		since:    17,
		Category: catSummarization, Short: "Age at which summaries of WAL are removed; 0 for never",
		Flags: flagLater,
	},
	WalSyncMethod: {
		Name: "wal_sync_method", Type: Enum, Context: Sighup, Boot: "fdatasync", Options: walSyncMethods,
		Category: catWAL, Short: "How WAL is forced to disk",
		Flags: flagLater,
	},
	WalWriterDelay: {
		Name: "wal_writer_delay", Type: Int, Context: Sighup, Boot: "200", Unit: MS, Min: 1, Max: 10000,
		Category: catWAL, Short: "Pause of the walwriter between two rounds",
		Flags: flagLater,
	},
	WalWriterFlushAfter: {
		Name: "wal_writer_flush_after", Type: Int, Context: Sighup, Boot: "128", Unit: Blocks, Max: maxInt,
		Category: catWAL, Short: "WAL that the walwriter writes before it syncs",
		Flags: flagLater,
	},
	WalsenderPrelaunch: {
		Name: "walsender_prelaunch", Type: Int, Context: Sighup, Boot: "2", Max: 64,
		Category: catSending, Short: "Spare walsender processes launched ahead (Waypost's own)",
		Flags: FlagOwn,
	},
	WorkMem: {
		Name: "work_mem", Type: Int, Context: User, Boot: "4096", Unit: KB, Min: 64, Max: maxInt,
		Category: catMemory, Short: "Memory of one sort or hash table before it spills",
		Flags: FlagExplain | FlagInert,
	},
	Xmlbinary: {
		Name: "xmlbinary", Type: Enum, Context: User, Boot: "base64", Options: xmlBinaries,
		Category: catStatement, Short: "Form of binary values in XML",
		Flags: FlagInert,
	},
	Xmloption: {
		Name: "xmloption", Type: Enum, Context: User, Boot: "content", Options: xmlOptions,
		Category: catStatement, Short: "Whether XML is taken for a document or for content",
		Flags: FlagInert,
	},
	ZeroDamagedPages: {
		Name: "zero_damaged_pages", Type: Bool, Context: Superuser, Boot: "off",
		Category: catDeveloper, Short: "Go on with zeroes in place of a damaged page",
		Flags: FlagNotInSample | FlagInert,
	},
}
