package logging

import (
	"errors"

	"github.com/rs/zerolog"
)

// Event logs err once, with SQLSTATE, detail and hint where it carries them.
func Event(log *zerolog.Logger, level zerolog.Level, err error) {
	e := log.WithLevel(level)
	var r Reporter
	if !errors.As(err, &r) {
		e.Msg(err.Error())
		return
	}
	state, message, detail, hint := r.LogFields()
	if err.Error() != r.Error() {
		// What was being done stands around the report.
		message = err.Error()
	}
	e.Str(StateField, state)
	if detail != "" {
		e.Str(DetailField, detail)
	}
	if hint != "" {
		e.Str(HintField, hint)
	}
	e.Msg(message)
}

// Level is the zerolog level of a value of log_min_messages.
func Level(option string) zerolog.Level {
	switch option {
	case "debug5", "debug4", "debug3", "debug2":
		return zerolog.TraceLevel
	case "debug1", "debug":
		return zerolog.DebugLevel
	case "error":
		return zerolog.ErrorLevel
	case "fatal":
		return zerolog.FatalLevel
	case "panic":
		return zerolog.PanicLevel
	}
	// PostgreSQL ranks LOG above ERROR, so that "warning", the default, still logs what an operator needs.
	return zerolog.InfoLevel
}
