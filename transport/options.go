package transport

import "waypost/xlog"

// StreamOptions say what StartStreaming asks for (WalRcvStreamOptions).
type StreamOptions struct {
	// SlotName is the slot to use; "" for none, which only a physical stream can do.
	SlotName string
	// StartPoint is the position of the first byte wanted.
	StartPoint xlog.LSN
	// TLI is the timeline wanted, physical only; 0 takes the server's current one.
	TLI xlog.TimeLineID
	// Logical, when set, makes the stream logical.
	Logical *LogicalOptions
}

// LogicalOptions are pgoutput's. What a server is too old to understand is not sent to it, as PostgreSQL does.
type LogicalOptions struct {
	ProtoVersion     uint32
	PublicationNames []string
	// Binary asks for binary column values (server 14 and later).
	Binary bool
	// Streaming is "", "on" (server 14 and later) or "parallel" (16 and later).
	Streaming string
	// TwoPhase asks for prepared transactions at their prepare (15 and later).
	TwoPhase bool
	// Origin is "", "none" or "any" (16 and later).
	Origin string
}

// SnapshotAction says what becomes of the snapshot that creating a logical slot makes (CRSSnapshotAction).
type SnapshotAction uint8

// Values of SnapshotAction, in PostgreSQL's order.
const (
	// ExportSnapshot gives it a name that another session can use while this one is idle.
	ExportSnapshot SnapshotAction = iota
	// NoExportSnapshot drops it.
	NoExportSnapshot
	// UseSnapshot uses it for the transaction that the command runs in.
	UseSnapshot
)

// CreateSlotOptions describe a slot to create. Which of the two kinds it becomes follows from the connection.
type CreateSlotOptions struct {
	Name string
	// Temporary slots end with the connection.
	Temporary bool
	// TwoPhase, Failover (server 17 and later) and Snapshot are for logical slots.
	TwoPhase bool
	Failover bool
	Snapshot SnapshotAction
}

// CreatedSlot is what the server says about a new slot.
type CreatedSlot struct {
	// ConsistentPoint is the earliest position that the slot can stream from (0 for a physical one, as PostgreSQL
	// reports it).
	ConsistentPoint xlog.LSN
	// SnapshotName is set where a snapshot was exported.
	SnapshotName string
}

// AlterSlotOptions are the properties to change; nil leaves one as it is.
type AlterSlotOptions struct {
	Failover *bool
	// TwoPhase needs server 18.
	TwoPhase *bool
}
