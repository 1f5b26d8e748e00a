package pgwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"waypost/protocol"
	"waypost/transport"
)

func connectOp(h host) string {
	if h.unix() {
		return fmt.Sprintf("connect to server on socket \"%s/.s.PGSQL.%d\"", h.name, h.port)
	}
	return fmt.Sprintf("connect to server at %q, port %d", h.name, h.port)
}

// connectError turns pgconn's error into this API's: the server's word where it had one, else the network's.
func connectError(ctx context.Context, h host, err error) error {
	if pgErr := lastPgError(err); pgErr != nil && ctx.Err() == nil {
		return fromPgError(pgErr)
	}
	err = plainly(err)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%w expired: %w", transport.ErrDeadline, err)
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		err = fmt.Errorf("%w: %w", transport.ErrServerClosed, err)
	}
	return &transport.ConnError{Op: connectOp(h), Err: err}
}

// plainError has all of pgconn's error but its text, which repeats itself for each attempt.
type plainError struct {
	text string
	error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.error }

// plainly says each different cause once.
func plainly(err error) error {
	var texts []string
	for _, cause := range attempts(err) {
		if text := causeText(cause); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return &plainError{strings.Join(texts, "; "), err}
}

// attempts are the errors of the single attempts (addresses, with and without TLS) that pgconn joined.
func attempts(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			return joined.Unwrap()
		}
	}
	return []error{err}
}

// causeText is the network's own words where there are some, else pgconn's less its preface.
func causeText(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &op):
		return op.Error()
	case errors.As(err, &dns):
		return dns.Error()
	}
	if cause := errors.Unwrap(err); cause != nil {
		err = cause
	}
	return err.Error()
}

// lastPgError finds the server's error that came last: with sslmode=prefer, that of the attempt without TLS.
func lastPgError(err error) *pgconn.PgError {
	switch e := err.(type) {
	case nil:
		return nil
	case *pgconn.PgError:
		return e
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		for i := len(all) - 1; i >= 0; i-- {
			if found := lastPgError(all[i]); found != nil {
				return found
			}
		}
		return nil
	}
	return lastPgError(errors.Unwrap(err))
}

func fromPgError(e *pgconn.PgError) *transport.ServerError {
	severity := e.SeverityUnlocalized
	if severity == "" {
		severity = e.Severity
	}
	return &transport.ServerError{
		Severity: severity, Code: e.Code, Message: e.Message, Detail: e.Detail, Hint: e.Hint, Where: e.Where,
	}
}

func fromProtocolError(e *protocol.Error) *transport.ServerError {
	return &transport.ServerError{
		Severity: string(e.Severity), Code: string(e.Code), Message: e.Message,
		Detail: e.Detail, Hint: e.Hint, Where: e.Context,
	}
}

// mayTryNext says whether the next host is worth trying, by libpq's rule: yes when this one could not be reached, is
// not of the kind asked for or cannot take connections now; no when it said anything else, such as a wrong password.
func mayTryNext(err error) bool {
	var server *transport.ServerError
	if errors.As(err, &server) {
		return server.Code == string(protocol.CodeCannotConnectNow)
	}
	var network *transport.ConnError
	return errors.As(err, &network)
}

// joinHostErrors makes one error of all hosts', the last first in line for errors.As.
func joinHostErrors(failed []error) error {
	if len(failed) == 1 {
		return failed[0]
	}
	texts := make([]string, len(failed))
	for i, err := range failed {
		texts[i] = err.Error()
	}
	return &hostsError{text: strings.Join(texts, "; "), last: failed[len(failed)-1], all: failed}
}

// hostsError is what several hosts had to say.
type hostsError struct {
	text string
	last error
	all  []error
}

func (e *hostsError) Error() string { return e.text }

// Unwrap puts the last host's error first: it is what a caller decides by.
func (e *hostsError) Unwrap() []error { return append([]error{e.last}, e.all[:len(e.all)-1]...) }

// readError makes what a decoder returned into this API's error. ErrDeadline and ErrInterrupted stay as they are.
func readError(op string, err error) error {
	var broken *protocol.Error
	switch {
	case err == transport.ErrDeadline || err == transport.ErrInterrupted:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &transport.ConnError{Op: op, Err: fmt.Errorf("%w: %w", transport.ErrServerClosed, io.ErrUnexpectedEOF)}
	case errors.Is(err, io.EOF):
		return &transport.ConnError{Op: op, Err: transport.ErrServerClosed}
	case errors.As(err, &broken):
		// Its message is told as ours, so that only its cause is left to tell.
		return &transport.ProtocolError{Op: op, Msg: broken.Message, Err: broken.Err}
	case errors.Is(err, net.ErrClosed):
		return &transport.ConnError{Op: op, Err: net.ErrClosed}
	}
	return &transport.ConnError{Op: op, Err: err}
}
