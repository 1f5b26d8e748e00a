package transport

import "waypost/xlog"

// SystemIdentity is the answer to IDENTIFY_SYSTEM.
type SystemIdentity struct {
	// SystemID is the cluster's unique number, the same on all its standbys.
	SystemID uint64
	// TLI is the server's current timeline.
	TLI xlog.TimeLineID
	// XLogPos is the position up to which the server would send now.
	XLogPos xlog.LSN
	// DBName is the database that the connection is bound to, "" for none.
	DBName string
}

// ServerVersion is a server's version in PostgreSQL's two forms.
type ServerVersion struct {
	// Num is as PQserverVersion gives it: 150018 for 15.18. 0 when the server did not say.
	Num int
	// Text is the parameter server_version, packager's additions included.
	Text string
}

// HistoryFile is a timeline's history file as the server has it.
type HistoryFile struct {
	// Name is the file's name ("00000002.history"), as the server gave it: check it before using it as a path.
	Name    string
	Content []byte
}

// NextTimeline is where a timeline went on. The zero value says that the server gave none.
type NextTimeline struct {
	TLI xlog.TimeLineID
	// SwitchPoint is where TLI begins: the first byte that the old timeline does not have.
	SwitchPoint xlog.LSN
}

// StartResult is StartStreaming's answer.
type StartResult struct {
	// Streaming: the connection is in copy-both mode.
	Streaming bool
	// Next is set only when Streaming is not.
	Next NextTimeline
}

// ExecStatus is WalRcvExecStatus without its error value, which is a Go error here.
type ExecStatus uint8

// Values of ExecStatus. The zero value is none of them.
const (
	// ExecOKCommand: a utility or replication command was executed (WALRCV_OK_COMMAND).
	ExecOKCommand ExecStatus = iota + 1
	// ExecOKTuples: rows came back, perhaps none (WALRCV_OK_TUPLES).
	ExecOKTuples
	// ExecOKCopyIn: COPY FROM was started (WALRCV_OK_COPY_IN).
	ExecOKCopyIn
	// ExecOKCopyOut: COPY TO was started (WALRCV_OK_COPY_OUT).
	ExecOKCopyOut
	// ExecOKCopyBoth: the replication stream was started (WALRCV_OK_COPY_BOTH).
	ExecOKCopyBoth
)

// String is PostgreSQL's name without its prefix.
func (s ExecStatus) String() string {
	switch s {
	case ExecOKCommand:
		return "OK_COMMAND"
	case ExecOKTuples:
		return "OK_TUPLES"
	case ExecOKCopyIn:
		return "OK_COPY_IN"
	case ExecOKCopyOut:
		return "OK_COPY_OUT"
	case ExecOKCopyBoth:
		return "OK_COPY_BOTH"
	}
	return "none"
}

// ExecResult is a statement's result.
type ExecResult struct {
	Status ExecStatus
	// Tag is the command tag ("SELECT 1"), "" while a COPY is going on.
	Tag string
	// Columns describe Rows' values, in order.
	Columns []Column
	// Rows are the tuples, each as long as Columns.
	Rows [][]Value
}

// Column is a column of a result.
type Column struct {
	Name string
	// TypeOID is the type's pg_type.oid; a walsender's commands use only built-in types.
	TypeOID uint32
}

// Value is a column's value in text form, or null.
type Value struct {
	Text string
	// Valid is false for null.
	Valid bool
}
