package protocol

import "fmt"

// Severity is how bad a message is, in the words PostgreSQL sends. It is never translated.
type Severity string

// Severities. Of those, ERROR ends the command, FATAL the session and PANIC the whole server; the others go into a
// NoticeResponse or only into the log.
const (
	SeverityError   Severity = "ERROR"
	SeverityFatal   Severity = "FATAL"
	SeverityPanic   Severity = "PANIC"
	SeverityWarning Severity = "WARNING"
	SeverityNotice  Severity = "NOTICE"
	SeverityInfo    Severity = "INFO"
	SeverityLog     Severity = "LOG"
	SeverityDebug   Severity = "DEBUG"
)

// Error is what PostgreSQL's ereport carries: the user's view of what went wrong. It travels as an ErrorResponse or a
// NoticeResponse and is a Go error on the way there. Empty and zero fields are left out on the wire, save Severity
// (ERROR), Code (XX000) and Message.
type Error struct {
	Severity Severity
	Code     SQLSTATE
	Message  string
	Detail   string
	Hint     string
	Context  string
	Position int // character in the query, from 1; 0 is none
	File     string
	Line     int
	Routine  string

	// DetailLog is the detail for the log, where the client may not have it (PostgreSQL: errdetail_log). It is never sent.
	DetailLog string

	// LogOnly is PostgreSQL's COMMERROR: the peer is gone or does not speak the protocol, so this is for the log
	// and nothing of it is sent.
	LogOnly bool

	// Err is the cause, for errors.Is and errors.As. It is never sent.
	Err error
}

// Errorf makes an Error of severity ERROR. It does not treat %w in a special way: set Err for a cause.
func Errorf(code SQLSTATE, format string, args ...any) *Error {
	return &Error{Severity: SeverityError, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Fatalf makes an Error of severity FATAL: the session ends with it.
func Fatalf(code SQLSTATE, format string, args ...any) *Error {
	return &Error{Severity: SeverityFatal, Code: code, Message: fmt.Sprintf(format, args...)}
}

// commErrorf makes an Error that is only for the log; every one of them means that the connection is of no more use.
func commErrorf(cause error, format string, args ...any) *Error {
	return &Error{
		Severity: SeverityLog, Code: CodeProtocolViolation, Message: fmt.Sprintf(format, args...),
		LogOnly: true, Err: cause,
	}
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithCause sets the cause and returns e.
func (e *Error) WithCause(err error) *Error {
	e.Err = err
	return e
}

// Error gives severity, message and code on one line, as clients print them.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s (SQLSTATE %s)", e.Severity, e.Message, e.Code)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
