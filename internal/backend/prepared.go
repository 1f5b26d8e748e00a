package backend

import (
	"time"

	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/engine"
	"waypost/protocol"
)

// Bounds of what a client can have a session keep.
const (
	maxPrepared     = 2000     // statements
	maxPreparedText = 16 << 20 // bytes of their texts, and of what else the client has told of them
	maxName         = 1 << 10  // bytes of a statement's or portal's
	maxPortals      = 200
	maxPortalMemory = 64 << 20 // bytes that all portals keep
)

// prepared is a prepared statement.
type prepared struct {
	name       string
	text       string
	parsed     *sql.Parsed    // nil: an empty query string
	statement  *sql.Statement // nil where parsed is
	params     []sql.OID
	columns    []sql.ResultColumn // of the result, nil for none
	at         time.Time
	fromSQL    bool // by PREPARE
	executions int64
}

// utility is the statement where it is none of the engine's, else nil.
func (p *prepared) utility() ast.Stmt {
	if p.statement == nil {
		return nil
	}
	return p.statement.Utility
}

// exits says whether the statement may run in a failed transaction (PostgreSQL: IsTransactionExitStmt).
func exits(s ast.Stmt) bool {
	x, ok := s.(*ast.Transaction)
	if !ok {
		return false
	}
	switch x.Kind {
	case ast.Commit, ast.PrepareTransaction, ast.Rollback, ast.RollbackToSavepoint:
		return true
	}
	return false
}

// parse parses a query string.
func (t *tcop) parse(text string) ([]*sql.Parsed, error) { return sql.Parse(text) }

// analyze finds out what a statement is. fixed says that it may have no parameters.
func (t *tcop) analyze(p *sql.Parsed, types []sql.OID, fixed bool) (*prepared, error) {
	st := &prepared{text: p.Text, parsed: p, at: t.statementAt}
	var err error
	if fixed {
		st.statement, err = engine.PrepareFixed(&t.interrupt, t.views, t.cat(), p)
	} else {
		st.statement, err = sql.Prepare(&t.interrupt, t.views, t.cat(), p, types)
	}
	if err != nil {
		return nil, t.interrupted(err)
	}
	if u := st.statement.Utility; u != nil {
		st.params = types
		st.columns, err = t.utilityColumns(u)
		return st, err
	}
	t.xact.looked = true
	st.params, st.columns = st.statement.Params, st.statement.Columns
	if st.columns == nil {
		st.columns = []sql.ResultColumn{} // SELECT without columns has a result all the same
	}
	return st, nil
}

// find gives a prepared statement by its name.
func (t *tcop) find(name string) (*prepared, error) {
	if p := t.prepared[name]; p != nil {
		return p, nil
	}
	if name == "" {
		return nil, protocol.Errorf(protocol.CodeInvalidStatementName, "unnamed prepared statement does not exist")
	}
	return nil, protocol.Errorf(protocol.CodeInvalidStatementName, "prepared statement \"%s\" does not exist", name)
}

// keepPrepared makes a statement one that later messages may name.
func (t *tcop) keepPrepared(p *prepared) error {
	switch {
	case p.name != "" && t.prepared[p.name] != nil:
		return protocol.Errorf(protocol.CodeDuplicatePreparedStatement, "prepared statement \"%s\" already exists", p.name)
	case len(p.name) > maxName:
		return errLongName()
	case len(t.prepared) >= maxPrepared || t.textHeld+p.size() > maxPreparedText:
		return protocol.Errorf(protocol.CodeProgramLimitExceeded, "too many prepared statements").
			WithDetail("A session can keep %d, with %d MB of text.", maxPrepared, maxPreparedText>>20).
			WithHint("Deallocate those that are not needed any more.")
	}
	t.forget(p.name)
	t.prepared[p.name] = p
	t.textHeld += p.size()
	return nil
}

func errLongName() error {
	return protocol.Errorf(protocol.CodeProgramLimitExceeded, "name is too long").
		WithDetail("Names of prepared statements and portals can have %d bytes.", maxName)
}

// size is what the client has told of the statement, in bytes.
func (p *prepared) size() int { return len(p.name) + len(p.text) + 4*len(p.params) }

// forget drops a prepared statement, if it is there. Portals of it live on.
func (t *tcop) forget(name string) {
	if p := t.prepared[name]; p != nil {
		t.textHeld -= p.size()
		delete(t.prepared, name)
	}
}
