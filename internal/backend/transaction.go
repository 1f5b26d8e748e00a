package backend

import (
	"slices"
	"time"

	"waypost/internal/guc"
	"waypost/protocol"
)

// block is how far a session's transaction has come (PostgreSQL: TBlockState in xact.c).
//
// A session without a transaction is in blockDefault. Every command begins one (blockStarted), which ends with the command
// unless it is one of several: those of a query string share an implicit one, and in 18 those of a pipeline after its first
// Execute. BEGIN makes either an explicit one. What BEGIN, COMMIT and ROLLBACK do is done in two steps, because their own
// command belongs to the old state up to its end: the statement moves to blockBegin, blockEnd, blockAbortEnd or
// blockAbortPending, and the command's end (finish) moves on from there. An error (abort) ends a transaction, but an explicit
// one stays, in blockAborted, until the client ends it.
//
// The state does not say whether a command runs, and knows nothing of savepoints: those are a list beside it.
type block uint8

const (
	blockDefault      block = iota // no transaction
	blockStarted                   // that of one command
	blockImplicit                  // that of the statements of a query string or a pipeline
	blockBegin                     // BEGIN has run
	blockInProgress                // explicit
	blockEnd                       // COMMIT has run
	blockAborted                   // explicit, has failed, waits for ROLLBACK
	blockAbortEnd                  // ROLLBACK, or COMMIT, has run in a failed one
	blockAbortPending              // ROLLBACK has run in a good one
)

// transaction is the session's transaction.
type transaction struct {
	block      block
	open       bool // a command has begun that has not ended: between start and finish
	chain      bool // of COMMIT or ROLLBACK: the next one begins at once
	began      time.Time
	savepoints []string // names, the innermost last; each is a level of the settings' stack

	isolation  string // "" outside of one
	deferrable bool

	pipelining bool // an Execute has ended whose transaction has not
	immediate  bool // the command must have its transaction for itself
	looked     bool // a statement has looked at the node: its isolation level is fixed
	deadline   time.Time
}

// status is what ReadyForQuery tells.
func (x *transaction) status() protocol.TxStatus {
	switch x.block {
	case blockDefault, blockStarted:
		return protocol.TxIdle
	case blockAborted, blockAbortEnd:
		return protocol.TxFailed
	}
	return protocol.TxInTransaction
}

// shared says whether more than one command shares the transaction (PostgreSQL: IsTransactionBlock).
func (x *transaction) shared() bool { return x.block != blockDefault && x.block != blockStarted }

func (x *transaction) failed() bool { return x.block == blockAborted }

// start begins a command: whatever it does, it does in a transaction (PostgreSQL: start_xact_command).
func (t *tcop) start() {
	x := &t.xact
	switch {
	case !x.open:
		if x.block == blockDefault {
			t.beginTransaction()
			x.block = blockStarted
		}
		x.open = true
	case x.pipelining && t.Major() >= 18:
		t.beginImplicit()
	}
	t.arm()
}

func (t *tcop) beginTransaction() {
	now := t.statementAt
	t.xact = transaction{
		open: t.xact.open, began: now,
		isolation: t.defaultIsolation(), deferrable: t.P.Settings.Bool(guc.DefaultTransactionDeferrable),
	}
	if d := t.P.Settings.Duration(guc.TransactionTimeout); d > 0 {
		t.xact.deadline = now.Add(d)
	}
	t.P.Settings.Begin()
}

// beginImplicit has the statements to come share the transaction.
func (t *tcop) beginImplicit() {
	if t.xact.block == blockStarted {
		t.xact.block = blockImplicit
	}
}

func (t *tcop) endImplicit() {
	if t.xact.block == blockImplicit {
		t.xact.block = blockStarted
	}
}

// finish ends a command (PostgreSQL: finish_xact_command, CommitTransactionCommand).
func (t *tcop) finish() error {
	// What COMMIT still has to do has no time limit of its own, but can be cancelled.
	t.stopAlarm.stop()
	defer t.disarm()
	x := &t.xact
	if !x.open {
		return nil
	}
	x.open = false
	switch x.block {
	case blockStarted:
		return t.commit()
	case blockBegin:
		x.block = blockInProgress
	case blockEnd:
		return t.chained(t.commit)
	case blockAbortEnd:
		return t.chained(t.cleanUp)
	case blockAbortPending:
		return t.chained(func() error { t.rollBack(); return t.cleanUp() })
	}
	return nil
}

// chained ends a transaction and, after AND CHAIN, begins the next with the same characteristics.
func (t *tcop) chained(end func() error) error {
	chain, isolation, deferrable := t.xact.chain, t.xact.isolation, t.xact.deferrable
	if err := end(); err != nil || !chain {
		return err
	}
	t.beginTransaction()
	t.xact.block, t.xact.isolation, t.xact.deferrable = blockInProgress, isolation, deferrable
	return nil
}

// topLevel is the depth of a transaction in the settings' stack; savepoints lie above it.
const topLevel = 1

// commit ends a good transaction.
func (t *tcop) commit() error {
	if err := t.holdCursors(); err != nil {
		return err
	}
	t.dropPortals(func(p *portal) bool { return !p.held })
	t.P.Settings.End(true, topLevel)
	t.P.Stats.Database.XactCommit.Add(1)
	t.over()
	return nil
}

// rollBack puts back what the transaction has changed. The client may still have to end it.
func (t *tcop) rollBack() {
	t.P.Settings.End(false, topLevel)
	t.P.Stats.Database.XactRollback.Add(1)
	t.failPortals(0)
}

// cleanUp forgets a transaction that was rolled back.
func (t *tcop) cleanUp() error {
	t.dropPortals(func(p *portal) bool { return !p.held || p.holdNew })
	t.over()
	return nil
}

func (t *tcop) over() {
	for _, p := range t.portals {
		p.holdNew = false
	}
	t.xact = transaction{open: t.xact.open}
}

// abort ends the transaction, or the part of it since the last savepoint, after an error (PostgreSQL:
// AbortCurrentTransaction).
func (t *tcop) abort() {
	t.disarm()
	x := &t.xact
	x.open, x.pipelining, x.immediate = false, false, false
	switch x.block {
	case blockDefault, blockAborted:
	case blockInProgress:
		x.block = blockAborted
		if n := len(x.savepoints); n > 0 {
			t.P.Settings.End(false, topLevel+n)
			t.failPortals(n)
			return
		}
		t.rollBack()
	case blockAbortEnd:
		_ = t.cleanUp() // no way to fail
	default:
		t.rollBack()
		_ = t.cleanUp()
	}
}

// errFailed is the answer to every command in a failed transaction.
func errFailed() *protocol.Error {
	return protocol.Errorf(protocol.CodeInFailedSQLTransaction,
		"current transaction is aborted, commands ignored until end of transaction block")
}

// preventInBlock is for statements that cannot be rolled back (PostgreSQL: PreventInTransactionBlock).
func (t *tcop) preventInBlock(statement string) error {
	switch {
	case t.xact.shared():
		return protocol.Errorf(protocol.CodeActiveSQLTransaction, "%s cannot run inside a transaction block", statement)
	case t.xact.pipelining:
		return protocol.Errorf(protocol.CodeActiveSQLTransaction, "%s cannot be executed within a pipeline", statement)
	}
	t.xact.immediate = true
	return nil
}

// requireBlock is for statements that mean nothing outside (PostgreSQL: RequireTransactionBlock).
func (t *tcop) requireBlock(statement string) error {
	if t.xact.shared() {
		return nil
	}
	return errNoBlock(statement)
}

func errNoBlock(statement string) *protocol.Error {
	return protocol.Errorf(protocol.CodeNoActiveSQLTransaction, "%s can only be used in transaction blocks", statement)
}

// warnNoBlock is for statements that have no effect outside (PostgreSQL: WarnNoTransactionBlock).
func (t *tcop) warnNoBlock(statement string) {
	if !t.xact.shared() {
		e := errNoBlock(statement)
		t.warn(e.Code, e.Message)
	}
}

// find gives the place of the innermost savepoint of a name; -1 if there is none.
func (x *transaction) find(name string) int {
	for i, p := range slices.Backward(x.savepoints) {
		if p == name {
			return i
		}
	}
	return -1
}

func errNoSavepoint(name string) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidSavepoint, "savepoint \"%s\" does not exist", name)
}
