package roles

// predefinedRoles are PostgreSQL 17's (pg_authid.dat), whatever the upstream's version is. Only those that guard something
// here have a meaning; the others are there for those who list them.
var predefinedRoles = [...]struct {
	oid  uint32
	name string
}{
	{6171, "pg_database_owner"},
	{6181, "pg_read_all_data"},
	{6182, "pg_write_all_data"},
	{3373, "pg_monitor"},
	{3374, "pg_read_all_settings"},
	{3375, "pg_read_all_stats"},
	{3377, "pg_stat_scan_tables"},
	{4569, "pg_read_server_files"},
	{4570, "pg_write_server_files"},
	{4571, "pg_execute_server_program"},
	{4200, "pg_signal_backend"},
	{4544, "pg_checkpoint"},
	{6337, "pg_maintain"},
	{4550, "pg_use_reserved_connections"},
	{6304, "pg_create_subscription"},
}

// Names of predefined roles that are asked for here.
const (
	Monitor                = "pg_monitor"
	ReadAllSettings        = "pg_read_all_settings"
	ReadAllStats           = "pg_read_all_stats"
	SignalBackend          = "pg_signal_backend"
	Checkpoint             = "pg_checkpoint"
	UseReservedConnections = "pg_use_reserved_connections"
)

// predefinedMembers are the memberships that come with them (system_functions.sql).
var predefinedMembers = [...]Membership{
	{Role: 3374, Member: 3373, Grantor: BootstrapOID, Inherit: true, Set: true},
	{Role: 3375, Member: 3373, Grantor: BootstrapOID, Inherit: true, Set: true},
	{Role: 3377, Member: 3373, Grantor: BootstrapOID, Inherit: true, Set: true},
}

// isPredefined says whether the role belongs to the system rather than to the file.
func isPredefined(oid uint32) bool { return oid < FirstNormalOID && oid != BootstrapOID }
