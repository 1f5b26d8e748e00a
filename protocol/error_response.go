package protocol

import "strconv"

// AppendErrorResponse appends e as an ErrorResponse.
func AppendErrorResponse(dst []byte, e *Error) []byte { return appendReport(dst, MsgErrorResponse, e) }

// AppendNoticeResponse appends e as a NoticeResponse.
func AppendNoticeResponse(dst []byte, e *Error) []byte {
	return appendReport(dst, MsgNoticeResponse, e)
}

// appendReport writes the fields in PostgreSQL's order (send_message_to_frontend).
func appendReport(dst []byte, typ byte, e *Error) []byte {
	dst, at := beginMessage(dst, typ)
	severity := orElse(string(e.Severity), string(SeverityError))
	dst = appendField(dst, 'S', severity)
	dst = appendField(dst, 'V', severity)
	dst = appendField(dst, 'C', orElse(string(e.Code), string(CodeInternalError)))
	dst = appendField(dst, 'M', orElse(e.Message, "missing error text"))
	dst = appendField(dst, 'D', e.Detail)
	dst = appendField(dst, 'H', e.Hint)
	dst = appendField(dst, 'W', e.Context)
	dst = appendNumber(dst, 'P', e.Position)
	dst = appendField(dst, 'F', e.File)
	dst = appendNumber(dst, 'L', e.Line)
	dst = appendField(dst, 'R', e.Routine)
	return endMessage(append(dst, 0), at)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func appendField(dst []byte, field byte, value string) []byte {
	if value == "" {
		return dst
	}
	return appendCString(append(dst, field), value)
}

func appendNumber(dst []byte, field byte, n int) []byte {
	if n <= 0 {
		return dst
	}
	return append(strconv.AppendInt(append(dst, field), int64(n), 10), 0)
}

// DecodeErrorResponse reads the body of an ErrorResponse or a NoticeResponse. Fields that it does not know are passed
// over, as the protocol asks.
func DecodeErrorResponse(b []byte) (*Error, error) {
	e := new(Error)
	m := body{rest: b}
	for {
		field := m.uint8()
		if field == 0 {
			return e, m.end()
		}
		e.setField(field, m.cstring())
	}
}

func (e *Error) setField(field byte, value string) {
	switch field {
	case 'S':
		if e.Severity == "" { // before 9.6 there is no 'V'
			e.Severity = Severity(value)
		}
	case 'V':
		e.Severity = Severity(value)
	case 'C':
		e.Code = SQLSTATE(value)
	case 'M':
		e.Message = value
	case 'D':
		e.Detail = value
	case 'H':
		e.Hint = value
	case 'W':
		e.Context = value
	case 'P':
		e.Position = number(value)
	case 'F':
		e.File = value
	case 'L':
		e.Line = number(value)
	case 'R':
		e.Routine = value
	}
}

// number reads a field that ought to be a number; 0, "not there", where it is not.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
