package backend

import (
	"strings"

	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/protocol"
)

// extended answers a message of the extended query protocol.
func (t *tcop) extended(typ byte, body []byte) error {
	switch typ {
	case protocol.MsgParse:
		return t.parseMessage(body)
	case protocol.MsgBind:
		return t.bindMessage(body)
	case protocol.MsgDescribe:
		return t.describeMessage(body)
	case protocol.MsgExecute:
		return t.executeMessage(body)
	default:
		return t.closeMessage(body)
	}
}

// parseMessage makes a prepared statement (PostgreSQL: exec_parse_message).
func (t *tcop) parseMessage(body []byte) error {
	t.statementBegins()
	m, err := protocol.DecodeParse(body)
	if err != nil {
		return err
	}
	if err := t.decode(&m.Statement, &m.Query); err != nil {
		return err
	}
	t.P.LogStatement(m.Query)
	t.reportRunning(publicText(m.Query))
	t.P.Title.Set("PARSE")
	t.start()
	if m.Statement == "" {
		t.forget("")
	}
	st, err := t.parseOne(m)
	if err != nil {
		return err
	}
	if err := t.interrupt.raised(); err != nil {
		return err
	}
	st.name = m.Statement
	if err := t.keepPrepared(st); err != nil {
		return err
	}
	t.out = protocol.AppendParseComplete(t.out)
	t.logEnd(workOn("parse "+nameIn(st.name, ""), st))
	return nil
}

func (t *tcop) parseOne(m protocol.Parse) (*prepared, error) {
	statements, err := t.parse(m.Query)
	if err != nil {
		return nil, hiding(m.Query, err)
	}
	t.revealText(m.Query, statements)
	switch len(statements) {
	case 0:
		return &prepared{text: m.Query, at: t.statementAt, params: oids(m.Types)}, nil
	case 1:
	default:
		return nil, protocol.Errorf(protocol.CodeSyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	if t.xact.failed() && !exits(statements[0].Stmt) {
		return nil, errFailed()
	}
	return t.analyze(statements[0], oids(m.Types), false)
}

func oids(types []protocol.OID) []sql.OID {
	var out []sql.OID
	for _, t := range types {
		out = append(out, sql.OID(t))
	}
	return out
}

// bindMessage makes a portal of a prepared statement (PostgreSQL: exec_bind_message).
func (t *tcop) bindMessage(body []byte) error {
	t.statementBegins()
	m, err := protocol.DecodeBind(body)
	if err != nil {
		return err
	}
	if err := t.decode(&m.Portal, &m.Statement); err != nil {
		return err
	}
	st, err := t.find(m.Statement)
	if err != nil {
		return err
	}
	t.P.LogStatement(st.text)
	t.reportRunning(statementText(st))
	t.P.Title.Set("BIND")
	t.start()
	if err := m.Head(); err != nil {
		return err
	}
	if n := len(m.Formats); n > 1 && n != m.Count {
		return protocol.Errorf(protocol.CodeProtocolViolation,
			"bind message has %d parameter formats but %d parameters", n, m.Count)
	}
	if m.Count != len(st.params) {
		return protocol.Errorf(protocol.CodeProtocolViolation,
			"bind message supplies %d parameters, but prepared statement \"%s\" requires %d", m.Count, m.Statement, len(st.params))
	}
	if t.xact.failed() && (st.parsed == nil || !exits(st.parsed.Stmt) || m.Count != 0) {
		return errFailed()
	}
	p, err := t.makePortal(m.Portal, st)
	if err != nil {
		return err
	}
	if err = t.bind(p, m); err == nil {
		err = t.checkMemory(0)
	}
	if err != nil {
		t.dropPortal(p)
		return err
	}
	t.out = protocol.AppendBindComplete(t.out)
	t.logEnd(workOn("bind "+nameIn(st.name, m.Portal), st))
	return nil
}

// executeMessage runs a portal, up to a number of rows (PostgreSQL: exec_execute_message).
func (t *tcop) executeMessage(body []byte) error {
	t.statementBegins()
	name, limit, err := protocol.DecodeExecute(body)
	if err == nil {
		err = t.decode(&name)
	}
	if err != nil {
		return err
	}
	p := t.portals[name]
	if p == nil {
		return errNoPortal(name)
	}
	if p.st.parsed == nil {
		t.out = protocol.AppendEmptyQueryResponse(t.out)
		return nil
	}
	t.P.LogStatement(p.st.text)
	t.reportRunning(statementText(p.st))
	t.P.Title.Set(tagOf(p.st.parsed.Stmt))
	t.start()
	what := "execute "
	if p.source != nil {
		what = "execute fetch from "
	}
	work := t.logBegin(what+nameIn(p.st.name, name), p.st.text, p.st.parsed)
	if t.xact.failed() && !exits(p.st.parsed.Stmt) {
		return errFailed()
	}
	if err := t.interrupt.raised(); err != nil {
		return err
	}
	completed, tag, err := t.run(p, int64(max(limit, 0)))
	if err != nil {
		return err
	}
	if !completed {
		t.xact.pipelining = true
		t.out = protocol.AppendPortalSuspended(t.out)
		t.logEnd(work)
		return nil
	}
	if isTransaction(p.st.parsed.Stmt) || t.xact.immediate {
		if err := t.finish(); err != nil {
			return err
		}
	} else {
		t.xact.pipelining = true
		t.disarm()
	}
	t.out = protocol.AppendCommandComplete(t.out, tag)
	t.logEnd(work)
	return nil
}

func errNoPortal(name string) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidCursorName, "portal \"%s\" does not exist", name)
}

// closeMessage drops a prepared statement or a portal, whether it is there or not.
func (t *tcop) closeMessage(body []byte) error {
	kind, name, err := t.target(body)
	if err != nil {
		return err
	}
	switch kind {
	case 'S':
		t.forget(name)
	case 'P':
		if p := t.portals[name]; p != nil {
			t.dropPortal(p)
		}
	default:
		return protocol.Errorf(protocol.CodeProtocolViolation, "invalid CLOSE message subtype %d", kind)
	}
	t.out = protocol.AppendCloseComplete(t.out)
	return nil
}

// sync ends a pipeline, and with it its implicit transaction.
func (t *tcop) sync() error {
	t.endImplicit()
	t.xact.pipelining = false
	return t.finish()
}

func isTransaction(s ast.Stmt) bool {
	_, ok := s.(*ast.Transaction)
	return ok
}

// statementText is what others may see of a statement that was told before.
func statementText(p *prepared) string {
	if p.parsed == nil || secretive(p.parsed.Stmt) {
		return publicText(p.text)
	}
	return strings.Clone(p.text)
}
