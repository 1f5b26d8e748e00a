package backend

import (
	"bytes"
	"strings"

	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
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

// bind takes the parameters and the formats of the result over.
func (t *tcop) bind(p *portal, m *protocol.Bind) error {
	if p.st.statement != nil && p.st.statement.Utility == nil {
		p.bound = p.st.statement.Bound(&t.interrupt, t.views, t.cat())
		t.xact.looked = true
	}
	for i := range m.Count {
		in, err := m.Parameter(i)
		if err != nil {
			return parameterContext(m.Portal, i, false, err)
		}
		if in, err = t.received(in); err != nil {
			return parameterContext(m.Portal, i, false, err)
		}
		if p.bound == nil {
			continue // a utility statement takes no notice
		}
		if err := p.bound.Add(sql.Param{Format: in.Format, Data: in.Data}); err != nil {
			err = binaryError(i, in, p.st.params[i], t.interrupted(err))
			return parameterContext(m.Portal, i, in.Format == 0 && in.Data != nil, err)
		}
	}
	formats, err := m.Results()
	if err != nil {
		return err
	}
	if p.bound != nil {
		if err := p.bound.Plan(); err != nil {
			return t.interrupted(err)
		}
	}
	if u := p.st.utility(); u != nil {
		// What FETCH and EXECUTE name may be another one than when the statement was parsed.
		if p.columns, err = t.utilityColumns(u); err != nil {
			return err
		}
	}
	if n, columns := len(formats), len(p.columns); n > 1 && n != columns && p.columns != nil {
		return protocol.Errorf(protocol.CodeProtocolViolation,
			"bind message has %d result formats but query has %d columns", n, columns)
	}
	p.formats = formats
	return nil
}

// received takes a parameter out of the message, and a text into UTF-8.
func (t *tcop) received(in protocol.Parameter) (protocol.Parameter, error) {
	if in.Format != 0 || in.Data == nil {
		in.Data = bytes.Clone(in.Data) // the message goes, the portal stays
		return in, nil
	}
	text, err := t.fromClient(string(in.Data))
	in.Data = []byte(text)
	return in, err
}

// binaryError is the error of a binary parameter whose length is wrong, as PostgreSQL words it.
func binaryError(i int, in protocol.Parameter, of sql.OID, err error) error {
	want := binaryLen(of)
	switch {
	case in.Format != 1 || want == 0:
		return err
	case len(in.Data) < want:
		return protocol.Errorf(protocol.CodeProtocolViolation, "insufficient data left in message")
	case len(in.Data) > want:
		return protocol.Errorf(protocol.CodeInvalidBinaryRepresentation, "incorrect binary data format in bind parameter %d", i+1)
	}
	return err
}

// binaryLen is how long a type's values are in binary, 0 where that varies.
func binaryLen(of sql.OID) int {
	switch of {
	case types.Bool, types.Char:
		return 1
	case types.Int2:
		return 2
	case types.Int4, types.Oid, types.Float4, types.Date, types.Xid,
		types.RegClass, types.RegType, types.RegProc, types.RegRole, types.RegNS:
		return 4
	case types.Int8, types.Float8, types.Time, types.Timestamp, types.TimestampTz, types.LSN, types.Xid8:
		return 8
	case types.Interval:
		return 16
	}
	return 0
}

// parameterContext says of an error which parameter it was (PostgreSQL: bind_param_error_callback, with
// log_parameter_max_length_on_error at 0, where it shows nothing of the value).
func parameterContext(portal string, i int, text bool, err error) error {
	e := *asProtocolError(err)
	which := "unnamed portal"
	if portal != "" {
		which = "portal \"" + portal + "\""
	}
	e.Context = which + " parameter $" + itoa(i+1)
	if text {
		e.Context += " = '...'"
	}
	return &e
}

// describeMessage tells the types of a statement's parameters and the shape of its or a portal's result.
func (t *tcop) describeMessage(body []byte) error {
	t.statementBegins()
	kind, name, err := protocol.DecodeTarget(body)
	if err == nil {
		err = t.decode(&name)
	}
	if err != nil {
		return err
	}
	switch kind {
	case 'S':
		return t.describeStatement(name)
	case 'P':
		return t.describePortal(name)
	}
	return protocol.Errorf(protocol.CodeProtocolViolation, "invalid DESCRIBE message subtype %d", kind)
}

func (t *tcop) describeStatement(name string) error {
	t.start()
	st, err := t.find(name)
	if err != nil {
		return err
	}
	if t.xact.failed() && st.columns != nil {
		return errFailed()
	}
	types := make([]protocol.OID, len(st.params))
	for i, p := range st.params {
		types[i] = protocol.OID(p)
	}
	t.out = protocol.AppendParameterDescription(t.out, types)
	t.describeResult(st.columns, nil)
	return nil
}

func (t *tcop) describePortal(name string) error {
	t.start()
	p := t.portals[name]
	if p == nil {
		return errNoPortal(name)
	}
	if t.xact.failed() && p.columns != nil {
		return errFailed()
	}
	t.describeResult(p.columns, p.formats)
	return nil
}

// describeResult appends RowDescription, or NoData.
func (t *tcop) describeResult(columns []sql.ResultColumn, formats []int16) {
	if columns == nil {
		t.out = protocol.AppendNoData(t.out)
		return
	}
	fields := make([]protocol.Field, len(columns))
	for i, c := range columns {
		fields[i] = protocol.Field{
			Name: t.toClient(c.Name), Type: protocol.OID(c.Type), Len: c.Len, Typmod: c.Typmod, Format: formatOf(formats, i),
		}
	}
	t.out = protocol.AppendFields(t.out, fields)
}

func formatOf(formats []int16, i int) int16 {
	switch {
	case len(formats) == 1:
		return formats[0]
	case i < len(formats):
		return formats[i]
	}
	return 0
}

func errNoPortal(name string) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidCursorName, "portal \"%s\" does not exist", name)
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

// closeMessage drops a prepared statement or a portal, whether it is there or not.
func (t *tcop) closeMessage(body []byte) error {
	kind, name, err := protocol.DecodeTarget(body)
	if err == nil {
		err = t.decode(&name)
	}
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
	if p.parsed != nil && secretive(p.parsed.Stmt) {
		return publicText(p.text)
	}
	return strings.Clone(p.text)
}
