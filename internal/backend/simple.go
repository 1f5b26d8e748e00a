package backend

import (
	"waypost/internal/sql"
	"waypost/protocol"
)

// simpleQuery runs the statements of a query string, up to the first that fails (PostgreSQL: exec_simple_query).
func (t *tcop) simpleQuery(text string) error {
	t.statementBegins()
	if err := t.decode(&text); err != nil {
		return err
	}
	t.reportRunning(publicText(text))
	t.start()
	t.forget("")
	statements, err := t.parse(text)
	if err != nil {
		return hiding(text, err)
	}
	t.revealText(text, statements)
	work := t.logBegin("statement", text, statements...)
	for i, p := range statements {
		if err := t.simpleStatement(p, len(statements) > 1, i == len(statements)-1); err != nil {
			return err
		}
	}
	if len(statements) == 0 {
		if err := t.finish(); err != nil {
			return err
		}
		t.out = protocol.AppendEmptyQueryResponse(t.out)
	}
	t.logEnd(work)
	return nil
}

// simpleStatement runs one of them. several says that there are others, last that none follows.
func (t *tcop) simpleStatement(parsed *sql.Parsed, several, last bool) error {
	t.P.Title.Set(tagOf(parsed.Stmt))
	if t.xact.failed() && !exits(parsed.Stmt) {
		return errFailed()
	}
	t.start()
	if several {
		t.beginImplicit()
	}
	if err := t.interrupt.raised(); err != nil {
		return err
	}
	st, err := t.analyze(parsed, nil, true)
	if err != nil {
		return err
	}
	if err := t.interrupt.raised(); err != nil {
		return err
	}
	p, err := t.makePortal("", st)
	if err != nil {
		return err
	}
	p.simple = true
	_, tag, err := t.run(p, 0)
	if err != nil {
		return err
	}
	t.dropPortal(p)
	switch {
	case last:
		if several {
			t.endImplicit()
		}
		err = t.finish()
	case isTransaction(parsed.Stmt):
		err = t.finish()
	default:
		t.disarm()
	}
	if err != nil {
		return err
	}
	t.out = protocol.AppendCommandComplete(t.out, tag)
	return t.flushMuch()
}
