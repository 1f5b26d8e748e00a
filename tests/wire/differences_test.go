package wire

// difference is a line in which a relay's answer is not PostgreSQL's. "" stands for no line.
type difference struct {
	script          string // "*": any
	postgres, relay string
	ends            bool // one of the two ends what it was asked for here: what follows is not compared
	reason          string
}

// Reasons that hold for several.
const (
	noSlots   = "A relay has no replication slots yet, and says so."
	noBackup  = "A relay has no tables to back up, and says so before it looks at options."
	noLogical = "A relay has no tables to decode for."
)

// differences are all of them.
var differences = []difference{
	{"*", "S in_hot_standby = off", "S in_hot_standby = on", false, "The relay is in recovery, its upstream is not."},
	{"version 2.0", "E of protocol 2: EFATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0",
		"E S=FATAL; V=FATAL; C=0A000; M=unsupported frontend protocol 2.0: server supports 3.0 to 3.0", false,
		"PostgreSQL 15 still tells clients of protocol 2, gone since 2021, in their own format."},
	{"GSS encryption refused", `answer 'G'`, `answer 'N'`, true, "A relay has no GSSAPI encryption."},
	{"command TIMELINE_HISTORY 2", historyRow15, historyRow, false, typeModifier},
	{"command TIMELINE_HISTORY 3", historyRow15, historyRow, false, typeModifier},
	{"command TIMELINE_HISTORY 4294967296", "E S=ERROR; V=ERROR; C=42601; M=invalid timeline 0",
		"E S=ERROR; V=ERROR; C=42601; M=invalid timeline 4294967296", false, "PostgreSQL cuts the number to 32 bits before it refuses it."},
	{"command START_REPLICATION 100000000/0", `W "\x00\x00\x00"`, "E S=ERROR; V=ERROR; C=42601; M=invalid streaming start location", true,
		"PostgreSQL reads a position of more than 32 bits as another one; a relay refuses it."},
	{"command START_REPLICATION SLOT nosuch LOGICAL 0/0", "E S=ERROR; V=ERROR; C=55000; M=logical decoding requires wal_level >= logical",
		"E S=ERROR; V=ERROR; C=0A000; M=logical replication is not supported", false, noLogical},
	{"command CREATE_REPLICATION_SLOT s TEMPORARY PHYSICAL", slotRow, "E S=ERROR; V=ERROR; C=0A000; M=replication slots are not supported yet", true, noSlots},
	{"command CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL test_decoding", "E S=ERROR; V=ERROR; C=55000; M=logical decoding requires wal_level >= logical",
		"E S=ERROR; V=ERROR; C=0A000; M=replication slots are not supported yet", false, noSlots},
	{`command CREATE_REPLICATION_SLOT "Bad Name" PHYSICAL`,
		`E S=ERROR; V=ERROR; C=42602; M=replication slot name "Bad Name" contains invalid character; H=Replication slot names may only contain lower case letters, numbers, and the underscore character.`,
		"E S=ERROR; V=ERROR; C=0A000; M=replication slots are not supported yet", false, noSlots},
	{"command BASE_BACKUP (NOSUCH)", `E S=ERROR; V=ERROR; C=42601; M=unrecognized base backup option: "nosuch"`, noBackupError, false, noBackup},
	{"command BASE_BACKUP (COMPRESSION 'nosuch')", `E S=ERROR; V=ERROR; C=42601; M=unrecognized compression algorithm: "nosuch"`, noBackupError, false, noBackup},
	{"ahead of what there is", "E S=ERROR; V=ERROR; C=XX000; M=requested starting point LSN is ahead of the WAL flush position of this server LSN",
		"keepalive, reply 0", true, "After a power cut a relay's clients may be ahead of it: up to a segment ahead they wait until it has caught up."},
}

const (
	typeModifier = "PostgreSQL 15 gives type modifier 0 here, and -1 everywhere else and from 16 on. No client looks at it."
	historyRow15 = `T "\x00\x02filename\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\x00\x00\x00\x00\x00\x00content\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\x00\x00\x00\x00\x00\x00"`
	historyRow   = `T "\x00\x02filename\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00content\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00"`
	slotRow      = `T "\x00\x04slot_name\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00consistent_point\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00` +
		`snapshot_name\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00output_plugin\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00"`
	noBackupError = "E S=ERROR; V=ERROR; C=0A000; M=BASE_BACKUP is not supported: this server relays write-ahead log and has no tables; " +
		"H=Take the base backup from the primary, and the write-ahead log from here."
)
