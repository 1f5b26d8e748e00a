package backend

import (
	"bytes"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

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
