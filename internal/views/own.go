package views

// ownRelations are Waypost's own, in the form of PostgreSQL's.
var ownRelations = [...]relationRow{
	{
		"waypost_processes", 16384, 'v',
		"pid:23 backend_type:25 child_slot:23 pm_state:25 started:1184 private_bytes:20 resident_bytes:20 " +
			"cpu_user:701 cpu_system:701",
	},
	{
		"waypost_wal", 16385, 'v',
		"received_bytes:20 last_received:1184 written_bytes:20 last_written:1184 flushed_bytes:20 last_flushed:1184 " +
			"sent_bytes:20 last_sent:1184 checked_bytes:20 last_checked:1184 crc_failures:20 last_crc_failure:1184 " +
			"refetches:20 last_refetch:1184 connections:20 last_connected:1184 fault_lsn:3220 corrupt_lsn:3220 " +
			"in_doubt_lsn:3220 stats_reset:1184",
	},
}
