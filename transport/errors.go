package transport

import (
	"errors"
	"fmt"

	"waypost/xlog"
)

// SQLSTATEs of the errors that arise on this side of the connection.
const (
	codeSyntaxError       = "42601"
	codeConnectionFailure = "08006"
	codeProtocolViolation = "08P01"
	codePasswordRequired  = "2F003" // s_r_e_prohibited_sql_statement_attempted, as PostgreSQL has it here
)

var (
	// ErrDeadline says that the deadline passed and nothing (more) came. From Receive it is harmless.
	ErrDeadline = errors.New("timeout")
	// ErrInterrupted says that Interrupt was called. It is harmless.
	ErrInterrupted = errors.New("interrupted")
	// ErrNotStreaming says that a connection is not in copy mode and the call needs that, a bug of the caller.
	ErrNotStreaming = errors.New("no COPY in progress")
	// ErrBusy says that a connection is in copy mode and cannot take a command, a bug of the caller.
	ErrBusy = errors.New("another command is already in progress")
	// ErrServerClosed says that the server closed the connection where it should not have, perhaps in mid-message.
	ErrServerClosed = errors.New("server closed the connection unexpectedly")
)

// SQLStater is what every typed error here is; errors.As finds the SQLSTATE through any wrapping.
type SQLStater interface {
	error
	// SQLState is the error's five-character code.
	SQLState() string
}

// ServerError is an ErrorResponse or NoticeResponse of the server, in the server's language.
type ServerError struct {
	// Severity is not localized: ERROR, FATAL, PANIC, or WARNING, NOTICE … for a notice.
	Severity string
	Code     string
	Message  string
	Detail   string
	Hint     string
	Where    string
}

// Error is the text as libpq puts it, without detail and hint.
func (e *ServerError) Error() string { return e.Severity + ":  " + e.Message }

// SQLState is the server's own.
func (e *ServerError) SQLState() string { return e.Code }

// ConninfoError says what is wrong with a connection string.
type ConninfoError struct {
	// Option is the keyword at fault, "" where it is the syntax.
	Option string
	// Msg is libpq's message, where it has one for the case. It holds no secrets.
	Msg string
}

func (e *ConninfoError) Error() string { return e.Msg }

// SQLState is syntax_error.
func (e *ConninfoError) SQLState() string { return codeSyntaxError }

// PasswordRequiredError says that a password had to be used (ConnectOptions.MustUsePassword) and was not.
type PasswordRequiredError struct {
	// Detail says whether conninfo has none or the server asked for none.
	Detail string
}

func (e *PasswordRequiredError) Error() string { return "password is required" }

// SQLState is PostgreSQL's choice for the case.
func (e *PasswordRequiredError) SQLState() string { return codePasswordRequired }

// ConnError is a failure of the connection itself: refused, reset, closed, timed out.
type ConnError struct {
	// Op is what was being done, in the present tense ("receive data from WAL stream").
	Op string
	// Err is the cause.
	Err error
}

func (e *ConnError) Error() string { return e.Op + ": " + e.Err.Error() }

func (e *ConnError) Unwrap() error { return e.Err }

// SQLState is connection_failure.
func (e *ConnError) SQLState() string { return codeConnectionFailure }

// ProtocolError says that the server sent what it must not send here.
type ProtocolError struct {
	// Op is what was being done.
	Op string
	// Msg says what was wrong.
	Msg string
	// Err is the cause, where Msg does not say it all.
	Err error
}

func (e *ProtocolError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Op, e.Msg, e.Err)
	}
	return e.Op + ": " + e.Msg
}

func (e *ProtocolError) Unwrap() error { return e.Err }

// SQLState is protocol_violation.
func (e *ProtocolError) SQLState() string { return codeProtocolViolation }

// DiscontinuityError says that WAL came that does not begin where the WAL before it ended. Nothing of it was given out.
type DiscontinuityError struct {
	Expected, Got xlog.LSN
}

func (e *DiscontinuityError) Error() string {
	return fmt.Sprintf("receive data from WAL stream: expected WAL at %s, server sent %s", e.Expected, e.Got)
}

// SQLState is protocol_violation.
func (e *DiscontinuityError) SQLState() string { return codeProtocolViolation }
