package walfile

import (
	"encoding/binary"

	"waypost/xlog"
)

// Kinds of records of resource manager Transaction (access/xact.h).
const (
	opXactCommit         = 0x00
	opXactAbort          = 0x20
	opXactCommitPrepared = 0x30
	opXactAbortPrepared  = 0x40

	opXactMask    = 0x70 // XLOG_XACT_OPMASK
	opXactHasInfo = 0x80 // XLOG_XACT_HAS_INFO: xinfo follows the time

	xinfoApplyFeedback = 1 << 29 // XACT_COMPLETION_APPLY_FEEDBACK
)

// XactEnd is the end of a transaction.
type XactEnd struct {
	Committed bool // else aborted
	Prepared  bool // the second phase of a prepared transaction
	Time      xlog.TimestampTz
	// ApplyFeedback says that the committing session waits for standbys to have replayed the record
	// (synchronous_commit = remote_apply).
	ApplyFeedback bool
}

// XactEnd tells of a transaction's commit or abort, prepared or not: the records whose time
// pg_last_xact_replay_timestamp() gives. It is false for any other record, and cheap.
func (r *Record) XactEnd() (XactEnd, bool) {
	if RmgrID(r.data[recRmgr]) != RmgrTransaction {
		return XactEnd{}, false
	}
	var e XactEnd
	switch r.data[recInfo] & opXactMask {
	case opXactCommit:
		e.Committed = true
	case opXactCommitPrepared:
		e.Committed, e.Prepared = true, true
	case opXactAbort:
	case opXactAbortPrepared:
		e.Prepared = true
	default:
		return XactEnd{}, false
	}
	b := r.Main()
	if len(b) < 8 {
		return XactEnd{}, false
	}
	e.Time = xlog.TimestampTz(binary.LittleEndian.Uint64(b))
	if r.data[recInfo]&opXactHasInfo != 0 && len(b) >= 12 {
		e.ApplyFeedback = binary.LittleEndian.Uint32(b[8:])&xinfoApplyFeedback != 0
	}
	return e, true
}
