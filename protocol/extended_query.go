package protocol

import "encoding/binary"

// Parse makes a prepared statement.
type Parse struct {
	Statement string // "" for the unnamed one
	Query     string
	Types     []OID // of the parameters, 0 where the server is to find out
}

// DecodeParse reads a Parse body.
func DecodeParse(b []byte) (p Parse, err error) {
	m := body{rest: b}
	p.Statement, p.Query = m.cstring(), m.cstring()
	for n := int16(m.uint16()); n > 0 && m.err == nil; n-- {
		p.Types = append(p.Types, OID(m.uint32()))
	}
	return p, m.end()
}

// Parameter is the value of one parameter of a Bind.
type Parameter struct {
	Format int16  // 0 text, 1 binary
	Data   []byte // nil for NULL; part of the message
}

// Bind reads a Bind body piece by piece, in the order in which PostgreSQL looks at it: what is wrong with the client's
// request has its place between the errors of the message's form.
type Bind struct {
	Portal    string // "" for the unnamed one
	Statement string // likewise
	Formats   []int16
	Count     int // of parameters

	m body
}

// DecodeBind reads the names.
func DecodeBind(b []byte) (*Bind, error) {
	d := &Bind{m: body{rest: b}}
	d.Portal, d.Statement = d.m.cstring(), d.m.cstring()
	return d, d.m.fail()
}

// Head reads the format codes of the parameters and how many there are.
func (d *Bind) Head() error {
	d.Formats = d.m.int16s()
	d.Count = int(int16(d.m.uint16()))
	return d.m.fail()
}

// Parameter reads the next parameter, the i-th from 0.
func (d *Bind) Parameter(i int) (Parameter, error) {
	var p Parameter
	switch {
	case len(d.Formats) == 1:
		p.Format = d.Formats[0]
	case i < len(d.Formats):
		p.Format = d.Formats[i]
	}
	if n := d.m.uint32(); n != 0xffffffff {
		p.Data = d.m.take(int(int32(n)))
		if p.Data == nil && d.m.err == nil {
			p.Data = []byte{}
		}
	}
	return p, d.m.fail()
}

// Results reads the format codes of the result, and the end of the message.
func (d *Bind) Results() ([]int16, error) {
	formats := d.m.int16s()
	return formats, d.m.end()
}

// int16s takes a count and as many numbers.
func (b *body) int16s() []int16 {
	n := int16(b.uint16())
	var list []int16
	for ; n > 0 && b.err == nil; n-- {
		list = append(list, int16(b.uint16()))
	}
	return list
}

// DecodeExecute reads an Execute body. limit is 0 or less for all rows.
func DecodeExecute(b []byte) (portal string, limit int32, err error) {
	m := body{rest: b}
	portal = m.cstring()
	limit = int32(m.uint32())
	return portal, limit, m.end()
}

// DecodeTarget reads the body of a Describe or a Close: what is meant ('S' a prepared statement, 'P' a portal), and its
// name. Other kinds are the caller's to refuse.
func DecodeTarget(b []byte) (kind byte, name string, err error) {
	m := body{rest: b}
	kind = m.uint8()
	name = m.cstring()
	return kind, name, m.end()
}

// DecodeEmpty checks that a body, of Sync or Flush, is empty.
func DecodeEmpty(b []byte) error {
	m := body{rest: b}
	return m.end()
}

// AppendParseComplete appends the answer to a Parse.
func AppendParseComplete(dst []byte) []byte { return appendFrame(dst, MsgParseComplete, 0) }

// AppendBindComplete appends the answer to a Bind.
func AppendBindComplete(dst []byte) []byte { return appendFrame(dst, MsgBindComplete, 0) }

// AppendCloseComplete appends the answer to a Close.
func AppendCloseComplete(dst []byte) []byte { return appendFrame(dst, MsgCloseComplete, 0) }

// AppendNoData appends the answer to a Describe of what returns no rows.
func AppendNoData(dst []byte) []byte { return appendFrame(dst, MsgNoData, 0) }

// AppendPortalSuspended appends what ends an Execute that has reached its limit.
func AppendPortalSuspended(dst []byte) []byte { return appendFrame(dst, MsgPortalSuspended, 0) }

// AppendParameterDescription appends the types of a statement's parameters.
func AppendParameterDescription(dst []byte, types []OID) []byte {
	dst, at := beginMessage(dst, MsgParameterDescription)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(types)))
	for _, t := range types {
		dst = binary.BigEndian.AppendUint32(dst, uint32(t))
	}
	return endMessage(dst, at)
}

// BeginMessage appends the frame of a message whose body the caller appends; EndMessage, given the frame's place, fills in
// the length.
func BeginMessage(dst []byte, typ byte) (out []byte, at int) { return beginMessage(dst, typ) }

// EndMessage ends what BeginMessage began.
func EndMessage(dst []byte, at int) []byte { return endMessage(dst, at) }

// Field is one column of a result with everything that a RowDescription tells.
type Field struct {
	Name   string
	Type   OID
	Len    int16
	Typmod int32
	Format int16
}

// AppendFields appends a RowDescription.
func AppendFields(dst []byte, fields []Field) []byte {
	dst, at := beginMessage(dst, MsgRowDescription)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(fields)))
	for _, f := range fields {
		dst = appendCString(dst, f.Name)
		dst = binary.BigEndian.AppendUint32(dst, 0) // table
		dst = binary.BigEndian.AppendUint16(dst, 0) // attribute number
		dst = binary.BigEndian.AppendUint32(dst, uint32(f.Type))
		dst = binary.BigEndian.AppendUint16(dst, uint16(f.Len))
		dst = binary.BigEndian.AppendUint32(dst, uint32(f.Typmod))
		dst = binary.BigEndian.AppendUint16(dst, uint16(f.Format))
	}
	return endMessage(dst, at)
}

// AppendCopyOutResponse appends what begins a COPY TO STDOUT of so many columns, as text.
func AppendCopyOutResponse(dst []byte, columns int) []byte {
	dst, at := beginMessage(dst, MsgCopyOutResponse)
	dst = append(dst, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(columns))
	for range columns {
		dst = append(dst, 0, 0)
	}
	return endMessage(dst, at)
}
