package backend

import (
	"errors"

	"github.com/rs/zerolog"

	"waypost/internal/guc"
	"waypost/internal/logging"
	"waypost/internal/sql"
	"waypost/protocol"
)

// report is a protocol.Error that the log can lay out.
type report struct{ e *protocol.Error }

// LogFields makes report a logging.Reporter.
func (r report) LogFields() (sqlstate, message, detail, hint string) {
	if detail = r.e.DetailLog; detail == "" {
		detail = r.e.Detail
	}
	return string(r.e.Code), r.e.Message, detail, r.e.Hint
}

// Context makes it a logging.Placed.
func (r report) Context() string { return r.e.Context }

// LogPosition makes it a logging.Positioned.
func (r report) LogPosition() int { return r.e.Position }

// Error is the message alone: the log has a place of its own for everything else.
func (r report) Error() string { return r.e.Message }

func (r report) Unwrap() error { return r.e }

// asProtocolError turns any error into what a client is told. An error that nobody foresaw is an internal one.
func asProtocolError(err error) *protocol.Error {
	var p *protocol.Error
	if errors.As(err, &p) {
		return p
	}
	var g *guc.Error
	if errors.As(err, &g) {
		e := protocol.Errorf(protocol.SQLSTATE(g.SQLSTATE), "%s", g.Message)
		e.Detail, e.Hint = g.Detail, g.Hint
		return e
	}
	var q *sql.Error
	if errors.As(err, &q) {
		e := protocol.Errorf(protocol.SQLSTATE(q.Code), "%s", q.Message)
		e.Detail, e.Hint, e.Position = q.Detail, q.Hint, q.Position
		return e
	}
	return protocol.Errorf(protocol.CodeInternalError, "%s", err.Error()).WithCause(err)
}

// forClient says whether an error is one that the client is told. The others are the connection's own.
func forClient(err error) bool {
	var p *protocol.Error
	var g *guc.Error
	var q *sql.Error
	return errors.As(err, &p) || errors.As(err, &g) || errors.As(err, &q)
}

// told makes an error of the system's, met in a statement, one for the client.
func told(err error) error {
	if err == nil || forClient(err) {
		return err
	}
	return asProtocolError(err)
}

// fatal is err as the FATAL that ends a session.
func fatal(err error) *protocol.Error {
	e := *asProtocolError(err)
	if !e.LogOnly {
		e.Severity = protocol.SeverityFatal
	}
	return &e
}

// LogError writes an error to the server log, once, at the level of its severity.
func LogError(log *zerolog.Logger, e *protocol.Error) {
	level := zerolog.ErrorLevel
	switch e.Severity {
	case protocol.SeverityFatal:
		level = zerolog.FatalLevel
	case protocol.SeverityLog:
		level = zerolog.InfoLevel
	case protocol.SeverityWarning:
		level = zerolog.WarnLevel
	}
	logging.Event(log, level, report{e})
}

// errEnd ends a session without anything more being said or logged.
var errEnd = errors.New("session is over")
