package nodeinit

import (
	"context"
	"errors"
	"fmt"

	"waypost/transport"
)

// Error is a refusal, with what the user needs to do something about it.
type Error struct {
	Message string
	Detail  string
	Hint    string
	Err     error // the cause, nil where there is none; Message already says what it says
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// upstreamError is a failure in a conversation with the upstream.
func upstreamError(doing string, err error) *Error {
	if errors.Is(err, context.Canceled) {
		return errInterrupted(err) // by the user, whatever it was that it interrupted
	}
	e := &Error{Message: fmt.Sprintf("could not %s: %v", doing, err), Err: err}
	var server *transport.ServerError
	if errors.As(err, &server) {
		e.Message = fmt.Sprintf("could not %s: %s", doing, server.Message)
		e.Detail, e.Hint = server.Detail, server.Hint
	}
	var typed transport.SQLStater
	if e.Hint == "" && errors.As(err, &typed) {
		e.Hint = hint(typed.SQLState())
	}
	return e
}

// hint says what usually helps against an error of a server that one asks for replication.
func hint(sqlstate string) string {
	switch sqlstate {
	case "28000": // invalid_authorization_specification
		return "The upstream must have this user, and in pg_hba.conf an entry for database \"replication\", the user and this machine."
	case "28P01": // invalid_password
		return "Put the password into a password file (passfile=…), or into the connection string."
	case "42501": // insufficient_privilege
		return "Give the user the REPLICATION attribute on the upstream."
	case "53300": // too_many_connections
		return "Raise max_wal_senders on the upstream."
	case "57P03": // cannot_connect_now
		return "Try again when the upstream takes connections."
	case "08006": // connection_failure
		return "Does the upstream run there, and does it listen on that address and port?"
	}
	return ""
}

func errInterrupted(err error) *Error { return &Error{Message: "interrupted", Err: err} }
