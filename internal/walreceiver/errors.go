package walreceiver

import (
	"errors"
	"fmt"
	"strings"

	"waypost/protocol"
	"waypost/transport"
)

// reportedError is an error for the user, with what PostgreSQL's would carry.
type reportedError struct {
	code         protocol.SQLSTATE
	msg          string
	detail, hint string
	err          error // the cause, already told in msg
}

func errorf(code protocol.SQLSTATE, format string, args ...any) *reportedError {
	return &reportedError{code: code, msg: fmt.Sprintf(format, args...)}
}

func (e *reportedError) withDetail(format string, args ...any) *reportedError {
	e.detail = fmt.Sprintf(format, args...)
	return e
}

func (e *reportedError) withHint(hint string) *reportedError {
	e.hint = hint
	return e
}

func (e *reportedError) Error() string { return e.msg }

func (e *reportedError) Unwrap() error { return e.err }

// LogFields makes it a logging.Reporter.
func (e *reportedError) LogFields() (sqlstate, message, detail, hint string) {
	return string(e.code), e.msg, e.detail, e.hint
}

const hintRemoved = `Let the node fetch the missing WAL from an archive (restore_command), or make it anew with "waypost init". ` +
	"A replication slot (primary_slot_name) keeps the upstream from removing WAL that this node still needs."

// authorizationClass begins the SQLSTATEs of clients that are not let in.
const authorizationClass = "28"

const hintAuthorization = "Check user and password in primary_conninfo, or in the password file, and the upstream's pg_hba.conf, " +
	"which must let the user in for replication."

// upstreamError is a failure of the connection or an error of the upstream while op was being done.
func upstreamError(op string, err error) *reportedError {
	e := &reportedError{code: protocol.CodeConnectionFailure, msg: op + ": " + err.Error(), err: err}
	var state transport.SQLStater
	if errors.As(err, &state) {
		e.code = protocol.SQLSTATE(state.SQLState())
	}
	var server *transport.ServerError
	if errors.As(err, &server) {
		e.detail, e.hint = server.Detail, server.Hint
		switch {
		case e.hint != "":
		case isRemoved(err):
			e.hint = hintRemoved
		case strings.HasPrefix(server.Code, authorizationClass):
			e.hint = hintAuthorization
		}
	}
	return e
}

// isRemoved says whether the upstream answered that it has the WAL asked for no more.
func isRemoved(err error) bool {
	var server *transport.ServerError
	return errors.As(err, &server) && server.Code == string(protocol.CodeUndefinedFile)
}

// survives says whether the connection is of further use after err.
func survives(err error) bool {
	var server *transport.ServerError
	return errors.As(err, &server) && server.Severity == string(protocol.SeverityError)
}
