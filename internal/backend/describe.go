package backend

import (
	"waypost/internal/sql"
	"waypost/protocol"
)

// describeMessage tells the types of a statement's parameters and the shape of its or a portal's result.
func (t *tcop) describeMessage(body []byte) error {
	t.statementBegins()
	kind, name, err := t.target(body)
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

// target reads which statement ('S') or portal ('P') a message is about.
func (t *tcop) target(body []byte) (kind byte, name string, err error) {
	if kind, name, err = protocol.DecodeTarget(body); err == nil {
		err = t.decode(&name)
	}
	return kind, name, err
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
