package guc

// Every setting that Waypost acts on or shows. The order of the constants is the table's order, which is that of
// the names without regard to case, because find searches the table by halves.
const (
	ApplicationName ID = iota
	ArchiveCleanupCommand
	ArchiveCommand
	ArchiveMode
	ArchiveTimeout
	AuthenticationTimeout
	BlockSize
	CheckpointCompletionTarget
	CheckpointTimeout
	CheckpointWarning
	ClientConnectionCheckInterval
	ClientEncoding
	ClusterName
	ConfigFile
	DataChecksums
	DataDirectory
	DataDirectoryMode
	DateStyle
	DefaultTransactionReadOnly
	DynamicSharedMemoryType
	ExternalPidFile
	Fsync
	FullPageWrites
	HbaFile
	HotStandby
	HotStandbyFeedback
	HugePages
	IdentFile
	InHotStandby
	IntegerDatetimes
	IntervalStyle
	IsSuperuser
	ListenAddresses
	LogCheckpoints
	LogConnections
	LogDestination
	LogDirectory
	LogDisconnections
	LogFilename
	LogLinePrefix
	LogMinMessages
	LogReplicationCommands
	LogTimezone
	LoggingCollector
	MaxConnections
	MaxLocksPerTransaction
	MaxPreparedTransactions
	MaxReplicationSlots
	MaxSlotWalKeepSize
	MaxWalSenders
	MaxWalSize
	MaxWorkerProcesses
	MetricsListenAddress
	MinWalSize
	PasswordEncryption
	Port
	PrimaryConninfo
	PrimarySlotName
	RecoveryEndCommand
	RecoveryMinApplyDelay
	RecoveryTargetTimeline
	ReservedConnections
	RestartAfterCrash
	RestoreCommand
	ScramIterations
	ServerEncoding
	ServerVersion
	ServerVersionNum
	SessionAuthorization
	SharedMemoryType
	Ssl
	SslCaFile
	SslCertFile
	SslCiphers
	SslCrlDir
	SslCrlFile
	SslDhParamsFile
	SslEcdhCurve
	SslKeyFile
	SslMaxProtocolVersion
	SslMinProtocolVersion
	SslPassphraseCommand
	SslPassphraseCommandSupportsReload
	SslPreferServerCiphers
	StandardConformingStrings
	SuperuserReservedConnections
	SyncReplicationSlots
	SynchronousCommit
	SynchronousStandbyNames
	TcpKeepalivesCount
	TcpKeepalivesIdle
	TcpKeepalivesInterval
	TcpUserTimeout
	TimeZone
	TrackCommitTimestamp
	TrackWalIoTiming
	UnixSocketDirectories
	UnixSocketGroup
	UnixSocketPermissions
	UpdateProcessTitle
	WalBlockSize
	WalCompression
	WalInitZero
	WalKeepSize
	WalLevel
	WalPrepareSegments
	WalReceiverCreateTempSlot
	WalReceiverLibrary
	WalReceiverStatusInterval
	WalReceiverTimeout
	WalRecycle
	WalRetrieveRetryInterval
	WalSegmentSize
	WalSenderRequireFlush
	WalSenderShutdownTimeout
	WalSenderTimeout
	WalSyncMethod
	WalsenderPrelaunch

	numParams
)

// params is the one table of settings. It is never written to.
var params = [numParams]Param{
	ApplicationName: {
		Name: "application_name", Type: String, Context: User, Boot: "", flags: flagPrintable,
		Category: catLogWhat, Short: "Name the client gives itself",
	},
	ArchiveCleanupCommand: {
		Name: "archive_cleanup_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiveRecovery, Short: "Command run at every restartpoint",
	},
	ArchiveCommand: {
		Name: "archive_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiving, Short: "Command that archives one finished WAL file",
	},
	ArchiveMode: {
		Name: "archive_mode", Type: Enum, Context: Postmaster, Boot: "off", Options: archiveModes,
		Category: catArchiving, Short: "Whether finished WAL files are archived",
	},
	ArchiveTimeout: {
		Name: "archive_timeout", Type: Int, Context: Sighup, Boot: "0", Unit: Sec, Max: maxInt / 2,
		Category: catArchiving, Short: "Longest time a WAL file stays open without a switch",
	},
	AuthenticationTimeout: {
		Name: "authentication_timeout", Type: Int, Context: Sighup, Boot: "60", Unit: Sec, Min: 1, Max: 600,
		Category: catAuth, Short: "Longest time a client may take to authenticate",
	},
	BlockSize: {
		Name: "block_size", Type: Int, Context: Internal, Boot: "8192", Min: 8192, Max: 8192,
		Category: catPreset, Short: "Size of a disk block",
	},
	CheckpointCompletionTarget: {
		Name: "checkpoint_completion_target", Type: Real, Context: Sighup, Boot: "0.9", Max: 1,
		Category: catCheckpoints, Short: "Part of the checkpoint interval over which writing is spread",
	},
	CheckpointTimeout: {
		Name: "checkpoint_timeout", Type: Int, Context: Sighup, Boot: "300", Unit: Sec, Min: 30, Max: 86400,
		Category: catCheckpoints, Short: "Longest time between two checkpoints",
	},
	CheckpointWarning: {
		Name: "checkpoint_warning", Type: Int, Context: Sighup, Boot: "30", Unit: Sec, Max: maxInt,
		Category: catCheckpoints, Short: "Warn when WAL volume forces checkpoints more often than this",
	},
	ClientConnectionCheckInterval: {
		Name: "client_connection_check_interval", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catConnection, Short: "Interval between checks that the client is still connected",
	},
	ClientEncoding: {
		Name: "client_encoding", Type: String, Context: User, Boot: "SQL_ASCII",
		Category: catLocale, Short: "The client's character set",
	},
	ClusterName: {
		Name: "cluster_name", Type: String, Context: Postmaster, Boot: "", flags: flagPrintable,
		Category: catProcessTitle, Short: "Name of the node, shown in process titles",
	},
	ConfigFile: {
		Name: "config_file", Type: String, Context: Postmaster, Boot: "", flags: flagNotInFile,
		Category: catFile, Short: "Path of the main configuration file",
	},
	DataChecksums: {
		Name: "data_checksums", Type: Bool, Context: Internal, Boot: "off",
		Category: catPreset, Short: "Whether the upstream's data pages carry checksums",
	},
	DataDirectory: {
		Name: "data_directory", Type: String, Context: Postmaster, Boot: "", flags: flagNotInAutoFile,
		Category: catFile, Short: "Path of the data directory",
	},
	DataDirectoryMode: {
		Name: "data_directory_mode", Type: Int, Context: Internal, Boot: "0700", Max: 0o777, flags: flagOctal,
		Category: catPreset, Short: "Permissions of the data directory",
	},
	DateStyle: {
		Name: "DateStyle", Type: String, Context: User, Boot: "ISO, MDY", flags: flagDateStyle,
		Category: catLocale, Short: "Format of dates and times",
	},
	DefaultTransactionReadOnly: {
		Name: "default_transaction_read_only", Type: Bool, Context: User, Boot: "off",
		Category: catStatement, Short: "Whether new transactions are read-only",
	},
	DynamicSharedMemoryType: {
		Name: "dynamic_shared_memory_type", Type: Enum, Context: Postmaster, Boot: "posix", Options: dsmTypes,
		Category: catMemory, Short: "Accepted for compatibility; Waypost uses none",
	},
	ExternalPidFile: {
		Name: "external_pid_file", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of an additional file with the postmaster's pid",
	},
	Fsync: {
		Name: "fsync", Type: Bool, Context: Sighup, Boot: "on",
		Category: catWAL, Short: "Whether writes are forced to disk",
	},
	FullPageWrites: {
		Name: "full_page_writes", Type: Bool, Context: Sighup, Boot: "on",
		Category: catWAL, Short: "Whether whole pages are logged after a checkpoint",
	},
	HbaFile: {
		Name: "hba_file", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of the host-based authentication file",
	},
	HotStandby: {
		Name: "hot_standby", Type: Bool, Context: Postmaster, Boot: "on",
		Category: catStandby, Short: "Whether clients are let in during recovery",
	},
	HotStandbyFeedback: {
		Name: "hot_standby_feedback", Type: Bool, Context: Sighup, Boot: "off",
		Category: catStandby, Short: "Whether clients' horizons are passed upstream",
	},
	HugePages: {
		Name: "huge_pages", Type: Enum, Context: Postmaster, Boot: "try", Options: hugePages,
		Category: catMemory, Short: "Accepted for compatibility; Waypost uses none",
	},
	IdentFile: {
		Name: "ident_file", Type: String, Context: Postmaster, Boot: "",
		Category: catFile, Short: "Path of the user name map file",
	},
	InHotStandby: {
		Name: "in_hot_standby", Type: Bool, Context: Internal, Boot: "off",
		Category: catPreset, Short: "Whether this node is in recovery and serves clients",
	},
	IntegerDatetimes: {
		Name: "integer_datetimes", Type: Bool, Context: Internal, Boot: "on",
		Category: catPreset, Short: "Whether times are 64-bit integers",
	},
	IntervalStyle: {
		Name: "IntervalStyle", Type: Enum, Context: User, Boot: "postgres", Options: intervalStyles,
		Category: catLocale, Short: "Format of intervals",
	},
	IsSuperuser: {
		Name: "is_superuser", Type: Bool, Context: Internal, Boot: "off",
		Category: catUngrouped, Short: "Whether the current user is a superuser",
	},
	ListenAddresses: {
		Name: "listen_addresses", Type: String, Context: Postmaster, Boot: "localhost",
		Category: catConnection, Short: "Host names or addresses to listen on",
	},
	LogCheckpoints: {
		Name: "log_checkpoints", Type: Bool, Context: Sighup, Boot: "on",
		Category: catLogWhat, Short: "Log every checkpoint and restartpoint",
	},
	LogConnections: {
		Name: "log_connections", Type: Bool, Context: SuperuserBackend, Boot: "off",
		Category: catLogWhat, Short: "Log every connection",
	},
	LogDestination: {
		Name: "log_destination", Type: String, Context: Sighup, Boot: "stderr",
		Category: catLogWhere, Short: "Where and in which form the log is written",
	},
	LogDirectory: {
		Name: "log_directory", Type: String, Context: Sighup, Boot: "log",
		Category: catLogWhere, Short: "Directory of log files",
	},
	LogDisconnections: {
		Name: "log_disconnections", Type: Bool, Context: SuperuserBackend, Boot: "off",
		Category: catLogWhat, Short: "Log the end of every session",
	},
	LogFilename: {
		Name: "log_filename", Type: String, Context: Sighup, Boot: "postgresql-%Y-%m-%d_%H%M%S.log",
		Category: catLogWhere, Short: "Name pattern of log files",
	},
	LogLinePrefix: {
		Name: "log_line_prefix", Type: String, Context: Sighup, Boot: "%m [%p] ",
		Category: catLogWhat, Short: "What stands before every log line",
	},
	LogMinMessages: {
		Name: "log_min_messages", Type: Enum, Context: Superuser, Boot: "warning", Options: messageLevels,
		Category: catLogWhen, Short: "Lowest level that is logged",
	},
	LogReplicationCommands: {
		Name: "log_replication_commands", Type: Bool, Context: Superuser, Boot: "off",
		Category: catLogWhat, Short: "Log every replication command",
	},
	LogTimezone: {
		Name: "log_timezone", Type: String, Context: Sighup, Boot: "GMT",
		Category: catLogWhat, Short: "Time zone of times in the log",
	},
	LoggingCollector: {
		Name: "logging_collector", Type: Bool, Context: Postmaster, Boot: "off",
		Category: catLogWhere, Short: "Whether stderr is collected into log files",
	},
	MaxConnections: {
		Name: "max_connections", Type: Int, Context: Postmaster, Boot: "100", Min: 1, Max: maxBackends,
		Category: catConnection, Short: "Most clients at one time",
	},
	MaxLocksPerTransaction: {
		Name: "max_locks_per_transaction", Type: Int, Context: Postmaster, Boot: "64", Min: 10, Max: maxInt,
		Category: catLock, Short: "Carried in parameter-change records",
	},
	MaxPreparedTransactions: {
		Name: "max_prepared_transactions", Type: Int, Context: Postmaster, Boot: "0", Max: maxBackends,
		Category: catMemory, Short: "Carried in parameter-change records",
	},
	MaxReplicationSlots: {
		Name: "max_replication_slots", Type: Int, Context: Postmaster, Boot: "10", Max: maxBackends,
		Category: catSending, Short: "Most replication slots",
	},
	MaxSlotWalKeepSize: {
		Name: "max_slot_wal_keep_size", Type: Int, Context: Sighup, Boot: "-1", Unit: MB, Min: -1, Max: maxInt,
		Category: catSending, Short: "Most WAL that slots may hold back",
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
	},
	MetricsListenAddress: {
		Name: "metrics_listen_address", Type: String, Context: Sighup, Boot: "",
		Category: catMonitoring, Short: "Address, host:port or :port, on which Prometheus metrics are served",
	},
	MinWalSize: {
		Name: "min_wal_size", Type: Int, Context: Sighup, Boot: "80", Unit: MB, Min: 2, Max: maxInt,
		Category: catCheckpoints, Short: "WAL volume below which old files are recycled",
	},
	PasswordEncryption: {
		Name: "password_encryption", Type: Enum, Context: User, Boot: "scram-sha-256", Options: passwordEncryptions,
		Category: catAuth, Short: "Form in which new passwords are kept",
	},
	Port: {
		Name: "port", Type: Int, Context: Postmaster, Boot: "5432", Min: 1, Max: 65535,
		Category: catConnection, Short: "TCP port, also part of the socket file's name",
	},
	PrimaryConninfo: {
		Name: "primary_conninfo", Type: String, Context: Sighup, Boot: "", flags: flagSecret,
		Category: catStandby, Short: "How to connect to the upstream",
	},
	PrimarySlotName: {
		Name: "primary_slot_name", Type: String, Context: Sighup, Boot: "", flags: flagSlotName,
		Category: catStandby, Short: "Replication slot to use on the upstream",
	},
	RecoveryEndCommand: {
		Name: "recovery_end_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiveRecovery, Short: "Command run once when recovery ends",
	},
	RecoveryMinApplyDelay: {
		Name: "recovery_min_apply_delay", Type: Int, Context: Sighup, Boot: "0", Unit: MS, Max: maxInt,
		Category: catStandby, Short: "Shortest delay before a change is applied",
	},
	RecoveryTargetTimeline: {
		Name: "recovery_target_timeline", Type: String, Context: Postmaster, Boot: "latest", flags: flagTimeline,
		Category: catRecoveryTarget, Short: "Timeline to recover into",
	},
	ReservedConnections: {
		Name: "reserved_connections", Type: Int, Context: Postmaster, Boot: "0", Max: maxBackends,
		Category: catConnection, Short: "Connections kept for privileged users",
	},
	RestartAfterCrash: {
		Name: "restart_after_crash", Type: Bool, Context: Sighup, Boot: "on",
		Category: catErrorHandling, Short: "Whether the node starts anew after a child crashed",
	},
	RestoreCommand: {
		Name: "restore_command", Type: String, Context: Sighup, Boot: "",
		Category: catArchiveRecovery, Short: "Command that fetches one archived WAL file",
	},
	ScramIterations: {
		Name: "scram_iterations", Type: Int, Context: User, Boot: "4096", Min: 1, Max: maxInt,
		Category: catAuth, Short: "Iterations used for new SCRAM secrets",
	},
	ServerEncoding: {
		Name: "server_encoding", Type: String, Context: Internal, Boot: "SQL_ASCII",
		Category: catPreset, Short: "The database's character set",
	},
	ServerVersion: {
		Name: "server_version", Type: String, Context: Internal, Boot: "15.0",
		Category: catPreset, Short: "Version that is told to clients: the upstream's",
	},
	ServerVersionNum: {
		Name: "server_version_num", Type: Int, Context: Internal, Boot: "150000", Max: maxInt,
		Category: catPreset, Short: "The same as a number",
	},
	SessionAuthorization: {
		Name: "session_authorization", Type: String, Context: User, Boot: "", flags: flagNotInFile,
		Category: catUngrouped, Short: "Name of the session's user",
	},
	SharedMemoryType: {
		Name: "shared_memory_type", Type: Enum, Context: Postmaster, Boot: "mmap", Options: shmTypes,
		Category: catMemory, Short: "Accepted for compatibility",
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
	},
	SslEcdhCurve: {
		Name: "ssl_ecdh_curve", Type: String, Context: Sighup, Boot: "prime256v1",
		Category: catSSL, Short: "Curves for the exchange of keys",
	},
	SslKeyFile: {
		Name: "ssl_key_file", Type: String, Context: Sighup, Boot: "server.key",
		Category: catSSL, Short: "File with the server's private key",
	},
	SslMaxProtocolVersion: {
		Name: "ssl_max_protocol_version", Type: Enum, Context: Sighup, Boot: "", Options: maxTLSVersions,
		Category: catSSL, Short: "Highest version of TLS that is allowed",
	},
	SslMinProtocolVersion: {
		Name: "ssl_min_protocol_version", Type: Enum, Context: Sighup, Boot: "TLSv1.2", Options: minTLSVersions,
		Category: catSSL, Short: "Lowest version of TLS that is allowed",
	},
	SslPassphraseCommand: {
		Name: "ssl_passphrase_command", Type: String, Context: Sighup, Boot: "",
		Category: catSSL, Short: "Command that gives the passphrase of the private key",
	},
	SslPassphraseCommandSupportsReload: {
		Name: "ssl_passphrase_command_supports_reload", Type: Bool, Context: Sighup, Boot: "off",
		Category: catSSL, Short: "Whether that command is run on reload, too",
	},
	SslPreferServerCiphers: {
		Name: "ssl_prefer_server_ciphers", Type: Bool, Context: Sighup, Boot: "on",
		Category: catSSL, Short: "Accepted for compatibility; the suite is chosen by the hardware of both sides",
	},
	StandardConformingStrings: {
		Name: "standard_conforming_strings", Type: Bool, Context: User, Boot: "on",
		Category: catCompat, Short: "Whether backslashes in plain literals are literal",
	},
	SuperuserReservedConnections: {
		Name: "superuser_reserved_connections", Type: Int, Context: Postmaster, Boot: "3", Max: maxBackends,
		Category: catConnection, Short: "Connections kept for superusers",
	},
	SyncReplicationSlots: {
		Name: "sync_replication_slots", Type: Bool, Context: Sighup, Boot: "off",
		Category: catStandby, Short: "Whether the upstream's failover slots are copied",
	},
	SynchronousCommit: {
		Name: "synchronous_commit", Type: Enum, Context: User, Boot: "on", Options: syncCommits,
		Category: catWAL, Short: "What a commit waits for",
	},
	SynchronousStandbyNames: {
		Name: "synchronous_standby_names", Type: String, Context: Sighup, Boot: "",
		Category: catPrimary, Short: "Standbys that commits wait for",
	},
	TcpKeepalivesCount: {
		Name: "tcp_keepalives_count", Type: Int, Context: User, Boot: "0", Max: maxInt,
		Category: catConnection, Short: "Keepalives lost before the connection is given up",
	},
	TcpKeepalivesIdle: {
		Name: "tcp_keepalives_idle", Type: Int, Context: User, Boot: "0", Unit: Sec, Max: maxInt,
		Category: catConnection, Short: "Idle time before the first keepalive",
	},
	TcpKeepalivesInterval: {
		Name: "tcp_keepalives_interval", Type: Int, Context: User, Boot: "0", Unit: Sec, Max: maxInt,
		Category: catConnection, Short: "Time between keepalives",
	},
	TcpUserTimeout: {
		Name: "tcp_user_timeout", Type: Int, Context: User, Boot: "0", Unit: MS, Max: maxInt,
		Category: catConnection, Short: "Longest time sent data may stay unacknowledged",
	},
	TimeZone: {
		Name: "TimeZone", Type: String, Context: User, Boot: "GMT",
		Category: catLocale, Short: "Time zone of the session",
	},
	TrackCommitTimestamp: {
		Name: "track_commit_timestamp", Type: Bool, Context: Postmaster, Boot: "off",
		Category: catSending, Short: "Carried in parameter-change records",
	},
	TrackWalIoTiming: {
		Name: "track_wal_io_timing", Type: Bool, Context: Superuser, Boot: "off",
		Category: catMonitoring, Short: "Whether the time that writes and syncs of WAL take is measured",
	},
	UnixSocketDirectories: {
		Name: "unix_socket_directories", Type: String, Context: Postmaster, Boot: "/tmp",
		Category: catConnection, Short: "Directories of the Unix-domain sockets",
	},
	UnixSocketGroup: {
		Name: "unix_socket_group", Type: String, Context: Postmaster, Boot: "",
		Category: catConnection, Short: "Group that owns the Unix-domain sockets",
	},
	UnixSocketPermissions: {
		Name: "unix_socket_permissions", Type: Int, Context: Postmaster, Boot: "0777", Max: 0o777, flags: flagOctal,
		Category: catConnection, Short: "Permissions of the Unix-domain sockets",
	},
	UpdateProcessTitle: {
		Name: "update_process_title", Type: Bool, Context: Superuser, Boot: "on",
		Category: catProcessTitle, Short: "Whether process titles tell what the process does",
	},
	WalBlockSize: {
		Name: "wal_block_size", Type: Int, Context: Internal, Boot: "8192", Min: 8192, Max: 8192,
		Category: catPreset, Short: "Size of a WAL page",
	},
	WalCompression: {
		Name: "wal_compression", Type: Enum, Context: Superuser, Boot: "off", Options: walCompressions,
		Category: catWAL, Short: "How page images in WAL are compressed",
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
	},
	WalPrepareSegments: {
		Name: "wal_prepare_segments", Type: Int, Context: Sighup, Boot: "2", Max: 64,
		Category: catWAL, Short: "Future segments kept ready (Waypost's own)",
	},
	WalReceiverCreateTempSlot: {
		Name: "wal_receiver_create_temp_slot", Type: Bool, Context: Sighup, Boot: "off",
		Category: catStandby, Short: "Whether a temporary slot is made when no slot is named",
	},
	WalReceiverLibrary: {
		Name: "wal_receiver_library", Type: String, Context: Sighup, Boot: "pgwire",
		Category: catStandby, Short: "Transport to the upstream (Waypost's own)",
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
		Name: "wal_segment_size", Type: Int, Context: Internal, Boot: "16777216", Unit: Byte, Min: 1 << 20, Max: 1 << 30,
		Category: catPreset, Short: "Size of a WAL segment file",
	},
	WalSenderRequireFlush: {
		Name: "wal_sender_require_flush", Type: Bool, Context: Sighup, Boot: "off",
		Category: catSending, Short: "Whether a relay sends only what it has flushed (Waypost's own)",
	},
	WalSenderShutdownTimeout: {
		Name: "wal_sender_shutdown_timeout", Type: Int, Context: Sighup, Boot: "0", Unit: MS, Max: maxInt,
		Category: catSending, Short: "Longest wait at shutdown for a client to confirm, 0 for ever (Waypost's own)",
	},
	WalSenderTimeout: {
		Name: "wal_sender_timeout", Type: Int, Context: User, Boot: "60000", Unit: MS, Max: maxInt,
		Category: catSending, Short: "Silence after which a client is given up",
	},
	WalSyncMethod: {
		Name: "wal_sync_method", Type: Enum, Context: Sighup, Boot: "fdatasync", Options: walSyncMethods,
		Category: catWAL, Short: "How WAL is forced to disk",
	},
	WalsenderPrelaunch: {
		Name: "walsender_prelaunch", Type: Int, Context: Sighup, Boot: "2", Max: 64,
		Category: catSending, Short: "Spare walsender processes launched ahead (Waypost's own)",
	},
}
