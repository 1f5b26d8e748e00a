package protocol

import (
	"errors"

	"waypost/xlog"
)

// ErrNotReplicationCommand says that a query does not begin with a word that begins a replication command. A
// walsender with a database takes it for SQL; one without refuses it.
var ErrNotReplicationCommand = errors.New("not a replication command")

// ReplicationCommand is one parsed replication command: one of the …Cmd types and VariableShowStmt, which are named
// as PostgreSQL's nodes are (replnodes.h).
type ReplicationCommand interface{ replicationCommand() }

// ReplicationKind tells physical from logical replication.
type ReplicationKind uint8

const (
	PhysicalReplication ReplicationKind = iota
	LogicalReplication
)

// IdentifySystemCmd is IDENTIFY_SYSTEM.
type IdentifySystemCmd struct{}

// ReadReplicationSlotCmd is READ_REPLICATION_SLOT slot.
type ReadReplicationSlotCmd struct {
	SlotName string
}

// VariableShowStmt is SHOW name. A dotted name comes as one string, "all" as any other.
type VariableShowStmt struct {
	Name string
}

// BaseBackupCmd is BASE_BACKUP [ ( option [, …] ) ].
type BaseBackupCmd struct {
	Options []DefElem
}

// CreateReplicationSlotCmd is CREATE_REPLICATION_SLOT slot [ TEMPORARY ] { PHYSICAL | LOGICAL plugin }, with options
// in parentheses or as the words of older clients; ParseOptions reads both.
type CreateReplicationSlotCmd struct {
	SlotName  string
	Kind      ReplicationKind
	Temporary bool
	Plugin    string // of a logical slot
	Options   []DefElem
}

// DropReplicationSlotCmd is DROP_REPLICATION_SLOT slot [ WAIT ].
type DropReplicationSlotCmd struct {
	SlotName string
	Wait     bool // wait until the slot is no longer used, instead of failing
}

// AlterReplicationSlotCmd is ALTER_REPLICATION_SLOT slot ( option [, …] ), since PostgreSQL 17.
type AlterReplicationSlotCmd struct {
	SlotName string
	Options  []DefElem
}

// StartReplicationCmd is START_REPLICATION [ SLOT slot ] [ PHYSICAL ] X/X [ TIMELINE n ], or
// START_REPLICATION SLOT slot LOGICAL X/X [ ( option [, …] ) ].
type StartReplicationCmd struct {
	Kind       ReplicationKind
	HasSlot    bool // a slot was named; its name may be empty
	SlotName   string
	StartPoint xlog.LSN
	Timeline   xlog.TimeLineID // 0: none was named, the server's current one is meant
	Options    []DefElem       // for the output plugin of a logical slot
}

// TimeLineHistoryCmd is TIMELINE_HISTORY n.
type TimeLineHistoryCmd struct {
	Timeline xlog.TimeLineID
}

// UploadManifestCmd is UPLOAD_MANIFEST, since PostgreSQL 17.
type UploadManifestCmd struct{}

func (*IdentifySystemCmd) replicationCommand()        {}
func (*ReadReplicationSlotCmd) replicationCommand()   {}
func (*VariableShowStmt) replicationCommand()         {}
func (*BaseBackupCmd) replicationCommand()            {}
func (*CreateReplicationSlotCmd) replicationCommand() {}
func (*DropReplicationSlotCmd) replicationCommand()   {}
func (*AlterReplicationSlotCmd) replicationCommand()  {}
func (*StartReplicationCmd) replicationCommand()      {}
func (*TimeLineHistoryCmd) replicationCommand()       {}
func (*UploadManifestCmd) replicationCommand()        {}
