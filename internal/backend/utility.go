package backend

import (
	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// result is what a utility statement comes to.
type result struct {
	tag    string
	source source // of rows; nil for none
}

func textColumn(name string) sql.ResultColumn {
	return sql.ResultColumn{Name: name, Type: types.Text, Len: -1, Typmod: -1}
}

// utilityColumns are the columns of what a utility statement returns; nil for none (PostgreSQL: UtilityTupleDescriptor).
func (t *tcop) utilityColumns(s ast.Stmt) ([]sql.ResultColumn, error) {
	switch s := s.(type) {
	case *ast.Show:
		return t.showColumns(s.Name)
	case *ast.Fetch:
		if c := t.portals[s.Name]; c != nil && !s.Move {
			return c.columns, nil
		}
	case *ast.Execute:
		if p := t.prepared[s.Name]; p != nil && s.Name != "" {
			return p.columns, nil
		}
	}
	return nil, nil
}

// utility runs a statement that is none of the engine's (PostgreSQL: standard_ProcessUtility).
func (t *tcop) utility(p *portal, s ast.Stmt) (result, error) {
	switch s := s.(type) {
	case *ast.Transaction:
		tag, err := t.transactionStmt(s)
		return result{tag: tag}, err
	case *ast.Set:
		return result{tag: setTag(s)}, t.set(s)
	case *ast.Show:
		rows, err := t.show(s.Name)
		return result{"SHOW", rows}, err
	case *ast.Checkpoint:
		return result{tag: "CHECKPOINT"}, t.checkpoint()
	case *ast.AlterSystem:
		return result{tag: "ALTER SYSTEM"}, t.alterSystem(s)
	case *ast.Unlisten:
		return result{tag: "UNLISTEN"}, nil // nothing is listened for
	case *ast.Listen:
		return result{}, errInRecovery("LISTEN")
	case *ast.Notify:
		return result{}, errInRecovery("NOTIFY")
	case *ast.SetConstraints:
		return result{tag: "SET CONSTRAINTS"}, t.setConstraints(s)
	case *ast.Copy:
		return t.copyTo(p, s)
	case *ast.Other:
		return result{}, t.refuse(s)
	}
	t.xact.looked = true // the others may look at the node (PostgreSQL: PlannedStmtRequiresSnapshot)
	switch s := s.(type) {
	case *ast.Prepare:
		return result{tag: "PREPARE"}, t.prepareStmt(p, s)
	case *ast.Execute:
		return t.executeStmt(p, s)
	case *ast.Deallocate:
		return t.deallocate(s)
	case *ast.DeclareCursor:
		return result{tag: "DECLARE CURSOR"}, t.declareCursor(p, s)
	case *ast.Fetch:
		return t.fetchStmt(p, s)
	case *ast.CloseCursor:
		tag := "CLOSE CURSOR"
		if s.Name == "" {
			tag = "CLOSE CURSOR ALL"
		}
		return result{tag: tag}, t.closeCursor(s.Name, p)
	case *ast.Discard:
		return result{tag: "DISCARD " + s.Target}, t.discard(s.Target, p)
	}
	if isRoleStatement(s) {
		return t.roleStatement(p, s)
	}
	return result{}, protocol.Errorf(protocol.CodeFeatureNotSupported, "this statement is not supported")
}

func (t *tcop) setConstraints(s *ast.SetConstraints) error {
	t.warnNoBlock("SET CONSTRAINTS")
	if s.All {
		return nil
	}
	return protocol.Errorf(protocol.CodeFeatureNotSupported, "SET CONSTRAINTS of a name is not supported: there are no tables")
}

func (t *tcop) fetchStmt(p *portal, s *ast.Fetch) (result, error) {
	rows, n, err := t.fetch(s, p)
	if err != nil {
		return result{}, err
	}
	if s.Move {
		return result{tag: "MOVE " + itoa(int(n))}, nil
	}
	if c := t.portals[s.Name]; c != nil {
		p.columns = c.columns
		if p.simple && c.binary {
			p.formats = []int16{1}
		}
	}
	return result{"FETCH", &rowsThere{rows}}, nil
}

// discard runs DISCARD (PostgreSQL: DiscardCommand).
func (t *tcop) discard(target string, running *portal) error {
	if target != "ALL" {
		return nil // there are neither plans that would be kept, nor sequences or temporary tables
	}
	if err := t.preventInBlock("DISCARD ALL"); err != nil {
		return err
	}
	t.dropPortals(func(p *portal) bool { return p != running })
	if err := t.reset("session_authorization", false); err != nil {
		return err
	}
	t.P.Settings.ResetAll()
	t.logTouched = true
	t.setKeepalive()
	clear(t.prepared)
	t.textHeld = 0
	return nil
}

// prepareStmt runs PREPARE.
func (t *tcop) prepareStmt(p *portal, s *ast.Prepare) error {
	if s.Name == "" {
		return protocol.Errorf(protocol.CodeInvalidStatementDefinition, "invalid statement name: must not be empty")
	}
	statement, err := sql.PrepareNamed(&t.interrupt, t.views, t.cat(), p.st.parsed)
	if err != nil {
		return t.interrupted(err)
	}
	st := &prepared{
		name: s.Name, text: p.st.text, parsed: &sql.Parsed{Text: p.st.text, Stmt: s.Query}, statement: statement,
		params: statement.Params, columns: statement.Columns, at: t.statementAt, fromSQL: true,
	}
	if st.columns == nil && statement.Utility == nil {
		st.columns = []sql.ResultColumn{}
	}
	if o, ok := s.Query.(*ast.Other); ok && o.Class != ast.Writes {
		return protocol.Errorf(protocol.CodeInvalidStatementDefinition, "utility statements cannot be prepared")
	}
	return t.keepPrepared(st)
}

// executeStmt runs EXECUTE.
func (t *tcop) executeStmt(p *portal, s *ast.Execute) (result, error) {
	if s.Name == "" {
		return result{}, errNoStatement("")
	}
	st, err := t.find(s.Name)
	if err != nil {
		return result{}, err
	}
	if st.statement == nil { // an empty query string, that Parse has given a name
		return result{tag: "EXECUTE"}, nil
	}
	if u := st.statement.Utility; u != nil {
		if _, again := u.(*ast.Execute); again {
			return result{}, protocol.Errorf(protocol.CodeFeatureNotSupported, "EXECUTE of an EXECUTE is not supported")
		}
		inner := &portal{st: st, simple: p.simple, columns: st.columns, formats: p.formats, at: p.at}
		res, err := t.utility(inner, u)
		p.columns, p.formats = inner.columns, inner.formats
		return res, err
	}
	rows, err := st.statement.ExecuteNamed(&t.interrupt, t.views, t.cat(), p.st.parsed, nil)
	if err != nil {
		return result{}, t.interrupted(err)
	}
	st.executions++
	p.columns = st.columns
	return result{"SELECT", rows}, nil
}

func errNoStatement(name string) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidStatementName, "prepared statement \"%s\" does not exist", name)
}

// deallocate runs DEALLOCATE.
func (t *tcop) deallocate(s *ast.Deallocate) (result, error) {
	if s.Name == "" {
		clear(t.prepared)
		t.textHeld = 0
		return result{tag: "DEALLOCATE ALL"}, nil
	}
	if t.prepared[s.Name] == nil {
		return result{}, errNoStatement(s.Name)
	}
	t.forget(s.Name)
	return result{tag: "DEALLOCATE"}, nil
}

func errInRecovery(statement string) *protocol.Error {
	return protocol.Errorf(protocol.CodeReadOnlySQLTransaction, "cannot execute %s during recovery", statement)
}

// refuse is the answer to what only a server with tables runs, as a hot standby of PostgreSQL gives it where it would.
func (t *tcop) refuse(s *ast.Other) error {
	switch s.Class {
	case ast.Writes:
		return protocol.Errorf(protocol.CodeReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", s.Tag)
	case ast.NotInRecovery:
		return errInRecovery(s.Tag)
	}
	if s.Tag == "LOCK TABLE" {
		if err := t.requireBlock(s.Tag); err != nil {
			return err
		}
	}
	return protocol.Errorf(protocol.CodeFeatureNotSupported, "%s is not supported", s.Tag).
		WithHint("This server relays write-ahead log and has no tables.")
}
