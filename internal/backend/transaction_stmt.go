package backend

import (
	"waypost/internal/sql/ast"
	"waypost/protocol"
)

// maxSavepoints bounds what one transaction keeps.
const maxSavepoints = 1000

// transactionStmt runs BEGIN, COMMIT and their like, and gives the command tag (PostgreSQL: TransactionStmt in utility.c).
func (t *tcop) transactionStmt(s *ast.Transaction) (tag string, err error) {
	switch s.Kind {
	case ast.Begin:
		return "BEGIN", t.beginBlock(s.Modes)
	case ast.StartTransaction:
		return "START TRANSACTION", t.beginBlock(s.Modes)
	case ast.Commit:
		return t.commitBlock(s.Chain)
	case ast.Rollback:
		return "ROLLBACK", t.rollBackBlock(s.Chain)
	case ast.Savepoint:
		return "SAVEPOINT", t.defineSavepoint(s.Name)
	case ast.ReleaseSavepoint:
		return "RELEASE", t.releaseSavepoint(s.Name)
	case ast.RollbackToSavepoint:
		return "ROLLBACK", t.rollBackTo(s.Name)
	case ast.PrepareTransaction:
		return "", errInRecovery("PREPARE TRANSACTION")
	case ast.CommitPrepared:
		return "", errInRecovery("COMMIT PREPARED")
	}
	return "", errInRecovery("ROLLBACK PREPARED")
}

func (t *tcop) beginBlock(modes []ast.TransactionMode) error {
	switch t.xact.block {
	case blockStarted, blockImplicit:
		t.xact.block = blockBegin
	default:
		t.warn(protocol.CodeActiveSQLTransaction, "there is already a transaction in progress")
	}
	return t.setModes(modes)
}

func (t *tcop) commitBlock(chain bool) (tag string, err error) {
	x := &t.xact
	switch x.block {
	case blockInProgress:
		x.block = blockEnd
	case blockAborted:
		t.leaveFailed(chain)
		return "ROLLBACK", nil
	default: // blockStarted, blockImplicit
		if err := t.noTransaction("COMMIT", chain); err != nil {
			return "", err
		}
		if x.block == blockImplicit {
			x.block = blockEnd
		}
	}
	x.chain = chain
	return "COMMIT", nil
}

func (t *tcop) rollBackBlock(chain bool) error {
	x := &t.xact
	switch x.block {
	case blockInProgress:
		x.block = blockAbortPending
	case blockAborted:
		t.leaveFailed(chain)
	default:
		if err := t.noTransaction("ROLLBACK", chain); err != nil {
			return err
		}
		x.block = blockAbortPending
	}
	x.chain = chain
	return nil
}

// leaveFailed ends a failed transaction. What was before the last savepoint has not failed, and is rolled back now.
func (t *tcop) leaveFailed(chain bool) {
	x := &t.xact
	x.block = blockAbortEnd
	if len(x.savepoints) > 0 {
		x.block = blockAbortPending
	}
	x.chain = chain
}

func (t *tcop) noTransaction(statement string, chain bool) error {
	if chain {
		return errNoBlock(statement + " AND CHAIN")
	}
	t.warn(protocol.CodeNoActiveSQLTransaction, "there is no transaction in progress")
	return nil
}

func (t *tcop) defineSavepoint(name string) error {
	x := &t.xact
	if err := t.requireBlock("SAVEPOINT"); err != nil {
		return err
	}
	if x.block != blockInProgress {
		return errNoBlock("SAVEPOINT")
	}
	if len(x.savepoints) >= maxSavepoints {
		return protocol.Errorf(protocol.CodeProgramLimitExceeded, "too many savepoints").
			WithDetail("A transaction can have %d.", maxSavepoints)
	}
	x.savepoints = append(x.savepoints, name)
	t.P.Settings.Begin()
	return nil
}

func (t *tcop) releaseSavepoint(name string) error {
	x := &t.xact
	if err := t.requireBlock("RELEASE SAVEPOINT"); err != nil {
		return err
	}
	if x.block != blockInProgress {
		return errNoBlock("RELEASE SAVEPOINT")
	}
	i := x.find(name)
	if i < 0 {
		return errNoSavepoint(name)
	}
	x.savepoints = x.savepoints[:i]
	t.P.Settings.End(true, topLevel+1+i)
	for _, p := range t.portals {
		p.level = min(p.level, i)
	}
	return nil
}

func (t *tcop) rollBackTo(name string) error {
	x := &t.xact
	if err := t.requireBlock("ROLLBACK TO SAVEPOINT"); err != nil {
		return err
	}
	if x.block != blockInProgress && x.block != blockAborted {
		return errNoBlock("ROLLBACK TO SAVEPOINT")
	}
	i := x.find(name)
	if i < 0 {
		return errNoSavepoint(name)
	}
	t.P.Settings.End(false, topLevel+1+i)
	t.P.Settings.Begin()
	t.dropPortals(func(p *portal) bool { return p.level > i })
	x.savepoints = x.savepoints[:i+1]
	x.block = blockInProgress
	return nil
}

// setModes sets the modes of BEGIN and SET TRANSACTION.
func (t *tcop) setModes(modes []ast.TransactionMode) error {
	for _, m := range modes {
		if err := t.setCharacteristic(m.Name, m.Value.Text, true); err != nil {
			return err
		}
	}
	return nil
}
